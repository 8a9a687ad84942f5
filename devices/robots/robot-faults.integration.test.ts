/** Robots that do what no simulated one does, two at a site, over a broker. */
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../engine/engine.ts";
import type { OperationContext } from "../../operations/context.ts";
import { changeDevice, registerDevice } from "../../operations/devices/register-device.ts";
import { settleLoad, tellOfLoads } from "../../operations/floor/robot-loads.ts";
import { listDeadLetters } from "../../store/floor/dead-letters.ts";
import { listDeviceEvents } from "../../store/floor/device-events.ts";
import { listDeviceViews } from "../../store/floor/device-views.ts";
import {
  emptyFloor,
  eventually,
  LOCATION,
  releaseOrders,
  startStockedEngine,
  testLogger,
} from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type DeviceBridge, startDeviceBridge } from "../bridge.ts";
import { deviceProtocols } from "../device-kinds.ts";
import { type Broker, startBroker } from "../mqtt/broker.ts";
import { type RobotReport, stateMessage } from "../simulators/robot-messages.ts";
import { HeaderCounter, type RobotOrder } from "../vda5050/messages.ts";

const TIMINGS = { sweepMs: 200, resendMs: 5_000, requeueMs: 800 };
const WAIT_MS = 10_000;

const STATIONS = {
  mapId: "hall",
  stations: {
    induction: { nodeId: "drop", x: 9, y: 1, theta: 1.5 },
    shelves: [{ nodeId: "A1", x: 1, y: 2, skus: ["SKU-1"] }, { nodeId: "A2" }],
  },
};

type Sent = RobotOrder & { readonly headerId: number };
type Action = { readonly actionId: string; readonly actionType: string };

/** A robot that says what the test has it say, and keeps what it is told. */
class TestRobot {
  readonly orders: Sent[] = [];
  readonly actions: Action[] = [];
  private readonly bus: MqttClient;
  private readonly headers: HeaderCounter;
  readonly root: string;
  private readonly major: 2 | 3;

  constructor(bus: MqttClient, root: string, major: 2 | 3 = 2) {
    const [maker = "", serial = ""] = root.split("/").slice(-2);
    this.bus = bus;
    this.root = root;
    this.major = major;
    this.headers = new HeaderCounter(major, maker, serial);
    bus.on("message", (topic, payload) => {
      if (topic === `${root}/order`) this.orders.push(JSON.parse(payload.toString()));
      if (topic === `${root}/instantActions`) this.actions.push(...JSON.parse(payload.toString()).actions);
    });
  }

  async listen(): Promise<this> {
    await this.bus.subscribeAsync([`${this.root}/order`, `${this.root}/instantActions`], { qos: 1 });
    return this;
  }

  async connects(connectionState = "ONLINE", retain = false): Promise<void> {
    await this.say("connection", { ...this.headers.next("connection", Date.now()), connectionState }, retain);
  }

  /** @param fields of the message that are not as usual */
  async reports(fields: object = {}, report: Partial<RobotReport> = {}, retain = false): Promise<void> {
    const usual: RobotReport = {
      order: null,
      reached: 0,
      actions: new Map(),
      lastNodeId: "home",
      driving: false,
      position: { x: 0, y: 0, theta: 0, mapId: "hall" },
      battery: 80,
      charging: false,
      refused: null,
      instantActions: [],
      ...report,
    };
    const header = this.headers.next("state", Date.now());
    await this.say("state", { ...stateMessage(this.major, header, usual), ...fields }, retain);
  }

  /** As far as it is with the order: how many of its actions, the drop included, are finished. */
  async works(order: RobotOrder, finished: number, fields: object = {}): Promise<void> {
    const actions = order.nodes.flatMap((node) => node.actions);
    const status = (index: number) => (index < finished ? "FINISHED" : "WAITING");
    await this.reports(fields, {
      order,
      reached: finished === actions.length ? order.nodes.length : 1,
      actions: new Map(
        actions.map(({ actionId }, index) => [actionId, { status: status(index), result: "" }]),
      ),
    });
  }

