import pino from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OperationContext } from "../../operations/context.ts";
import type { AssignedTask } from "../../store/floor/floor-tasks.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import { HeaderCounter, parseState, type RobotState } from "../vda5050/messages.ts";
import { RobotCharging } from "./robot-charging.ts";
import { robotLink } from "./robot-settings.ts";

type Sent = { readonly topic: string; readonly message: Message };
type Message = {
  readonly orderId: string;
  readonly actions: readonly object[];
  readonly nodes: readonly { readonly nodeId: string; readonly actions: readonly object[] }[];
};

const WITHOUT_CHARGERS = { induction: { nodeId: "drop" }, shelves: [{ nodeId: "S1" }] };
const STATIONS = { ...WITHOUT_CHARGERS, chargers: [{ nodeId: "C1" }, { nodeId: "C2" }] };

function low(fields: object = {}): RobotState {
  const message = {
    headerId: 1,
    timestamp: "2026-11-28T10:00:00Z",
    version: "2.1.0",
    orderId: "",
    lastNodeId: "dock",
    nodeStates: [],
    actionStates: [],
    errors: [],
    driving: false,
    operatingMode: "AUTOMATIC",
    batteryState: { batteryCharge: 9, charging: false },
    ...fields,
  };
  return parseState(Buffer.from(JSON.stringify(message)), 2);
}

function robotOf(id: string, settings: object, state = low()) {
  const row = { id, locationId: "fc", kind: "robot", protocol: "vda5050-2.1", name: id, settings };
  const device = { row: { ...row, enabled: true }, connection: "online" } as unknown as Device;
  return {
    device,
    link: robotLink(device.row, `uagv/v2/acme/${id}`),
    headers: new HeaderCounter(2, "acme", id),
    state: state as RobotState | null,
    task: null as AssignedTask | null,
    impairedSince: 0,
  };
}

function charging() {
  const sent: Sent[] = [];
  const complaints: string[] = [];
  const calls = new RobotCharging({
    context: { now: () => 0 } as unknown as OperationContext,
    registry: {
      refused: (_device: Device, detail: string) => complaints.push(detail),
    } as unknown as DeviceRegistry,
    publish: async (topic, message) => {
      sent.push({ topic, message: message as Message });
    },
    logger: pino({ level: "silent" }),
  });
  const goals = () => sent.map(({ message }) => message.nodes.at(-1)?.nodeId);
  return { calls, sent, complaints, goals };
}

describe("robots that stand idle with too little charge", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("are asked once a minute to find their charger where none is configured, unless they do so unasked", () => {
    const { calls, sent } = charging();
    const robot = robotOf("r1", { stations: WITHOUT_CHARGERS });
    const robots = [
      robot,
      robotOf("r2", { stations: WITHOUT_CHARGERS, startCharging: false }),
      robotOf("r3", { stations: WITHOUT_CHARGERS, batteryLeast: 5 }),
    ];
    calls.askAll(robots);
    calls.askAll(robots);
    expect(sent.map(({ topic }) => topic)).toEqual(["uagv/v2/acme/r1/instantActions"]);
    expect(sent[0]?.message.actions).toMatchObject([{ actionType: "startCharging", blockingType: "NONE" }]);
    vi.advanceTimersByTime(61_000);
    calls.askAll(robots);
    expect(sent).toHaveLength(2);
    robot.state = low({ batteryState: { batteryCharge: 9, charging: true } });
    vi.advanceTimersByTime(61_000);
    calls.askAll(robots);
    expect(sent).toHaveLength(2);
  });

  it("get an order to a charger of their map, from where they stand, each to another one", () => {
    const { calls, sent, goals } = charging();
    calls.askAll(["r1", "r2", "r3"].map((id) => robotOf(id, { stations: STATIONS })));
    expect(goals()).toEqual(["C1", "C2"]);
    expect(sent[0]?.topic).toBe("uagv/v2/acme/r1/order");
    expect(sent[0]?.message.nodes).toMatchObject([
      { nodeId: "dock", actions: [] },
      { nodeId: "C1", actions: [{ actionType: "startCharging", blockingType: "HARD" }] },
    ]);
  });

  it("are not sent where another robot stands, and wait while every charger is taken", () => {
    const { calls, goals } = charging();
    const robot = robotOf("r1", { stations: STATIONS });
    const guest = robotOf(
      "r2",
      { stations: STATIONS },
      low({ lastNodeId: "C1", batteryState: { batteryCharge: 80 } }),
    );
    const other = robotOf(
      "r3",
      { stations: STATIONS },
      low({ lastNodeId: "C2", batteryState: { batteryCharge: 80 } }),
    );
    calls.askAll([robot, guest, other]);
    expect(goals()).toEqual([]);
    other.state = low({ lastNodeId: "S1", batteryState: { batteryCharge: 80 } });
    calls.askAll([robot, guest, other]);
    expect(goals()).toEqual(["C2"]);
  });

  it("are sent to the next charger where they do not begin to charge, and people see it", () => {
    const { calls, sent, goals, complaints } = charging();
    const robot = robotOf("r1", { stations: STATIONS });
    calls.askAll([robot]);
    robot.state = low({ orderId: sent[0]?.message.orderId, nodeStates: [{ nodeId: "C1" }] });
    vi.advanceTimersByTime(61_000);
    calls.askAll([robot]);
    expect(goals()).toEqual(["C1"]);
    robot.state = low({ orderId: sent[0]?.message.orderId, lastNodeId: "C1" });
    calls.askAll([robot]);
    expect(goals()).toEqual(["C1", "C2"]);
    expect(complaints).toEqual(["r1 did not charge at C1"]);
    robot.state = low({ lastNodeId: "C2", batteryState: { batteryCharge: 12, charging: true } });
    calls.askAll([robot]);
    robot.state = low({ lastNodeId: "S1" });
    vi.advanceTimersByTime(61_000);
    calls.askAll([robot]);
    expect(goals()).toEqual(["C1", "C2", "C1"]);
    expect(complaints).toHaveLength(1);
  });

  it("are left alone at work, under way, away, out of order, or where they know no place", () => {
    const { calls, sent } = charging();
    const settings = { stations: STATIONS };
    const working = { ...robotOf("r1", settings), task: {} as AssignedTask };
    const away = robotOf("r2", settings);
    (away.device as { connection: string }).connection = "offline";
    const broken = { ...robotOf("r3", settings), impairedSince: 1 };
    const underWay = robotOf("r4", settings, low({ nodeStates: [{ nodeId: "S1" }] }));
    const lost = robotOf("r5", settings, low({ lastNodeId: "" }));
    calls.askAll([working, away, broken, underWay, lost, { ...robotOf("r6", settings), state: null }]);
    expect(sent).toEqual([]);
  });
});
