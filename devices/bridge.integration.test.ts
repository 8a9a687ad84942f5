import { connectAsync } from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { confirmPick } from "../operations/floor/confirm-pick.ts";
import { tellOfLoads } from "../operations/floor/robot-loads.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import {
  addDevices,
  allPacked,
  discrepancies,
  eventually,
  LOCATION,
  OPENING_STOCK,
  releaseOrders,
  startStockedEngine,
  type TestOrder,
  testLogger,
  variedLines,
} from "../test-support/floor.ts";
import { failingTransactions } from "../test-support/servers/failing-database.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import type { SagaDependencies } from "../workflows/activities/dependencies.ts";
import { createInventoryActivities } from "../workflows/order/activities/inventory.ts";
import { type DeviceBridge, startDeviceBridge } from "./bridge.ts";
import { type Broker, startBroker } from "./mqtt/broker.ts";
import type { BridgeTimings } from "./mqtt/timings.ts";
import { EVERYDAY_FAULTS, type Faults } from "./simulators/faults.ts";
import { type Fleet, simulatedDevices, startFleet } from "./simulators/fleet.ts";

/** So short that what has to be tried again is tried again within the test. */
const TIMINGS: Partial<BridgeTimings> = {
  sweepMs: 250,
  resendMs: 700,
  requeueMs: 4_000,
  stallMs: 2_500,
};

