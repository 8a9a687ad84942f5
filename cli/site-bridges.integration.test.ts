/**
 * Several processes speak with the devices, each with those of some sites: real processes, a real mosquitto,
 * and conveyors with an outbox at three sites, while the processes are killed and stand still.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { registerDevices } from "../store/floor/devices.ts";
import { type Mosquitto, mosquittoInstalled, startMosquitto } from "../test-support/servers/mosquitto.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { hasRedis, startRedis, type TestRedis } from "../test-support/servers/redis.ts";
import { freePort } from "./embedded/free-port.ts";
import { waitUntil } from "./embedded/processes.ts";

const MINUTE = 60_000;
/** Four seconds of silence, and what a look takes; on a busy machine a beginning takes some more. */
const TAKEN_OVER_WITHIN_MS = 8_000;
const SITES = ["fc-columbus", "fc-reno", "store-portland"] as const;
const EVENTS = 300;
const EVERY_MS = 60;
/** Sooner than a bridge gives a gap up: what was sent before it listened comes again in time for its order. */
const AGAIN_MS = 150;
/** A conveyor that has had no answer for so long says nothing new. */
const STALLED_MS = 300;
const REPORTS = 150;

const isPossible = hasRedis && mosquittoInstalled;
const folder = mkdtempSync(join(tmpdir(), "holdfast-sites-"));
const processes: RoleProcess[] = [];
let store: TestDatabase;
let redis: TestRedis;
let mosquitto: Mosquitto;
let settings: Readonly<Record<string, string>>;

type RoleProcess = { readonly child: ChildProcess; output(): string };

