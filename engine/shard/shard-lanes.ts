/**
 * The reservation lanes of one shard: runs lane operations against the shard's positions, expires what is
 * due, and replays.
 *
 * Owns the names of the lanes and the table of their reservations. Of the positions it changes `reserved` and
 * nothing else. A lane operation costs no allocation, no exception and no closure: it is four words in, one
 * code and one journal record out.
 *
 * L1 A reservation is open in the table if and only if its units are in its position's `reserved`.
 * L2 What was refused changed nothing and is not in the journal.
 * L3 A lane exists in the shard from its first reservation on. Once a shard has 65,536 lanes, a lane without
 *    any known reservation is forgotten, together with its low mark.
 */

import { randomInt } from "node:crypto";
import { LANE_CODE, LANE_KIND, LANE_WORDS } from "../../actors/lanes/lane-operations.ts";
import { ReservationTable } from "../../actors/lanes/reservation-table.ts";
import {
  availableToPromise,
  InvariantError,
  MAX_UNITS,
  type StockPosition,
} from "../../actors/position/stock-position.ts";
import type { HoldView } from "../allocator-client.ts";
import { LANE_RECORD, type LaneBlob, LaneJournal, readLaneBlob } from "../journal/lane-journal.ts";
import type { PositionBook } from "./position-book.ts";
import { packReservations, unpackReservations } from "./reservation-pack.ts";
import type { LaneRun } from "./shard-request.ts";

type LaneWindow = {
  /** Closed reservations remembered in a shard. */
  readonly size: number;
  readonly seconds: number;
};

export const LANE_WINDOW: LaneWindow = { size: 131_072, seconds: 86_400 };

/** Lanes that a shard knows at a time. */
const MAX_LANES = 65_536;

/** Open reservations of one position that are shown one by one. */
const MAX_SHOWN = 1_000;

export type WireLanes = readonly [
  names: readonly string[],
  firstNew: readonly number[],
  open: Uint8Array,
  closed: Uint8Array,
];

export class ShardLanes {
  private readonly positions: PositionBook;
  private readonly table: ReservationTable;
  private readonly maxLanes: number;
  private readonly names: string[] = [];
  private readonly ids = new Map<string, number>();
  private readonly journal = new LaneJournal();
  /** The events of the batch under way: their number says what a lane operation came after. */
  private events: readonly unknown[] = [];
  private freed: ((position: StockPosition) => void) | null = null;
  private run: LaneRun = { lane: "", atMs: 0, operations: new Uint8Array(0) };
  private lane = -1;
  private scratch = new Int32Array(1024 * LANE_WORDS);
  private scratchBytes = new Uint8Array(this.scratch.buffer);

  constructor(positions: PositionBook, window: LaneWindow = LANE_WINDOW, maxLanes = MAX_LANES) {
    this.positions = positions;
    // A seed of its own in each process: it only decides where entries stand in the index.
    this.table = new ReservationTable(window, randomInt(2 ** 32));
    this.maxLanes = maxLanes;
  }

  get open(): number {
    return this.table.open;
  }

  /** How far the lanes' time has moved on; a batch never goes back behind it. */
  get nowMs(): number {
    return this.table.nowMs;
  }

  nextExpiryAtMs(): number {
    return this.table.nextExpiryAtMs();
  }

  /**
   * @param events of the batch, to which others add while it runs
   * @param freed is told of each position where units came free; `null`: no demand waits
   */
  beginBatch(
    nowMs: number,
    events: readonly unknown[],
    freed: ((position: StockPosition) => void) | null,
  ): void {
    this.events = events;
    this.freed = freed;
    this.table.advance(nowMs);
  }

  /** What the batch did to lanes; `null`: nothing. */
  takeJournal(): LaneBlob | null {
    return this.journal.take();
  }

  /** Forgets what lies outside of the window. Only a batch that is journaled may end so. */
  endBatch(nowMs: number): void {
    this.table.forget(nowMs);
  }

  /** Expires what is due, `limit` at most. @returns how many */
  expire(limit: number): number {
    const { table } = this;
    let count = 0;
    for (; count < limit; count += 1) {
      const entry = table.firstDue;
      if (entry === 0) break;
      const lane = this.names[table.laneOf(entry)] as string;
      const quantity = table.quantityOf(entry);
      const ordinal = table.positionOf(entry);
      this.journal.expired(lane, this.events.length, table.numberOf(entry), ordinal, quantity);
      this.giveBack(entry, this.positionAt(ordinal), quantity);
    }
    return count;
  }