  async firstOrder(): Promise<Sent> {
    return eventually(
      async () => this.orders[0],
      WAIT_MS,
      async () => `no order for ${this.root}`,
    );
  }

  private async say(kind: string, message: object, retain: boolean): Promise<void> {
    await this.bus.publishAsync(`${this.root}/${kind}`, JSON.stringify(message), { qos: 1, retain });
  }
}

describe("a robot that is not as the simulated ones", () => {
  let test: TestDatabase;
  let engine: Engine;
  let broker: Broker;
  let bridge: DeviceBridge | undefined;
  let bus: MqttClient;
  let context: OperationContext;

  beforeAll(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
    context = {
      database: test.database,
      allocator: engine.client,
      parcelLimit: () => null,
      now: Date.now,
    };
  });

  afterAll(async () => {
    await engine.stop();
    await test.close();
  });

  beforeEach(async () => {
    broker = await startBroker({ host: "127.0.0.1", port: 0, logger: testLogger });
    bus = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  });

  afterEach(async () => {
    await bus.endAsync(true);
    await bridge?.stop();
    bridge = undefined;
    await broker.stop();
    await emptyFloor(test);
  });

  const startBridge = async (): Promise<void> => {
    const mqttUrl = `mqtt://127.0.0.1:${broker.port}`;
    bridge = await startDeviceBridge({ ...context, mqttUrl, logger: testLogger, timings: TIMINGS });
  };

  const register = async (id: string, settings: object = {}, protocol = "vda5050-2.1"): Promise<void> => {
    const done = await registerDevice(
      context,
      deviceProtocols,
      {
        id,
        name: id,
        kind: "robot",
        locationId: LOCATION,
        protocol,
        settings: { ...STATIONS, ...settings },
        credentials: "certificate",
      },
      "staff:1",
    );
    expect(done).toMatchObject({ status: "done" });
  };

  /** Two robots of acme that are there and idle. */
  const twoRobots = async (settings: object = {}): Promise<readonly [TestRobot, TestRobot]> => {
    for (const id of ["r1", "r2"]) await register(id, { manufacturer: "acme", ...settings });
    await startBridge();
    const first = await new TestRobot(bus, "uagv/v2/acme/r1").listen();
    const second = await new TestRobot(bus, "uagv/v2/acme/r2").listen();
    return [first, second];
  };

  const isThere = async (robot: TestRobot, id: string): Promise<void> => {
    await robot.connects();
    await robot.reports();
    await eventually(
      async () => (await viewOf(id)).connection === "online",
      WAIT_MS,
      () => viewOf(id),
    );
  };

  const viewOf = async (id: string) => {
    const view = (await listDeviceViews(test.database)).items.find((device) => device.id === id);
    if (view === undefined) throw new Error(`no device ${id}`);
    return view;
  };

  const release = async (skus: readonly string[] = ["SKU-1", "SKU-2"]) => {
    const [order] = await releaseOrders(test, engine, 1, () => skus.map((sku) => ({ sku, quantity: 1 })));
    if (order === undefined) throw new Error("no order");
    return order;
  };

  const taskOf = async (fulfillmentOrderId: string) => {
    const { rows } = await test.database.query<{ status: string; attempt: number; device: string | null }>(
      "select status, attempt, device_id as device from floor_task where fulfillment_order_id = $1",
      [fulfillmentOrderId],
    );
    return rows[0];
  };

  /** Is given to this robot within the time. */
  const goesTo = (fulfillmentOrderId: string, device: string) =>
    eventually(
      async () => {
        const task = await taskOf(fulfillmentOrderId);
        return task?.device === device && task;
      },
      WAIT_MS,
      () => taskOf(fulfillmentOrderId),
    );

  const eventsOf = async (device: string, kind: "dispatch_refused" | "error" | "silent") =>
    (await listDeviceEvents(test.database, { device, kind, limit: 20 })).items.map(({ detail }) => detail);

  const aWhile = (ms = 700) => new Promise((resolve) => setTimeout(resolve, ms));

  it("speaks under a root of its own, from its registration on, and drives to configured nodes", async () => {
    await startBridge();
    const robot = await new TestRobot(bus, "acmefleet/v2/acme/R-17").listen();
    await register("amr-17", { topicRoot: "acmefleet/v2/acme/R-17" });
    await eventually(async () => {
      await robot.reports();
      return (await viewOf("amr-17")).connection === "online";
    }, WAIT_MS);
    const { fulfillmentOrderId } = await release();
    const order = await robot.firstOrder();
    expect(order).toMatchObject({ manufacturer: "acme", serialNumber: "R-17", version: "2.1.0" });
    expect(order.nodes.map(({ nodeId, nodePosition }) => [nodeId, nodePosition])).toEqual([
      ["home", { x: 0, y: 0, mapId: "hall" }],
      ["A1", { x: 1, y: 2, mapId: "hall" }],
      ["A2", undefined],
      ["drop", { x: 9, y: 1, theta: 1.5, mapId: "hall" }],
    ]);
    await robot.works(order, 3);
    await eventually(async () => (await taskOf(fulfillmentOrderId))?.status === "finished", WAIT_MS);

    // It moves to other topics, and is heard there only.
    const settings = { ...STATIONS, topicRoot: "uagv/v3/acme/R-17" };
    const moved = { version: 2, settings, protocol: "vda5050-3.0" };
    expect(await changeDevice(context, deviceProtocols, "amr-17", moved, "staff:1")).toMatchObject({
      status: "done",
    });
    const newer = await new TestRobot(bus, "uagv/v3/acme/R-17", 3).listen();
    // An order that came before the bridge knew of it would go where the robot was.
    await eventually(async () => {
      await newer.reports({}, { lastNodeId: "annex" });
      return JSON.stringify((await viewOf("amr-17")).state).includes("annex");
    }, WAIT_MS);
    await release(["SKU-3"]);
    await newer.firstOrder();
    expect(newer.orders[0]).toMatchObject({ version: "3.0.0", serialNumber: "R-17" });
    expect(robot.orders).toHaveLength(1);
  });

  it.each<[string, (order: Sent) => readonly { referenceKey: string; referenceValue: string }[]]>([
    ["the message", ({ headerId }) => [{ referenceKey: "headerId", referenceValue: String(headerId) }]],
    ["the order", ({ orderId }) => [{ referenceKey: "orderId", referenceValue: orderId }]],
    ["a node", () => [{ referenceKey: "nodeId", referenceValue: "A1" }]],
    ["nothing", () => []],
  ])("refuses an order by naming %s, and another one does it at once", async (_what, references) => {
    const [first, second] = await twoRobots();
    await isThere(first, "r1");
    const { fulfillmentOrderId } = await release();
    const order = await first.firstOrder();
    await isThere(second, "r2");
    const error = { errorType: "UNSUPPORTED_PARAMETER", errorLevel: "WARNING", errorDescription: "loadType" };
    await first.reports({ errors: [{ ...error, errorReferences: references(order) }] });
    expect(await goesTo(fulfillmentOrderId, "r2")).toMatchObject({ attempt: 2, status: "assigned" });
    expect(first.orders).toHaveLength(1);
    await second.firstOrder();
    // It refused this one; another one it may do.
    const other = await release(["SKU-4"]);
    await first.reports();
    await goesTo(other.fulfillmentOrderId, "r1");
    await eventually(async () => (await eventsOf("r1", "dispatch_refused")).length > 0, WAIT_MS);
    expect(await eventsOf("r1", "dispatch_refused")).toEqual(["UNSUPPORTED_PARAMETER: loadType"]);
  });

  it("that falls silent with an order goes offline, loses it, and is told to stop when it comes back", async () => {
    const [first, second] = await twoRobots();
    // From here on it is given less time than others.
    await changeDevice(
      context,
      deviceProtocols,
      "r1",
      { version: 2, settings: { ...STATIONS, manufacturer: "acme", offlineAfterMs: 1_500 } },
      "staff:1",
    );
    await isThere(first, "r1");
    const { fulfillmentOrderId } = await release();
    const order = await first.firstOrder();
    await first.works(order, 0);
    await isThere(second, "r2");
    expect(await goesTo(fulfillmentOrderId, "r2")).toMatchObject({ attempt: 2 });
    await eventually(async () => (await viewOf("r1")).connection === "offline", WAIT_MS);
    await eventually(async () => (await eventsOf("r1", "silent")).length > 0, WAIT_MS);
    // It may still hear, so it is told at once, and once more when it is back.
    await eventually(async () => first.actions.length > 0, WAIT_MS);
    await eventually(async () => {
      await first.works(order, 0);
      return first.actions.length > 1;
    }, WAIT_MS);
    expect(first.actions[1]).toMatchObject({
      actionType: "cancelOrder",
      actionId: `${order.orderId}:cancel`,
    });
  });

  it("is not there by what the broker has kept of it, nor by what comes late", async () => {
    for (const id of ["r1", "r2"]) await register(id, { manufacturer: "acme" });
    const [first, second] = [new TestRobot(bus, "uagv/v2/acme/r1"), new TestRobot(bus, "uagv/v2/acme/r2")];
    await first.connects("ONLINE", true);
    await first.reports({}, {}, true);
    await startBridge();
    const { fulfillmentOrderId } = await release();
    await aWhile();
    expect((await viewOf("r1")).connection).toBe("offline");
    await second.listen();
    await second.reports();
    await goesTo(fulfillmentOrderId, "r2");
    // What it said before it left comes after its leave.
    const now = new Date().toISOString();
    await second.reports({ headerId: 50, timestamp: now });
    await second.connects("OFFLINE");
    await eventually(async () => (await viewOf("r2")).connection === "offline", WAIT_MS);
    await second.reports({ headerId: 49, timestamp: new Date(Date.now() - 60_000).toISOString() });
    await second.reports({ headerId: 50, timestamp: now });
    await aWhile(1_500);
    expect((await viewOf("r2")).connection).toBe("offline");
  });

  it("is not locked out by its serial number under another manufacturer, which is put aside", async () => {
    const [first] = await twoRobots();
    await new TestRobot(bus, "uagv/v2/typo/r1").connects();
    await new TestRobot(bus, "vda5050/v3/acme/r1", 3).connects();
    await isThere(first, "r1");
    await release();
    await first.firstOrder();
    const letters = await eventually(async () => {
      const { items } = await listDeadLetters(test.database, { limit: 10 });
      return items.length >= 2 && items;
    }, WAIT_MS);
    expect(letters.map(({ code, deviceId, topic }) => [code, deviceId, topic]).sort()).toEqual([
      ["device_mismatch", "r1", "uagv/v2/typo/r1/connection"],
      ["device_mismatch", "r1", "vda5050/v3/acme/r1/connection"],
    ]);
  });

  it("that is paused for too long gives its order back, and gets no other while it has goods of it", async () => {
    const [first, second] = await twoRobots({ standstillMs: 1_000 });
    await isThere(first, "r1");
    const { fulfillmentOrderId } = await release();
    const order = await first.firstOrder();
    await first.works(order, 1);
    await isThere(second, "r2");
    await first.works(order, 1, { paused: true });
    expect(await goesTo(fulfillmentOrderId, "r2")).toMatchObject({ attempt: 2 });
    await eventually(async () => first.actions.length > 0, WAIT_MS);
    expect(first.actions[0]).toMatchObject({ actionType: "cancelOrder" });
    await eventually(async () => (await eventsOf("r1", "dispatch_refused")).length > 0, WAIT_MS);
    expect((await eventsOf("r1", "dispatch_refused"))[0]).toMatch(/^r1 has stood for \d+ s: paused$/);
    // It has stopped, and one unit rides on it.
    await first.reports();
    await second.works(await second.firstOrder(), 1);
    const waiting = await release(["SKU-5"]);
    await aWhile(1_500);
    expect(await taskOf(waiting.fulfillmentOrderId)).toMatchObject({ status: "queued" });
    // A person takes it down and puts it back.
    await tellOfLoads(context);
    const { rows } = await test.database.query<{ id: string }>(
      "select id from robot_load where device_id = 'r1'",
    );
    for (const { id: loadId } of rows) {
      expect(await settleLoad(context, { loadId, as: "put_back", by: "staff:1" })).toEqual({
        status: "done",
      });
    }
    await goesTo(waiting.fulfillmentOrderId, "r1");
  });

  it("without stations gets no order, and people see why", async () => {
    await register("bare", { manufacturer: "acme", mapId: undefined, stations: undefined });
    await startBridge();
    const robot = await new TestRobot(bus, "uagv/v2/acme/bare").listen();
    await isThere(robot, "bare");
    const { fulfillmentOrderId } = await release();
    const errors = await eventually(async () => {
      const seen = await eventsOf("bare", "error");
      return seen.length > 0 && seen;
    }, WAIT_MS);
    expect(errors).toEqual(["no stations configured"]);
    expect(await taskOf(fulfillmentOrderId)).toMatchObject({ status: "queued" });
    expect(robot.orders).toEqual([]);
  });

  it("that has too little charge is asked to charge, and taken again above its level", async () => {
    const [first] = await twoRobots({ batteryLeast: 20, chargingLeast: 60 });
    await first.connects();
    await first.reports({}, { battery: 15 });
    await eventually(async () => first.actions.length > 0, WAIT_MS);
    expect(first.actions).toMatchObject([{ actionType: "startCharging" }]);
    await first.reports({}, { battery: 40, charging: true });
    const { fulfillmentOrderId } = await release();
    await aWhile();
    expect(await taskOf(fulfillmentOrderId)).toMatchObject({ status: "queued" });
    expect(first.actions).toHaveLength(1);
    await first.reports({}, { battery: 60, charging: true });
    await goesTo(fulfillmentOrderId, "r1");
  });

  it("that has too little charge drives to a charger of its map, and works again from there", async () => {
    const [first] = await twoRobots({
      batteryLeast: 20,
      chargingLeast: 60,
      stations: { ...STATIONS.stations, chargers: [{ nodeId: "C1" }] },
    });
    await first.connects();
    await first.reports({}, { battery: 15 });
    const order = await first.firstOrder();
    expect(order.nodes.at(-1)).toMatchObject({ nodeId: "C1", actions: [{ actionType: "startCharging" }] });
    const there = { orderId: order.orderId, lastNodeId: "C1" };
    const { fulfillmentOrderId } = await release();
    await first.reports({ ...there, nodeStates: [{ nodeId: "C1" }] }, { battery: 14 });
    await aWhile();
    expect(await taskOf(fulfillmentOrderId)).toMatchObject({ status: "queued" });
    await first.reports(there, { battery: 60, charging: true });
    await goesTo(fulfillmentOrderId, "r1");
    expect(first.actions).toEqual([]);
  });

  it("that cannot reach a node ends with its order given to another", async () => {
    for (const id of ["r1", "r2"]) await register(id, { manufacturer: "acme" }, "vda5050-3.0");
    await startBridge();
    const first = await new TestRobot(bus, "vda5050/v3/acme/r1", 3).listen();
    const second = await new TestRobot(bus, "vda5050/v3/acme/r2", 3).listen();
    await isThere(first, "r1");
    const { fulfillmentOrderId } = await release();
    const order = await first.firstOrder();
    await isThere(second, "r2");
    const errorReferences = [{ referenceKey: "nodeId", referenceValue: "A1" }];
    await first.works(order, 0, {
      errors: [{ errorType: "NODE_UNREACHABLE", errorLevel: "CRITICAL", errorReferences }],
    });
    await goesTo(fulfillmentOrderId, "r2");
    await eventually(async () => first.actions.length > 0, WAIT_MS);
    expect(first.actions[0]).toMatchObject({ actionType: "cancelOrder" });
  });
});
