import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Worker } from "node:worker_threads";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { startThread } from "../../config/start-thread.ts";
import { readJournal } from "../../store/journal/journal.ts";
import { LOCATIONS, orderRequest, receive, shardStates, until } from "../../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type Engine, startEngine } from "../engine.ts";
import { decodeEntries } from "../journal/journal-codec.ts";
import { shardOf } from "../shard/shard-of.ts";

const SHARDS = 4;
const SKUS = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);

let test: TestDatabase;
let engine: Engine | undefined;
let workers: Worker[];
/** Why threads were lost, as the log has it. */
let lostFor: string[];

beforeEach(async () => {
  test = await createTestDatabase();
  workers = [];
  lostFor = [];
});

afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await test.close();
});

async function start(databaseUrl = test.url, threadMemoryMb = 64): Promise<Engine> {
  engine = await startEngine({
    databaseUrl,
    threads: 2,
    shards: SHARDS,
    threadMemoryMb,
    logger: pino({ level: "error" }, { write: noteLoss }),
    startShardThread: (index, { workerData, resourceLimits }) => {
      const worker = startThread(
        "engine/testing/faulty-shard-thread",
        `test-${index}`,
        workerData,
        resourceLimits,
      );
      workers[index] = worker;
      return worker;
    },
  });
  engine.client.setLocations(LOCATIONS);
  return engine;
}

