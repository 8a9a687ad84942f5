import pino from "pino";
import { describe, expect, it } from "vitest";
import type { OperationContext } from "../../operations/context.ts";
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
  const failed: string[] = [];
  const fleet = new RobotFleet({
    context: { now: () => 0 } as unknown as OperationContext,
    registry: {
      setConnection: (device: { connection: string }, connection: string) => {
        device.connection = connection;
      },
      setState: () => undefined,
      refused: () => undefined,
    } as unknown as DeviceRegistry,
    publish: async (topic) => {
      sent.push(topic);
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
    const device = { row: { id, locationId: "fc" }, connection: "online" } as unknown as Device;
    return fleet.meet(device, 2, "acme") as Robot;
  });
  const idle = () => fleet.idle().map(({ deviceId }) => deviceId);
  return { fleet, robots: robots as [Robot, ...Robot[]], sent, failed, idle };
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
    await report(fleet, robots[0], state(2, "10:00:01", { ...underway, orderId: "order-of-another-system" }));
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
