/**
 * Turns committed journal rows into movements that can be read, in journal order, exactly once.
 *
 * Each step takes the next rows of a shard and writes their movements, the sums and the cursor in one
 * transaction. A crash between two steps loses nothing; a crash within a step leaves no trace.
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
import { lockProjection, projectMovements, type StockMovement } from "../../store/stock/stock-movements.ts";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import { checksumOf } from "../journal/checksum.ts";
import { decodeEntries } from "../journal/journal-codec.ts";
import { laneMovementsOf } from "./lane-movements.ts";

/** A few thousand movements a transaction keep its statements cheap and its locks short. */
const MOVEMENTS_PER_STEP = 5_000;
const ROWS_PER_STEP = 50;

const MAX_REST_MS = 1_000;
/**
 * The projector usually rests as long as a step took. After a step of nothing but lane movements it rests
 * this many times as long in addition.
 */
const LANE_RESTS = 8;
const RETRY_MS = 500;

type Warn = (facts: { readonly shard: number; readonly cause: unknown }, message: string) => void;

export class JournalProjector {
  private readonly database: Database;
  private readonly warn: Warn;
  /** Last committed sequence that was announced, and last one projected, by shard. */
  private readonly committed = new Map<number, number>();
  private readonly projected = new Map<number, number>();
  private running: Promise<void> | null = null;
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
    await this.catchUp();
    this.awaited -= 1;
  }

  private async catchUp(): Promise<void> {
    while (this.behind() !== undefined && !this.stopping) {
      for (const [shard, sequence] of this.committed) this.announce(shard, sequence);
      await this.running;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (let shard = this.behind(); shard !== undefined && !this.stopping; shard = this.behind()) {
      const started = performance.now();
      try {
        const laneShare = await this.step(shard);
        // In a burst movements may lag; promises and their commits may not. Half of the time belongs to them,
        // and nine tenths where lanes reserve faster than movements could ever be written.
        const busyMs = performance.now() - started;
        if (this.awaited === 0) await rest(Math.min(MAX_REST_MS, busyMs * (1 + LANE_RESTS * laneShare)));
      } catch (cause) {
        this.warn({ shard, cause }, "movements of stock fall behind");
        await rest(RETRY_MS);
      }
    }
  }

  /** The shard that is furthest behind. */
  private behind(): number | undefined {
    let furthest: number | undefined;
    let most = 0;
    for (const [shard, committed] of this.committed) {
      const distance = committed - (this.projected.get(shard) ?? 0);
      if (distance > most) {
        furthest = shard;
        most = distance;
      }
    }
    return furthest;
  }

  /** @returns the share of lanes in what was written, 0 to 1 */
  private async step(shard: number): Promise<number> {
    let laneShare = 0;
    const reached = await inTransaction(this.database, async (transaction) => {
      // The cursor falls back together with the rows if the server crashes before they are on disk. So
      // nothing waits for the disk.
      await transaction.query("set local synchronous_commit = off");
      const from = await lockProjection(transaction, shard);
      const rows = await readJournal(transaction, shard, from, this.rowsPerStep);
      const last = rows.at(-1);
      if (last === undefined) return from;
      const movements: StockMovement[] = [];
      const laneMovements: LaneMovement[] = [];
      for (const row of rows) addMovements(row, movements, laneMovements);
      await projectMovements(transaction, shard, movements, last.sequence);
      await numberPositions(transaction, shard, movements);
      await projectLaneMovements(transaction, shard, laneMovements);
      const count = movements.length + laneMovements.length;
      laneShare = laneMovements.length / Math.max(1, count);
      this.adapt(rows.length, count);
      failpoint("projector-before-commit");
      return last.sequence;
    });
    failpoint("projector-after-commit");
    this.projected.set(shard, reached);
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
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
