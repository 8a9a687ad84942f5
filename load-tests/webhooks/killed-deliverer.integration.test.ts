/** The process that delivers webhooks is killed in the middle of it, and another one goes on. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { newSecretKeyLine, readSecretKeys, SecretBox } from "../../config/secret-box.ts";
import { writeWebhook } from "../../store/settings/webhook-subscriptions.ts";
import { eventually } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

const SUBJECTS = 40;
const ROUNDS = 15;
const KILLS = 2;

type Received = {
  readonly id: string;
  readonly subject: string;
  readonly nth: number;
  readonly isTaken: boolean;
};

let store: TestDatabase;
let receiver: Server;
let deliverer: ChildProcess | null = null;
const received: Record<"key" | "none", Received[]> = { key: [], none: [] };
const keyLine = newSecretKeyLine("test");

beforeAll(async () => {
  store = await createTestDatabase();
  let refusals = 1;
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const endpoint = request.url === "/key" ? "key" : "none";
      const { data } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      // One message is not taken at first: those behind it wait, over the death of the process, too.
      const isRefused =
        endpoint === "key" && data.deviceId === "device-3" && data.count === 4 && refusals > 0;
      if (isRefused) refusals -= 1;
      received[endpoint].push({
        id: String(request.headers["webhook-id"]),
        subject: data.deviceId,
        nth: data.count,
        isTaken: !isRefused,
      });
      // Some are slow, so that a death finds messages under way.
      const answer = () => response.writeHead(isRefused ? 503 : 200).end();
      if (data.count % 5 === 0) setTimeout(answer, 30);
      else answer();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const keys = readSecretKeys(keyLine);
  if (keys.status !== "ok") throw new Error(keys.problem);
  await store.database.query("insert into company (id, name, currency) values ('acme', 'Acme', 'USD')");
  for (const ordering of ["key", "none"] as const)
    await writeWebhook(store.database, new SecretBox(keys.keys), {
      id: ordering,
      companyId: "acme",
      name: ordering,
      url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/${ordering}`,
      events: ["device.*"],
      channelId: null,
      locations: null,
      ordering,
      active: true,
      secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      former: null,
      pausedAt: null,
    });
});
afterAll(async () => {
  deliverer?.kill("SIGKILL");
  receiver?.closeAllConnections();
  receiver?.close();
  await store?.close();
});

function groupsOf(
  all: readonly Received[],
  nameOf: (each: Received) => string,
): ReadonlyMap<string, readonly Received[]> {
  const groups = new Map<string, Received[]>();
  for (const each of all) groups.set(nameOf(each), [...(groups.get(nameOf(each)) ?? []), each]);
  return groups;
}

async function begin(): Promise<void> {
  const main = join(projectRoot, "dist", "load-tests", "webhooks", "deliverer-main.js");
  deliverer = fork(main, [store.url], { env: { ...process.env, WEBHOOKS_TEST_KEY: keyLine } });
  await once(deliverer, "message");
}

async function kill(): Promise<void> {
  if (deliverer === null) return;
  const ended = once(deliverer, "exit");
  deliverer.kill("SIGKILL");
  await ended;
}

/** Endpoint and id of each message that is known to have been taken. */
async function writtenDown(): Promise<ReadonlySet<string>> {
  const { rows } = await store.database.query<{ message: string }>(
    "select subscription_id || ' ' || message_id as message from webhook_delivery where state = 'delivered'",
  );
  return new Set(rows.map(({ message }) => message));
}

test("each event comes at least once under one id, and in order by what it is about where that is asked for", async () => {
  const expected = SUBJECTS * ROUNDS;
  await begin();
  let made = 0;
  /** What was known as taken at each death, and how much had come by then. */
  const deaths: { writtenDown: ReadonlySet<string>; key: number; none: number }[] = [];
  for (let part = 0; part <= KILLS; part += 1) {
    const rounds = Math.ceil(ROUNDS / (KILLS + 1));
    for (let round = 0; round < rounds && made < ROUNDS; round += 1) {
      made += 1;
      await store.database.query(
        `insert into domain_event (type, subject, data)
         select 'device.online', 'device-' || s, jsonb_build_object('deviceId', 'device-' || s, 'locationId', null,
                  'detail', '', 'count', $1::integer)
           from generate_series(0, $2::integer) as s`,
        [made, SUBJECTS - 1],
      );
    }
    if (part === KILLS) break;
    const before = received.key.length;
    // In the midst of what was just made.
    await eventually("some have come", async () => (received.key.length > before + 30 ? true : undefined));
    if (part > 0) await eventually("some are written down", async () => (await writtenDown()).size > 0);
    await kill();
    deaths.push({ writtenDown: await writtenDown(), key: received.key.length, none: received.none.length });
    await begin();
  }
  const taken = (endpoint: "key" | "none") => received[endpoint].filter(({ isTaken }) => isTaken);
  const distinct = (all: readonly Received[]) => new Set(all.map(({ id }) => id));
  await eventually("all have come", async () =>
    distinct(taken("key")).size >= expected && distinct(taken("none")).size >= expected ? true : undefined,
  );
  for (const endpoint of ["key", "none"] as const) {
    const byName = groupsOf(received[endpoint], ({ subject, nth }) => `${subject}/${nth}`);
    expect(byName.size).toBe(expected);
    for (const [name, all] of byName) expect([name, distinct(all).size]).toEqual([name, 1]);
    expect(distinct(received[endpoint]).size).toBe(expected);
  }
  // A death repeats what was under way, and nothing that was written down.
  expect(deaths.at(-1)?.writtenDown.size).toBeGreaterThan(0);
  for (const death of deaths) {
    for (const endpoint of ["key", "none"] as const) {
      const again = received[endpoint].slice(death[endpoint]).map(({ id }) => `${endpoint} ${id}`);
      expect(again.filter((message) => death.writtenDown.has(message))).toEqual([]);
    }
  }
  for (const [subject, all] of groupsOf(received.key, (each) => each.subject)) {
    const first = new Set<number>();
    const inOrder = all.filter(({ isTaken, nth }) => isTaken && !first.has(nth) && first.add(nth));
    expect([subject, inOrder.map(({ nth }) => nth)]).toEqual([
      subject,
      Array.from({ length: ROUNDS }, (_, index) => index + 1),
    ]);
    // And nothing overtook the message that was not taken.
    const refusedAt = all.findIndex(({ isTaken }) => !isTaken);
    if (refusedAt >= 0) expect(all.slice(refusedAt + 1)[0]?.nth).toBeLessThanOrEqual(4);
  }
  await kill();
});
