/** A system at a broker of its own: what its log says, how it says that the broker is gone, and `device`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceAcl, DeviceDetail, DeviceView, IssuedDevice } from "../contract/devices.ts";
import { hashDeviceSecret } from "../store/floor/device-passwords.ts";
import { type Mosquitto, mosquittoInstalled, startMosquitto } from "../test-support/servers/mosquitto.ts";
import { jsonLines, TestSystem } from "../test-support/system.ts";

const MINUTE = 60_000;
const PASSWORD = "hunter2-of-the-broker";

describe.skipIf(!mosquittoInstalled)("a system at mosquitto (skipped where it is not installed)", () => {
  let broker: Mosquitto;
  let system: TestSystem;

  beforeAll(async () => {
    broker = await startMosquitto(["allow_anonymous false", "password_file @passwords"], {
      passwords: `holdfast:${await hashDeviceSecret(PASSWORD)}\n`,
    });
    system = await TestSystem.start({ MQTT_URL: `mqtt://holdfast:${PASSWORD}@127.0.0.1:${broker.port}` });
  }, 5 * MINUTE);
  afterAll(async () => {
    await system?.destroy();
    await broker?.stop();
  }, MINUTE);

  const ready = async (): Promise<{ readonly status: number; readonly body: unknown }> => {
    const { url } = await system.access();
    const reply = await fetch(`${url}/readyz`);
    return { status: reply.status, body: await reply.json() };
  };

  const device = (...args: readonly string[]) => system.run(["device", ...args]);

  test(
    "is not ready while the broker is gone, says so without the password, and is ready again after it",
    async () => {
      expect((await ready()).status).toBe(200);
      await broker.kill();
      await expect.poll(async () => (await ready()).status, { timeout: 15_000 }).toBe(503);
      const said = JSON.stringify((await ready()).body);
      expect(said).toContain("mqtt://holdfast:***@127.0.0.1");
      expect(said).not.toContain(PASSWORD);
      const { url, key } = await system.access();
      const metrics = async () =>
        (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })).text();
      expect(await metrics()).toMatch(/holdfast_mqtt_connected\{session="commands",node="[^"]+"\} 0/);
      await broker.start();
      await expect.poll(async () => (await ready()).status, { timeout: 30_000 }).toBe(200);
      expect(await metrics()).toMatch(/holdfast_mqtt_connected\{session="commands",node="[^"]+"\} 1/);
      expect(await metrics()).toMatch(/holdfast_devices\{kind="robot",connection="\w+",node="[^"]+"\} \d/);
    },
    MINUTE,
  );

  test(
    "registers, changes, switches and shows devices on the command line, with exit codes that hold",
    async () => {
      const register = ["register", "amr-7", "--kind", "robot", "--site", "fc-reno", "--protocol"];
      const first = await device(
        ...register,
        "vda5050-2.1",
        "--settings",
        '{"manufacturer":"acme"}',
        "--json",
      );
      expect(first.status, first.stderr).toBe(0);
      const [issued] = jsonLines<IssuedDevice>(first);
      expect(issued?.secret).toMatch(/^[\w-]{43}$/);
      const again = await device(...register, "vda5050-2.1");
      expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("device_exists")]);
      const wrong = await device("register", "amr-8", "--kind", "robot", "--site", "fc-reno");
      expect(wrong.status).toBe(2);
      const noObject = await device(...register, "vda5050-2.1", "--settings", "[1]");
      expect(noObject.status).toBe(2);
      const refused = await device("change", "amr-7", "--settings", '{"topicRoot":"#"}');
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("topicRoot")]);

      const changed = await device("change", "amr-7", "--name", "Seventh", "--json");
      expect(jsonLines<DeviceDetail>(changed)).toMatchObject([{ name: "Seventh", enabled: true }]);
      expect((await device("disable", "amr-7")).stdout).toContain("switched off");
      const listed = jsonLines<DeviceView>(await device("list", "--json"));
      expect(listed.find(({ id }) => id === "amr-7")).toMatchObject({ enabled: false });
      expect((await device("enable", "amr-7")).stdout).toContain("switched on");
      const rotated = jsonLines<IssuedDevice>(await device("rotate", "amr-7", "--json"));
      expect(rotated[0]?.secret).not.toBe(issued?.secret);
      expect((await device("show", "amr-7")).stdout).toContain("Seventh");
      const acl = jsonLines<DeviceAcl>(await device("acl", "amr-7", "--json"));
      expect(acl[0]?.publish).toContain("uagv/v2/acme/amr-7/state");
      expect((await device("acl", "amr-7", "--mosquitto")).stdout).toBe(acl[0]?.mosquitto.acl);
      expect((await device("acl", "amr-7", "--password-line")).stdout.trim()).toBe(
        acl[0]?.mosquitto.passwordLine,
      );
      expect((await device("show", "nobody")).status).toBe(1);
      for (const secret of [issued?.secret, rotated[0]?.secret]) expect(logs()).not.toContain(secret);
    },
    2 * MINUTE,
  );

  test("has written the broker's password nowhere", () => {
    expect(logs()).toContain("device bridge is up");
    expect(logs()).not.toContain(PASSWORD);
    expect(system.terminal).toContain("mqtt://holdfast:***@127.0.0.1");
    expect(system.terminal).not.toContain(PASSWORD);
  });

  /** Every log that the system has written, of its servers too. */
  const logs = (): string => {
    const folder = join(system.folder, "logs");
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n");
  };
});
