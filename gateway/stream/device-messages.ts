/**
 * What devices and Holdfast say to each other over MQTT, for the API's description. `devices/` reads and
 * writes it, and is not used here: a test holds the two together. Robots speak VDA 5050 and readers their
 * vendors' formats, which say more than this: what is named here is what Holdfast reads.
 */
import Type, { type TSchema } from "typebox";

export type DeviceMessage = {
  readonly address: string;
  readonly by: "device" | "holdfast";
  readonly schema: TSchema;
  readonly examples: readonly unknown[];
};

const text = Type.String();
const head = {
  bootId: Type.String({ maxLength: 64, description: "New with each start of the device" }),
  seq: Type.Integer({ minimum: 0, description: "Goes up by one" }),
  from: Type.Optional(
    Type.Integer({ minimum: 0, description: "The lowest seq still in the device's outbox" }),
  ),
  ts: Type.String({ format: "date-time" }),
};

/** By the last levels of `holdfast/{site}/{area}/{device}/…`. `devices/conveyor/` reads and writes them. */
export const CONVEYOR_MESSAGES: Readonly<
  Record<string, { readonly by: "device" | "holdfast"; readonly schema: TSchema; readonly example: unknown }>
> = {
  "evt/scan": {
    by: "device",
    schema: Type.Object({ ...head, scanPointId: text, barcodes: Type.Array(text, { maxItems: 256 }) }),
    example: {
      bootId: "b1",
      seq: 7,
      ts: "2026-11-30T09:00:00.000Z",
      scanPointId: "s1",
      barcodes: ["TOTE-000123"],
    },
  },
  "evt/divert": {
    by: "device",
    schema: Type.Object({
      ...head,
      cmdId: text,
      lpn: text,
      lane: Type.String({ description: "The exit" }),
      result: Type.Enum([
        "DIVERTED",
        "MISSED",
        "LANE_FULL",
        "NO_READ",
        "MULTI_READ",
        "NO_DATA",
        "JAM",
        "RECIRC",
      ]),
    }),
    example: {
      bootId: "b1",
      seq: 8,
      from: 8,
      ts: "2026-11-30T09:00:01.000Z",
      cmdId: "c1",
      lpn: "TOTE-000123",
      lane: "pack-1",
      result: "DIVERTED",
    },
  },
  "evt/recirculation": {
    by: "device",
    schema: Type.Object({ ...head, cmdId: text, lpn: text, result: Type.Enum(["ACCEPTED", "UNKNOWN_LPN"]) }),
    example: {
      bootId: "b1",
      seq: 9,
      ts: "2026-11-30T09:00:02.000Z",
      cmdId: "c2",
      lpn: "TOTE-000123",
      result: "ACCEPTED",
    },
  },
  "evt/status": {
    by: "device",
    schema: Type.Object({ bootId: text, connection: Type.Enum(["ONLINE", "OFFLINE", "BROKEN"]) }),
    example: { bootId: "b1", connection: "ONLINE" },
  },
  "cmd/divert": {
    by: "holdfast",
    schema: Type.Object({ cmdId: text, lpn: text, lane: text, deadlineMs: Type.Integer() }),
    example: { cmdId: "c1", lpn: "TOTE-000123", lane: "pack-1", deadlineMs: 1_796_083_200_000 },
  },
  "cmd/recirculate": {
    by: "holdfast",
    schema: Type.Object({ cmdId: text, lpn: text }),
    example: { cmdId: "c2", lpn: "TOTE-000123" },
  },
  ack: {
    by: "holdfast",
    schema: Type.Object({
      bootId: text,
      seq: Type.Integer(),
      refused: Type.Optional(Type.Object({ code: text, detail: text })),
    }),
    example: { bootId: "b1", seq: 7 },
  },
};

/** Of VDA 5050, in the majors 2 and 3. */
const vdaHead = (major: 2 | 3) => ({
  headerId: Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: "Counts per topic" }),
  timestamp: Type.String({ format: "date-time" }),
  version: Type.String({ pattern: `^v?${major}\\.` }),
  manufacturer: text,
  serialNumber: text,
});

const vdaExample = (major: 2 | 3) => ({
  headerId: 12,
  timestamp: "2026-11-30T09:00:00.000Z",
  version: major === 2 ? "2.1.0" : "3.0.0",
  manufacturer: "acme",
  serialNumber: "robot-3",
});

const Action = Type.Object({
  actionId: text,
  actionType: Type.String({ description: "pick, drop; startCharging, cancelOrder" }),
  blockingType: Type.Enum(["NONE", "SOFT", "HARD"]),
  actionParameters: Type.Array(
    Type.Object({ key: text, value: Type.Union([text, Type.Number(), Type.Boolean()]) }),
  ),
});

