import { afterEach, describe, expect, it } from "vitest";
import {
  addDevices,
  allPacked,
  discrepancies,
  LOCATION,
  releaseOrders,
  startStockedEngine,
  testLogger,
  variedLines,
} from "../../test-support/floor.ts";
import { mosquittoInstalled, startMosquitto } from "../../test-support/servers/mosquitto.ts";
import { createTestDatabase } from "../../test-support/servers/postgres.ts";
import { startDeviceBridge } from "../bridge.ts";
import { simulatedDevices, startFleet } from "../simulators/fleet.ts";

describe.skipIf(!mosquittoInstalled)(
  "the bridge at mosquitto (skipped where `mosquitto` is not installed)",
  () => {
    let stops: (() => Promise<void>)[] = [];

    afterEach(async () => {
      for (const stop of stops.reverse()) await stop();
      stops = [];
    });

    it("packs 30 orders with exact counts", async () => {
      const mosquitto = await startMosquitto(["allow_anonymous true"]);
      stops.push(() => mosquitto.stop());
      const test = await createTestDatabase();
      stops.push(() => test.close());
      const engine = await startStockedEngine(test);
      stops.push(() => engine.stop());
      await addDevices(test, simulatedDevices([LOCATION]));
      const mqttUrl = `mqtt://127.0.0.1:${mosquitto.port}`;
      const bridge = await startDeviceBridge({
        mqttUrl,
        database: test.database,
        allocator: engine.client,
        logger: testLogger,
      });
      stops.push(() => bridge.stop());
      const fleet = await startFleet({
        mqttUrl,
        devices: simulatedDevices([LOCATION]),
        speed: 30,
        logger: testLogger,
      });
      stops.push(() => fleet.stop());
      const orders = await releaseOrders(test, engine, 30, variedLines);
      await allPacked(test, orders, 40_000);
      expect(await discrepancies(test, engine, orders)).toEqual([]);
    });
  },
);
