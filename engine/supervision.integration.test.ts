import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { readJournal } from "../store/journal.ts";
import {
  LOCATIONS,
  orderRequest,
  receive,
  shardStates,
  silentLogger,
  until,
} from "../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/postgres.ts";
import { type Engine, startEngine } from "./engine.ts";
import { decodeEntries } from "./journal-codec.ts";
import { shardOf } from "./placement.ts";
import { startThread } from "./start-thread.ts";

const SHARDS = 4;
const SKUS = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);

let test: TestDatabase;
let engine: Engine | undefined;
let workers: Worker[];

beforeEach(async () => {
  test = await createTestDatabase();
  workers = [];
});

afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await test.close();
});

async function start(databaseUrl = test.url, hangAfterMs = 5000): Promise<Engine> {
  engine = await startEngine({
    databaseUrl,
    threads: 2,
    shards: SHARDS,
    hangAfterMs,
    logger: silentLogger,
    startShardThread: (index) => {
      const worker = startThread("engine/shard-thread", `test-${index}`, undefined);
      workers[index] = worker;
      return worker;
    },
  });
  engine.client.setLocations(LOCATIONS);
  return engine;
}

/** Repeats a call that may find a shard being rebuilt. */
function retried<T>(call: () => Promise<T>): Promise<T> {
  return until(() =>
    call().catch((error: { code?: string }) => {
      if (error.code === "shard_unavailable" || error.code === "commit_outcome_unknown") return undefined;
      throw error;
    }),
  );
}

describe("shard threads", () => {
  it("rebuilds the shards of a thread that dies while the others go on", async () => {
    const { client } = await start();
    await client.execute(SKUS.map((sku) => receive(sku, "east", 10)));
    await workers[0]?.terminate();
    const other = SKUS.find((sku) => shardOf(sku, SHARDS) % 2 === 1) as string;
    const lost = SKUS.find((sku) => shardOf(sku, SHARDS) % 2 === 0) as string;
    expect((await client.positions([other]))[0]?.onHand).toBe(10);
    expect((await retried(() => client.positions([lost])))[0]?.onHand).toBe(10);
    const reserved = await retried(() =>
      client.reserveOrder(orderRequest("after", [{ lineId: "1", sku: lost, quantity: 10 }])),
    );
    expect(reserved.status).toBe("reserved");
  });

  it("replaces a thread that hangs and takes back what its part of an order did elsewhere", async () => {
    const { client } = await start(test.url, 300);
    await client.execute(SKUS.map((sku) => receive(sku, "east", 10)));
    const hung = SKUS.find((sku) => shardOf(sku, SHARDS) % 2 === 0) as string;
    const other = SKUS.find((sku) => shardOf(sku, SHARDS) % 2 === 1) as string;
    const worker = workers[0] as Worker;
    const post = worker.postMessage.bind(worker);
    let messages = 0;
    // The thread answers what is read for the order, and goes silent when its part is to be placed.
    worker.postMessage = (message, transfer) => {
      messages += 1;
      if (messages === 1) post(message, transfer as never);
    };
    const lines = [
      { lineId: "1", sku: hung, quantity: 4 },
      { lineId: "2", sku: other, quantity: 4 },
    ];
    await expect(client.reserveOrder(orderRequest("o", lines))).rejects.toMatchObject({
      code: "shard_unavailable",
    });
    expect(messages).toBe(2);
    expect(workers[0]).not.toBe(worker);
    const positions = await retried(() => client.positions([hung, other]));
    expect(positions.map((position) => position.availableToPromise)).toEqual([10, 10]);
    const again = await client.reserveOrder(orderRequest("o", lines));
    expect(again).toMatchObject({ status: "reserved", short: [] });
  });
});

