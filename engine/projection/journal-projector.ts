/**
 * Turns committed journal rows into movements that can be read, in journal order, exactly once.
 *
 * Each step takes the next rows of all shards that are behind and writes their movements, the sums and the
 * cursors in one transaction, which holds the cursors' locks: where a shard has moved, its former node
 * finishes what it has announced beside the new one, and each row is projected by one of them. A crash
 * between two steps loses nothing; a crash within a step leaves no trace.
 */
import type { StockEvent } from "../../actors/position/events.ts";
import { concernsPosition } from "../../actors/position/sku-stock.ts";
import { type JournalRow, readJournal } from "../../store/journal/journal.ts";
import { type Database, inTransaction } from "../../store/sql/database.ts";
import {
  type LaneMovement,
  numberPositions,
  projectLaneMovements,
} from "../../store/stock/lane-movements.ts";
import {
  lockProjection,
  moveProjection,
  projectMovements,
  type StockMovement,
} from "../../store/stock/stock-movements.ts";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import { checksumOf } from "../journal/checksum.ts";
import { decodeEntries } from "../journal/journal-codec.ts";
import { laneMovementsOf } from "./lane-movements.ts";

/** A few thousand movements a transaction keep its statements cheap and its locks short. */
const MOVEMENTS_PER_STEP = 5_000;
const ROWS_PER_STEP = 400;

/**
 * A step costs about as much for one row as for twenty. Twenty orders a second commit some hundred rows,
 * which then go in ten steps (`npm run bench -- orders`).
 */
const MIN_REST_MS = 80;
const MAX_REST_MS = 1_000;
/**
 * The projector usually rests as long as a step took, and `MIN_REST_MS` at least. After a step of nothing but
 * lane movements it rests this many times as long in addition.
 */
const LANE_RESTS = 8;
const RETRY_MS = 500;
const IDLE_IN_TRANSACTION_MS = 5_000;

type Warn = (facts: { readonly shard: number; readonly cause: unknown }, message: string) => void;

export class JournalProjector {
  private readonly database: Database;
  private readonly warn: Warn;
  /** Last committed sequence that was announced, and last one projected, by shard. */
  private readonly committed = new Map<number, number>();
  private readonly projected = new Map<number, number>();
  private running: Promise<void> | null = null;
  private wake: () => void = () => {};
  private rowsPerStep = ROWS_PER_STEP;
  private stopping = false;
  /** Callers of `caughtUp`. */
  private awaited = 0;

  constructor(database: Database, warn: Warn) {
    this.database = database;
    this.warn = warn;
  }

  /** Says that a shard's journal is committed up to `sequence`. */
  announce(shard: number, sequence: number): void {
    if ((this.committed.get(shard) ?? 0) < sequence) this.committed.set(shard, sequence);
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  /** Resolves once everything announced so far is projected. */
  async caughtUp(): Promise<void> {
    this.awaited += 1;
    this.wake();
    await this.catchUp();
    this.awaited -= 1;
  }

  private async catchUp(): Promise<void> {
    while (this.behind().length > 0 && !this.stopping) {
      for (const [shard, sequence] of this.committed) this.announce(shard, sequence);
      await this.running;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    for (let shards = this.behind(); shards.length > 0 && !this.stopping; shards = this.behind()) {
      const started = performance.now();
      try {
        const laneShare = await this.step(shards);
        // In a burst movements may lag; promises and their commits may not. Half of the time belongs to them,
        // and nine tenths where lanes reserve faster than movements could ever be written.
        const busyMs = performance.now() - started;
        const restMs = busyMs * (1 + LANE_RESTS * laneShare);
        if (this.awaited === 0) await this.rest(Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, restMs)));
      } catch (cause) {
        await this.oneByOne(shards, cause);
      }
    }
  }

  /** After a failed step: what cannot be read of one shard does not keep the others' movements back. */
  private async oneByOne(shards: readonly number[], failure: unknown): Promise<void> {
    let failed = false;
    for (const shard of shards) {
      try {
        if (shards.length === 1) throw failure;
        await this.step([shard]);
      } catch (cause) {
        failed = true;
        this.warn({ shard, cause }, "movements of stock fall behind");
      }
    }
    if (failed) await this.rest(RETRY_MS);
  }

  /** The shards that are behind, the furthest first. */
  private behind(): readonly number[] {
    const distance = (shard: number) => (this.committed.get(shard) ?? 0) - (this.projected.get(shard) ?? 0);
    return [...this.committed.keys()]
      .filter((shard) => distance(shard) > 0)
      .sort((a, b) => distance(b) - distance(a));
  }