  /**
   * Runs the lane operations in their order. @returns one code each; `null` where all of them were applied
   */
  apply(run: LaneRun): Uint8Array | null {
    const words = this.alignedWords(run.operations);
    this.run = run;
    this.lane = this.ids.get(run.lane) ?? -1;
    this.warmUp(words, run.operations.byteLength / 4);
    let codes: Uint8Array | null = null;
    const length = run.operations.byteLength / 4;
    for (let at = 0; at < length; at += LANE_WORDS) {
      const number = words[at] as number;
      const ordinal = words[at + 1] as number;
      const third = words[at + 2] as number;
      const expiresInMs = words[at + 3] as number;
      let code: number = LANE_CODE.invalid_command;
      if (third >>> 28 === LANE_KIND.reserve) code = this.reserve(number, ordinal, third, expiresInMs);
      else if (third === LANE_KIND.release << 28 && expiresInMs === 0) code = this.release(number, ordinal);
      else if (third === LANE_KIND.extend << 28) code = this.extend(number, ordinal, expiresInMs);
      if (code !== 0) {
        codes ??= new Uint8Array(length / LANE_WORDS);
        codes[at / LANE_WORDS] = code;
      }
    }
    return codes;
  }

  /** An open reservation, for the claim that turns it into a hold; `null`: there is none. */
  openReservation(
    lane: string,
    number: number,
  ): { readonly ordinal: number; readonly quantity: number } | null {
    const entry = this.findOpen(lane, number);
    if (entry === 0) return null;
    return { ordinal: this.table.positionOf(entry), quantity: this.table.quantityOf(entry) };
  }

  /**
   * Closes an open reservation whose units stay reserved: the hold that gets them has its own journal entry.
   */
  closeClaimed(lane: string, number: number): void {
    const entry = this.findOpen(lane, number);
    if (entry === 0) throw new InvariantError(`reservation ${lane}/${number} was claimed and is not open`);
    this.table.close(entry);
  }

  /**
   * Repeats what a journaled batch did. `foldUpTo` is told how many of the batch's events came before what
   * follows.
   */
  replay(blob: LaneBlob, foldUpTo: (events: number) => void): void {
    readLaneBlob(blob, {
      after: foldUpTo,
      operation: (kind, place, number, ordinal, quantity, expiresInMs) => {
        const name = blob.names[place];
        if (name === undefined) throw new Error(`the blob has no lane ${place}`);
        const position = this.positionAt(ordinal);
        if (kind === LANE_RECORD.reserve) {
          const lane = this.ids.get(name) ?? this.addLane(name);
          if (lane < 0 || this.table.find(lane, number) !== 0 || quantity > availableToPromise(position)) {
            throw new InvariantError(`reservation ${name}/${number} cannot have been made`);
          }
          position.reserved += quantity;
          this.table.add(lane, number, ordinal, quantity, expiresInMs);
          return;
        }
        const entry = this.findOpen(name, number);
        if (entry === 0 || this.table.quantityOf(entry) !== quantity) {
          throw new InvariantError(`reservation ${name}/${number} is not open with ${quantity} units`);
        }
        if (kind === LANE_RECORD.extend) this.table.extend(entry, expiresInMs);
        else this.giveBack(entry, position, quantity);
      },
    });
  }

  /** Open reservations of a position; beyond a thousand, the rest is shown as one. */
  holdsOf(position: StockPosition): HoldView[] {
    const views: HoldView[] = [];
    let others = 0;
    let otherUnits = 0;
    for (const entry of this.table.openOf(position.ordinal)) {
      const quantity = this.table.quantityOf(entry);
      if (views.length === MAX_SHOWN) {
        others += 1;
        otherUnits += quantity;
        continue;
      }
      const name = this.names[this.table.laneOf(entry)] as string;
      views.push(
        viewOf(
          position,
          `${name}/${this.table.numberOf(entry)}`,
          quantity,
          this.table.expiresAtMs(entry),
          name,
        ),
      );
    }
    if (others > 0) views.push(viewOf(position, `${others} more`, otherUnits, 0, "lanes"));
    return views;
  }

  toWire(): WireLanes {
    return [
      this.names,
      this.names.map((_, lane) => this.table.firstNewOf(lane)),
      packReservations(this.table.openRecords(), this.table.open),
      packReservations(this.table.closedRecords(), this.table.closed),
    ];
  }

  restore([names, firstNew, open, closed]: WireLanes, nowMs: number): void {
    this.table.advance(nowMs);
    for (const [lane, name] of names.entries()) {
      this.names.push(name);
      this.ids.set(name, lane);
      this.table.setFirstNew(lane, firstNew[lane] ?? 0);
    }
    const closedOnes = unpackReservations(closed);
    const openOnes = unpackReservations(open);
    this.table.reserve(closedOnes.count + openOnes.count);
    for (const record of closedOnes.records) this.table.restoreClosed(record);
    for (const record of openOnes.records) this.table.restoreOpen(record);
  }