describe("storage", () => {
  it("finds out what happened to a commit whose connection was cut, and tells nobody a lie", async () => {
    const proxy = await startProxy(test.url);
    try {
      const { client } = await start(proxy.url);
      await test.database.query("create table record (id text primary key)");
      await client.execute(SKUS.map((sku) => receive(sku, "east", 100_000)));
      const acknowledged: string[] = [];
      const refused = new Set<string>();
      for (let number = 0; number < 60; number += 1) {
        const id = `cut-${number}`;
        if (number % 10 === 5) proxy.cutSoon();
        const attempt = () =>
          client.reserveOrder(
            orderRequest(id, [
              { lineId: "1", sku: SKUS[number % 20] as string, quantity: 1 },
              { lineId: "2", sku: SKUS[(number * 3 + 1) % 20] as string, quantity: 1 },
            ]),
            {
              writer: {
                name: "record",
                write: async (transaction, ids: readonly string[]) => {
                  await transaction.query(
                    "insert into record select * from unnest($1::text[]) on conflict do nothing",
                    [ids],
                  );
                },
              },
              record: () => id,
            },
          );
        await attempt().then(
          () => acknowledged.push(id),
          (error: { code: string }) => {
            expect(["shard_unavailable", "commit_outcome_unknown"]).toContain(error.code);
            refused.add(id);
          },
        );
        if (refused.has(id)) {
          await retried(attempt);
          acknowledged.push(id);
        }
      }
      expect(refused.size).toBeGreaterThan(0);
      const { rows } = await test.database.query<{ id: string }>("select id from record");
      expect(new Set(rows.map((row) => row.id))).toEqual(new Set(acknowledged));
      const positions = await retried(() => client.positions(SKUS));
      // Whatever was repeated was reserved once: 60 orders of two units.
      expect(positions.reduce((sum, position) => sum + position.reserved, 0)).toBe(120);
    } finally {
      await engine?.stop();
      engine = undefined;
      await proxy.stop();
    }
  });

  it("loses nothing that it acknowledged when it is killed under load, three times over", async () => {
    await test.database.query("create table crash_order (id text primary key)");
    const acknowledged = new Map<string, string[]>();
    for (let run = 0; run < 3; run += 1) {
      const child = spawn(
        process.execPath,
        [join(projectRoot, "dist", "engine", "crash-test-child.js"), test.url],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const lines = createInterface({ input: child.stdout });
      const wanted = acknowledged.size + 400 + run * 137;
      const ended = once(child, "close");
      lines.on("line", (line) => {
        const [orderId, holds] = line.split(" ") as [string, string];
        acknowledged.set(orderId, holds.split(","));
        if (acknowledged.size === wanted) child.kill("SIGKILL");
      });
      await ended;
    }
    const { client, projected, stop } = await start();
    const { rows } = await test.database.query<{ id: string }>("select id from crash_order");
    const stored = new Set(rows.map((row) => row.id));
    for (const orderId of acknowledged.keys()) expect(stored).toContain(orderId);
    const held = new Map<string, string[]>();
    for (let shard = 0; shard < SHARDS; shard += 1) {
      for (const row of await readJournal(test.database, shard, 0, 1_000_000)) {
        for (const event of decodeEntries(row.entries).flatMap((blob) => blob.events)) {
          if (event.type !== "stock-reserved") continue;
          held.set(event.orderId, [...(held.get(event.orderId) ?? []), event.holdId]);
        }
      }
    }
    for (const [orderId, holds] of acknowledged) {
      expect([...(held.get(orderId) ?? [])].sort()).toEqual([...holds].sort());
    }
    // An order and its holds are one: no order without both holds, no hold without its order.
    expect([...held.keys()].sort()).toEqual([...stored].sort());
    expect([...held.values()].every((holds) => holds.length === 2)).toBe(true);
    const positions = await client.positions(SKUS);
    expect(positions.reduce((sum, position) => sum + position.reserved, 0)).toBe(stored.size * 3);
    await projected();
    const ledger = await test.database.query<{ reserved: number }>(
      "select sum(reserved)::int as reserved from stock_position",
    );
    expect(ledger.rows[0]?.reserved).toBe(stored.size * 3);
    await stop();
    const fromSnapshot = await shardStates(test, SHARDS);
    await test.database.query("delete from snapshot");
    expect(await shardStates(test, SHARDS)).toEqual(fromSnapshot);
  });
});

type Proxy = { readonly url: string; cutSoon(): void; stop(): Promise<void> };

/** Stands between the engine and PostgreSQL; cuts all connections right after passing a `commit` on. */
async function startProxy(target: string): Promise<Proxy> {
  const upstream = new URL(target);
  const sockets = new Set<Socket>();
  let cutting = false;
  const server: Server = createServer((client) => {
    const backend = connect(Number(upstream.port), upstream.hostname);
    for (const socket of [client, backend]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        backend.destroy();
      });
    }
    backend.on("data", (data) => client.write(data));
    client.on("data", (data) => {
      backend.write(data, () => {
        if (!cutting || !data.includes("commit")) return;
        cutting = false;
        for (const socket of sockets) socket.destroy();
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: url.toString(),
    cutSoon: () => {
      cutting = true;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