  /** @returns the share of lanes in what was written, 0 to 1 */
  private async step(shards: readonly number[]): Promise<number> {
    let laneShare = 0;
    const reached = await inTransaction(this.database, async (transaction) => {
      // The cursors fall back together with the rows if the server crashes before they are on disk. So
      // nothing waits for the disk. And a process that stands still here holds the cursors of shards that
      // another node has by now.
      await transaction.query(
        "select set_config('synchronous_commit', 'off', true), set_config('idle_in_transaction_session_timeout', $1, true)",
        [String(IDLE_IN_TRANSACTION_MS)],
      );
      const places = await lockProjection(transaction, shards);
      const reached = new Map(places.map(({ shard, after }) => [shard, after]));
      const rows = await readJournal(transaction, places, this.rowsPerStep);
      if (rows.length === 0) return reached;
      const movements: StockMovement[] = [];
      const laneMovements = new Map<number, LaneMovement[]>();
      for (const row of rows) {
        reached.set(row.shard, row.sequence);
        const ofShard = laneMovements.get(row.shard) ?? [];
        laneMovements.set(row.shard, ofShard);
        addMovements(row, movements, ofShard);
      }
      if (await projectMovements(transaction, movements)) await numberPositions(transaction, movements);
      let count = 0;
      for (const [shard, ofShard] of laneMovements) {
        await projectLaneMovements(transaction, shard, ofShard);
        count += ofShard.length;
      }
      await moveProjection(transaction, reached);
      laneShare = count / Math.max(1, count + movements.length);
      this.adapt(rows.length, count + movements.length);
      failpoint("projector-before-commit");
      return reached;
    });
    failpoint("projector-after-commit");
    for (const [shard, sequence] of reached) this.projected.set(shard, sequence);
    return laneShare;
  }

  /**
   * Rows differ a thousandfold in their number of movements: the next step takes about as many as fill one
   * step.
   */
  private adapt(rows: number, movements: number): void {
    const fitting = Math.floor((rows * MOVEMENTS_PER_STEP) / Math.max(1, movements));
    this.rowsPerStep = Math.max(1, Math.min(ROWS_PER_STEP, 2 * this.rowsPerStep, fitting));
  }

  /** Ends early for who waits for all of it. */
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * Adds the movements of a row. Within a row, units that lanes gave back come first and units that they took
 * come last. So no place between two movements shows less stock than there ever was.
 */
function addMovements(row: JournalRow, movements: StockMovement[], laneMovements: LaneMovement[]): void {
  if (checksumOf(row.entries) !== row.checksum) {
    throw new EngineError(
      "journal_corrupt",
      `journal row of shard ${row.shard} at sequence ${row.sequence}: checksum does not match`,
    );
  }
  const blobs = decodeEntries(row.entries);
  const ofLanes = laneMovementsOf(row.sequence, blobs);
  let entry = 0;
  for (const movement of ofLanes) {
    if (movement.reserved > 0) continue;
    laneMovements.push({ ...movement, entry });
    entry += 1;
  }
  for (const blob of blobs) {
    for (const event of blob.events) {
      if (!concernsPosition(event)) continue;
      if (event.type === "hold-claimed") {
        movements.push(leavesLane(event, row, entry));
        entry += 1;
      }
      movements.push({
        shard: row.shard,
        sequence: row.sequence,
        entry,
        sku: event.sku,
        locationId: event.locationId,
        kind: event.type,
        onHand: event.onHand,
        // A claimed reservation was reserved already, under its lane's name.
        reserved: event.type === "hold-claimed" ? (event.more?.units ?? 0) : event.reserved,
        allocated: event.allocated,
        picked: event.picked,
        unavailable: event.unavailable,
        safetyStock: event.safetyStock,
        incoming: event.incoming,
        fenced: event.fenced,
        holdId: event.holdId === "" ? null : event.holdId,
        cause: event.cause,
        reason: event.reason === "" ? null : event.reason,
        pool: event.pool === "" ? null : event.pool,
        lot: lotsOf(event),
        reference: event.more === null || event.more.reference === "" ? null : event.more.reference,
        atMs: event.atMs,
      });
      entry += 1;
    }
  }
  for (const movement of ofLanes) {
    if (movement.reserved <= 0) continue;
    laneMovements.push({ ...movement, entry });
    entry += 1;
  }
}

/**
 * A claimed reservation's units leave the lane's own, so that the movements of each
 * hold add up to what it holds.
 */
function leavesLane(event: StockEvent, row: JournalRow, entry: number): StockMovement {
  const reference = event.more?.reference ?? "";
  return {
    shard: row.shard,
    sequence: row.sequence,
    entry,
    sku: event.sku,
    locationId: event.locationId,
    kind: event.type,
    onHand: 0,
    reserved: -(event.more?.units ?? 0),
    allocated: 0,
    picked: 0,
    unavailable: 0,
    safetyStock: 0,
    incoming: 0,
    fenced: 0,
    holdId: reference.slice(0, reference.lastIndexOf("/")),
    cause: event.cause,
    reason: null,
    pool: null,
    lot: null,
    reference,
    atMs: event.atMs,
  };
}

function lotsOf(event: StockEvent): string | null {
  if (event.more === null || event.more.lots.length === 0) return null;
  return [...new Set(event.more.lots.map((lot) => lot.lot))].join(", ");
}
