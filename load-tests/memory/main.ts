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

const FORGET =
  "truncate journal, snapshot, snapshot_part, shard_lease, stock_position, stock_movement, journal_projection";

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
  const positions = Number(values.positions);
  const holds = Number(values.holds);
  const stock = await StoredStock.create(database);
  const empty = await engine();
  tell("writing positions");
  await stock.takeOver();
  await stock.addPositions(positions, 1_000);
  await stock.writeSnapshots();
  const withPositions = await engine();
  tell("writing events");
  await stock.takeOver();
  await stock.addEvents(Number(values.events), EVENTS_PER_ROW);
  const withEvents = await engine();
  const same = await isSame(stock, database);
  await stock.takeOver();
  await stock.writeSnapshots();
  tell("selling while snapshots are made");
  const gapWithout = await engine(skuOf(0).sku, String(GAP_SECONDS), "1000000000");
  const gapWith = await engine(skuOf(0).sku, String(GAP_SECONDS), String(OFTEN_ROWS));
  // The measuring engines have written to the journal: what comes now goes on from a copy that they never touched.
  tell("writing lane reservations");
  await database.query(FORGET);
  const lanes = await StoredStock.create(database);
  await lanes.takeOver();
  await lanes.addPositions(positions, 1_000);
  await lanes.addLaneReservations(holds);
  await lanes.writeSnapshots();
  const withLanes = await engine();
  tell("writing named holds");
  await database.query(FORGET);
  const named = await StoredStock.create(database);
  await named.takeOver();
  await named.addPositions(positions, 1_000);
  await named.addHolds(holds);
  await named.writeSnapshots();
  const withHolds = await engine();
  return {
    positions: withPositions.positions,
    empty_mb: empty.rssMb,
    positions_mb: withPositions.rssMb - empty.rssMb,
    holds: withHolds.holds,
    named_holds_mb: withHolds.rssMb - withPositions.rssMb,
    lane_holds: withLanes.holds,
    lane_holds_mb: withLanes.rssMb - withPositions.rssMb,
    start_empty_ms: empty.startMs,
    start_positions_ms: withPositions.startMs,
    events: Number(values.events),
    start_positions_and_events_ms: withEvents.startMs,
    rss_after_events_mb: withEvents.rssMb,
    state_after_recovery_is_the_same: same,
    start_named_holds_ms: withHolds.startMs,
    start_lane_holds_ms: withLanes.startMs,
    longest_gap_without_snapshots_ms: gapWithout.longestGapMs,
    longest_gap_with_snapshots_ms: gapWith.longestGapMs,
    answers_without_snapshots: gapWithout.answers,
    answers_with_snapshots: gapWith.answers,
  };
}

async function engine(...selling: readonly string[]): Promise<EngineFigures> {
  const file = join(projectRoot, "dist", "load-tests", "memory", "engine-main.js");
  const { stdout } = await run(process.execPath, [file, server.url(), ...selling], { maxBuffer: 2 ** 24 });
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

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
