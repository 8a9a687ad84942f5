import pino from "pino";
import { describe, expect, it } from "vitest";
import type { OperationContext } from "../../operations/context.ts";
import type { DeviceRow } from "../../store/floor/devices.ts";
import type { AssignedTask } from "../../store/floor/floor-tasks.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import type { BridgeTimings } from "../mqtt/timings.ts";
import { parseState, type RobotState } from "../vda5050/messages.ts";
import { type Robot, RobotFleet } from "./robot-fleet.ts";

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
  lines: [{ holdId: "h1", sku: "A", gtin: "09521234000013", quantity: 2 }],
};

const SETTINGS = {
  mapId: "hall",
  stations: { induction: { nodeId: "drop" }, shelves: [{ nodeId: "S1", x: 1, y: 2 }] },
};

function rowOf(id: string, settings: object = SETTINGS, protocol = "vda5050-2.1"): DeviceRow {
  return {
    id,
    locationId: "fc",
    kind: "robot",
    protocol,
    name: id,
    settings: settings as DeviceRow["settings"],
    enabled: true,
  };
}

function state(headerId: number, time: string, fields: object = {}): RobotState {
  const message = {
    headerId,
    timestamp: `2026-11-28T${time}Z`,
    version: "2.1.0",
    orderId: "",
    lastNodeId: "dock",
    nodeStates: [],
    actionStates: [],
    errors: [],
    driving: false,
    operatingMode: "AUTOMATIC",
    batteryState: { batteryCharge: 80, charging: false },
    ...fields,
  };
  return parseState(Buffer.from(JSON.stringify(message)), 2);
}

/** A fleet of robots of one location, and what it sent and gave back. */
function fleetOf(...ids: readonly string[]) {
  const sent: string[] = [];
  const messages: { readonly headerId: number; readonly nodes: readonly object[]; actions: object[] }[] = [];
  const failed: string[] = [];
  const fleet = new RobotFleet({
    context: { now: () => 0 } as unknown as OperationContext,
    registry: {
      setConnection: (device: { connection: string }, connection: string) => {
        device.connection = connection;
      },
      setState: () => undefined,
      heard: () => undefined,
      refused: () => undefined,
    } as unknown as DeviceRegistry,
    publish: async (topic, message) => {
      sent.push(topic);
      messages.push(message as (typeof messages)[number]);
    },
    timings: { resendMs: -1 } as unknown as BridgeTimings,
    logger: pino({ level: "silent" }),
  });
  fleet.reportTo({
    finished: () => undefined,
    failed: async (robot, _task, detail) => {
      robot.task = null;
      failed.push(detail);
    },
    abandoned: async () => undefined,
    stateChanged: () => undefined,
  });
  const robots = ids.map((id) => {
    const device = { row: rowOf(id), connection: "online" } as unknown as Device;
    return fleet.meet(device, `uagv/v2/acme/${id}`) as Robot;
  });
  const idle = () => fleet.idle().map(({ deviceId }) => deviceId);
  return { fleet, robots: robots as [Robot, ...Robot[]], sent, messages, failed, idle };
}

async function report(fleet: RobotFleet, robot: Robot, said: RobotState): Promise<void> {
  fleet.onState(robot, said);
  await robot.work;
}