function noteLoss(line: string): void {
  const { thread, reason } = JSON.parse(line) as { thread?: number; reason?: string };
  if (thread !== undefined && reason !== undefined) lostFor.push(reason);
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

function skuOfThread(thread: number): string {
  return SKUS.find((sku) => shardOf(sku, SHARDS) % 2 === thread) as string;
}

function epochsOf(status: Awaited<ReturnType<Engine["client"]["status"]>>, thread: number): number[] {
  return status.filter((shard) => shard.thread === thread).map((shard) => shard.epoch);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Commands on one SKU at a steady rate, whether or not the ones before are answered. */
class SteadyLoad {
  private readonly client: Engine["client"];
  private readonly sku: string;
  private sent = 0;

  constructor(client: Engine["client"], sku: string) {
    this.client = client;
    this.sku = sku;
  }

  /** While `task` runs: a command every 10 ms. */
  async run(task: () => Promise<void>) {
    const failures: unknown[] = [];
    const latencies: number[] = [];
    const asked: Promise<void>[] = [];
    const timer = setInterval(() => {
      const fromMs = performance.now();
      this.sent += 1;
      asked.push(
        this.client.execute([receive(this.sku, "east", 1, `steady-${this.sent}`)]).then(
          () => void latencies.push(performance.now() - fromMs),
          (error: unknown) => void failures.push(error),
        ),
      );
    }, 10);
    try {
      await task();
    } finally {
      clearInterval(timer);
    }
    await Promise.all(asked);
    latencies.sort((a, b) => a - b);
    return { failures, answered: latencies.length, slowestMs: latencies.at(-1) ?? 0 };
  }
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

  it.each([
    ["ends by an error that nobody catches", "fault:crash", /nobody catches this/],
    // Close to its limit a thread only collects garbage: it may be found for its silence before it dies of
    // the limit.
    ["runs out of memory", "fault:memory", /memory limit|no sign of life/],
    ["hangs", "fault:hang", /no sign of life/],
  ])(
    "finds, fences and rebuilds a thread that %s within two seconds, while the others go on",
    async (_, fault, reason) => {
      const { client } = await start();
      await client.execute(SKUS.map((sku) => receive(sku, "east", 100_000)));
      const struck = skuOfThread(0);
      const other = skuOfThread(1);
      const before = await client.status();
      const epochsBefore = epochsOf(before, 0);

      const load = new SteadyLoad(client, other);
      const calm = await load.run(() => delay(1_000));
      const startedAtMs = performance.now();
      let refusedAfterMs = 0;
      let backAfterMs = 0;
      const during = await load.run(async () => {
        await expect(
          client.execute([{ ...receive(struck, "east", 1, `strike-${fault}`), cause: fault }]),
        ).rejects.toMatchObject({ code: "shard_unavailable" });
        refusedAfterMs = performance.now() - startedAtMs;
        await retried(() => client.positions([struck]));
        backAfterMs = performance.now() - startedAtMs;
      });
      expect(lostFor).toEqual([expect.stringMatching(reason)]);

      // Nothing of the lost thread was kept, and nobody else noticed.
      expect((await client.positions([struck]))[0]?.onHand).toBe(100_000);
      expect(refusedAfterMs).toBeLessThan(1_000);
      expect(backAfterMs).toBeLessThan(2_000);
      expect(during.failures).toEqual([]);
      expect(during.answered).toBeGreaterThan(5);
      expect(during.slowestMs).toBeLessThan(Math.max(250, calm.slowestMs * 3));
      // Fenced: every shard of the thread has another epoch, and the others have theirs.
      const after = await client.status();
      for (const [index, epoch] of epochsOf(after, 0).entries())
        expect(epoch).toBe((epochsBefore[index] ?? 0) + 1);
      expect(epochsOf(after, 1)).toEqual(epochsOf(before, 1));
      const reserved = await client.reserveOrder(
        orderRequest("after", [{ lineId: "1", sku: struck, quantity: 10 }]),
      );
      expect(reserved.status).toBe("reserved");
    },
  );

  it("stops a shard that breaks alone: its neighbours on the same thread never notice", async () => {
    const { client } = await start();
    await client.execute(SKUS.map((sku) => receive(sku, "east", 100_000)));
    const struck = skuOfThread(0);
    const shard = shardOf(struck, SHARDS);
    const neighbour = SKUS.find((sku) => {
      const other = shardOf(sku, SHARDS);
      return other % 2 === 0 && other !== shard;
    }) as string;
    const [worker] = workers;
    const epochs = (await client.status()).map((status) => status.epoch);
    const load = new SteadyLoad(client, neighbour);
    const during = await load.run(async () => {
      await expect(
        client.execute([{ ...receive(struck, "east", 1, "strike"), cause: "fault:throw" }]),
      ).rejects.toMatchObject({ code: "shard_unavailable" });
      await retried(() => client.positions([struck]));
    });
    expect(during.failures).toEqual([]);
    expect(workers[0]).toBe(worker);
    expect((await client.positions([struck]))[0]?.onHand).toBe(100_000);
    expect((await client.status()).map((status) => status.epoch)).toEqual(
      epochs.map((epoch, index) => (index === shard ? epoch + 1 : epoch)),
    );
  });

  it("takes no thread for hung after the whole process was suspended in the middle of its work", async () => {
    const child = spawn(
      process.execPath,
      [join(projectRoot, "dist", "engine", "testing", "suspension-test-child.js")],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    /** The next report after which `commands` more are done. */
    const progress = async (commands: number) => {
      let first: number | undefined;
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error("the child has ended");
        const line = JSON.parse(value) as { readonly done?: number; readonly reason?: string };
        expect(line.reason).toBeUndefined();
        first ??= line.done;
        if ((line.done ?? 0) - (first ?? 0) >= commands) return;
      }
    };
    try {
      await progress(1_000);
      for (let time = 0; time < 3; time += 1) {
        child.kill("SIGSTOP");
        // Several times what a thread may be silent for.
        await delay(2_500);
        child.kill("SIGCONT");
        await progress(5_000);
      }
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("takes back what an order has placed elsewhere when a thread hangs over its part", async () => {
    const { client } = await start();
    await client.execute(SKUS.map((sku) => receive(sku, "east", 10)));
    const hung = skuOfThread(0);
    const other = skuOfThread(1);
    const lines = [
      { lineId: "1", sku: hung, quantity: 4 },
      { lineId: "2", sku: other, quantity: 4 },
    ];
    // Both in one round: the thread hangs before it comes to place anything.
    const strike = client.execute([{ ...receive(hung, "east", 1, "strike"), cause: "fault:hang" }]);
    const order = client.reserveOrder(orderRequest("o", lines));
    await expect(strike).rejects.toMatchObject({ code: "shard_unavailable" });
    await order.catch((error: unknown) => expect(error).toMatchObject({ code: "shard_unavailable" }));
    const again = await retried(() => client.reserveOrder(orderRequest("o", lines)));
    expect(again).toMatchObject({ status: "reserved", short: [] });
    const positions = await retried(() => client.positions([hung, other]));
    expect(positions.map((position) => position.availableToPromise)).toEqual([6, 6]);
  });
});

describe("storage", () => {
  it("finds out what happened to a commit whose connection was cut, and gives only true answers", async () => {
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
        [join(projectRoot, "dist", "engine", "testing", "crash-test-child.js"), test.url],
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
      for (const row of await readJournal(test.database, [{ shard, after: 0 }], 1_000_000)) {
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
    const movements = await test.database.query<{ reserved: number }>(
      "select sum(reserved)::int as reserved from stock_position",
    );
    expect(movements.rows[0]?.reserved).toBe(stored.size * 3);
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