describe("the device bridge", () => {
  let test: TestDatabase;
  let engine: Engine;
  let broker: Broker;
  let running: { stop(): Promise<void> }[] = [];

  beforeEach(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
    await addDevices(test, simulatedDevices([LOCATION]));
    broker = await startBroker({ host: "127.0.0.1", port: 0, logger: testLogger });
  });

  afterEach(async () => {
    for (const part of running.reverse()) await part.stop();
    running = [];
    await broker.stop();
    await engine.stop();
    await test.close();
  });

  const startBridge = async (): Promise<DeviceBridge> => {
    const bridge = await startDeviceBridge({
      mqttUrl: `mqtt://127.0.0.1:${broker.port}`,
      database: test.database,
      allocator: engine.client,
      logger: testLogger,
      timings: TIMINGS,
    });
    running.push(bridge);
    return bridge;
  };

  const startDevices = async (speed: number, faults: Partial<Faults> = {}): Promise<Fleet> => {
    const fleet = await startFleet({
      mqttUrl: `mqtt://127.0.0.1:${broker.port}`,
      devices: simulatedDevices([LOCATION]),
      speed,
      logger: testLogger,
      faults: { ...EVERYDAY_FAULTS, missedTags: 0, ...faults },
    });
    running.push(fleet);
    return fleet;
  };

  it("takes one order from the queue over robot, conveyor and portal to packed", async () => {
    await startBridge();
    await startDevices(20);
    const orders = await releaseOrders(test, engine, 1, () => variedLines(2));
    await allPacked(test, orders, 15_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
    // The portal may overtake the conveyor's report.
    const timeline = await eventually(async () => {
      const { rows } = await test.database.query<{ type: string; cause: string }>(
        "select type, cause from order_event where order_id = $1",
        [orders[0]?.orderId],
      );
      return rows.length >= 4 && rows;
    }, 5_000);
    expect(timeline.map((row) => row.type).sort()).toEqual([
      "fulfillment.assigned",
      "fulfillment.diverted",
      "fulfillment.packed",
      "fulfillment.picked",
    ]);
    expect(timeline.every((row) => row.cause.startsWith(`device:${LOCATION}-`))).toBe(true);
    const tasks = await eventually(async () => {
      const { rows } = await test.database.query("select status from floor_task where status = 'finished'");
      return rows.length > 0 && rows;
    }, 5_000);
    expect(tasks).toEqual([{ status: "finished" }]);
  });

  it("packs 200 orders with exact counts while a fifth of the messages come twice and a fifth late", async () => {
    await startBridge();
    await startDevices(40, { seed: 7, duplicated: 0.2, delayed: 0.2, delayMs: 120, missedTags: 0.02 });
    const orders = await releaseOrders(test, engine, 200, variedLines);
    await allPacked(test, orders, 150_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
  }, 180_000);

  it("puts malformed, oversized and foreign messages aside, changes nothing and goes on", async () => {
    await startBridge();
    await startDevices(20);
    const robot = `${LOCATION}-robot-01`;
    const conveyor = `holdfast/${LOCATION}/pack-out/${LOCATION}-conveyor/evt/scan`;
    const scan = { bootId: "b", seq: 1, ts: new Date().toISOString(), scanPointId: "s", barcodes: ["x"] };
    const messages: readonly [topic: string, payload: string | Buffer, code: string][] = [
      [`uagv/v2/nimbus/${robot}/state`, "{", "invalid_json"],
      [`uagv/v2/nimbus/${robot}/state`, Buffer.from([0xff, 0x00, 0xfe]), "invalid_json"],
      [`uagv/v2/nimbus/${robot}/state`, "[".repeat(100_000), "invalid_json"],
      [`uagv/v2/nimbus/${robot}/connection`, "{}", "invalid_message"],
      [`uagv/v2/nimbus/${robot}/state`, Buffer.alloc(3_000_000, 32), "message_too_large"],
      [conveyor, JSON.stringify({ ...scan, seq: 1e300 }), "number_out_of_range"],
      [conveyor, JSON.stringify({ ...scan, bootId: "x\u0000" }), "invalid_message"],
      [conveyor.replace(LOCATION, "elsewhere"), JSON.stringify(scan), "device_mismatch"],
      ["zebra/nobody/data", "{}", "unknown_device"],
      [`zebra/${robot}/data`, "{}", "device_mismatch"],
      [`holdfast/${LOCATION}/pack-out/a b/evt/scan`, "{}", "unknown_topic"],
    ];
    const orders = await releaseOrders(test, engine, 1, () => variedLines(1));
    const vandal = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    for (const [topic, payload] of messages) await vandal.publishAsync(topic, payload, { qos: 1 });
    await vandal.endAsync();
    const letters = await eventually(async () => {
      const { rows } = await test.database.query<{ topic: string; code: string }>(
        "select topic, code from device_dead_letter",
      );
      return rows.length >= messages.length && rows;
    }, 15_000);
    const expected = messages.map(([topic, , code]) => `${topic} ${code}`);
    expect(letters.map((letter) => `${letter.topic} ${letter.code}`).sort()).toEqual([...expected].sort());
    await allPacked(test, orders, 20_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
  });

  it("finishes every order though the broker goes away and comes back without memory", async () => {
    await startBridge();
    await startDevices(10);
    const orders = await releaseOrders(test, engine, 20, variedLines);
    await somePicked(orders);
    const { port } = broker;
    await broker.stop();
    broker = await startBroker({ host: "127.0.0.1", port, logger: testLogger });
    await allPacked(test, orders, 50_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
  });

  it("finishes every order though the bridge stops in the middle and another one takes over", async () => {
    const first = await startBridge();
    await startDevices(10);
    const orders = await releaseOrders(test, engine, 20, variedLines);
    await somePicked(orders);
    await stopNow(first);
    await startBridge();
    await allPacked(test, orders, 50_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
  });

  it("finishes every order though all devices lose their memory in the middle", async () => {
    await startBridge();
    const first = await startDevices(10);
    const orders = await releaseOrders(test, engine, 20, variedLines);
    await somePicked(orders);
    await stopNow(first);
    await startDevices(10);
    await allPacked(test, orders, 50_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
    // What was picked again was lost before, and the timeline and the books say so.
    await tellOfLoads(context());
    const { rows } = await test.database.query<{ adrift: number; lost: number; told: number }>(
      `select (select coalesce(sum(quantity), 0)::integer from robot_load where status = 'adrift') as adrift,
         (select count(distinct (task_id, attempt))::integer from robot_load where cause = 'tote_lost') as lost,
         (select count(*)::integer from order_event where type = 'fulfillment.tote_lost') as told`,
    );
    const skus = [...new Set(orders.flatMap(({ lines }) => lines.map(({ sku }) => sku)))];
    const apart = (await engine.client.positions(skus)).reduce(
      (sum, { unavailable }) => sum + unavailable,
      0,
    );
    expect(apart).toBe(rows[0]?.adrift);
    expect(rows[0]?.told).toBe(rows[0]?.lost);
  });

  it("knows what rides on a robot whose order is cancelled, and does not promise it", async () => {
    await startBridge();
    await startDevices(4);
    const lines = ["SKU-1", "SKU-2", "SKU-3"].map((sku) => ({ sku, quantity: 2 }));
    const [order] = await releaseOrders(test, engine, 1, () => lines);
    const { orderId = "" } = order ?? {};
    await eventually(async () => {
      const { rows } = await test.database.query("select from robot_load where order_id = $1", [orderId]);
      return rows.length > 0;
    }, 20_000);
    const saga = createInventoryActivities({
      ...context(),
      carriers: new VendorRoster("carriers", []),
    } as unknown as SagaDependencies);
    await saga.recallFromFloor({ orderId });
    await saga.releaseStock({ orderId });
    // The robot has heard of it, and has said what it took until then.
    await eventually(async () => {
      const { rows } = await test.database.query(
        "select from device where kind = 'robot' and state->>'activity' = 'busy'",
      );
      return rows.length === 0;
    }, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await test.database.query("update fulfillment_order set updated_at = now() - interval '1 minute'");
    await tellOfLoads(context());
    const { rows } = await test.database.query<{ sku: string; quantity: number; status: string }>(
      "select sku, quantity, status from robot_load where order_id = $1 order by sku",
      [orderId],
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ status }) => status === "adrift")).toBe(true);
    const stock = await engine.client.positions(lines.map(({ sku }) => sku));
    expect(
      stock.filter(({ unavailable }) => unavailable > 0).map(({ sku, unavailable }) => [sku, unavailable]),
    ).toEqual(rows.map(({ sku, quantity }) => [sku, quantity]));
    expect(stock.every(({ allocated, picked }) => allocated + picked === 0)).toBe(true);
  });

  it("notes once what a robot did not find, writes it off, and what was found is packed", async () => {
    await startBridge();
    await startDevices(20, { shortPicks: 1 });
    const [order] = await releaseOrders(test, engine, 1, () => [{ sku: "SKU-1", quantity: 3 }]);
    const id = order?.fulfillmentOrderId ?? "";
    const signals = await eventually(() => signalsOf(id), 20_000);
    expect(signals).toMatchObject([{ type: "packed" }]);
    const [position] = await engine.client.positions(["SKU-1"]);
    expect(position).toMatchObject({ onHand: OPENING_STOCK - 1, picked: 2, allocated: 0 });
    const { rows } = await test.database.query(
      "select quantity, reason, settled_at from shortage where fulfillment_order_id = $1",
      [id],
    );
    expect(rows).toEqual([{ quantity: 1, reason: "not_found", settled_at: null }]);
  });

  it("reads a tote again and then says what is missing, once", async () => {
    await startBridge();
    await startDevices(20, { missedTags: 1 });
    const [order] = await releaseOrders(test, engine, 1, () => [{ sku: "SKU-2", quantity: 2 }]);
    const signals = await eventually(() => signalsOf(order?.fulfillmentOrderId ?? ""), 20_000);
    expect(signals).toEqual([
      { type: "floor-exception", code: "verification_failed", detail: "missing 2 × SKU-2" },
    ]);
  });

  it("books a pick once whatever was booked before a crash", async () => {
    const [order] = await releaseOrders(test, engine, 1, () => [{ sku: "SKU-3", quantity: 2 }]);
    const [line] = order?.lines ?? [];
    const context = {
      database: test.database,
      allocator: engine.client,
      now: Date.now,
    };
    const input = {
      fulfillmentOrderId: order?.fulfillmentOrderId ?? "",
      picked: [{ holdId: line?.holdId ?? "", quantity: 2 }],
      cause: "device:robot-1",
      key: "pick:1",
    };
    // The crash lies between stock and database: the stock has the pick, nothing else does.
    const broken = { ...context, database: failingTransactions(test.database) };
    await expect(confirmPick(broken, input)).rejects.toThrow("crash");
    expect(await engine.client.positions(["SKU-3"])).toMatchObject([{ picked: 2 }]);
    // Another robot picks it again and counts differently: what the stock has recorded counts.
    const again = {
      ...input,
      picked: [{ holdId: line?.holdId ?? "", quantity: 1 }],
      cause: "device:robot-2",
    };
    expect(await confirmPick(context, { ...input, cause: "device:robot-2" })).toEqual({
      status: "done",
      short: false,
    });
    expect(await confirmPick(context, again)).toEqual({ status: "done", short: false });
    expect(await confirmPick(context, { ...again, key: "other" })).toMatchObject({ code: "already_picked" });
    expect(await engine.client.positions(["SKU-3"])).toMatchObject([{ picked: 2, allocated: 0 }]);
    const many = { ...input, picked: [{ holdId: line?.holdId ?? "", quantity: 3 }] };
    const [fresh] = await releaseOrders(test, engine, 1, () => [{ sku: "SKU-3", quantity: 2 }]);
    const freshHold = fresh?.lines[0]?.holdId ?? "";
    expect(
      await confirmPick(context, {
        ...many,
        fulfillmentOrderId: fresh?.fulfillmentOrderId ?? "",
        picked: [{ holdId: freshHold, quantity: 3 }],
      }),
    ).toMatchObject({ code: "quantity_exceeds_line" });
  });

  it.each([
    { what: "fewer than were taken", first: [1, 1], again: [1, 0], short: false },
    { what: "more than were taken", first: [1, 0], again: [1, 1], short: true },
  ])("a robot that counts $what before a crash changes nothing", async ({ first, again, short }) => {
    const skus = ["SKU-1", "SKU-2"];
    const [order] = await releaseOrders(test, engine, 1, () => skus.map((sku) => ({ sku, quantity: 1 })));
    const context = {
      database: test.database,
      allocator: engine.client,
      now: Date.now,
    };
    const count = (units: readonly number[]) => ({
      fulfillmentOrderId: order?.fulfillmentOrderId ?? "",
      picked: skus.map((sku, index) => ({
        holdId: order?.lines.find((line) => line.sku === sku)?.holdId ?? "",
        quantity: units[index] ?? 0,
      })),
      cause: "device:robot-1",
      key: "pick:1",
    });
    const broken = { ...context, database: failingTransactions(test.database) };
    await expect(confirmPick(broken, count(first))).rejects.toThrow("crash");
    const taken = await engine.client.positions(skus);

    expect(await confirmPick(context, count(again))).toEqual({ status: "done", short });
    expect(await engine.client.positions(skus)).toEqual(taken);
    const { rows } = await test.database.query<{ picked: number }>(
      "select picked from fulfillment_order_line where fulfillment_order_id = $1 and picked > 0",
      [order?.fulfillmentOrderId],
    );
    expect(rows).toHaveLength(first.filter((units) => units > 0).length);
  });

  const context = () => ({
    database: test.database,
    allocator: engine.client,
    now: Date.now,
  });

  const stopNow = async (part: { stop(): Promise<void> }): Promise<void> => {
    running = running.filter((each) => each !== part);
    await part.stop();
  };

  /** Waits until the floor is in the middle of these: some picked, not all packed. */
  const somePicked = (orders: readonly TestOrder[]): Promise<true> =>
    eventually(async () => {
      const { rows } = await test.database.query<{ picked: number }>(
        `select count(*)::integer as picked from fulfillment_order
         where id = any($1) and stage not in ('waiting', 'picking')`,
        [orders.map((order) => order.fulfillmentOrderId)],
      );
      return (rows[0]?.picked ?? 0) >= 3 || undefined;
    }, 20_000).then(() => true);

  const signalsOf = async (fulfillmentOrderId: string): Promise<readonly object[] | undefined> => {
    const { rows } = await test.database.query<{ message: Record<string, unknown> }>(
      `select payload->'message' as message from outbox
       where payload->'message'->>'fulfillmentOrderId' = $1 order by id`,
      [fulfillmentOrderId],
    );
    if (rows.length === 0) return undefined;
    return rows.map(({ message }) => ({
      type: message["type"],
      code: message["code"],
      detail: message["detail"],
    }));
  };
});

/** A database whose transactions break, as if the process had died before them. */
