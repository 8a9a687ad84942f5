/**
 * What brokers and the firmware of devices do beside the standard, as people have met it, at a real
 * mosquitto.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../engine/engine.ts";
import { listDeviceEvents } from "../../store/floor/device-events.ts";
import { listDeviceViews } from "../../store/floor/device-views.ts";
import {
  addDevices,
  emptyFloor,
  eventually,
  LOCATION,
  startStockedEngine,
  testLogger,
} from "../../test-support/floor.ts";
import { type Mosquitto, mosquittoInstalled, startMosquitto } from "../../test-support/servers/mosquitto.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type DeviceBridge, startDeviceBridge } from "../bridge.ts";
import { startBroker } from "./broker.ts";
import { openSession } from "./mqtt-session.ts";

const BELT = `holdfast/${LOCATION}/pack-out/belt-1`;
const WAIT_MS = 15_000;

describe.skipIf(!mosquittoInstalled)("the bridge (skipped where `mosquitto` is not installed)", () => {
  let test: TestDatabase;
  let engine: Engine;
  let mosquitto: Mosquitto;
  let bridge: DeviceBridge | undefined;
  let stops: (() => Promise<void>)[];

  beforeAll(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
  });

  afterAll(async () => {
    await engine.stop();
    await test.close();
  });

  beforeEach(async () => {
    stops = [];
    await addDevices(test, [
      { id: "belt-1", locationId: LOCATION, kind: "conveyor", protocol: "holdfast-conveyor", name: "Belt" },
    ]);
  });

  afterEach(async () => {
    for (const stop of stops.reverse()) await stop();
    await bridge?.stop();
    bridge = undefined;
    await mosquitto?.stop();
    await emptyFloor(test);
  });

  const url = (name = "anybody") => `mqtt://${name}@127.0.0.1:${mosquitto.port}`;

  const startBridge = (name = "bridge", protocolVersion: 4 | 5 = 4) =>
    startDeviceBridge({
      mqttUrl: url(name),
      mqtt: { protocolVersion },
      database: test.database,
      allocator: engine.client,
      logger: testLogger,
    });

  async function begin(...lines: readonly string[]): Promise<MqttClient> {
    mosquitto = await startMosquitto(["allow_anonymous true", ...lines]);
    bridge = await startBridge();
    return device();
  }

  async function device(): Promise<MqttClient> {
    const client = await connectAsync(url());
    stops.push(() => client.endAsync(true));
    return client;
  }

  const status = JSON.stringify({ ts: "2026-11-29T12:00:00Z", connection: "ONLINE" });

  const scan = (seq: number): string =>
    JSON.stringify({
      bootId: "b1",
      seq,
      from: 1,
      ts: "2026-11-29T12:00:00Z",
      scanPointId: "s",
      barcodes: ["nothing"],
      result: "READ",
    });

  const isOnline = async () =>
    (await listDeviceViews(test.database)).items.some(({ connection }) => connection === "online");

  const letters = async (): Promise<readonly string[]> => {
    const { rows } = await test.database.query<{ code: string }>(
      "select code from device_dead_letter order by id",
    );
    return rows.map(({ code }) => code);
  };

  const acknowledged = async (client: MqttClient) => {
    const acks: { seq?: unknown; refused?: unknown }[] = [];
    client.on("message", (_topic, payload) => acks.push(JSON.parse(payload.toString())));
    await client.subscribeAsync(`${BELT}/ack`);
    return acks;
  };

  it("hears devices again where the broker has lost its session", async () => {
    const client = await begin("persistence false");
    await mosquitto.kill();
    await mosquitto.start();
    await eventually(async () => bridge?.status().sessions.every(({ connected }) => connected), WAIT_MS);
    await eventually(async () => {
      await client.publishAsync(`${BELT}/evt/status`, status, { qos: 1 });
      return isOnline();
    }, WAIT_MS);
  });

  it("reads what firmware has put a byte order mark before, or the zero of its strings behind", async () => {
    const client = await begin();
    const acks = await acknowledged(client);
    await client.publishAsync(`${BELT}/evt/scan`, `\uFEFF${scan(1)}`, { qos: 1 });
    await client.publishAsync(`${BELT}/evt/scan`, `${scan(2)}\0`, { qos: 1 });
    await client.publishAsync(`${BELT}/evt/scan`, `${scan(3)}\0\0\r\n`, { qos: 1 });
    await client.publishAsync(`${BELT}/evt/scan`, scan(4), { qos: 0 });
    await eventually(
      async () => acks.length >= 4,
      WAIT_MS,
      async () => acks,
    );
    // A zero within the text is none that ends it.
    expect(acks.filter(({ refused }) => refused !== undefined).map(({ seq }) => seq)).toEqual([3]);
    expect(await letters()).toEqual(["invalid_json"]);
  });

  it("takes no harm from topics with characters that are no text", async () => {
    const client = await begin();
    for (const level of ["\u0001", "\u007f", "\u2028", "\ufffe", "ä".repeat(2_000)]) {
      await client.publishAsync(`holdfast/${LOCATION}/${level}/belt-1/evt/scan`, scan(1), { qos: 0 });
    }
    const again = await device();
    await eventually(async () => {
      await again.publishAsync(`${BELT}/evt/status`, status, { qos: 1 });
      return isOnline();
    }, WAIT_MS);
  });

  it("takes what the broker had kept for no sign of life", async () => {
    mosquitto = await startMosquitto(["allow_anonymous true"]);
    const client = await device();
    await client.publishAsync(`${BELT}/evt/status`, status, { qos: 1, retain: true });
    bridge = await startBridge();
    await client.publishAsync("holdfast/marker", "{}", { qos: 1 });
    await delay(1_500);
    expect(await isOnline()).toBe(false);
  });

  it.each([
    ["loses what mosquitto's own queue of 1,000 does not hold", [], (kept: number) => kept < 1_100],
    [
      "loses nothing with the queue of the handbook",
      ["max_queued_messages 100000"],
      (kept: number) => kept === 3_000,
    ],
  ])(
    "that was away %s",
    async (_what, lines, isRight) => {
      const client = await begin(...lines);
      await bridge?.stop();
      bridge = undefined;
      for (let sent = 0; sent < 3_000; sent += 100) {
        await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            client.publishAsync(`${BELT}/evt/status`, `garbage ${sent + index}`, { qos: 1 }),
          ),
        );
      }
      bridge = await startBridge();
      let before = -1;
      const kept = await eventually(async () => {
        const now = (await letters()).length;
        const isStill = now === before && now > 0;
        before = now;
        await delay(700);
        return isStill && now;
      }, 60_000);
      expect(isRight(kept), `${kept}`).toBe(true);
    },
    90_000,
  );

  it("says so where the broker lets it hear and not speak, as far as MQTT tells it", async () => {
    mosquitto = await startMosquitto(["allow_anonymous true", "acl_file @acl"], {
      acl: "user deaf-mute\ntopic read #\nuser belt\ntopic readwrite #\n",
    });
    bridge = await startBridge("deaf-mute", 5);
    const client = await connectAsync(url("belt"));
    stops.push(() => client.endAsync(true));
    await client.publishAsync(`${BELT}/evt/scan`, scan(1), { qos: 1 });
    const [event] = await eventually(async () => {
      const { items } = await listDeviceEvents(test.database, { kind: "error", limit: 5 });
      return items.length > 0 && items;
    }, WAIT_MS);
    expect(event?.detail).toMatch(/^not sent on .*\/belt-1\/.*Not authorized$/);
  });

  it("says so where another client takes its name from it", async () => {
    await begin();
    const thief = await connectAsync(url(), { clientId: "holdfast-bridge-conveyors", reconnectPeriod: 0 });
    stops.push(() => thief.endAsync(true));
    const told = async () =>
      (await listDeviceEvents(test.database, { kind: "bridge_reconnected", limit: 5 })).items;
    const [event] = await eventually(async () => {
      const items = await told();
      return items.length > 0 && items;
    }, WAIT_MS);
    expect(event).toMatchObject({ deviceId: null, detail: "the session for conveyors" });
  });
});

it("a session whose subscriptions are refused is not connected, and asks again until they are granted", async () => {
  let isAllowed = true;
  const access = async () => ({ publish: ["#"], subscribe: isAllowed ? ["#"] : [] });
  const options = { host: "127.0.0.1", access, logger: testLogger };
  let broker = await startBroker({ ...options, port: 0 });
  const { port } = broker;
  const heard: string[] = [];
  const session = await openSession({
    connection: { url: `mqtt://127.0.0.1:${port}`, protocolVersion: 4 },
    clientId: "bridge",
    subscriptions: { "t/#": { qos: 1 } },
    handle: async (topic) => {
      heard.push(topic);
    },
    onError: () => {},
    onReconnect: () => {},
  });
  try {
    expect(session.isConnected()).toBe(true);
    await broker.stop();
    isAllowed = false;
    broker = await startBroker({ ...options, port });
    await eventually(async () => session.reconnects() > 0, WAIT_MS);
    await delay(500);
    expect(session.isConnected()).toBe(false);
    // Who may hear what is asked when a client connects.
    isAllowed = true;
    await broker.stop();
    broker = await startBroker({ ...options, port });
    await eventually(async () => session.isConnected(), WAIT_MS);
    await session.publish("t/1", {});
    await eventually(async () => heard.includes("t/1"), WAIT_MS);
  } finally {
    await session.stop();
    await broker.stop();
  }
});

it("a root of topics that the broker refuses costs no other robot its own", async () => {
  const access = async () => ({ publish: ["#"], subscribe: ["t/#", "good/#"] });
  const broker = await startBroker({ host: "127.0.0.1", access, logger: testLogger, port: 0 });
  const heard: string[] = [];
  const session = await openSession({
    connection: { url: `mqtt://127.0.0.1:${broker.port}`, protocolVersion: 4 },
    clientId: "bridge",
    subscriptions: { "t/#": { qos: 1 } },
    handle: async (topic) => {
      heard.push(topic);
    },
    onError: () => {},
    onReconnect: () => {},
  });
  try {
    const wanted = {
      "t/#": { qos: 1 },
      "bad/robot/state": { qos: 1 },
      "good/robot/state": { qos: 1 },
    } as const;
    await expect(session.follow(wanted)).rejects.toThrow();
    expect(session.isConnected()).toBe(true);
    for (const topic of ["good/robot/state", "t/1"]) await session.publish(topic, {});
    await eventually(async () => heard.length >= 2, WAIT_MS);
    expect(heard).toEqual(["good/robot/state", "t/1"]);
    await expect(session.follow(wanted)).rejects.toThrow();
    await session.follow({ "t/#": { qos: 1 }, "good/robot/state": { qos: 1 } });
  } finally {
    await session.stop();
    await broker.stop();
  }
});
