/**
 * The reservations of all lanes of one shard, open and closed, in typed arrays: 32 bytes a reservation and
 * some 9 of index, no object. It grows without moving what is there, so that no batch waits for it.
 *
 * Owns which reservations are open and until when, what is remembered of the closed ones, and the low mark of
 * each lane. Knows neither stock nor the names of lanes: a caller checks the units, and lanes and positions
 * are numbers here.
 *
 * R1 An entry is open, or closed and in the queue of the closed ones, or free.
 * R2 Only a closed entry is ever forgotten, the one closed longest ago first. The low mark of its lane then
 *    rises to its number at least. So an unknown number at or below the low mark may have been used; an
 *    unknown number above it has not.
 * R3 What is forgotten depends only on the lane operations and the times given.
 */

import { GrowableWords } from "./growable-words.ts";
import { radixSort } from "./radix-sort.ts";
import {
  EXPIRES_IN,
  LANE_AND_STATE,
  LANE_MASK,
  NEXT,
  NUMBER,
  POSITION,
  PREVIOUS,
  QUANTITY,
  STRIDE,
  WHEN,
} from "./reservation-entry.ts";
import { MAX_ENTRY, ReservationIndex } from "./reservation-index.ts";
import { TimerWheel } from "./timer-wheel.ts";

const FIRST_ENTRIES = 1024;

const TIMED = 1 << 24;
const UNTIMED = 2 << 24;
const CLOSED = 3 << 24;

/** A reservation as it is written down. */
export type ReservationRecord = {
  readonly lane: number;
  readonly number: number;
  readonly position: number;
  readonly quantity: number;
  readonly expiresInMs: number;
  /** Of an open one: when it expires, 0: never. */
  readonly expiresAtMs: number;
  /** Of a closed one: when it was closed, to the second. */
  readonly closedAtSeconds: number;
};

export class ReservationTable {
  readonly window: { readonly size: number; readonly seconds: number };
  private words: Int32Array;
  private readonly memory: GrowableWords;
  private readonly index: ReservationIndex;
  /** Of each lane, the least number that may be new: its low mark and 1. */
  private firstNew = new Float64Array(64);
  private entriesOfLane = new Int32Array(64);
  private readonly wheel: TimerWheel;
  private free = 0;
  /** Entries that have ever been used. */
  private used = 0;
  private openCount = 0;
  private closedCount = 0;
  private oldestClosed = 0;
  private newestClosed = 0;

  /**
   * @param window how many closed reservations are remembered at most, and for how long.
   * @param seed of the index
   */
  constructor(window: { readonly size: number; readonly seconds: number }, seed = 0) {
    this.window = window;
    this.memory = new GrowableWords(FIRST_ENTRIES * STRIDE, (MAX_ENTRY + 1) * STRIDE);
    this.words = this.memory.all();
    this.index = new ReservationIndex(this.words, seed);
    this.wheel = new TimerWheel(this.words, {
      stride: STRIDE,
      deadline: WHEN,
      next: NEXT,
      previous: PREVIOUS,
    });
  }

  /** How far time has moved on. */
  get nowMs(): number {
    return this.wheel.now;
  }

  get open(): number {
    return this.openCount;
  }

  get closed(): number {
    return this.closedCount;
  }

  /** The entry of a lane's number, open or closed; 0: not known. */
  find(lane: number, number: number): number {
    return this.index.find(lane, number);
  }

  /** Whether an unknown number of this lane may have been used before. */
  isTooOld(lane: number, number: number): boolean {
    return lane < this.firstNew.length && number < (this.firstNew[lane] as number);
  }

  /** Opens a reservation of the number that was just looked for and is not known. @returns its entry */
  add(lane: number, number: number, position: number, quantity: number, expiresInMs: number): number {
    const entry = this.takeFree();
    this.put(entry, lane, number, position, quantity, expiresInMs);
    this.openCount += 1;
    this.schedule(entry, lane, expiresInMs === 0 ? 0 : this.wheel.now + expiresInMs);
    return entry;
  }

  isOpen(entry: number): boolean {
    return ((this.words[entry * STRIDE + LANE_AND_STATE] as number) & ~LANE_MASK) !== CLOSED;
  }

  /** Whether exactly this was asked for. */
  isRepeat(entry: number, position: number, quantity: number, expiresInMs: number): boolean {
    const { words } = this;
    const at = entry * STRIDE;
    return (
      words[at + POSITION] === position &&
      words[at + QUANTITY] === quantity &&
      words[at + EXPIRES_IN] === expiresInMs
    );
  }

  numberOf(entry: number): number {
    return (this.words[entry * STRIDE + NUMBER] as number) >>> 0;
  }

