/**
 * An engine in a process of its own, so that its memory and its start can be measured from outside.
 *
 * `engine-main.js URL` starts it, tells how long that took and how much memory it has, and ends.
 * `engine-main.js URL SKU REPETITIONS` also finds out whether snapshots delay the shard of that SKU.
 */
import { pino } from "pino";
import { startEngine } from "../../engine/engine.ts";
import { openDatabase } from "../../store/sql/database.ts";
import { type StallFigures, StallMeter } from "./stall.ts";
import { SHARDS } from "./stored-stock.ts";

export type EngineFigures = {
  readonly startMs: number;
  /**
   * Of all threads, with the program's own start: the time that it would take on a machine with nothing else
   * to do.
   */
  readonly startCpuMs: number;
  readonly rssMb: number;
  readonly positions: number;
  readonly holds: number;
  /** `null` where it was not asked for. */
  readonly stall: StallFigures | null;
};

/** Time in which the garbage of the start is collected. */
const SETTLE_MS = 1_500;

/** No snapshots except those that are asked for. */
const NEVER_ROWS = 1_000_000_000;

const [databaseUrl, sku, repetitions] = process.argv.slice(2);
if (databaseUrl === undefined) throw new Error("usage: engine-main URL [SKU REPETITIONS]");

const started = performance.now();
const engine = await startEngine({
  databaseUrl,
  threads: 2,
  shards: SHARDS,
  logger: pino({ level: "error" }, pino.destination(2)),
  snapshotEveryRows: NEVER_ROWS,
});
const startMs = performance.now() - started;
const startCpu = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
const rssMb = process.memoryUsage.rss() / 2 ** 20;
const status = await engine.client.status();
const figures: EngineFigures = {
  startMs: Math.round(startMs),
  startCpuMs: Math.round((startCpu.user + startCpu.system) / 1_000),
  rssMb: Math.round(rssMb),
  positions: status.reduce((sum, shard) => sum + shard.positions, 0),
  holds: status.reduce((sum, shard) => sum + shard.holds, 0),
  stall: sku === undefined ? null : await stallOf(sku, databaseUrl),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
// Nothing has to be cleaned up: the next start recovers.
process.exit(0);

async function stallOf(hotSku: string, url: string): Promise<StallFigures> {
  const database = openDatabase(url, { maxConnections: 1 });
  const meter = new StallMeter({ engine, database, databaseUrl: url, sku: hotSku, shards: SHARDS });
  return meter.measure(Number(repetitions));
}
