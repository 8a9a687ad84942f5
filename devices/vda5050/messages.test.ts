import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import type { AssignedTask } from "../../store/floor/floor-tasks.ts";
import { type VdaMessage, vdaSchema } from "../../test-support/vda5050-schemas.ts";
import { MalformedMessage } from "../mqtt/json-reader.ts";
import type { VdaMajor } from "../mqtt/topics.ts";
import { factsheet, type RobotReport, stateMessage } from "../simulators/robot-messages.ts";
import { chargeOrder, chargeOrderId } from "./charge-order.ts";
import {
  cancelOrderMessage,
  HeaderCounter,
  orderMessage,
  parseConnection,
  parseFactsheet,
  parseState,
  type RobotState,
  startChargingMessage,
} from "./messages.ts";
import { orderProgress, shortPickResult } from "./order-progress.ts";
import { dropActionId, pickActionId, pickOrder, robotOrderId } from "./pick-order.ts";
import type { Station, Stations } from "./stations.ts";

const TASK: AssignedTask = {
  taskId: "shop-1-F1:pick:1",
  attempt: 1,
  deviceId: "r1",
  locationId: "fc",
  fulfillmentOrderId: "shop-1-F1",
  orderId: "shop-1",
  handlingUnit: "095212340000000017",
  stage: "picking",
  assignedAtMs: 0,
  lines: [
    { holdId: "h1", sku: "A", gtin: "09521234000013", quantity: 2 },
    { holdId: "h2", sku: "B", gtin: "09521234000020", quantity: 1 },
  ],
};
const ORDER_ID = robotOrderId(TASK);
const STATIONS: Stations = {
  induction: { nodeId: "induction-1", position: { x: 34, y: 0, theta: 1.5, mapId: "hall" } },
  shelves: [
    { nodeId: "S1", position: { x: 1, y: 2, theta: null, mapId: "hall" }, skus: ["A"] },
    { nodeId: "S2", position: null, skus: ["B*"] },
  ],
  chargers: [{ nodeId: "C1", position: { x: -2, y: 0, theta: null, mapId: "hall" } }],
};
const [CHARGER] = STATIONS.chargers as [Station];
const DOCK = { lastNodeId: "dock", position: null };
const ORDER = pickOrder(TASK, DOCK, STATIONS);

type Statuses = readonly [first: string, second: string, drop: string];

function report([first, second, drop]: Statuses, result = ""): RobotReport {
  const action = (status: string): { status: "FINISHED"; result: string } => ({
    status: status as "FINISHED",
    result: status === "FAILED" ? result : "",
  });
  return {
    order: ORDER,
    reached: drop === "FINISHED" ? ORDER.nodes.length : 1,
    actions: new Map([
      [pickActionId(ORDER_ID, 0), action(first)],
      [pickActionId(ORDER_ID, 1), action(second)],
      [dropActionId(ORDER_ID), action(drop)],
    ]),
    lastNodeId: "dock",
    driving: true,
    position: { x: 1, y: 2, theta: 0.5, mapId: "fc" },
    battery: 81.3,
    charging: false,
    refused: null,
    instantActions: [],
  };
}

function header(major: VdaMajor): ReturnType<HeaderCounter["next"]> {
  return new HeaderCounter(major, "nimbus", "r1").next("t", 1_700_000_000_000);
}

function payload(message: object): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function progress(statuses: Statuses, result = ""): ReturnType<typeof orderProgress> {
  return orderProgress(
    TASK,
    parseState(payload(stateMessage(2, header(2), report(statuses, result))), 2),
    null,
  );
}

const published = join(projectRoot, "..", "shared", "data", "vda5050");
const publishedVersion = { 2: "2.1.0", 3: "3.0.0" } as const;

type Problems = (message: VdaMessage, document: object) => unknown;

/** What a schema finds wrong with a message. */
function problemsBy(schemaOf: (message: VdaMessage) => object): Problems {
  return (message, document) => {
    // The published schemas carry keywords of their own (`unit`, `subtopic`) and formats of their own.
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    const validate = ajv.compile(schemaOf(message));
    validate(document);
    return validate.errors ?? [];
  };
}

