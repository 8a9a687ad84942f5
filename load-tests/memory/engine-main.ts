/**
 * An engine in a process of its own, so that its memory and its start can be read off from outside.
 *
 * `engine-main.js URL` starts, tells how long that took and how much memory it has, and ends. `engine-main.js URL SKU
 * SECONDS ROWS` then also sells that SKU, one command after the other, with a snapshot every so many journal rows, and
 * tells the longest time between two answers.
 */
import { pino } from "pino";
import { startEngine } from "../../engine/engine.ts";
import { openDatabase } from "../../store/database.ts";
import { SHARDS } from "./stored-stock.ts";

export type EngineFigures = {
  readonly startMs: number;
  /** Of all threads, the program's own start included: what the time would be on a machine with nothing else to do. */
  readonly startCpuMs: number;
  readonly rssMb: number;
  readonly positions: number;
  readonly holds: number;
  readonly answers: number;
  readonly longestGapMs: number;
  /** Snapshots written while selling. */
  readonly snapshots: number;
};

/** Time for what the start has left behind to be collected. */
const SETTLE_MS = 1_500;

const [databaseUrl, sku, seconds, snapshotEveryRows] = process.argv.slice(2);
if (databaseUrl === undefined) throw new Error("usage: engine-main URL [SKU SECONDS ROWS]");

const started = performance.now();
const engine = await startEngine({
  databaseUrl,
  threads: 2,
  shards: SHARDS,
  logger: pino({ level: "error" }, pino.destination(2)),
  snapshotEveryRows: snapshotEveryRows === undefined ? 1_000_000_000 : Number(snapshotEveryRows),
});
const startMs = performance.now() - started;
const startCpu = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
const rssMb = process.memoryUsage.rss() / 2 ** 20;
const status = await engine.client.status();
const database = openDatabase(databaseUrl, { maxConnections: 1 });
const snapshotsBefore = await newestSnapshots();
const sold = sku === undefined ? { answers: 0, longestGapMs: 0 } : await sell(sku, Number(seconds) * 1_000);
const figures: EngineFigures = {
  startMs: Math.round(startMs),
  startCpuMs: Math.round((startCpu.user + startCpu.system) / 1_000),
  rssMb: Math.round(rssMb),
  positions: status.reduce((sum, shard) => sum + shard.positions, 0),
  holds: status.reduce((sum, shard) => sum + shard.holds, 0),
  ...sold,
  snapshots: (await newestSnapshots()) - snapshotsBefore,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
// Nothing has to be tidied up: whoever starts next recovers.
process.exit(0);

/** Snapshots of this run that are still kept, two of each shard at most. */
async function newestSnapshots(): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    "select count(*)::int as count from snapshot where taken_at > $1",
    [new Date(performance.timeOrigin)],
  );
  return rows[0]?.count ?? 0;
}

async function sell(
  hotSku: string,
  durationMs: number,
): Promise<{ readonly answers: number; readonly longestGapMs: number }> {
  const end = performance.now() + durationMs;
  let answers = 0;
  let longestGapMs = 0;
  let last = performance.now();
  while (last < end) {
    await engine.client.execute([
      {
        type: "receive",
        commandId: `gap-${Date.now()}-${answers}`,
        sku: hotSku,
        locationId: "center-0",
        quantity: 1,
        atMs: Date.now(),
        cause: "measurement",
      },
    ]);
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
    answers += 1;
  }
  return { answers, longestGapMs: Math.round(longestGapMs * 10) / 10 };
}
