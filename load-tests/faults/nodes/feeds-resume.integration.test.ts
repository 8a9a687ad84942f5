/**
 * Two gateways, each a process of its own: whoever follows the events of devices, nodes and stock at one that
 * is killed goes on at the other by the cursor, and has heard each once.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { SUBPROTOCOL_JSON } from "../../../contract/stream.ts";
import { migrate } from "../../../store/sql/migrate.ts";
import { hasRedis } from "../../../test-support/servers/redis.ts";
import { CoreServer } from "../core-server.ts";
import { DatabaseServer } from "../database-server.ts";
import { seedCompany } from "../goods.ts";
import { RedisServer } from "./redis-server.ts";

const MINUTE = 60_000;
/** Of each feed that is written by the test, by two transactions at a time. */
const EVENTS = 400;
const FEEDS = ["devices", "nodes", "stock"] as const;
type Feed = (typeof FEEDS)[number];

let folder: string;
let database: DatabaseServer;
let redis: RedisServer;
const servers: CoreServer[] = [];
let key: string | undefined;

describe.skipIf(!hasRedis)(
  `feeds over two gateways${hasRedis ? "" : " (skipped: install redis-server)"}`,
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "holdfast-feeds-"));
      await mkdir(join(folder, "database"));
      database = await DatabaseServer.start(join(folder, "database"));
      redis = await RedisServer.start();
      await migrate(database.url());
      await seedCompany(database);
      await database.query(
        `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
         select sku, 'faults', sku, 100, 1000, 'USD', '610990', 'US', '09521234999990' from unnest($1::text[]) as sku`,
        [Array.from({ length: EVENTS / 8 }, (_, index) => `TOLD-${index}`)],
      );
    }, 2 * MINUTE);

    afterAll(async () => {
      await Promise.all(servers.map((server) => server.kill()));
      await redis?.kill();
      await database?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test(
      "one of which is killed, again and again, lose nothing and double nothing",
      async () => {
        let gateways = [await start("one"), await start("two")];
        const heard = new Map<Feed, Map<string, number>>(FEEDS.map((feed) => [feed, new Map()]));
        const cursors = new Map<Feed, string>();
        let socket = await follow(gateways[0]?.url ?? "", cursors, heard);
        const written = write();
        for (let deaths = 0; deaths < 3; deaths += 1) {
          await pause(1_500);
          const [dies, other] = gateways;
          if (dies === undefined || other === undefined) throw new Error("there are two");
          await dies.server.kill();
          // What was on its way to us when it died is dropped, as a client drops it that has not kept the
          // cursor.
          socket.terminate();
          socket = await follow(other.url, cursors, heard);
          gateways = [other, await start(`again-${deaths}`)];
        }
        const expected = await written;
        const isThere = (): boolean =>
          FEEDS.every((feed) => (heard.get(feed)?.size ?? 0) >= (expected[feed]?.length ?? 0));
        for (let tries = 0; tries < 200 && !isThere(); tries += 1) await pause(100);
        for (const feed of FEEDS) {
          const counts = heard.get(feed) ?? new Map();
          expect([...counts.keys()].sort(), feed).toEqual([...(expected[feed] ?? [])].sort());
          // Of stock what came just before the break may come again: its numbers are absolute.
          const doubled = feed === "stock" ? [] : [...counts].filter(([, times]) => times !== 1);
          expect(doubled, feed).toEqual([]);
        }
        socket.terminate();
      },
      3 * MINUTE,
    );
  },
);

async function start(name: string) {
  const server = await CoreServer.spawn({
    databaseUrl: database.url(),
    logFile: join(folder, `${name}.log`),
    snapshotEveryRows: 1_000,
    node: { name, redisUrl: `redis://127.0.0.1:${redis.port}` },
    ...(key === undefined ? {} : { key }),
  });
  servers.push(server);
  const ready = await server.ready();
  if (ready === null) throw new Error(await server.complaint());
  key ??= ready.key;
  return { server, url: `ws://127.0.0.1:${ready.port}` };
}

