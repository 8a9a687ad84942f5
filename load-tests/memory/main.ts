/**
 * Measures how much memory the engine needs, how fast it starts, and whether snapshots delay it, with a
 * PostgreSQL of its own and an engine in a process of its own. Tells what it is doing, and ends with one JSON
 * document that says of every bar whether it is met.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { projectRoot } from "../../config/project-root.ts";
import { stateHashOf } from "../../engine/journal/checksum.ts";
import { recoverShard } from "../../engine/storage/recovery.ts";
import { storedShard } from "../../engine/storage/stored-shard.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { DatabaseServer } from "../faults/database-server.ts";
import { type Bar, barsOf, type Measured } from "./bars.ts";
import type { EngineFigures } from "./engine-main.ts";
import { SHARDS, StoredStock, skuOf } from "./stored-stock.ts";

const HELP = `Usage: npm run measure:memory -- [options]

  --positions N    how many positions (default 1000000)
  --holds N        how many reservations by lanes, and as many named holds (default 1000000)
  --events N       how many events after the snapshots (default 1000000)
  --out <file>     writes the result there as well
  --help           this text

Takes some four minutes. Exit status 0 unless it could not be measured; bars that are missed are printed.
`;

const METHOD =
  "An engine with 16 shards on 2 threads in a process of its own, on a PostgreSQL of its own. MB are RSS " +
  "of that process 1.5 s after its start, above those of the stage before. It starts from stored " +
  "snapshots and journal rows, with the stock movements already caught up; both were made by the engine's own " +
  "code. A start is timed from the taking of the leases until every shard is open. Processor time is " +
  "that of all threads of the engine's process, its program's start included. The longest gap is that " +
  "between two answers of one shard, asked for its stock one question after the other, while the " +
  "engine's snapshot task works on that very shard, and for as long right after it while none does; the " +
  "median of the repetitions counts. Gaps between commits have the disk in them: what counts of them is " +
  "by how much they are longer with a snapshot.";

const run = promisify(execFile);

/** Events of one shard in one commit of a busy system. */
const EVENTS_PER_ROW = 50;
/** Starts with events to replay, and snapshots with their shard watched. */
const STARTS = 3;
const REPETITIONS = 5;

const started = performance.now();
const { values } = parseArgs({
  options: {
    positions: { type: "string", default: "1000000" },
    holds: { type: "string", default: "1000000" },
    events: { type: "string", default: "1000000" },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const loadBefore = loadavg()[0] ?? 0;
  const folder = await mkdtemp(join(tmpdir(), "holdfast-memory-"));
  const server = await DatabaseServer.start(folder);
  try {
    await migrate(server.url());
    const database = openDatabase(server.url(), { maxConnections: 2 });
    try {
      const { measured, stages } = await measure(database, server.url());
      const bars = barsOf(measured);
      const result = {
        what: "npm run measure:memory",
        taken_on: new Date().toISOString().slice(0, 10),
        machine: machine(loadBefore),
        method: METHOD,
        bars,
        stages,
        seconds: Math.round((performance.now() - started) / 1_000),
      };
      const json = `${JSON.stringify(result, null, 2)}\n`;
      if (values.out !== undefined) {
        mkdirSync(dirname(values.out), { recursive: true });
        writeFileSync(values.out, json);
      }
      for (const [name, bar] of Object.entries(bars)) progress(`${verdict(bar)}: ${name}: ${bar.why}`);
      process.stdout.write(json);
    } finally {
      await database.end();
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  database: Database,
  url: string,
): Promise<{ readonly measured: Measured; readonly stages: Readonly<Record<string, EngineFigures>> }> {
  const counts = {
    positions: Number(values.positions),
    holds: Number(values.holds),
    events: Number(values.events),
  };
  const stages: Record<string, EngineFigures> = {};
  const engine = async (what: string, ...rest: readonly string[]): Promise<EngineFigures> => {
    progress(`an engine starts: ${what}`);
    const figures = await startEngine(url, rest);
    const { startMs, startCpuMs, rssMb } = figures;
    progress(`  ${startMs} ms, ${startCpuMs} ms of processor time, ${rssMb} MB`);
    stages[what] = figures;
    return figures;
  };
  const stock = await StoredStock.create(database);
  const empty = await engine("empty");
  await stock.takeOver();
  progress(`${counts.positions} positions are written`);
  await stock.addPositions(counts.positions, 1_000);
  await snapshots(stock);
  const positions = await engine("positions");
  await stock.takeOver();
  progress(`${counts.events} events are written`);
  await stock.addEvents(counts.events, EVENTS_PER_ROW);
  await stock.projectEverything();
  const recoveries: EngineFigures[] = [];
  for (let start = 1; start <= STARTS; start += 1) {
    recoveries.push(await engine(`positions, and events after the snapshot: start ${start} of ${STARTS}`));
  }
  progress("what comes back is compared with what was written");
  const sameAfterRecovery = await isSame(stock, database);
  await stock.takeOver();
  progress(`${counts.holds} lane reservations are written`);
  await stock.addLaneReservations(counts.holds);
  await stock.letADayPass();
  await snapshots(stock);
  const laneReservations = await engine("and lane reservations");
  await stock.takeOver();
  progress(`${counts.holds} named holds are written`);
  await stock.addHolds(counts.holds);
  await snapshots(stock);
  const namedHolds = await engine("and named holds", skuOf(0).sku, String(REPETITIONS));
  const { events } = counts;
  return {
    measured: { empty, positions, recoveries, events, sameAfterRecovery, laneReservations, namedHolds },
    stages,
  };
}

async function snapshots(stock: StoredStock): Promise<void> {
  progress("snapshots are written");
  await stock.writeSnapshots();
  await stock.projectEverything();
}

async function startEngine(url: string, rest: readonly string[]): Promise<EngineFigures> {
  const file = join(projectRoot, "dist", "load-tests", "memory", "engine-main.js");
  const { stdout } = await run(process.execPath, [file, url, ...rest], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as EngineFigures;
}

/** Whether every shard is the same after its recovery as it was before. */
async function isSame(stock: StoredStock, database: Database): Promise<boolean> {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const recovered = await recoverShard(shard, storedShard(database, shard));
    const hash = stateHashOf(recovered.shard.encodeState());
    if (!hash.equals(stateHashOf(stock.stateOf(shard)))) return false;
  }
  return true;
}

function machine(loadBefore: number): Readonly<Record<string, string | number>> {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memory_gb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    load_average_before: Math.round(loadBefore * 100) / 100,
    load_average_after: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

function verdict(bar: Bar): string {
  if (bar.met === null) return "cannot be said";
  return bar.met ? "met" : "MISSED";
}

function progress(what: string): void {
  process.stderr.write(
    `${String(Math.round((performance.now() - started) / 1_000)).padStart(4)} s  ${what}\n`,
  );
}
