/**
 * The shapes of the VDA 5050 messages that we write, as our own schemas: required fields, their types, and
 * the values that a field may take, for majors 2 and 3. The published schemas say more. Where they are beside
 * the project, tests check the messages against them as well.
 */
import type { VdaMajor } from "../devices/mqtt/topics.ts";

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
const number: Schema = { type: "number" };
const count: Schema = { type: "integer", minimum: 0 };
const flag: Schema = { type: "boolean" };
const some = (schema: Schema): Schema => ({ type: "array", items: schema });
const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
const record = (
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
) => ({
  type: "object",
  required: Object.keys(required),
  properties: { ...required, ...optional },
});

const header = {
  headerId: count,
  timestamp: { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$" },
  version: { type: "string", pattern: "^[23]\\.\\d+\\.\\d+$" },
  manufacturer: text,
  serialNumber: text,
};
const action = record(
  { actionId: text, actionType: text, blockingType: oneOf("NONE", "SOFT", "HARD", "SINGLE") },
  { actionParameters: some(record({ key: text, value: {} })) },
);
const passed = (id: string) => record({ [id]: text, sequenceId: count, released: flag });
const actionState = record({
  actionId: text,
  actionStatus: oneOf("WAITING", "INITIALIZING", "RUNNING", "PAUSED", "RETRIABLE", "FINISHED", "FAILED"),
});

export type VdaMessage = "order" | "instantActions" | "state" | "connection" | "factsheet";

export function vdaSchema(message: VdaMessage, major: VdaMajor): Schema {
  const schemas: Readonly<Record<VdaMessage, Schema>> = {
    order: record({
      ...header,
      orderId: text,
      orderUpdateId: count,
      nodes: some(record({ nodeId: text, sequenceId: count, released: flag, actions: some(action) })),
      edges: some(
        record({
          edgeId: text,
          sequenceId: count,
          released: flag,
          startNodeId: text,
          endNodeId: text,
          actions: some(action),
        }),
      ),
    }),
    instantActions: record({ ...header, actions: some(action) }),
    state: stateSchema(major),
    connection: record({
      ...header,
      connectionState:
        major === 2
          ? oneOf("ONLINE", "OFFLINE", "CONNECTIONBROKEN")
          : oneOf("ONLINE", "OFFLINE", "HIBERNATING", "CONNECTION_BROKEN"),
    }),
    factsheet: record({
      ...header,
      typeSpecification: { type: "object" },
      physicalParameters: { type: "object" },
      protocolLimits: { type: "object" },
      protocolFeatures: { type: "object" },
      [major === 2 ? "agvGeometry" : "mobileRobotGeometry"]: { type: "object" },
      loadSpecification: { type: "object" },
    }),
  };
  return schemas[message];
}

function stateSchema(major: VdaMajor): Schema {
  const position = { x: number, y: number, theta: number, mapId: text };
  const stops = ["AUTOACK", "MANUAL", "REMOTE", "NONE"];
  return record({
    ...header,
    orderId: text,
    orderUpdateId: count,
    lastNodeId: text,
    lastNodeSequenceId: count,
    nodeStates: some(passed("nodeId")),
    edgeStates: some(passed("edgeId")),
    driving: flag,
    operatingMode: oneOf("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL", "SERVICE", "TEACHIN"),
    actionStates: some(actionState),
    errors: some(record({ errorType: text, errorLevel: oneOf("WARNING", "URGENT", "CRITICAL", "FATAL") })),
    ...(major === 2
      ? {
          agvPosition: record({ ...position, positionInitialized: flag }),
          batteryState: record({ batteryCharge: number, charging: flag }),
          safetyState: record({ eStop: oneOf(...stops), fieldViolation: flag }),
        }
      : {
          instantActionStates: some(actionState),
          mobileRobotPosition: record({ ...position, localized: flag }),
          powerSupply: record({ stateOfCharge: number, charging: flag }),
          safetyState: record({ activeEmergencyStop: oneOf(...stops), fieldViolation: flag }),
        }),
  });
}
