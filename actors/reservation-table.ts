/**
 * The reservations of all lanes of one shard, open and closed, in typed arrays: 32 bytes a reservation and 4 to 8 of
 * index, no object, no allocation but when it doubles.
 *
 * Owns who is open and until when, what is remembered of the closed ones, and the floor of each lane. Knows neither
 * stock nor the names of lanes: a caller checks the units, and lanes and positions are numbers here.
 *
 * R1 An entry is open, or closed and in the queue of the closed ones, or free.
 * R2 Only a closed entry is ever forgotten, the one closed longest ago first, and the floor of its lane then rises to
 *    its number at least. So a number that is neither known nor above the floor may have been used, any other was not.
 * R3 What is forgotten depends on the operations and the times given, and on nothing else.
 *
 * The index maps a lane's number to its entry by open addressing. Sixteen successive numbers of a lane share a line of
 * the cache, because lanes count up; each of the sixteen columns is probed for itself. Entries never move, so that the
 * links between them hold. Measured in `load-tests/bench`: a random place for each number costs twice the time.
 */
import { TimerWheel } from "./timer-wheel.ts";

const STRIDE = 8;
const NUMBER = 0;
/** Lane in the lower 24 bits, state above. */
const LANE_AND_STATE = 1;
const POSITION = 2;
const QUANTITY = 3;
/** As the reservation was asked for, to tell a repeat from another body. */
const EXPIRES_IN = 4;
/** Open: the deadline's lower 32 bits in milliseconds. Closed: when, in seconds. */
const WHEN = 5;
/** Open with a deadline: links of the wheel. Closed and free: the next of the queue, of the free ones. */
const NEXT = 6;
const PREVIOUS = 7;

/** Places of the index that share a line of the cache. */
const COLUMNS = 16;
/** A column is searched until the first empty place: with five of eight places taken that is two or three away. */
const MAX_COLUMN_LOAD = 5 / 8;

/**
 * A place of the index holds the entry, and above it how many steps from where a search for it begins, as far as they
 * can be counted: entries of other numbers are told apart without a look at them, which would be a miss of the cache.
 */
const ENTRY_BITS = 27;
const ENTRY_MASK = (1 << ENTRY_BITS) - 1;
const MAX_STEP = 31;