function expectValidMessages(major: VdaMajor, problems: Problems): void {
  const refused = { orderId: "other", reason: "busy" };
  const instantActions = [{ actionId: "c1", actionType: "cancelOrder" }];
  const full = { ...report(["FINISHED", "FAILED", "RUNNING"], "picked=0;reason=x"), refused, instantActions };
  const connected = { ...header(major), connectionState: "ONLINE" };
  const broken = { ...connected, connectionState: major === 2 ? "CONNECTIONBROKEN" : "CONNECTION_BROKEN" };
  const order = orderMessage(header(major), ORDER);
  const charge = chargeOrder(chargeOrderId("r1", randomUUID()), DOCK, STATIONS, CHARGER);
  const state = stateMessage(major, header(major), full);
  expect(problems("order", order)).toEqual([]);
  expect(problems("order", orderMessage(header(major), charge))).toEqual([]);
  const onTheSpot = chargeOrder(charge.orderId, { ...DOCK, lastNodeId: "C1" }, STATIONS, CHARGER);
  expect(problems("order", orderMessage(header(major), onTheSpot))).toEqual([]);
  expect(problems("instantActions", cancelOrderMessage(header(major), "c1"))).toEqual([]);
  expect(problems("instantActions", startChargingMessage(header(major), "c2"))).toEqual([]);
  expect(problems("state", state)).toEqual([]);
  expect(problems("state", stateMessage(major, header(major), { ...full, order: null }))).toEqual([]);
  expect(problems("connection", connected)).toEqual([]);
  expect(problems("connection", broken)).toEqual([]);
  expect(problems("factsheet", factsheet(major, header(major)))).toEqual([]);
  expect(problems("order", { ...order, nodes: 1 })).not.toEqual([]);
  expect(problems("state", { ...state, safetyState: undefined })).not.toEqual([]);
  expect(problems("connection", { ...connected, connectionState: "AWAY" })).not.toEqual([]);
}

describe.each([2, 3] as const)("messages in major %i", (major) => {
  it("have the fields that the standard asks for", () => {
    expectValidMessages(
      major,
      problemsBy((message) => vdaSchema(message, major)),
    );
  });

  it.skipIf(!existsSync(published))(
    `are valid by the published schemas (skipped where ${published} is absent)`,
    () => {
      expectValidMessages(
        major,
        problemsBy((message) => {
          const file = join(published, publishedVersion[major], `${message}.schema.json`);
          return JSON.parse(readFileSync(file, "utf8"));
        }),
      );
    },
  );
});

describe("a pick order", () => {
  it("visits each station once, drops last, and alternates nodes and edges", () => {
    expect(ORDER.nodes.map((node) => node.sequenceId)).toEqual([0, 2, 4, 6]);
    expect(ORDER.edges.map((edge) => edge.sequenceId)).toEqual([1, 3, 5]);
    for (const [index, edge] of ORDER.edges.entries()) {
      expect(edge.startNodeId).toBe(ORDER.nodes[index]?.nodeId);
      expect(edge.endNodeId).toBe(ORDER.nodes[index + 1]?.nodeId);
    }
    expect(ORDER.nodes.at(-1)?.actions.map((action) => action.actionType)).toEqual(["drop"]);
    const parameters = ORDER.nodes
      .flatMap((node) => node.actions)
      .flatMap((action) => action.actionParameters);
    expect(parameters).toContainEqual({ key: "loadId", value: TASK.handlingUnit });
    expect(parameters).toContainEqual({ key: "gtin", value: "09521234000013" });
  });

  it("has the same ids when it is sent again and others on the next attempt", () => {
    const ids = (order: typeof ORDER): string[] =>
      order.nodes.flatMap((node) => node.actions.map((action) => action.actionId));
    expect(ids(pickOrder(TASK, { ...DOCK, lastNodeId: "elsewhere" }, STATIONS))).toEqual(ids(ORDER));
    const next = pickOrder({ ...TASK, attempt: 2 }, DOCK, STATIONS);
    expect(next.orderId).not.toBe(ORDER.orderId);
    expect(ids(next).some((id) => ids(ORDER).includes(id))).toBe(false);
  });
});