const ActionState = (result: string) =>
  Type.Object({
    actionId: text,
    actionStatus: Type.Enum([
      "WAITING",
      "INITIALIZING",
      "RUNNING",
      "PAUSED",
      "RETRIABLE",
      "FINISHED",
      "FAILED",
    ]),
    [result]: Type.Optional(
      Type.String({ description: "Of a pick: serials=<a>,<b>, or picked=1;reason=not_found;missing=<b>" }),
    ),
  });

const VDA_ERRORS = Type.Array(
  Type.Object({
    errorType: text,
    errorLevel: Type.Enum(["WARNING", "URGENT", "CRITICAL", "FATAL"]),
    errorDescription: Type.Optional(text),
    errorReferences: Type.Optional(Type.Array(Type.Object({ referenceKey: text, referenceValue: text }))),
  }),
);

const VDA_POSITION = { x: Type.Number(), y: Type.Number(), theta: Type.Number(), mapId: text };
const STOPS = Type.Enum(["AUTOACK", "MANUAL", "REMOTE", "NONE"]);

function stateOf(major: 2 | 3): TSchema {
  return Type.Object({
    ...vdaHead(major),
    orderId: Type.String({ description: "Empty: it has had none since it started" }),
    orderUpdateId: Type.Integer(),
    lastNodeId: text,
    lastNodeSequenceId: Type.Integer(),
    nodeStates: Type.Array(
      Type.Object({ nodeId: text, sequenceId: Type.Integer(), released: Type.Boolean() }),
    ),
    edgeStates: Type.Array(
      Type.Object({ edgeId: text, sequenceId: Type.Integer(), released: Type.Boolean() }),
    ),
    driving: Type.Boolean(),
    paused: Type.Optional(Type.Boolean()),
    operatingMode: Type.String({ description: "Work is given in AUTOMATIC alone" }),
    actionStates: Type.Array(ActionState(major === 2 ? "resultDescription" : "actionResult")),
    errors: VDA_ERRORS,
    ...(major === 2
      ? {
          agvPosition: Type.Optional(Type.Object({ ...VDA_POSITION, positionInitialized: Type.Boolean() })),
          batteryState: Type.Object({ batteryCharge: Type.Number(), charging: Type.Boolean() }),
          safetyState: Type.Object({ eStop: STOPS, fieldViolation: Type.Boolean() }),
        }
      : {
          instantActionStates: Type.Array(ActionState("actionResult")),
          mobileRobotPosition: Type.Optional(Type.Object({ ...VDA_POSITION, localized: Type.Boolean() })),
          powerSupply: Type.Object({ stateOfCharge: Type.Number(), charging: Type.Boolean() }),
          safetyState: Type.Object({ activeEmergencyStop: STOPS, fieldViolation: Type.Boolean() }),
        }),
  });
}

function stateExample(major: 2 | 3): unknown {
  const position = { x: 1.5, y: 2, theta: 0, mapId: "hall" };
  return {
    ...vdaExample(major),
    orderId: "web-1001-F1:pick:1#1",
    orderUpdateId: 0,
    lastNodeId: "S1",
    lastNodeSequenceId: 2,
    nodeStates: [],
    edgeStates: [],
    driving: false,
    operatingMode: "AUTOMATIC",
    actionStates: [
      {
        actionId: "pick-1",
        actionStatus: "FINISHED",
        [major === 2 ? "resultDescription" : "actionResult"]: "serials=A-17",
      },
    ],
    errors: [],
    ...(major === 2
      ? {
          agvPosition: { ...position, positionInitialized: true },
          batteryState: { batteryCharge: 81, charging: false },
          safetyState: { eStop: "NONE", fieldViolation: false },
        }
      : {
          instantActionStates: [],
          mobileRobotPosition: { ...position, localized: true },
          powerSupply: { stateOfCharge: 81, charging: false },
          safetyState: { activeEmergencyStop: "NONE", fieldViolation: false },
        }),
  };
}

const PICK = { actionId: "pick-1", actionType: "pick", blockingType: "HARD", actionParameters: [] };

