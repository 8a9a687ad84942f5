import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { orderSpanIds } from "../../config/trace.ts";
import type { Engine } from "../../engine/engine.ts";
import { EngineError } from "../../engine/errors.ts";
import type { FloorStock } from "../../operations/context.ts";
import { collectSpans, TRACED_COMPANY } from "../../test-support/collected-spans.ts";
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
} from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { DeviceBridge } from "../bridge.ts";
import { type Broker, startBroker } from "../mqtt/broker.ts";
import { EVERYDAY_FAULTS } from "../simulators/faults.ts";
import { type Fleet, simulatedDevices, startFleet } from "../simulators/fleet.ts";
import { startBridgeThread } from "./bridge-host.ts";

/** The bridge's threads, in the order of their start. */
const threads = vi.hoisted((): Worker[] => []);
vi.mock("../../config/start-thread.ts", async (importOriginal) => {
  const { startThread } = await importOriginal<typeof import("../../config/start-thread.ts")>();
  const start: typeof startThread = (file, name, ...rest) => {
    const worker = startThread(file, name, ...rest);
    if (name === "devices") threads.push(worker);
    return worker;
  };
  return { startThread: start };
});

describe("the device bridge in its thread", () => {
  let test: TestDatabase;
  let engine: Engine;
  let broker: Broker;
  let bridge: DeviceBridge;
  let fleet: Fleet;

  beforeEach(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
    await addDevices(test, simulatedDevices([LOCATION]));
    broker = await startBroker({ host: "127.0.0.1", port: 0, logger: testLogger });
  });

  afterEach(async () => {
    await fleet.stop();
    await bridge.stop();
    await broker.stop();
    await engine.stop();
    await test.close();
  });

  const start = async (stock: FloorStock = engine.client): Promise<void> => {
    bridge = await startBridgeThread({
      settings: { databaseUrl: test.url, mqttUrl: `mqtt://127.0.0.1:${broker.port}`, companyPrefixes: [] },
      stock,
      logger: testLogger,
    });
    fleet = await startFleet({
      mqttUrl: `mqtt://127.0.0.1:${broker.port}`,
      devices: simulatedDevices([LOCATION]),
      speed: 40,
      logger: testLogger,
      faults: { ...EVERYDAY_FAULTS, missedTags: 0 },
    });
  };
  const connected = () => {
    const { sessions } = bridge.status();
    return sessions.length > 0 && sessions.every((session) => session.connected);
  };

  it("takes orders over the floor, and says how its sessions and devices are", async () => {
    await start();
    expect(connected()).toBe(true);
    const orders = await releaseOrders(test, engine, 5, variedLines);
    await allPacked(test, orders, 60_000);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
    const online = await eventually(async () => {
      const { devices } = bridge.status();
      return devices.some(({ connection }) => connection === "online") && devices;
    }, 5_000);
    expect(online.map(({ kind }) => kind)).toContain("conveyor");
  });

  it("tells what it does for an order, which is in the order's trace, and tells nothing where nobody collects", async () => {
    const collected = collectSpans();
    try {
      await start();
      const traced = await releaseOrders(test, engine, 1, variedLines);
      await allPacked(test, traced, 60_000);
      const order = traced[0]?.orderId ?? "";
      const { traceId, spanId } = orderSpanIds(TRACED_COMPANY, order);
      const own = await eventually(async () => {
        const spans = collected.all().filter((span) => span.spanContext().traceId === traceId);
        return spans.some(({ name }) => name === "device pack") && spans;
      }, 5_000);
      expect(new Set(own.map(({ name }) => name))).toEqual(
        new Set(["device pick", "device scan", "device divert", "device pack"]),
      );
      for (const span of own) {
        expect(span.parentSpanContext?.spanId, span.name).toBe(spanId);
        expect(span.attributes).toMatchObject({
          "holdfast.order_id": order,
          "holdfast.device": expect.stringMatching(/./),
        });
        const [seconds, nanos] = span.duration;
        expect(seconds * 1e9 + nanos, span.name).toBeGreaterThan(0);
      }
    } finally {
      collected.stop();
    }
    const before = collected.all().length;
    const orders = await releaseOrders(test, engine, 1, variedLines);
    await allPacked(test, orders, 60_000);
    expect(collected.all()).toHaveLength(before);
  }, 120_000);

  it("is replaced when its thread ends, and what it had asked of the stock happens once", async () => {
    let asked = 0;
    threads.length = 0;
    // The third question is answered when its thread has ended already.
    const stock: FloorStock = {
      holds: (address) => engine.client.holds(address),
      positions: (skus) => engine.client.positions(skus),
      availableByLocation: (sku) => engine.client.availableByLocation(sku),
      execute: async (commands) => {
        asked += 1;
        const outcomes = await engine.client.execute(commands);
        if (asked === 3) await threads[0]?.terminate();
        return outcomes;
      },
    };
    await start(stock);
    const orders = await releaseOrders(test, engine, 5, variedLines);
    await allPacked(test, orders, 90_000);
    expect(threads).toHaveLength(2);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
    await eventually(async () => connected(), 10_000);
  }, 120_000);

  it("hears a fault of the stock as the fault that it is, and tries again", async () => {
    let asked = 0;
    const stock: FloorStock = {
      holds: (address) => engine.client.holds(address),
      positions: (skus) => engine.client.positions(skus),
      availableByLocation: (sku) => engine.client.availableByLocation(sku),
      execute: (commands) => {
        asked += 1;
        if (asked > 1) return engine.client.execute(commands);
        throw new EngineError("engine_overloaded", "full", { retryAfterMs: 10 });
      },
    };
    await start(stock);
    const orders = await releaseOrders(test, engine, 2, variedLines);
    await allPacked(test, orders, 60_000);
    expect(asked).toBeGreaterThan(1);
    expect(await discrepancies(test, engine, orders)).toEqual([]);
  });

  it("says at its start what keeps it from working", async () => {
    await start();
    await expect(
      startBridgeThread({
        settings: {
          databaseUrl: "postgres://nobody@127.0.0.1:1/none",
          mqttUrl: "mqtt://127.0.0.1:1",
          companyPrefixes: [],
        },
        stock: engine.client,
        logger: testLogger,
      }),
    ).rejects.toThrow(/ECONNREFUSED/);
  });
});