  laneOf(entry: number): number {
    return (this.words[entry * STRIDE + LANE_AND_STATE] as number) & LANE_MASK;
  }

  positionOf(entry: number): number {
    return this.words[entry * STRIDE + POSITION] as number;
  }

  quantityOf(entry: number): number {
    return this.words[entry * STRIDE + QUANTITY] as number;
  }

  /** When an open reservation expires, in milliseconds since the Unix epoch; 0: never. */
  expiresAtMs(entry: number): number {
    const at = entry * STRIDE;
    if (((this.words[at + LANE_AND_STATE] as number) & ~LANE_MASK) !== TIMED) return 0;
    return this.wheel.now + (((this.words[at + WHEN] as number) - this.wheel.now) | 0);
  }

  /** Lets an open reservation expire `expiresInMs` from now; 0: never. */
  extend(entry: number, expiresInMs: number): void {
    const at = entry * STRIDE;
    const lane = (this.words[at + LANE_AND_STATE] as number) & LANE_MASK;
    this.unschedule(entry);
    this.schedule(entry, lane, expiresInMs === 0 ? 0 : this.wheel.now + expiresInMs);
  }

  /** Closes an open reservation and remembers it. */
  close(entry: number): void {
    this.unschedule(entry);
    this.openCount -= 1;
    this.remember(entry, Math.floor(this.wheel.now / 1000));
  }

  /** Moves time on. `firstDue` gives what is due by then. */
  advance(nowMs: number): void {
    this.wheel.advance(nowMs);
  }

  /** An open reservation whose time is up; 0: none. The caller closes it. */
  get firstDue(): number {
    return this.wheel.firstDue;
  }

  /** When to look for due ones again; 0: none will come due. */
  nextExpiryAtMs(): number {
    return this.wheel.nextAtMs();
  }

  /** Forgets what lies outside of the window by the time given, and raises the low marks. */
  forget(nowMs: number): void {
    const before = Math.floor(nowMs / 1000) - this.window.seconds;
    while (
      this.closedCount > this.window.size ||
      (this.closedCount > 0 && (this.words[this.oldestClosed * STRIDE + WHEN] as number) < before)
    ) {
      this.forgetOldest();
    }
  }

  /** How many reservations of a lane are known. */
  knownOf(lane: number): number {
    return lane < this.entriesOfLane.length ? (this.entriesOfLane[lane] as number) : 0;
  }

  /** The least number of a lane that may be new: its low mark and 1. */
  firstNewOf(lane: number): number {
    return lane < this.firstNew.length ? (this.firstNew[lane] as number) : 0;
  }

  setFirstNew(lane: number, number: number): void {
    this.makeRoomForLane(lane);
    this.firstNew[lane] = number;
  }

  /**
   * The open reservations of a position, in no order. Looks at every entry: a few milliseconds for a million.
   */
  *openOf(position: number): Generator<number> {
    for (let entry = 1; entry <= this.used; entry += 1) {
      const at = entry * STRIDE;
      if (this.words[at + POSITION] !== position) continue;
      const state = (this.words[at + LANE_AND_STATE] as number) & ~LANE_MASK;
      if (state === TIMED || state === UNTIMED) yield entry;
    }
  }

  /** Every open reservation, by lane and number. */
  *openRecords(): Generator<ReservationRecord> {
    const entries = new Int32Array(this.openCount);
    let count = 0;
    for (let entry = 1; entry <= this.used; entry += 1) {
      const state = (this.words[entry * STRIDE + LANE_AND_STATE] as number) & ~LANE_MASK;
      if (state !== TIMED && state !== UNTIMED) continue;
      entries[count] = entry;
      count += 1;
    }
    const byNumber = radixSort(entries, (entry) => this.numberOf(entry));
    for (const entry of radixSort(byNumber, (other) => this.laneOf(other))) yield this.recordOf(entry);
  }

  /** Every closed reservation, the one closed longest ago first. */
  *closedRecords(): Generator<ReservationRecord> {
    for (let entry = this.oldestClosed; entry !== 0; entry = this.words[entry * STRIDE + NEXT] as number) {
      yield this.recordOf(entry);
    }
  }

  /** Makes room for so many reservations at once. None may be known yet. */
  reserve(count: number): void {
    this.index.reserve(count);
  }

  /** Puts back what `openRecords` gave, after `advance` to the time at which it gave it. */
  restoreOpen(record: ReservationRecord): void {
    this.find(record.lane, record.number);
    const entry = this.takeFree();
    this.put(entry, record.lane, record.number, record.position, record.quantity, record.expiresInMs);
    this.openCount += 1;
    this.schedule(entry, record.lane, record.expiresAtMs);
  }

