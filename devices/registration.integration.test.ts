/** What is registered counts without a restart, and what was put aside can be tried again. */
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RegisterDeviceBody } from "../contract/devices.ts";
import type { Engine } from "../engine/engine.ts";
import type { OperationContext } from "../operations/context.ts";
import { changeDevice, enableDevice, registerDevice } from "../operations/devices/register-device.ts";
import { retryDeadLetter } from "../operations/devices/retry-dead-letter.ts";
import { listDeadLetters, readDeadLetter } from "../store/floor/dead-letters.ts";
import { listDeviceEvents } from "../store/floor/device-events.ts";
import { listDeviceViews } from "../store/floor/device-views.ts";
import {
  emptyFloor,
  eventually,
  LOCATION,
  releaseOrders,
  startStockedEngine,
  testLogger,
  variedLines,
} from "../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { type DeviceBridge, startDeviceBridge } from "./bridge.ts";
import { deviceProtocols } from "./device-kinds.ts";
import { type Broker, startBroker } from "./mqtt/broker.ts";
import { simulatedStations } from "./simulators/fleet.ts";
import { type RobotReport, stateMessage } from "./simulators/robot-messages.ts";

describe("a device", () => {
  let test: TestDatabase;
  let engine: Engine;
  let broker: Broker;
  let bridge: DeviceBridge;
  let bus: MqttClient;
  let context: OperationContext;

  beforeAll(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
  });

  afterAll(async () => {
    await engine.stop();
    await test.close();
  });

  beforeEach(async () => {
    broker = await startBroker({ host: "127.0.0.1", port: 0, logger: testLogger });
    const mqttUrl = `mqtt://127.0.0.1:${broker.port}`;
    const parcelLimit = () => null;
    context = { database: test.database, allocator: engine.client, parcelLimit, now: Date.now };
    bridge = await startDeviceBridge({ ...context, mqttUrl, logger: testLogger });
    bus = await connectAsync(mqttUrl);
  });

  afterEach(async () => {
    await bus.endAsync(true);
    await bridge.stop();
    await broker.stop();
    await emptyFloor(test);
  });

  const CONVEYOR: RegisterDeviceBody = {
    id: "belt-1",
    name: "Belt",
    kind: "conveyor",
    locationId: LOCATION,
    protocol: "holdfast-conveyor",
  };

  const register = async (device: RegisterDeviceBody) => {
    expect(await registerDevice(context, deviceProtocols, device, "staff:1")).toMatchObject({
      status: "done",
    });
    // The bridge counts it as soon as it has heard of it.
    await eventually(async () => bridge.status().devices.length === 1, 1_000);
  };

  const status = (area: string, id = "belt-1") =>
    bus.publishAsync(
      `holdfast/${LOCATION}/${area}/${id}/evt/status`,
      JSON.stringify({ ts: new Date().toISOString(), connection: "ONLINE" }),
      { qos: 1 },
    );

  const scan = (seq: number) =>
    bus.publishAsync(
      `holdfast/${LOCATION}/pack-out/belt-1/evt/scan`,
      JSON.stringify({
        bootId: "b1",
        seq,
        from: 1,
        ts: new Date().toISOString(),
        scanPointId: "s",
        barcodes: ["nothing"],
        result: "READ",
      }),
      { qos: 1 },
    );

  const connectionOf = async (id: string) =>
    (await listDeviceViews(test.database)).items.find((device) => device.id === id)?.connection;

  const becomes = (id: string, connection: string) =>
    eventually(
      async () => (await connectionOf(id)) === connection,
      8_000,
      () => connectionOf(id),
    );

  const letters = (count: number, code?: string) =>
    eventually(
      async () => {
        const { items } = await listDeadLetters(test.database, { code, limit: 50 });
        return items.length >= count && items;
      },
      8_000,
      () => listDeadLetters(test.database, { limit: 50 }),
    );

  it("is known to the bridge at once when it is registered, and heard on its own topics only", async () => {
    await register(CONVEYOR);
    await status("pack-out");
    await becomes("belt-1", "online");
    await bus.publishAsync(`holdfast/elsewhere/pack-out/belt-1/evt/status`, "{}", { qos: 1 });
    await bus.publishAsync("zebra/belt-1/data", "{}", { qos: 1 });
    const aside = await letters(2);
    expect(aside.map(({ code, deviceId }) => [code, deviceId])).toEqual([
      ["device_mismatch", "belt-1"],
      ["device_mismatch", "belt-1"],
    ]);
    expect(bridge.status().deadLetters.get("device_mismatch")).toBe(2);
  });

  it("that is switched off is not heard and not counted, and goes on when it is switched on", async () => {
    await register(CONVEYOR);
    await status("pack-out");
    await becomes("belt-1", "online");
    await enableDevice(context, "belt-1", false, "staff:1");
    await becomes("belt-1", "offline");
    await eventually(async () => bridge.status().devices.length === 0, 5_000);
    await status("pack-out");
    const [letter] = await letters(1, "device_disabled");
    expect(letter).toMatchObject({ deviceId: "belt-1", canRetry: false });
    expect(await connectionOf("belt-1")).toBe("offline");
    await enableDevice(context, "belt-1", true, "staff:1");
    await eventually(async () => bridge.status().devices.length === 1, 5_000);
    await status("pack-out");
    await becomes("belt-1", "online");
    const events = await eventually(async () => {
      const { items } = await listDeviceEvents(test.database, { device: "belt-1", limit: 50 });
      // Twice within a second is one row.
      const online = items.filter(({ kind }) => kind === "online");
      return online.reduce((times, { count }) => times + count, 0) === 2 && items;
    }, 5_000);
    expect(events.map(({ kind }) => kind).reverse()).toEqual(
      expect.arrayContaining(["online", "disabled", "offline", "dead_letter", "enabled"]),
    );
  });

  it("whose registration changes, that says nothing for too long, or whose bridge comes back, is told of", async () => {
    await register(CONVEYOR);
    await status("pack-out");
    await becomes("belt-1", "online");
    const settings = { offlineAfterMs: 1_000, lanes: ["l1"] };
    await changeDevice(context, deviceProtocols, "belt-1", { version: 2, name: "Long", settings }, "staff:1");
    await becomes("belt-1", "offline");
    await broker.stop();
    broker = await startBroker({ host: "127.0.0.1", port: broker.port, logger: testLogger });
    const told = async () =>
      (await listDeviceEvents(test.database, { limit: 50 })).items.map(({ kind, deviceId, detail }) => [
        kind,
        deviceId,
        detail,
      ]);
    await eventually(
      async () => (await told()).some(([kind]) => kind === "bridge_reconnected"),
      15_000,
      told,
    );
    expect((await told()).filter(([, device]) => device !== null).reverse()).toEqual([
      ["online", "belt-1", ""],
      ["changed", "belt-1", "name, settings.lanes, settings.offlineAfterMs"],
      ["silent", "belt-1", expect.stringMatching(/^nothing for \d+ s$/)],
    ]);
  });

  it("that was registered too late has its message given to its handler again, and answers then", async () => {
    await scan(1);
    const [letter] = await letters(1, "unknown_device");
    const id = letter?.id ?? "";
    expect(await retryDeadLetter(context, id, "staff:1")).toEqual({ status: "done" });
    const retried = () => readDeadLetter(test.database, id);
    await eventually(async () => (await retried())?.retry === "unknown_device", 8_000, retried);
    await register(CONVEYOR);
    const acknowledged = new Promise<unknown>((resolve) => {
      bus.on("message", (topic, payload) => {
        if (topic.endsWith("/ack")) resolve(JSON.parse(payload.toString()));
      });
    });
    await bus.subscribeAsync("holdfast/+/+/belt-1/ack");
    await retryDeadLetter(context, id, "staff:1");
    await eventually(async () => (await retried())?.retry === "delivered", 8_000, retried);
    expect(await acknowledged).toMatchObject({ bootId: "b1", seq: 1 });
    // An old message says nothing about whether its device is there now.
    expect(bridge.status().devices).toEqual([{ kind: "conveyor", connection: "offline", count: 1 }]);
    expect((await listDeadLetters(test.database, { limit: 50 })).items).toHaveLength(1);
  });

  it("that moves is heard where it is registered now", async () => {
    await register({ ...CONVEYOR, id: "gate", kind: "rfid_portal", protocol: "zebra-iot-connector" });
    await bus.publishAsync("impinj/gate/events", "[]", { qos: 1 });
    await letters(1, "device_mismatch");
    const protocol = "impinj-iot-device-interface";
    expect(
      await changeDevice(context, deviceProtocols, "gate", { version: 2, protocol }, "staff:1"),
    ).toMatchObject({ status: "done" });
    await eventually(async () => {
      await bus.publishAsync("impinj/gate/events", "[]", { qos: 1 });
      return (await connectionOf("gate")) === "online";
    }, 8_000);
  });

  it("that refuses its work is named with its reason", async () => {
    await register({
      id: "amr",
      name: "Robot",
      kind: "robot",
      locationId: LOCATION,
      protocol: "vda5050-2.1",
      settings: { manufacturer: "acme", ...simulatedStations("m") },
    });
    let headerId = 0;
    const header = () => ({
      headerId: ++headerId,
      timestamp: new Date().toISOString(),
      version: "2.1.0",
      manufacturer: "acme",
      serialNumber: "amr",
    });
    const say = (kind: string, message: object) =>
      bus.publishAsync(`uagv/v2/acme/amr/${kind}`, JSON.stringify(message), { qos: 1 });
    const sayState = (refused: RobotReport["refused"]) =>
      say(
        "state",
        stateMessage(2, header(), {
          order: null,
          reached: 0,
          actions: new Map(),
          lastNodeId: "home",
          driving: false,
          position: { x: 0, y: 0, theta: 0, mapId: "m" },
          battery: 80,
          charging: false,
          refused,
          instantActions: [],
        }),
      );
    bus.on("message", (topic, payload) => {
      if (!topic.endsWith("/order")) return;
      const { orderId } = JSON.parse(payload.toString()) as { orderId: string };
      void sayState({ orderId, reason: "busy" });
    });
    await bus.subscribeAsync("uagv/v2/acme/amr/order");
    await say("connection", { ...header(), connectionState: "ONLINE" });
    await sayState(null);
    await releaseOrders(test, engine, 1, variedLines);
    const [refusal] = await eventually(async () => {
      const { items } = await listDeviceEvents(test.database, { kind: "dispatch_refused", limit: 5 });
      return items.length > 0 && items;
    }, 10_000);
    expect(refusal).toMatchObject({ deviceId: "amr", detail: "orderError: busy" });
    expect(bridge.status().events.get("dispatch_refused")).toBeGreaterThan(0);
  });
});