/** Resolves once all feeds are followed: from now on, or from where the last ones ended. */
async function follow(
  url: string,
  cursors: Map<Feed, string>,
  heard: ReadonlyMap<Feed, Map<string, number>>,
): Promise<WebSocket> {
  const socket = new WebSocket(`${url}/v1/stream`, SUBPROTOCOL_JSON, {
    headers: { authorization: `Bearer ${key}` },
  });
  const followed = new Set<Feed>();
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => {
      for (const feed of FEEDS)
        socket.send(
          JSON.stringify({ id: feed, type: `${feed}.subscribe`, after: cursors.get(feed) ?? null }),
        );
    });
    socket.on("message", (data) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      for (const message of [JSON.parse(String(data))].flat()) {
        if (message.type === "error") reject(new Error(JSON.stringify(message)));
        const feed = FEEDS.find((one) => String(message.type).startsWith(`${one}.`));
        if (feed === undefined) continue;
        if (message.cursor !== undefined) cursors.set(feed, message.cursor);
        if (message.type === `${feed}.subscribed`) followed.add(feed);
        else count(heard.get(feed) ?? new Map(), feed, message);
        if (followed.size === FEEDS.length) resolve();
      }
    });
  });
  return socket;
}

function count(
  counts: Map<string, number>,
  feed: Feed,
  message: { readonly events?: readonly Told[]; readonly positions?: readonly Told[] },
): void {
  for (const told of message.events ?? message.positions ?? []) {
    // Nodes also tell of shards that move, which the test does not count.
    const name = feed === "stock" ? (told.sku ?? "") : (told.detail ?? "");
    if (name.startsWith("TOLD-")) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
}

type Told = { readonly detail?: string; readonly sku?: string };

/** By two writers, whose transactions overlap and end in another order than they began. */
async function write(): Promise<Readonly<Record<Feed, readonly string[]>>> {
  const written: Record<Feed, string[]> = { devices: [], nodes: [], stock: [] };
  const writer = async (name: string): Promise<void> => {
    const client = new pg.Client({ connectionString: database.url() });
    await client.connect();
    for (let index = 0; index < EVENTS / 2; index += 1) {
      const told = `TOLD-${name}-${index}`;
      await client.query("begin");
      await client.query("insert into device_event (device_id, kind, detail) values (null, 'error', $1)", [
        told,
      ]);
      await client.query("insert into node_event (node_id, kind, detail) values ('nobody', 'unready', $1)", [
        told,
      ]);
      await pause((index * 7) % 30);
      await client.query("commit");
      written.devices.push(told);
      written.nodes.push(told);
    }
    await client.end();
  };
  await Promise.all([writer("a"), writer("b"), receive(written.stock)]);
  return written;
}

/** Stock changes through whichever gateway is there, repeated with the same ids. */
async function receive(written: string[]): Promise<void> {
  for (let index = 0; index < EVENTS / 8; index += 1) {
    const sku = `TOLD-${index}`;
    const command = {
      type: "receive",
      commandId: sku,
      sku,
      locationId: "east",
      quantity: 1,
      atMs: 0,
      cause: "test",
    };
    while (!(await executed(command))) await pause(100);
    written.push(sku);
  }
}

async function executed(command: object): Promise<boolean> {
  for (const server of servers.filter(({ isRunning }) => isRunning)) {
    const ready = await server.ready();
    const response = await fetch(`http://127.0.0.1:${ready?.port}/v1/stock/commands`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ commands: [command] }),
    }).catch(() => null);
    if (response?.status !== 200) continue;
    const { outcomes } = (await response.json()) as { readonly outcomes: readonly { status: string }[] };
    expect(outcomes).toMatchObject([{ status: "applied" }]);
    return true;
  }
  return false;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
