/**
 * What the way to the engine's process costs: a PostgreSQL and a Redis of its own, an engine in a process of its
 * own, and calls from this one. The same calls within one process stand beside them. Ends with one JSON document.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { pino } from "pino";
import type { StockCommand } from "../../actors/commands.ts";
import { freePort } from "../../cli/embedded/free-port.ts";
import { projectRoot } from "../../config/project-root.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { startEngine } from "../../engine/engine.ts";
import { FabricLink } from "../../engine/fabric/fabric-link.ts";
import { RemoteEngine } from "../../engine/fabric/remote-engine.ts";
import { RoutedAllocator } from "../../engine/routing/routed-allocator.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { DatabaseServer } from "../faults/database-server.ts";

const METHOD =
  "Reservations of one unit over 1,000 SKUs, one command a call, 512 calls under way; each is answered after its commit. " +
  "Reads are `available`, one after the other. Processor time is that of whole processes, per 1,000 calls.";

const SKUS = 1_000;
const CALLS = 60_000;
const UNDER_WAY = 512;
const READS = 3_000;
const COMPANY = "measured";
const logger = pino({ level: "warn" }, pino.destination(2));

type Figures = {
  readonly calls_per_s: number;
  readonly read_p50_us: number;
  readonly read_p99_us: number;
  /** Milliseconds per 1,000 calls. */
  readonly cpu_ms_per_1000: Readonly<Record<string, number>>;
};

async function main(): Promise<void> {
  const loadBefore = loadavg()[0] ?? 0;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-fabric-"));
  const server = await DatabaseServer.start(folder);
  const port = await freePort();
  const redisServer = spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no"]);
  try {
    for await (const chunk of redisServer.stdout) if (String(chunk).includes("Ready to accept")) break;
    await migrate(server.url());
    const within = await measureWithin(server.url());
    const over = await measureOver(server.url(), `redis://127.0.0.1:${port}`);
    process.stdout.write(
      `${JSON.stringify(
        {
          what: "npm run measure:fabric",
          taken_on: new Date().toISOString().slice(0, 10),
          machine: { cpu: cpus()[0]?.model ?? "", cores: cpus().length, load_before: loadBefore },
          method: METHOD,
          within_one_process: within,
          over_redis: over,
        },
        null,
        2,
      )}\n`,
    );
  } finally {
    redisServer.kill("SIGKILL");
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureWithin(databaseUrl: string): Promise<Figures> {
  const engine = await startEngine({ databaseUrl, threads: 2, shards: 16, logger });
  try {
    return await measure(engine.client, "within", async () => ({ all: ownMicros() }));
  } finally {
    await engine.stop();
  }
}

async function measureOver(databaseUrl: string, redisUrl: string): Promise<Figures> {
  const child = fork(join(projectRoot, "dist/load-tests/fabric/engine-main.js"), [
    databaseUrl,
    redisUrl,
    COMPANY,
  ]);
  const redis = new Redis(redisUrl);
  const link = new FabricLink({ url: redisUrl, ca: null, company: COMPANY, self: "caller", logger });
  const remote = new RemoteEngine({ link, logger });
  try {
    await once(child, "message");
    return await measure(new RoutedAllocator(remote, null), "over", async () => ({
      caller: ownMicros(),
      engine: await microsOf(child),
      redis: await microsOfRedis(redis),
    }));
  } finally {
    remote.stop();
    link.stop();
    redis.disconnect();
    child.disconnect();
    await once(child, "exit");
  }
}

async function measure(
  stock: AllocatorClient,
  name: string,
  micros: () => Promise<Readonly<Record<string, number>>>,
): Promise<Figures> {
  const skuOf = (index: number): string => `FABRIC-${index % SKUS}`;
  const about = { locationId: "east", atMs: Date.now(), cause: "measure" };
  await stock.execute(
    Array.from(
      { length: SKUS },
      (_, index): StockCommand => ({
        ...about,
        type: "receive",
        commandId: `${name}-receive-${index}`,
        sku: skuOf(index),
        quantity: CALLS,
      }),
    ),
  );
  const reserve = (id: string, index: number) =>
    stock.execute([
      {
        ...about,
        type: "reserve",
        commandId: id,
        holdId: id,
        sku: skuOf(index),
        quantity: 1,
        expiresAtMs: 0,
      },
    ]);
  const drive = async (count: number, prefix: string): Promise<void> => {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) {
        const [outcome] = await reserve(`${name}-${prefix}-${index}`, index);
        if (outcome?.status !== "applied") throw new Error(`not applied: ${JSON.stringify(outcome)}`);
      }
    };
    await Promise.all(Array.from({ length: UNDER_WAY }, worker));
  };
  await drive(CALLS / 10, "warm");
  const before = await micros();
  const began = performance.now();
  await drive(CALLS, "call");
  const seconds = (performance.now() - began) / 1_000;
  const after = await micros();
  const reads: number[] = [];
  for (let index = 0; index < READS; index += 1) {
    const asked = performance.now();
    await stock.available(skuOf(index));
    reads.push((performance.now() - asked) * 1_000);
  }
  reads.sort((a, b) => a - b);
  return {
    calls_per_s: Math.round(CALLS / seconds),
    read_p50_us: Math.round(reads[Math.floor(READS * 0.5)] ?? 0),
    read_p99_us: Math.round(reads[Math.floor(READS * 0.99)] ?? 0),
    cpu_ms_per_1000: Object.fromEntries(
      Object.entries(after).map(([part, used]) => [
        part,
        Math.round(((used - (before[part] ?? 0)) / CALLS) * 10) / 10,
      ]),
    ),
  };
}

function ownMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function microsOf(child: ChildProcess): Promise<number> {
  child.send("processor time");
  const [micros] = await once(child, "message");
  return micros;
}

async function microsOfRedis(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = ["used_cpu_sys", "used_cpu_user"].map((name) =>
    Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1] ?? 0),
  );
  return seconds.reduce((sum, each) => sum + each, 0) * 1_000_000;
}

await main();