const LANE_MASK = 0x00ff_ffff;
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
  private index: Int32Array;
  private blockMask: number;
  /** Entries in each column of the index. */
  private readonly inColumn = new Int32Array(COLUMNS);
  /** The empty place at which the last search ended, where what was looked for in vain belongs, and its step. */
  private vacancy = 0;
  private vacancyStep = 0;
  /** Of each lane, the least number that may be new. */
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

  /** @param window how many closed reservations are remembered at most, and for how long. */
  constructor(window: { readonly size: number; readonly seconds: number }, initialCapacity = 1024) {
    this.window = window;
    let capacity = 64;
    while (capacity < initialCapacity) capacity *= 2;
    this.words = new Int32Array((capacity + 1) * STRIDE);
    this.index = new Int32Array(2 * capacity);
    this.blockMask = this.index.length / COLUMNS - 1;
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
    const { words, index, blockMask } = this;
    const hash = hashOf(lane, number);
    const column = (number ^ (hash >>> 28)) & 15;
    let block = hash & blockMask;
    for (let step = 0; ; step = nextStep(step)) {
      const word = index[(block << 4) | column] as number;
      if (word === 0) {
        this.vacancy = (block << 4) | column;
        this.vacancyStep = step;
        return 0;
      }
      const entry = word & ENTRY_MASK;
      const at = entry * STRIDE;
      if (
        word >>> ENTRY_BITS === step &&
        words[at + NUMBER] === (number | 0) &&
        ((words[at + LANE_AND_STATE] as number) & LANE_MASK) === lane
      ) {
        return entry;
      }
      block = (block + 1) & blockMask;
    }
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

  /** Whether the reservation was asked for in just these words. */
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

  /** Moves time on. What is due by then is had from `firstDue`. */
  advance(nowMs: number): void {
    this.wheel.advance(nowMs);
  }

  /** An open reservation whose time is up; 0: none. Whoever takes it closes it. */
  get firstDue(): number {
    return this.wheel.firstDue;
  }

  /** When to look for due ones again; 0: none will be. */
  nextExpiryAtMs(): number {
    return this.wheel.nextAtMs();
  }

  /** Forgets what lies outside of the window by the time given, and raises the floors. */
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

  /** The least number of a lane that may be new. */
  firstNewOf(lane: number): number {
    return lane < this.firstNew.length ? (this.firstNew[lane] as number) : 0;
  }

  setFirstNew(lane: number, number: number): void {
    this.makeRoomForLane(lane);
    this.firstNew[lane] = number;
  }

  /** The open reservations of a position, in no order. Looks at every entry: a few milliseconds for a million. */
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
    const keys = new Float64Array(this.openCount);
    let count = 0;
    for (let entry = 1; entry <= this.used; entry += 1) {
      const state = (this.words[entry * STRIDE + LANE_AND_STATE] as number) & ~LANE_MASK;
      if (state !== TIMED && state !== UNTIMED) continue;
      keys[count] = this.laneOf(entry) * 2 ** 32 + this.numberOf(entry);
      count += 1;
    }
    for (const key of keys.sort()) {
      yield this.recordOf(this.find(Math.floor(key / 2 ** 32), key % 2 ** 32));
    }
  }

  /** Every closed reservation, the one closed longest ago first. */
  *closedRecords(): Generator<ReservationRecord> {
    for (let entry = this.oldestClosed; entry !== 0; entry = this.words[entry * STRIDE + NEXT] as number) {
      yield this.recordOf(entry);
    }
  }

  /** Puts back what `openRecords` gave, after `advance` to the time of then. */
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
    const { vacancy } = this;
    const column = vacancy & (COLUMNS - 1);
    const inColumn = (this.inColumn[column] as number) + 1;
    if (inColumn > MAX_COLUMN_LOAD * (this.blockMask + 1)) {
      this.growIndex();
      this.putIntoIndex(entry, lane, number);
      return;
    }
    this.inColumn[column] = inColumn;
    this.index[vacancy] = (this.vacancyStep << ENTRY_BITS) | entry;
  }

  private putIntoIndex(entry: number, lane: number, number: number): void {
    const { index, blockMask } = this;
    const hash = hashOf(lane, number);
    const column = (number ^ (hash >>> 28)) & 15;
    this.inColumn[column] = (this.inColumn[column] as number) + 1;
    let block = hash & blockMask;
    let step = 0;
    for (; index[(block << 4) | column] !== 0; step = nextStep(step)) block = (block + 1) & blockMask;
    index[(block << 4) | column] = (step << ENTRY_BITS) | entry;
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
    this.removeFromIndex(entry, lane, number);
    words[at + LANE_AND_STATE] = 0;
    words[at + NEXT] = this.free;
    this.free = entry;
  }

  /** Closes the gap in the column, so that a search may end at the first empty place. */
  private removeFromIndex(entry: number, lane: number, number: number): void {
    const { words, index, blockMask } = this;
    const hash = hashOf(lane, number);
    const column = (number ^ (hash >>> 28)) & 15;
    this.inColumn[column] = (this.inColumn[column] as number) - 1;
    let gap = hash & blockMask;
    while (((index[(gap << 4) | column] as number) & ENTRY_MASK) !== entry) gap = (gap + 1) & blockMask;
    for (let block = (gap + 1) & blockMask; ; block = (block + 1) & blockMask) {
      const word = index[(block << 4) | column] as number;
      if (word === 0) break;
      let steps = word >>> ENTRY_BITS;
      if (steps === MAX_STEP) {
        const at = (word & ENTRY_MASK) * STRIDE;
        const home = hashOf((words[at + LANE_AND_STATE] as number) & LANE_MASK, words[at + NUMBER] as number);
        steps = (block - home) & blockMask;
      }
      // It may fill the gap unless its search begins after it.
      const fewer = steps - ((block - gap) & blockMask);
      if (fewer >= 0) {
        index[(gap << 4) | column] = (Math.min(fewer, MAX_STEP) << ENTRY_BITS) | (word & ENTRY_MASK);
        gap = block;
      }
    }
    index[(gap << 4) | column] = 0;
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
    const capacity = 2 * (this.words.length / STRIDE - 1);
    const words = new Int32Array((capacity + 1) * STRIDE);
    words.set(this.words);
    this.words = words;
    this.wheel.moveTo(words);
  }

  /** Doubles the index. A column fills up before the others only where numbers were chosen for it. */
  private growIndex(): void {
    const { words } = this;
    this.index = new Int32Array(2 * this.index.length);
    this.blockMask = this.index.length / COLUMNS - 1;
    this.inColumn.fill(0);
    // By entry and not by the old index: one of the two is read in order, and entries are eight times as large. Free
    // ones have no state, and neither has the one that is being put in.
    for (let entry = 1; entry <= this.used; entry += 1) {
      const laneAndState = words[entry * STRIDE + LANE_AND_STATE] as number;
      if ((laneAndState & ~LANE_MASK) === 0) continue;
      this.putIntoIndex(entry, laneAndState & LANE_MASK, words[entry * STRIDE + NUMBER] as number);
    }
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

/** The same for sixteen successive numbers of a lane. Its lower bits choose the block, its upper ones turn the columns. */
function hashOf(lane: number, number: number): number {
  let hash = Math.imul((number >>> 4) ^ Math.imul(lane + 1, 0x9e37_79b1), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

function nextStep(step: number): number {
  return step < MAX_STEP ? step + 1 : MAX_STEP;
}