describe("the robots of a site", () => {
  it("are offered an order three times, and then another robot comes first", async () => {
    const { fleet, robots, sent, failed, idle } = fleetOf("r1", "r2");
    const [first, second] = robots;
    fleet.give(first, TASK);
    for (let count = 1; count <= 5; count += 1) await report(fleet, first, state(count, "10:00:00"));
    expect(sent).toHaveLength(3);
    expect(failed).toEqual(["r1 did not take the order in 3 offers"]);
    if (second !== undefined) await report(fleet, second, state(1, "10:00:00"));
    // For this task, and for no other.
    expect(fleet.idle()).toEqual([
      { deviceId: "r1", locationId: "fc", except: [TASK.taskId] },
      { deviceId: "r2", locationId: "fc", except: [] },
    ]);
    for (const taskId of ["shop-2-F1:pick:1", "shop-3-F1:pick:1"]) {
      fleet.give(first, { ...TASK, taskId });
      for (let count = 6; count <= 10; count += 1) await report(fleet, first, state(count, "10:00:01"));
      for (let count = 11; count <= 13; count += 1) await report(fleet, first, state(count, "10:00:02"));
    }
    expect(failed).toHaveLength(3);
    // One that takes nothing at all is left alone for a while.
    expect(idle()).toEqual(["r2"]);
  });

  it("get another chance where nobody else can work", async () => {
    const { fleet, robots, failed, idle } = fleetOf("r1");
    fleet.give(robots[0], TASK);
    for (let count = 1; count <= 5; count += 1) await report(fleet, robots[0], state(count, "10:00:00"));
    expect(failed).toHaveLength(1);
    expect(idle()).toEqual(["r1"]);
  });

  it("are told to stop when they come back with a task that another has, and only then", async () => {
    const { fleet, robots, sent } = fleetOf("r1");
    const underway = { nodeStates: [{ nodeId: "shelf" }] };
    await report(fleet, robots[0], state(1, "10:00:00", { ...underway, orderId: `${TASK.taskId}.1` }));
    await fleet.cancelStrays([TASK]);
    expect(sent).toEqual([]);
    await fleet.cancelStrays([{ ...TASK, deviceId: "r2", attempt: 2 }]);
    expect(sent).toEqual(["uagv/v2/acme/r1/instantActions"]);
    // Not again and again while it is away.
    robots[0].device.connection = "offline";
    await fleet.cancelStrays([]);
    expect(sent).toHaveLength(1);
    await report(fleet, robots[0], state(2, "10:00:01", { ...underway, orderId: `${TASK.taskId}.1` }));
    await fleet.cancelStrays([]);
    expect(sent.splice(1)).toEqual(["uagv/v2/acme/r1/instantActions"]);
    await report(fleet, robots[0], state(3, "10:00:02", { ...underway, orderId: "order-of-another-system" }));
    await fleet.cancelStrays([]);
    expect(sent).toHaveLength(1);
  });

  it("are heard after their clock was set back, and past the end of their counter", async () => {
    const { fleet, robots } = fleetOf("r1");
    const [robot] = robots;
    await report(fleet, robot, state(2 ** 32 - 1, "11:00:00"));
    await report(fleet, robot, state(0, "10:00:00", { lastNodeId: "aisle" }));
    expect(robot.state?.lastNodeId).toBe("aisle");
    await report(fleet, robot, state(2 ** 32 - 2, "09:59:00", { lastNodeId: "late" }));
    expect(robot.state?.lastNodeId).toBe("aisle");
  });

  it("are not there by what is older than the last that they said, and are by what comes next", async () => {
    const { fleet, robots, idle } = fleetOf("r1");
    const [robot] = robots;
    const gone = { headerId: 5, atMs: Date.parse("2026-11-28T10:00:10Z"), connection: "offline" } as const;
    await report(fleet, robot, state(40, "10:00:05"));
    fleet.onConnection(robot, gone, "live");
    await report(fleet, robot, state(39, "10:00:04"));
    await report(fleet, robot, state(40, "10:00:05"));
    fleet.onConnection(robot, { ...gone, headerId: 6, connection: "online" }, "retained");
    expect([robot.device.connection, idle()]).toEqual(["offline", []]);
    // Switched off and on: counter and clock begin again, and the connection says so.
    fleet.onConnection(
      robot,
      { headerId: 0, atMs: Date.parse("2020-01-01T00:00:00Z"), connection: "online" },
      "live",
    );
    await report(fleet, robot, state(0, "00:00:00"));
    expect([robot.device.connection, idle()]).toEqual(["online", ["r1"]]);
  });

  it("whose connection nobody saw are believed after three states that count up", async () => {
    const { fleet, robots } = fleetOf("r1");
    await report(fleet, robots[0], state(900, "10:00:00"));
    for (const count of [0, 1])
      await report(fleet, robots[0], state(count, "09:00:00", { lastNodeId: "new" }));
    expect(robots[0].state?.lastNodeId).toBe("dock");
    await report(fleet, robots[0], state(2, "09:00:00", { lastNodeId: "new" }));
    expect(robots[0].state?.lastNodeId).toBe("new");
  });

  it("are not locked out by their serial number under another manufacturer", async () => {
    const { fleet, robots, sent } = fleetOf("r1");
    const { device } = robots[0];
    expect(fleet.meet(device, "uagv/v2/typo/r1")).toBe(robots[0]);
    expect(fleet.meet(device, "uagv/v2/acme/r1")).toBe(robots[0]);
    await report(fleet, robots[0], state(1, "10:00:00"));
    // Now it is at work there.
    expect(fleet.meet(device, "uagv/v2/typo/r1")).toBeNull();
    fleet.give(robots[0], TASK);
    await fleet.send(robots[0]);
    expect(sent).toEqual(["uagv/v2/acme/r1/order"]);
  });

  it("are spoken to as they are registered now: another version, other topics, another name", async () => {
    const { fleet, robots, sent, messages } = fleetOf("r1");
    const [robot] = robots;
    await report(fleet, robot, state(1, "10:00:00"));
    robot.device.row = rowOf("r1", { ...SETTINGS, topicRoot: "fleet/v2/acme/R-17" }, "vda5050-3.0");
    expect(fleet.meet(robot.device, "fleet/v2/acme/R-17")).toBe(robot);
    fleet.give(robot, TASK);
    await report(fleet, robot, state(1, "10:00:00"));
    expect(sent).toEqual(["fleet/v2/acme/R-17/order"]);
    expect(messages[0]).toMatchObject({ version: "3.0.0", manufacturer: "acme", serialNumber: "R-17" });
  });

  it("get no task before they have been told where shelves and conveyor are", async () => {
    const { fleet, robots, idle, failed } = fleetOf("r1");
    robots[0].device.row = rowOf("r1", { manufacturer: "acme" });
    await report(fleet, robots[0], state(1, "10:00:00"));
    expect(idle()).toEqual([]);
    const shelves = [{ nodeId: "S1", skus: ["B*"] }];
    robots[0].device.row = rowOf("r1", { stations: { ...SETTINGS.stations, shelves } });
    expect(idle()).toEqual(["r1"]);
    fleet.give(robots[0], TASK);
    await fleet.send(robots[0]);
    expect(failed).toEqual(["r1: no shelf configured for A"]);
  });

  it("that get no further with their task for too long say so, with what they complain of", async () => {
    const { fleet, robots } = fleetOf("r1");
    const [robot] = robots;
    fleet.give(robot, TASK);
    const order = { orderId: `${TASK.taskId}.1`, nodeStates: [{ nodeId: "S1" }] };
    const errors = [{ errorType: "blocked", errorLevel: "WARNING", errorDescription: "a pallet" }];
    const at = (x: number) => ({ x, y: 0, theta: 0, mapId: "hall", positionInitialized: true });
    await report(fleet, robot, state(1, "10:00:00", { ...order, agvPosition: at(1) }));
    robot.reachedAt -= 901_000;
    await report(fleet, robot, state(2, "10:00:01", { ...order, agvPosition: at(1.02), errors }));
    expect(fleet.standsTooLong(robot)).toBe("r1 has got no further for 901 s; blocked: a pallet");
    await report(fleet, robot, state(3, "10:00:02", { ...order, agvPosition: at(1.2) }));
    expect(fleet.standsTooLong(robot)).toBeNull();
  });

  it.each([2, 3] as const)("of major %i are not told again to cancel while they do so", async (major) => {
    const { fleet, robots, sent } = fleetOf("r1");
    const [robot] = robots;
    const orderId = `${TASK.taskId}.1`;
    const says = async (count: number, actionStatus: string) => {
      const cancel = [{ actionId: `${orderId}:cancel`, actionType: "cancelOrder", actionStatus }];
      const field = major === 2 ? "actionStates" : "instantActionStates";
      const message = {
        headerId: count,
        version: major === 2 ? "2.1.0" : "3.0.0",
        timestamp: `2026-11-28T10:00:0${count}Z`,
        orderId,
        lastNodeId: "dock",
        nodeStates: [{ nodeId: "S1" }],
        actionStates: [],
        errors: [],
        operatingMode: "AUTOMATIC",
        [field]: cancel,
      };
      await report(fleet, robot, parseState(Buffer.from(JSON.stringify(message)), major));
      await fleet.cancelStrays([]);
    };
    await says(1, "RUNNING");
    expect(sent).toEqual([]);
    await says(2, "FAILED");
    expect(sent).toEqual(["uagv/v2/acme/r1/instantActions"]);
  });

  it("that stand still for too long say so, and go on where they stood for a moment", async () => {
    const { fleet, robots } = fleetOf("r1");
    const [robot] = robots;
    fleet.give(robot, TASK);
    const order = { orderId: `${TASK.taskId}.1`, nodeStates: [{ nodeId: "S1" }] };
    await report(fleet, robot, state(1, "10:00:00", { ...order, paused: true }));
    robot.standsSince -= 119_000;
    expect(fleet.standsTooLong(robot)).toBeNull();
    robot.standsSince -= 2_000;
    expect(fleet.standsTooLong(robot)).toBe("r1 has stood for 121 s: paused");
    await report(fleet, robot, state(2, "10:00:01", order));
    expect(fleet.standsTooLong(robot)).toBeNull();
  });

  it.each<[string, (orderHeader: number) => readonly (readonly [key: string, value: unknown])[], boolean]>([
    ["its order", () => [["orderId", `${TASK.taskId}.1`]], true],
    ["another order", () => [["orderId", "other"]], false],
    ["the message", (id) => [["headerId", String(id)]], true],
    ["the message, as a number", (id) => [["headerId", id]], true],
    ["another message", (id) => [["headerId", String(id + 7)]], false],
    [
      "a message of instant actions",
      (id) => [
        ["topic", "instantActions"],
        ["headerId", String(id)],
      ],
      false,
    ],
    ["a node of the order", () => [["nodeId", "S1"]], true],
    ["another node", () => [["nodeId", "elsewhere"]], false],
    ["an edge of the order", () => [["edgeId", `${TASK.taskId}.1:e1`]], true],
    ["an action of the order", () => [["actionId", `${TASK.taskId}.1:pick-0`]], true],
    ["its cancellation", () => [["actionId", `${TASK.taskId}.1:cancel`]], false],
    ["nothing", () => [], true],
  ])("refuse an order by an error that names %s", async (_what, references, isRefusal) => {
    const { fleet, robots, messages, failed } = fleetOf("r1");
    await report(fleet, robots[0], state(1, "10:00:00"));
    fleet.give(robots[0], TASK);
    await fleet.send(robots[0]);
    const error = {
      errorType: "UNSUPPORTED_PARAMETER",
      errorLevel: "WARNING",
      errorDescription: "no",
      errorReferences: references(messages[0]?.headerId ?? 0).map(([referenceKey, referenceValue]) => ({
        referenceKey,
        referenceValue,
      })),
    };
    await report(fleet, robots[0], state(2, "10:00:01", { errors: [error] }));
    expect(failed).toEqual(isRefusal ? ["UNSUPPORTED_PARAMETER: no"] : []);
  });

  it("do not refuse an order by what they complained of before", async () => {
    const { fleet, robots, failed } = fleetOf("r1");
    const errors = [{ errorType: "worn brush", errorLevel: "WARNING" }];
    await report(fleet, robots[0], state(1, "10:00:00", { errors }));
    fleet.give(robots[0], TASK);
    await fleet.send(robots[0]);
    await report(fleet, robots[0], state(2, "10:00:01", { errors }));
    expect(failed).toEqual([]);
  });

  it.each([
    ["an emergency stop", { safetyState: { eStop: "MANUAL", fieldViolation: false } }],
    ["a violated field", { safetyState: { eStop: "NONE", fieldViolation: true } }],
    ["an empty battery", { batteryState: { batteryCharge: 1, charging: false } }],
    ["a battery that has just begun to charge", { batteryState: { batteryCharge: 15, charging: true } }],
    ["a pause", { paused: true }],
    ["no idea where it is", { agvPosition: { positionInitialized: false } }],
    ["a person at the controls", { operatingMode: "MANUAL" }],
    ["a critical error", { errors: [{ errorType: "lost", errorLevel: "CRITICAL" }] }],
    ["an urgent error", { errors: [{ errorType: "worn", errorLevel: "URGENT" }] }],
    ["neither node nor position", { lastNodeId: "" }],
  ])("get no task with %s", async (_why, fields) => {
    const { fleet, robots, idle } = fleetOf("r1");
    await report(fleet, robots[0], state(1, "10:00:00"));
    expect(idle()).toEqual(["r1"]);
    await report(fleet, robots[0], state(2, "10:00:01", fields));
    expect(idle()).toEqual([]);
  });

  it.each([
    ["line breaks", { errors: [{ errorType: "axis", errorLevel: "FATAL", errorDescription: "a\n\tb" }] }],
    [
      "a long text",
      { errors: [{ errorType: "x", errorLevel: "WARNING", errorDescription: "e".repeat(9999) }] },
    ],
    ["a long foreign order", { orderId: "o".repeat(500) }],
    ["2,000 nodes in 1 MiB", { nodeStates: Array(2000).fill({ nodeId: "n".repeat(500) }) }],
    ["a position without theta", { agvPosition: { x: 1, y: 2, positionInitialized: true } }],
    ["no charge", { batteryState: { batteryCharge: null, charging: false } }],
    ["a version with a v", { version: "v2.1.0" }],
  ])("are understood with %s in a state", (_what, fields) => {
    expect(state(1, "10:00:00", fields).headerId).toBe(1);
  });
});
