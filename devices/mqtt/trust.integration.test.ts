/** Who may say what, at a real mosquitto: with the lines that a registration gives, and no others. */
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RegisterDeviceBody } from "../../contract/devices.ts";
import type { Engine } from "../../engine/engine.ts";
import { deviceAcl } from "../../operations/devices/mosquitto-lines.ts";
import { registerDevice } from "../../operations/devices/register-device.ts";
import { hashDeviceSecret } from "../../store/floor/device-passwords.ts";
import { readRegisteredDevice } from "../../store/floor/device-views.ts";
import {
  emptyFloor,
  eventually,
  LOCATION,
  startStockedEngine,
  testLogger,
} from "../../test-support/floor.ts";
import {
  type Authority,
  createAuthority,
  opensslInstalled,
} from "../../test-support/servers/certificates.ts";
import { mosquittoInstalled, startMosquitto } from "../../test-support/servers/mosquitto.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type DeviceBridge, startDeviceBridge } from "../bridge.ts";
import { deviceProtocols } from "../device-kinds.ts";
import type { MqttConnection } from "./mqtt-session.ts";

const BRIDGE = "holdfast-bridge";
const BRIDGE_ACL = `user ${BRIDGE}\ntopic readwrite #\n`;

describe.skipIf(!mosquittoInstalled || !opensslInstalled)(
  "trust at mosquitto (skipped where `mosquitto` or `openssl` is not installed)",
  () => {
    let test: TestDatabase;
    let engine: Engine;
    let authority: Authority;
    let stops: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      test = await createTestDatabase();
      engine = await startStockedEngine(test);
      authority = createAuthority();
    });

    afterAll(async () => {
      authority.remove();
      await engine.stop();
      await test.close();
    });

    afterEach(async () => {
      for (const stop of stops.reverse()) await stop();
      stops = [];
      await emptyFloor(test);
    });

    const robot = (id: string): RegisterDeviceBody => ({
      id,
      name: id,
      kind: "robot",
      locationId: LOCATION,
      protocol: "vda5050-2.1",
      settings: { manufacturer: "acme" },
    });

    /** Registers devices. @returns their secrets, and the lines of mosquitto's files */
    const register = async (...devices: readonly RegisterDeviceBody[]) => {
      const context = {
        database: test.database,
        allocator: engine.client,
        parcelLimit: () => null,
        now: Date.now,
      };
      const secrets = new Map<string, string>();
      let acl = BRIDGE_ACL;
      let passwords = `${BRIDGE}:${await hashDeviceSecret("bridge's own")}\n`;
      for (const device of devices) {
        const done = await registerDevice(context, deviceProtocols, device, "staff:1");
        if (done.status === "refused") throw new Error(done.detail);
        const registered = await readRegisteredDevice(test.database, device.id);
        if (registered === null) throw new Error("not registered");
        const topics = deviceProtocols.topicsOf(registered);
        const { mosquitto } = deviceAcl(device.id, topics, registered.passwordHash);
        if (done.secret !== null) secrets.set(device.id, done.secret);
        acl += mosquitto.acl;
        if (mosquitto.passwordLine !== null) passwords += `${mosquitto.passwordLine}\n`;
      }
      return { secrets, acl, passwords };
    };

    const startBridge = async (mqttUrl: string, mqtt: Omit<MqttConnection, "url">): Promise<DeviceBridge> => {
      const bridge = await startDeviceBridge({
        mqttUrl,
        mqtt,
        database: test.database,
        allocator: engine.client,
        logger: testLogger,
      });
      stops.push(() => bridge.stop());
      return bridge;
    };

    const connect = async (url: string, options: IClientOptions): Promise<MqttClient> => {
      const client = await connectAsync(url, { reconnectPeriod: 0, ...options });
      stops.push(() => client.endAsync(true));
      return client;
    };

    const connection = (state: string) =>
      JSON.stringify({
        headerId: 1,
        timestamp: new Date().toISOString(),
        version: "2.1.0",
        manufacturer: "acme",
        serialNumber: "r",
        connectionState: state,
      });

    const online = (bridge: DeviceBridge, count: number) =>
      eventually(
        async () =>
          bridge
            .status()
            .devices.some(
              (one) => one.kind === "robot" && one.connection === "online" && one.count === count,
            ),
        10_000,
        async () => bridge.status(),
      );

    for (const protocolVersion of [4, 5] as const) {
      it(`lets devices of MQTT ${protocolVersion === 4 ? "3.1.1" : "5"} in by their passwords over TLS, each on its own topics`, async () => {
        const { secrets, acl, passwords } = await register(robot("r1"), robot("r2"));
        const { certFile, keyFile } = authority.issue("broker");
        const mosquitto = await startMosquitto(
          [
            `cafile ${authority.caFile}`,
            `certfile ${certFile}`,
            `keyfile ${keyFile}`,
            "allow_anonymous false",
            "password_file @passwords",
            "acl_file @acl",
          ],
          { passwords, acl },
        );
        stops.push(() => mosquitto.stop());
        const url = `mqtts://127.0.0.1:${mosquitto.port}`;
        const ca = authority.read(authority.caFile);
        const withPassword = url.replace("//", `//${BRIDGE}:${encodeURIComponent("bridge's own")}@`);
        const bridge = await startBridge(withPassword, { protocolVersion, ca });

        await expect(connectAsync(url, { ca, reconnectPeriod: 0, protocolVersion })).rejects.toThrow();
        await expect(
          connectAsync(url, { username: "r1", password: "guess", ca, reconnectPeriod: 0, protocolVersion }),
        ).rejects.toThrow();
        const as = (id: string) =>
          connect(url, { username: id, password: secrets.get(id) ?? "", ca, protocolVersion });
        const [r1, r2] = [await as("r1"), await as("r2")];

        const heard: string[] = [];
        r1.on("message", (topic) => heard.push(topic));
        await r1.subscribeAsync("#").catch(() => undefined);
        await r1.publishAsync("uagv/v2/acme/r1/connection", connection("ONLINE"), { qos: 1 });
        await online(bridge, 1);

        // In another's name: mosquitto passes nothing of it on, and the other goes on as it was.
        await r1
          .publishAsync("uagv/v2/acme/r2/connection", connection("ONLINE"), { qos: 1 })
          .catch(() => undefined);
        await r1.publishAsync("uagv/v2/typo/r2/state", "{}", { qos: 1 }).catch(() => undefined);
        await r2.publishAsync("uagv/v2/acme/r2/connection", connection("ONLINE"), { qos: 1 });
        await online(bridge, 2);
        expect([...bridge.status().deadLetters]).toEqual([]);
        expect(heard).toEqual([]);
      });
    }

    it("knows bridge and devices by their certificates alone", async () => {
      const { acl } = await register({ ...robot("r1"), credentials: "certificate" });
      const broker = authority.issue("broker");
      const mosquitto = await startMosquitto(
        [
          `cafile ${authority.caFile}`,
          `certfile ${broker.certFile}`,
          `keyfile ${broker.keyFile}`,
          "require_certificate true",
          "use_identity_as_username true",
          "acl_file @acl",
        ],
        { acl },
      );
      stops.push(() => mosquitto.stop());
      const url = `mqtts://127.0.0.1:${mosquitto.port}`;
      const ca = authority.read(authority.caFile);
      const certificate = (name: string) => {
        const { certFile, keyFile } = authority.issue(name);
        return { cert: authority.read(certFile), key: authority.read(keyFile) };
      };
      const bridge = await startBridge(url, { protocolVersion: 4, ca, certificate: certificate(BRIDGE) });
      await expect(connectAsync(url, { ca, reconnectPeriod: 0 })).rejects.toThrow();
      const r1 = await connect(url, { ca, ...certificate("r1") });
      await r1.publishAsync("uagv/v2/acme/r1/connection", connection("ONLINE"), { qos: 1 });
      await online(bridge, 1);
    });

    it("says nothing of the broker's password in its log, and of a broker that is gone that it is not connected", async () => {
      const { passwords, acl } = await register();
      const mosquitto = await startMosquitto(
        ["allow_anonymous false", "password_file @passwords", "acl_file @acl"],
        { passwords, acl },
      );
      stops.push(() => mosquitto.stop());
      const lines: string[] = [];
      const logger = pino({ level: "debug" }, { write: (line) => void lines.push(line) });
      const start = (password: string) =>
        startDeviceBridge({
          mqttUrl: `mqtt://${BRIDGE}:${encodeURIComponent(password)}@127.0.0.1:${mosquitto.port}`,
          database: test.database,
          allocator: engine.client,
          logger,
        });
      const wrong = await start("hunter2").catch((error: unknown) => error);
      expect(String((wrong as Error).message)).toMatch(
        /^no MQTT session at mqtt:\/\/holdfast-bridge:\*\*\*@/,
      );
      const bridge = await start("bridge's own");
      stops.push(() => bridge.stop());
      const connected = () => bridge.status().sessions.map((session) => session.connected);
      expect(connected()).toEqual([true, true, true, true]);
      await mosquitto.kill();
      await eventually(async () => connected().every((each) => !each), 5_000);
      await mosquitto.start();
      await eventually(async () => connected().every((each) => each), 10_000);
      expect(bridge.status().sessions.every(({ reconnects }) => reconnects > 0)).toBe(true);
      expect(lines.join("\n")).toContain("device bridge is up");
      expect(lines.join("\n")).not.toMatch(/hunter2|bridge's own|bridge%27s%20own/);
    });
  },
);