  /** Puts back what `closedRecords` gave, in its order. */
  restoreClosed(record: ReservationRecord): void {
    this.find(record.lane, record.number);
    const entry = this.takeFree();
    this.put(entry, record.lane, record.number, record.position, record.quantity, record.expiresInMs);
    this.words[entry * STRIDE + LANE_AND_STATE] = record.lane;
    this.remember(entry, record.closedAtSeconds);
  }

  private recordOf(entry: number): ReservationRecord {
    const at = entry * STRIDE;
    const isOpen = this.isOpen(entry);
    return {
      lane: this.laneOf(entry),
      number: this.numberOf(entry),
      position: this.positionOf(entry),
      quantity: this.quantityOf(entry),
      expiresInMs: this.words[at + EXPIRES_IN] as number,
      expiresAtMs: isOpen ? this.expiresAtMs(entry) : 0,
      closedAtSeconds: isOpen ? 0 : (this.words[at + WHEN] as number) >>> 0,
    };
  }

  private put(
    entry: number,
    lane: number,
    number: number,
    position: number,
    quantity: number,
    expiresInMs: number,
  ): void {
    const { words } = this;
    const at = entry * STRIDE;
    words[at + NUMBER] = number;
    words[at + LANE_AND_STATE] = lane;
    words[at + POSITION] = position;
    words[at + QUANTITY] = quantity;
    words[at + EXPIRES_IN] = expiresInMs;
    if (lane >= this.entriesOfLane.length) this.makeRoomForLane(lane);
    this.entriesOfLane[lane] = (this.entriesOfLane[lane] as number) + 1;
    this.index.add(lane, number, entry);
  }

  private schedule(entry: number, lane: number, expiresAtMs: number): void {
    const at = entry * STRIDE;
    if (expiresAtMs === 0) {
      this.words[at + LANE_AND_STATE] = lane | UNTIMED;
      return;
    }
    this.words[at + LANE_AND_STATE] = lane | TIMED;
    this.words[at + WHEN] = expiresAtMs | 0;
    this.wheel.add(entry);
  }

  private unschedule(entry: number): void {
    const state = (this.words[entry * STRIDE + LANE_AND_STATE] as number) & ~LANE_MASK;
    if (state === TIMED) this.wheel.remove(entry);
  }

  private remember(entry: number, closedAtSeconds: number): void {
    const { words } = this;
    const at = entry * STRIDE;
    words[at + LANE_AND_STATE] = ((words[at + LANE_AND_STATE] as number) & LANE_MASK) | CLOSED;
    words[at + WHEN] = closedAtSeconds;
    words[at + NEXT] = 0;
    if (this.newestClosed === 0) this.oldestClosed = entry;
    else words[this.newestClosed * STRIDE + NEXT] = entry;
    this.newestClosed = entry;
    this.closedCount += 1;
  }

  private forgetOldest(): void {
    const { words } = this;
    const entry = this.oldestClosed;
    const at = entry * STRIDE;
    const lane = (words[at + LANE_AND_STATE] as number) & LANE_MASK;
    const number = (words[at + NUMBER] as number) >>> 0;
    if (number >= (this.firstNew[lane] as number)) this.firstNew[lane] = number + 1;
    this.entriesOfLane[lane] = (this.entriesOfLane[lane] as number) - 1;
    this.oldestClosed = words[at + NEXT] as number;
    if (this.oldestClosed === 0) this.newestClosed = 0;
    this.closedCount -= 1;
    this.index.remove(lane, number, entry);
    words[at + LANE_AND_STATE] = 0;
    words[at + NEXT] = this.free;
    this.free = entry;
  }

  private takeFree(): number {
    const entry = this.free;
    if (entry !== 0) {
      this.free = this.words[entry * STRIDE + NEXT] as number;
      return entry;
    }
    this.used += 1;
    if ((this.used + 1) * STRIDE > this.words.length) this.grow();
    return this.used;
  }

  private grow(): void {
    this.words = this.memory.grow();
    this.wheel.moveTo(this.words);
    this.index.moveTo(this.words);
  }

  private makeRoomForLane(lane: number): void {
    if (lane < this.firstNew.length) return;
    let capacity = this.firstNew.length;
    while (capacity <= lane) capacity *= 2;
    const firstNew = new Float64Array(capacity);
    firstNew.set(this.firstNew);
    this.firstNew = firstNew;
    const entriesOfLane = new Int32Array(capacity);
    entriesOfLane.set(this.entriesOfLane);
    this.entriesOfLane = entriesOfLane;
  }
}
