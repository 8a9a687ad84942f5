/** The sandbox's broker as its devices, the bridge and strangers meet it. */
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDeviceBridge } from "../../devices/bridge.ts";
import { deviceProtocols } from "../../devices/device-kinds.ts";
import { type Broker, startBroker } from "../../devices/mqtt/broker.ts";
import { simulatedDevices, startFleet } from "../../devices/simulators/fleet.ts";
import type { Engine } from "../../engine/engine.ts";
import { giveMissingPasswords } from "../../store/floor/device-passwords.ts";
import {
  addDevices,
  allPacked,
  LOCATION,
  releaseOrders,
  startStockedEngine,
  testLogger,
  variedLines,
} from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { deviceSecret } from "../sandbox/devices.ts";
import { brokerAccess, type SandboxAccess } from "./broker-access.ts";

const DEVICES = simulatedDevices([LOCATION]);
const secretOf = (id: string) => deviceSecret("a key", id);

let database: TestDatabase;
let engine: Engine;
let access: SandboxAccess;
let broker: Broker;
let url: string;
let stops: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  engine = await startStockedEngine(database);
  await addDevices(database, DEVICES);
  await giveMissingPasswords(
    database.database,
    DEVICES.map(({ id }) => id),
    secretOf,
  );
  access = brokerAccess(deviceProtocols);
  broker = await startBroker({ host: "127.0.0.1", port: 0, access: access.check, logger: testLogger });
  url = `mqtt://127.0.0.1:${broker.port}`;
});

afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
  await broker.stop();
  await engine.stop();
  await database.close();
});

test("bridge and simulated devices sign in, and pack orders by what each may say and hear", async () => {
  access.database = database.database;
  const bridge = await startDeviceBridge({
    mqttUrl: access.bridgeUrl(url),
    database: database.database,
    allocator: engine.client,
    logger: testLogger,
  });
  stops.push(() => bridge.stop());
  const fleet = await startFleet({
    mqttUrl: url,
    passwordOf: secretOf,
    devices: DEVICES,
    speed: 30,
    logger: testLogger,
  });
  stops.push(() => fleet.stop());
  await allPacked(database, await releaseOrders(database, engine, 5, variedLines), 30_000);
  expect([...bridge.status().deadLetters]).toEqual([]);
});

test("nobody else gets in, and before the devices are known only the bridge does", async () => {
  const refused = (options: object) =>
    expect(connectAsync(url, { reconnectPeriod: 0, ...options })).rejects.toMatchObject({ code: 4 });
  const robot = `${LOCATION}-robot-01`;
  await refused({ username: robot, password: secretOf(robot) });
  access.database = database.database;
  await refused({});
  await refused({ username: robot, password: "guess" });
  await refused({ username: "holdfast-bridge", password: "" });
  await refused({ username: robot, password: secretOf(`${LOCATION}-robot-02`) });
  const client = await connectAsync(url, { username: robot, password: secretOf(robot), reconnectPeriod: 0 });
  stops.push(() => client.endAsync(true));
  await expect(client.subscribeAsync("#")).rejects.toThrow();
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.publish(`uagv/v2/nimbus/${LOCATION}-robot-02/state`, "{}");
  await closed;
});