function robotMessages(major: 2 | 3): Readonly<Record<string, DeviceMessage>> {
  const root = major === 2 ? "uagv/v2" : "vda5050/v3";
  const head = vdaHead(major);
  const example = vdaExample(major);
  const of = (kind: string, by: DeviceMessage["by"], schema: TSchema, examples: readonly unknown[]) => ({
    [`robot.v${major}.${kind}`]: {
      address: `${root}/{manufacturer}/{serial}/${kind}`,
      by,
      schema,
      examples,
    },
  });
  const connections =
    major === 2
      ? ["ONLINE", "OFFLINE", "CONNECTIONBROKEN"]
      : ["ONLINE", "OFFLINE", "HIBERNATING", "CONNECTION_BROKEN"];
  return {
    ...of("state", "device", stateOf(major), [stateExample(major)]),
    ...of(
      "connection",
      "device",
      Type.Object({ ...head, connectionState: Type.Enum(connections) }),
      connections.map((connectionState) => ({ ...example, connectionState })),
    ),
    ...of("factsheet", "device", Type.Object({ ...head }), [example]),
    ...of(
      "order",
      "holdfast",
      Type.Object({
        ...head,
        orderId: text,
        orderUpdateId: Type.Integer(),
        nodes: Type.Array(
          Type.Object({
            nodeId: text,
            sequenceId: Type.Integer(),
            released: Type.Boolean(),
            nodePosition: Type.Optional(
              Type.Object({ ...VDA_POSITION, theta: Type.Optional(Type.Number()) }),
            ),
            actions: Type.Array(Action),
          }),
        ),
        edges: Type.Array(
          Type.Object({
            edgeId: text,
            sequenceId: Type.Integer(),
            released: Type.Boolean(),
            startNodeId: text,
            endNodeId: text,
            actions: Type.Array(Action),
          }),
        ),
      }),
      [
        {
          ...example,
          orderId: "web-1001-F1:pick:1#1",
          orderUpdateId: 0,
          nodes: [
            { nodeId: "dock", sequenceId: 0, released: true, actions: [] },
            {
              nodeId: "S1",
              sequenceId: 2,
              released: true,
              nodePosition: { x: 1.5, y: 2, mapId: "hall" },
              actions: [PICK],
            },
          ],
          edges: [
            {
              edgeId: "dock-S1",
              sequenceId: 1,
              released: true,
              startNodeId: "dock",
              endNodeId: "S1",
              actions: [],
            },
          ],
        },
      ],
    ),
    ...of("instantActions", "holdfast", Type.Object({ ...head, actions: Type.Array(Action) }), [
      { ...example, actions: [{ ...PICK, actionId: "c1", actionType: "cancelOrder", blockingType: "NONE" }] },
    ]),
  };
}

/** By the name of their channel. */
export const ROBOT_MESSAGES: Readonly<Record<string, DeviceMessage>> = {
  ...robotMessages(2),
  ...robotMessages(3),
};

const at = Type.String({ description: "RFC 3339; +0000 is taken, too" });
const zebraTag = Type.Object({
  timestamp: Type.Optional(at),
  data: Type.Object({
    idHex: Type.String({ description: "The EPC, hexadecimal" }),
    peakRssi: Type.Optional(Type.Number({ description: "dBm; absent: the tag counts as strong" })),
  }),
});
const zebraInput = Type.Object({
  type: Type.Enum(["gpi", "GPI"]),
  timestamp: Type.Optional(at),
  data: Type.Object({ pin: Type.Integer({ minimum: 0, maximum: 64 }), state: Type.Enum(["HIGH", "LOW"]) }),
});
const impinjTag = Type.Object({
  eventType: Type.Literal("tagInventory"),
  timestamp: Type.Optional(at),
  tagInventoryEvent: Type.Object({
    epcHex: Type.Optional(text),
    epc: Type.Optional(Type.String({ description: "base64, where there is no epcHex" })),
    peakRssiCdbm: Type.Optional(Type.Number({ description: "Hundredths of a dBm" })),
    lastSeenTime: Type.Optional(at),
  }),
});
const impinjInput = Type.Object({
  eventType: Type.Literal("gpiTransition"),
  timestamp: Type.Optional(at),
  gpiTransitionEvent: Type.Object({
    gpi: Type.Integer({ minimum: 0, maximum: 64 }),
    transition: Type.Enum(["low-to-high", "high-to-low"]),
  }),
});
const EPC = "3074257bf7194e4000001a85";
const MOMENT = "2026-11-30T09:00:00.000Z";

/**
 * Of portals. An array of events, or several one after the other, are taken as well. By the name of their
 * channel.
 */
export const READER_MESSAGES: Readonly<Record<string, DeviceMessage>> = {
  "reader.zebra.data": {
    address: "zebra/{reader}/data",
    by: "device",
    schema: zebraTag,
    examples: [{ timestamp: MOMENT, data: { idHex: EPC, peakRssi: -41 } }],
  },
  "reader.zebra.events": {
    address: "zebra/{reader}/events",
    by: "device",
    schema: zebraInput,
    examples: [{ type: "gpi", timestamp: MOMENT, data: { pin: 1, state: "HIGH" } }],
  },
  "reader.impinj.events": {
    address: "impinj/{reader}/events",
    by: "device",
    schema: Type.Union([impinjTag, impinjInput]),
    examples: [
      {
        eventType: "tagInventory",
        timestamp: MOMENT,
        tagInventoryEvent: { epcHex: EPC, peakRssiCdbm: -4100 },
      },
      {
        eventType: "gpiTransition",
        timestamp: MOMENT,
        gpiTransitionEvent: { gpi: 1, transition: "low-to-high" },
      },
    ],
  },
};
