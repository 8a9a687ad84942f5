import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine/engine.ts";
import {
  addDevices,
  allPacked,
  discrepancies,
  eventually,
  LOCATION,
  releaseOrders,
  startStockedEngine,
  testLogger,
  variedLines,
} from "../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/postgres.ts";
import { type DeviceBridge, startDeviceBridge } from "./bridge.ts";
import { type Broker, startBroker } from "./broker.ts";
import { EVERYDAY_FAULTS, type Faults } from "./simulators/faults.ts";
import { type Fleet, simulatedDevices, startFleet } from "./simulators/fleet.ts";
import type { BridgeTimings } from "./timings.ts";

/** Impatient enough that what has to be driven again is so within the test. */
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
    await allPacked(test, orders, 60_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
  }, 90_000);
});