describe("the nodes of a pick order", () => {
  const nodesFrom = (whereabouts: Parameters<typeof pickOrder>[1]) =>
    pickOrder(TASK, whereabouts, STATIONS).nodes.map(({ nodeId, nodePosition }) => [nodeId, nodePosition]);

  it("are those that are configured, with their positions where they have some", () => {
    expect(nodesFrom(DOCK)).toEqual([
      ["dock", undefined],
      ["S1", { x: 1, y: 2, mapId: "hall" }],
      ["S2", undefined],
      ["induction-1", { x: 34, y: 0, theta: 1.5, mapId: "hall" }],
    ]);
  });

  it("begin where the robot stands: at its last node, or where it says that it is", () => {
    const position = { x: 5, y: 6, theta: 0.1, mapId: "hall" };
    expect(nodesFrom({ lastNodeId: "", position })[0]).toEqual([
      `${ORDER_ID}:start`,
      { x: 5, y: 6, mapId: "hall" },
    ]);
    expect(nodesFrom({ lastNodeId: "aisle", position })[0]).toEqual(["aisle", { x: 5, y: 6, mapId: "hall" }]);
    expect(nodesFrom({ lastNodeId: "S1", position })[0]).toEqual(["S1", { x: 1, y: 2, mapId: "hall" }]);
  });
});

describe("an order to a robot that stands at its first stop", () => {
  it("begins with what is to be done there, and leads nowhere from a node to itself", () => {
    const order = pickOrder(TASK, { ...DOCK, lastNodeId: "S1" }, STATIONS);
    expect(order.nodes.map(({ nodeId, actions }) => [nodeId, actions.length])).toEqual([
      ["S1", 1],
      ["S2", 1],
      ["induction-1", 1],
    ]);
    const charge = chargeOrder(
      chargeOrderId("r1", randomUUID()),
      { ...DOCK, lastNodeId: "C1" },
      STATIONS,
      CHARGER,
    );
    expect([charge.nodes.length, charge.edges]).toEqual([1, []]);
    for (const edge of order.edges) expect(edge.startNodeId).not.toBe(edge.endNodeId);
  });
});