  private reserve(number: number, ordinal: number, quantity: number, expiresInMs: number): number {
    // Both words are taken as signed here, so that a time beyond the limit is below 0.
    if (quantity === 0 || expiresInMs < 0) return LANE_CODE.invalid_command;
    const position = this.positions.at(ordinal);
    if (position === undefined) return LANE_CODE.unknown_position;
    const { details } = position;
    if (details !== null && (details.lots !== null || details.serials !== null)) {
      return LANE_CODE.tracked_position;
    }
    const { table } = this;
    let { lane } = this;
    if (lane >= 0) {
      const known = table.find(lane, number);
      if (known !== 0) {
        return table.isRepeat(known, ordinal, quantity, expiresInMs)
          ? LANE_CODE.applied
          : LANE_CODE.command_id_reused;
      }
      if (table.isTooOld(lane, number >>> 0)) return LANE_CODE.reservation_too_old;
    }
    if (quantity > availableToPromise(position)) return LANE_CODE.insufficient_stock;
    if (lane < 0) {
      lane = this.addLane(this.run.lane);
      if (lane < 0) return LANE_CODE.lane_limit;
      this.lane = lane;
      table.find(lane, number);
    }
    position.reserved += quantity;
    this.positions.touch(ordinal);
    if (position.reserved > MAX_UNITS) throw new InvariantError("more is reserved than there can be");
    table.add(lane, number, ordinal, quantity, expiresInMs);
    this.write(LANE_RECORD.reserve, number, ordinal, quantity, expiresInMs);
    return LANE_CODE.applied;
  }

  private release(number: number, ordinal: number): number {
    const { table, lane } = this;
    const entry = lane < 0 ? 0 : table.find(lane, number);
    if (entry === 0) return this.missing(ordinal);
    if (table.positionOf(entry) !== ordinal) return LANE_CODE.command_id_reused;
    if (!table.isOpen(entry)) return LANE_CODE.applied;
    const quantity = table.quantityOf(entry);
    // Written before the freed units are offered: what they go to comes after it in the journal.
    this.write(LANE_RECORD.release, number, ordinal, quantity, 0);
    this.giveBack(entry, this.positionAt(ordinal), quantity);
    return LANE_CODE.applied;
  }

  private extend(number: number, ordinal: number, expiresInMs: number): number {
    if (expiresInMs < 0) return LANE_CODE.invalid_command;
    const { table, lane } = this;
    const entry = lane < 0 ? 0 : table.find(lane, number);
    if (entry === 0) return this.missing(ordinal);
    if (table.positionOf(entry) !== ordinal) return LANE_CODE.command_id_reused;
    if (!table.isOpen(entry)) return LANE_CODE.hold_not_reserved;
    table.extend(entry, expiresInMs);
    this.write(LANE_RECORD.extend, number, ordinal, table.quantityOf(entry), expiresInMs);
    return LANE_CODE.applied;
  }

  private missing(ordinal: number): number {
    return this.positions.at(ordinal) === undefined ? LANE_CODE.unknown_position : LANE_CODE.hold_not_found;
  }

  private giveBack(entry: number, position: StockPosition, quantity: number): void {
    this.table.close(entry);
    position.reserved -= quantity;
    this.positions.touch(position.ordinal);
    if (position.reserved < 0) {
      throw new InvariantError(
        `${position.sku} at ${position.locationId}: more is given back than was reserved`,
      );
    }
    this.freed?.(position);
  }

  private write(kind: number, number: number, ordinal: number, quantity: number, expiresInMs: number): void {
    const { run } = this;
    this.journal.operation(
      kind,
      run.lane,
      run.atMs,
      this.events.length,
      number,
      ordinal,
      quantity,
      expiresInMs,
    );
  }

  /**
   * Reads the memory that the lane operations will need, one position right after the other, so that the
   * waits for memory overlap.
   */
  private warmUp(words: Int32Array, length: number): number {
    let sum = 0;
    for (let at = 1; at < length; at += LANE_WORDS) {
      sum += this.positions.at(words[at] as number)?.reserved ?? 0;
    }
    return sum;
  }

  /**
   * The bytes as words, in an array that every run uses again: bytes from the mailbox rarely lie on a word's
   * boundary.
   */
  private alignedWords(bytes: Uint8Array): Int32Array {
    if (bytes.byteLength > this.scratch.byteLength) {
      this.scratch = new Int32Array(bytes.byteLength / 4);
      this.scratchBytes = new Uint8Array(this.scratch.buffer);
    }
    this.scratchBytes.set(bytes);
    return this.scratch;
  }

  private findOpen(name: string, number: number): number {
    const lane = this.ids.get(name);
    const entry = lane === undefined ? 0 : this.table.find(lane, number);
    return entry !== 0 && this.table.isOpen(entry) ? entry : 0;
  }

  private positionAt(ordinal: number): StockPosition {
    const position = this.positions.at(ordinal);
    if (position === undefined) throw new InvariantError(`there is no position ${ordinal}`);
    return position;
  }

  /** @returns the lane's number, or -1 where too many are in use */
  private addLane(name: string): number {
    let lane = this.names.length;
    if (lane >= this.maxLanes) {
      lane = this.names.findIndex((_, candidate) => this.table.knownOf(candidate) === 0);
      if (lane < 0) return -1;
      this.ids.delete(this.names[lane] as string);
      this.table.setFirstNew(lane, 0);
    }
    this.names[lane] = name;
    this.ids.set(name, lane);
    return lane;
  }
}

function viewOf(
  position: StockPosition,
  holdId: string,
  quantity: number,
  expiresAtMs: number,
  lane: string,
): HoldView {
  return {
    sku: position.sku,
    locationId: position.locationId,
    holdId,
    state: "reserved",
    quantity,
    expiresAtMs,
    cause: `lane:${lane}`,
  };
}
