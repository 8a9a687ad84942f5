/**
 * Measures what the engine needs of memory, how fast it starts, and whether snapshots hold it up; with a PostgreSQL of its
 * own and an engine in a process of its own. Prints one JSON document.
 *
 * Usage: npm run measure:memory [-- --positions N --holds N --events N]
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { projectRoot } from "../../config/project-root.ts";
import { stateHashOf } from "../../engine/checksum.ts";
import { recoverShard } from "../../engine/recovery.ts";
import { storedShard } from "../../engine/stored-shard.ts";
import { type Database, openDatabase } from "../../store/database.ts";
import { migrate } from "../../store/migrate.ts";
import { DatabaseServer } from "../faults/database-server.ts";
import type { EngineFigures } from "./engine-main.ts";
import { SHARDS, StoredStock, skuOf } from "./stored-stock.ts";

const run = promisify(execFile);

/** Events of one shard in one commit of a busy system. */
const EVENTS_PER_ROW = 50;
const GAP_SECONDS = 5;
/** So few that one snapshot follows the other. */
const OFTEN_ROWS = 100;

const { values } = parseArgs({
  options: {
    positions: { type: "string", default: "1000000" },
    holds: { type: "string", default: "1000000" },
    events: { type: "string", default: "1000000" },
  },
});

const folder = await mkdtemp(join(tmpdir(), "holdfast-memory-"));
const server = await DatabaseServer.start(folder);
try {
  await migrate(server.url());
  const database = openDatabase(server.url(), { maxConnections: 2 });
  try {
    process.stdout.write(`${JSON.stringify(await measure(database), null, 2)}\n`);
  } finally {
    await database.end();
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measure(database: Database): Promise<Readonly<Record<string, unknown>>> {
  const counts = {
    positions: Number(values.positions),
    holds: Number(values.holds),
    events: Number(values.events),
  };
  const stock = await StoredStock.create(database);
  const empty = await engine("empty");
  await stock.takeOver();
  await stock.addPositions(counts.positions, 1_000);
  await stock.writeSnapshots();
  await stock.projectEverything();
  const withPositions = await engine("positions");
  await stock.takeOver();
  await stock.addEvents(counts.events, EVENTS_PER_ROW);
  await stock.projectEverything();
  const withEvents = await engine("positions, and events after the snapshot");
  const same = await isSame(stock, database);
  await stock.takeOver();
  await stock.addLaneReservations(counts.holds);
  await stock.letADayPass();
  await stock.writeSnapshots();
  await stock.projectEverything();
  const withLanes = await engine("and lane reservations");
  await stock.takeOver();
  await stock.addHolds(counts.holds);
  await stock.writeSnapshots();
  await stock.projectEverything();
  const withHolds = await engine("and named holds");
  const gapWithout = await engine("selling", skuOf(0).sku, String(GAP_SECONDS), "1000000000");
  const gapWith = await engine(
    "selling while snapshots are made",
    skuOf(0).sku,
    String(GAP_SECONDS),
    String(OFTEN_ROWS),
  );
  return {
    positions: withPositions.positions,
    holds_each: counts.holds,
    events: counts.events,
    empty_mb: empty.rssMb,
    positions_mb: withPositions.rssMb - empty.rssMb,
    lane_holds_mb: withLanes.rssMb - withPositions.rssMb,
    named_holds_mb: withHolds.rssMb - withLanes.rssMb,
    start_empty_ms: empty.startMs,
    start_positions_ms: withPositions.startMs,
    start_positions_cpu_ms: withPositions.startCpuMs,
    start_positions_and_events_ms: withEvents.startMs,
    start_positions_and_events_cpu_ms: withEvents.startCpuMs,
    start_with_all_holds_ms: withHolds.startMs,
    state_after_recovery_is_the_same: same,
    longest_gap_without_snapshots_ms: gapWithout.longestGapMs,
    longest_gap_with_snapshots_ms: gapWith.longestGapMs,
    answers_without_snapshots: gapWithout.answers,
    answers_with_snapshots: gapWith.answers,
    snapshots_meanwhile: gapWith.snapshots,
  };
}

async function engine(what: string, ...selling: readonly string[]): Promise<EngineFigures> {
  const file = join(projectRoot, "dist", "load-tests", "memory", "engine-main.js");
  const { stdout } = await run(process.execPath, [file, server.url(), ...selling], { maxBuffer: 2 ** 24 });
  process.stderr.write(`${what}: ${stdout}`);
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