describe("the progress of an order", () => {
  it("goes from picking over picked to dropped", () => {
    expect(progress(["FINISHED", "RUNNING", "WAITING"])).toEqual({ status: "picking", done: 1, of: 2 });
    const picked = [
      { holdId: "h1", quantity: 2 },
      { holdId: "h2", quantity: 1 },
    ];
    expect(progress(["FINISHED", "FINISHED", "RUNNING"])).toEqual({ status: "picked", picks: { picked } });
    expect(progress(["FINISHED", "FINISHED", "FINISHED"])).toEqual({ status: "dropped", picks: { picked } });
  });

  it("takes a short pick's own count and reason", () => {
    expect(progress(["FAILED", "FINISHED", "FINISHED"], shortPickResult(1, "not_found"))).toEqual({
      status: "dropped",
      picks: {
        picked: [
          { holdId: "h1", quantity: 1 },
          { holdId: "h2", quantity: 1 },
        ],
        shortReason: "not_found",
      },
    });
  });

  it("takes the units that a robot names, taken and missing, and no others", () => {
    const short = `${shortPickResult(1, "not_found")};serials=S1;missing=S2`;
    expect(progress(["FAILED", "FINISHED", "RUNNING"], short)).toMatchObject({
      picks: {
        picked: [
          { holdId: "h1", quantity: 1, serials: ["S1"], missingSerials: ["S2"] },
          { holdId: "h2", quantity: 1 },
        ],
        shortReason: "not_found",
      },
    });
    const whole = report(["FINISHED", "FINISHED", "RUNNING"]);
    const actions = new Map(whole.actions).set(pickActionId(ORDER_ID, 0), {
      status: "FINISHED",
      result: "serials=S1,S2",
    });
    const state = parseState(payload(stateMessage(2, header(2), { ...whole, actions })), 2);
    expect(orderProgress(TASK, state, null)).toEqual({
      status: "picked",
      picks: {
        picked: [
          { holdId: "h1", quantity: 2, serials: ["S1", "S2"] },
          { holdId: "h2", quantity: 1 },
        ],
      },
    });
    for (const garbled of ["serials=", "serials=a b", "done, serials=S1", "ok"]) {
      actions.set(pickActionId(ORDER_ID, 0), { status: "FINISHED", result: garbled });
      const plain = parseState(payload(stateMessage(2, header(2), { ...whole, actions })), 2);
      expect(orderProgress(TASK, plain, null)).toMatchObject({
        picks: { picked: [{ holdId: "h1", quantity: 2 }, { holdId: "h2" }] },
      });
      expect(JSON.stringify(orderProgress(TASK, plain, null))).not.toContain("serials");
    }
  });

  it("fails where a pick failed without a count, or with one that is not short", () => {
    expect(progress(["FAILED", "WAITING", "WAITING"], "gripper jammed").status).toBe("failed");
    expect(progress(["FAILED", "WAITING", "WAITING"], shortPickResult(2, "not_found")).status).toBe("failed");
    expect(progress(["FINISHED", "FINISHED", "FAILED"], "no space").status).toBe("failed");
  });

  it("fails where the robot keeps the order's id and nothing else of it", () => {
    const whole = report(["WAITING", "WAITING", "WAITING"]);
    const cleared = (statuses: Statuses, kept: number): RobotState => {
      const { actions } = report(statuses);
      const message = {
        ...whole,
        reached: ORDER.nodes.length,
        actions: new Map([...actions].slice(0, kept)),
      };
      return parseState(payload(stateMessage(3, header(3), message)), 3);
    };
    const failed = { status: "failed", detail: "the robot has cleared the order" };
    expect(orderProgress(TASK, cleared(["WAITING", "WAITING", "WAITING"], 0), null)).toEqual(failed);
    expect(orderProgress(TASK, cleared(["FINISHED", "FINISHED", "WAITING"], 1), null)).toEqual(failed);
    expect(orderProgress(TASK, cleared(["FINISHED", "FINISHED", "WAITING"], 2), null)).toEqual(failed);
    expect(progress(["WAITING", "WAITING", "WAITING"]).status).toBe("picking");
  });

  it("is unknown where the robot has another order, and rejected where it says so", () => {
    const other = { ...report(["WAITING", "WAITING", "WAITING"]), order: null };
    const state = parseState(payload(stateMessage(3, header(3), other)), 3);
    expect(orderProgress(TASK, state, null)).toEqual({ status: "unknown" });
    const refusing = { ...other, refused: { orderId: ORDER_ID, reason: "busy" } };
    const refused = parseState(payload(stateMessage(3, header(3), refusing)), 3);
    expect(orderProgress(TASK, refused, null)).toEqual({ status: "rejected", detail: "orderError: busy" });
  });
});

describe("reading robots' messages", () => {
  it("never throws anything but MalformedMessage, whatever comes", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      // A good message with one field replaced by anything at all.
      fc.tuple(fc.constantFrom<VdaMajor>(2, 3), fc.nat(30), fc.jsonValue()).map(([major, at, value]) => {
        const message = { ...stateMessage(major, header(major), report(["FINISHED", "FAILED", "WAITING"])) };
        const key = Object.keys(message)[at % Object.keys(message).length] ?? "";
        return payload({ ...message, [key]: value });
      }),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom<VdaMajor>(2, 3), (bytes, major) => {
        for (const parse of [parseState, parseConnection, parseFactsheet]) {
          try {
            parse(bytes, major);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuses numbers that are too large, and a major that is not the topic's", () => {
    const good = stateMessage(2, header(2), report(["FINISHED", "WAITING", "WAITING"]));
    expect(() => parseState(payload({ ...good, headerId: 2 ** 53 }), 2)).toThrow(
      expect.objectContaining({ code: "number_out_of_range" }),
    );
    expect(() => parseState(payload(good), 3)).toThrow(expect.objectContaining({ code: "invalid_message" }));
  });
});