describe.skipIf(!isPossible)(
  `sites that share the processes${isPossible ? "" : " (skipped: install redis-server and mosquitto)"}`,
  () => {
    beforeAll(async () => {
      store = await createTestDatabase({ isUsed: false });
      redis = await startRedis();
      mosquitto = await startMosquitto(["allow_anonymous true", "max_queued_messages 100000"]);
      settings = {
        DATABASE_URL: store.url,
        REDIS_URL: redis.url,
        MQTT_URL: `mqtt://127.0.0.1:${mosquitto.port}`,
        // Nobody here runs a saga.
        TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
        HOLDFAST_LOG_LEVEL: "info",
        HOLDFAST_DEVICES_BY: "site",
      };
      await startRole("engine");
      await registerDevices(
        store.database,
        SITES.flatMap((site) => [
          {
            id: `belt-${site}`,
            locationId: site,
            kind: "conveyor" as const,
            protocol: "holdfast-conveyor",
            name: `belt of ${site}`,
          },
          {
            id: `gate-${site}`,
            locationId: site,
            kind: "rfid_portal" as const,
            protocol: "zebra-iot-connector",
            name: `gate of ${site}`,
          },
        ]),
      );
    }, 2 * MINUTE);

    afterAll(async () => {
      await Promise.all(processes.map(kill));
      await mosquitto?.stop();
      await redis?.kill();
      await store?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test(
      "nothing is lost, doubled or out of its order while they are killed and stand still",
      async () => {
        let one = await startRole("devices");
        await untilHeld(1);
        const other = await startRole("devices");
        await untilHeld(2);

        const url = settings["MQTT_URL"] ?? "";
        const belts = await Promise.all(SITES.map((site) => Belt.open(url, site)));
        const reporter = await connectAsync(url, { clientId: "gates" });
        const reporting = report(reporter);
        const running = belts.map((belt) => belt.run());

        await pause(3_000);
        await kill(one);
        await untilHeld(1, TAKEN_OVER_WITHIN_MS);
        await pause(2_000);
        one = await startRole("devices");
        await untilHeld(2);
        await pause(2_000);
        other.child.kill("SIGSTOP");
        await untilHeld(1, TAKEN_OVER_WITHIN_MS);
        await pause(2_000);
        other.child.kill("SIGCONT");
        await untilHeld(2);
        await Promise.all(running);
        await reporting;

        for (const belt of belts) {
          expect(belt.unacknowledged(), `of ${belt.site}`).toEqual([]);
          // Each was told where to send its totes in the order in which they came by.
          expect(belt.decided).toEqual(Array.from({ length: EVENTS }, (_, index) => index + 1));
        }
        const { rows: marks } = await store.database.query(
          `select device_id as device, count(*)::integer as events, max(sequence)::integer as last
             from device_message where device_id like 'belt-%' group by 1 order by 1`,
        );
        expect(marks).toEqual(
          SITES.map((site) => ({ device: `belt-${site}`, events: EVENTS, last: EVENTS })),
        );
        // What was sent with QoS 1 and could not be read is put aside, whoever had the site meanwhile.
        const isThere = async (): Promise<boolean> => {
          const { rows } = await store.database.query<{ device: string; reports: number }>(
            `select device_id as device, count(distinct payload)::integer as reports
               from device_dead_letter where topic like 'zebra/%' group by 1 order by 1`,
          );
          return (
            JSON.stringify(rows) ===
            JSON.stringify(SITES.map((site) => ({ device: `gate-${site}`, reports: REPORTS })))
          );
        };
        expect(await waitUntil(isThere, 20_000), await letters()).toBe(true);
        // Nobody takes a session's name from the one that has the site any more.
        const before = await reconnects();
        await pause(4_000);
        expect(await reconnects()).toBe(before);
        await reporter.endAsync();
        await Promise.all(belts.map((belt) => belt.close()));
      },
      4 * MINUTE,
    );

    test(
      "one that speaks with the devices of all sites stands by while others have some",
      async () => {
        const ofAll = await startRole("devices", { HOLDFAST_DEVICES_BY: "company" });
        await pause(3_000);
        const { rows } = await store.database.query(
          "select from role_lease where role = 'devices' and renewed_at > now() - interval '2 s'",
        );
        expect(rows, ofAll.output()).toEqual([]);
        await untilHeld(2);
      },
      MINUTE,
    );

    test(
      "a device that moves to another site is spoken to from there",
      async () => {
        const url = settings["MQTT_URL"] ?? "";
        await store.database.query("update device set location_id = 'fc-reno' where id = 'gate-fc-columbus'");
        await store.database.query("notify devices");
        const client = await connectAsync(url, { clientId: "moved" });
        const isHeard = async (): Promise<boolean> => {
          await client.publishAsync("zebra/gate-fc-columbus/data", "moved", { qos: 1 });
          const { rows } = await store.database.query(
            "select from device_dead_letter where payload = 'moved' and code <> 'unknown_device'",
          );
          return rows.length > 0;
        };
        expect(await waitUntil(isHeard, 30_000)).toBe(true);
        await client.endAsync();
        await untilHeld(2);
      },
      MINUTE,
    );
  },
);

/** A conveyor that scans totes of nobody's, and repeats what is not acknowledged, in its order. */
class Belt {
  readonly site: string;
  /** By the order of its scans in which it was first told where their totes go. */
  readonly decided: number[] = [];
  private readonly client: MqttClient;
  private readonly outbox = new Map<
    number,
    { readonly message: object; readonly firstSentAt: number; sentAt: number }
  >();

  private constructor(client: MqttClient, site: string) {
    this.client = client;
    this.site = site;
    client.on("message", (topic, payload) => {
      const message = JSON.parse(payload.toString());
      if (topic.endsWith("/ack")) {
        if (message.refused === undefined) this.outbox.delete(message.seq);
      } else {
        const sequence = Number(String(message.cmdId).split(":")[1]);
        if (!this.decided.includes(sequence)) this.decided.push(sequence);
      }
    });
  }

  static async open(url: string, site: string): Promise<Belt> {
    const client = await connectAsync(url, { clientId: `belt-${site}` });
    const belt = new Belt(client, site);
    await client.subscribeAsync([belt.topic("ack"), belt.topic("cmd/divert")]);
    return belt;
  }

  async run(): Promise<void> {
    for (let turn = 0, sequence = 1; sequence <= EVENTS || this.outbox.size > 0; turn += 1) {
      const now = performance.now();
      const [oldest] = this.outbox.values();
      if (sequence <= EVENTS && (oldest === undefined || now - oldest.firstSentAt < STALLED_MS)) {
        this.outbox.set(sequence, { message: this.scan(sequence), firstSentAt: now, sentAt: now });
        this.send([sequence]);
        sequence += 1;
      } else if (oldest !== undefined && now - oldest.sentAt >= AGAIN_MS) {
        oldest.sentAt = now;
        this.send([...this.outbox.keys()]);
      }
      await pause(EVERY_MS);
      if (turn > 40 * EVENTS) return;
    }
  }

  private send(sequences: readonly number[]): void {
    const [from] = this.outbox.keys();
    for (const sequence of sequences)
      this.client.publish(
        this.topic("evt/scan"),
        JSON.stringify({ ...this.outbox.get(sequence)?.message, from }),
      );
  }

  private scan(sequence: number): object {
    return {
      bootId: "boot-1",
      seq: sequence,
      ts: new Date().toISOString(),
      scanPointId: "S1",
      barcodes: [`PLATE-${this.site}-${sequence}`],
    };
  }

  unacknowledged(): readonly number[] {
    return [...this.outbox.keys()];
  }

  close(): Promise<void> {
    return this.client.endAsync();
  }

  private topic(last: string): string {
    return `holdfast/${this.site}/pack/belt-${this.site}/${last}`;
  }
}

/** What no bridge can read, each another text, so that each is a letter of its own. */
async function report(client: MqttClient): Promise<void> {
  for (let index = 0; index < REPORTS; index += 1) {
    for (const site of SITES)
      await client.publishAsync(`zebra/gate-${site}/data`, `report ${index}`, { qos: 1 });
    await pause(2 * EVERY_MS);
  }
}

async function reconnects(): Promise<number> {
  const { rows } = await store.database.query<{ reconnects: number }>(
    "select coalesce(sum(count), 0)::integer as reconnects from device_event where kind = 'bridge_reconnected'",
  );
  return rows[0]?.reconnects ?? 0;
}

async function letters(): Promise<string> {
  const { rows } = await store.database.query(
    "select device_id, code, count(*), count(distinct payload) from device_dead_letter group by 1, 2 order by 1",
  );
  return JSON.stringify(rows);
}

/** Until each site has a process, and so many processes have them as evenly as can be. */
async function untilHeld(owners: number, withinMs = 30_000): Promise<void> {
  let seen = "";
  const isSo = async (): Promise<boolean> => {
    const { rows } = await store.database.query<{ owner: string; sites: number }>(
      `select owner, count(*)::integer as sites from role_lease l
        where role like 'devices@%' and renewed_at > now() - interval '3 s'
          and exists (select from pg_stat_activity where pid = backend_pid and backend_start = l.backend_start)
        group by 1`,
    );
    seen = JSON.stringify(rows);
    const sites = rows.map((row) => row.sites);
    return (
      rows.length === owners &&
      sites.reduce((sum, one) => sum + one, 0) === SITES.length &&
      Math.max(...sites) <= Math.ceil(SITES.length / owners)
    );
  };
  const beganAt = performance.now();
  const isHeld = await waitUntil(isSo, withinMs);
  const outputs = processes.map(({ output }) => output()).join("\n---\n");
  expect(isHeld, `${seen} after ${Math.round(performance.now() - beganAt)} ms\n${outputs}`).toBe(true);
}

async function startRole(role: string, more: Readonly<Record<string, string>> = {}): Promise<RoleProcess> {
  const child = spawn(process.execPath, [join(projectRoot, "test-support/run/role-process.mjs")], {
    cwd: folder,
    env: {
      ...process.env,
      ...settings,
      ...more,
      HOLDFAST_TEST_ROLES: role,
      HOLDFAST_TEST_API_KEY_FILE: join(folder, "key"),
      HOLDFAST_PORT: String(await freePort()),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const made = { child, output: () => text.slice(-3_000) };
  processes.push(made);
  await new Promise<void>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      text += chunk.toString("utf8");
      if (/^ready \d+$/m.test(text)) resolve();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("exit", () => reject(new Error(`${role} did not start:\n${text}`)));
  });
  return made;
}

async function kill({ child }: RoleProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
