/**
 * A hierarchical timer wheel over entries that live in the caller's array. Each entry lends it two words for
 * the links and one for its deadline, so a timer costs no allocation and no memory of its own.
 *
 * Four levels of 256 slots cover 2^32 milliseconds by the bytes of the deadline: an entry hangs in the level
 * of the highest byte in which its deadline differs from now. When time moves on, the slots that it passes
 * are emptied: what is due goes to a list of its own, the rest moves down a level. So nothing is due before
 * its millisecond, and all that is due by the time given is in that list.
 *
 * Entries that are due together come in an order that depends on when they were put in. A caller that must
 * repeat that order writes it down.
 */
const LEVELS = 4;
const SLOTS = 256;
const SLOT_MASK = SLOTS - 1;
/** The list of what is due, as one more slot. */
const DUE = LEVELS * SLOTS;
/** A deadline lies at most this far ahead, in milliseconds. */
const MAX_AHEAD_MS = 0x7fff_ffff;

/** Where an entry keeps what the wheel needs, in words from the entry's start. */
type WheelLayout = {
  readonly stride: number;
  /** The lower 32 bits of the deadline in milliseconds since the Unix epoch; at most 2^31 - 1 ms ahead. */
  readonly deadline: number;
  readonly next: number;
  readonly previous: number;
};

export class TimerWheel {
  private words: Int32Array;
  private readonly stride: number;
  private readonly deadline: number;
  private readonly next: number;
  private readonly previous: number;
  /** The first entry of each slot; 0: the slot is empty. */
  private readonly heads = new Int32Array(DUE + 1);
  /** One bit for each slot that is not empty. */
  private readonly occupied = new Int32Array(DUE / 32);
  private nowMs = 0;
  private nowLow = 0;
  private size = 0;

  constructor(words: Int32Array, layout: WheelLayout) {
    this.words = words;
    this.stride = layout.stride;
    this.deadline = layout.deadline;
    this.next = layout.next;
    this.previous = layout.previous;
  }

  /** The entries live in another array now, at the same places. */
  moveTo(words: Int32Array): void {
    this.words = words;
  }

  /** How far time has moved on. */
  get now(): number {
    return this.nowMs;
  }

  /** Any entry that is due; 0: none. It stays in the wheel until it is removed. */
  get firstDue(): number {
    return this.heads[DUE] as number;
  }

  /**
   * When to look again: the earliest time at which an entry may come due. Exact within the next 256 ms, else
   * the time at which its slot is passed; 0: there is nothing to wait for.
   */
  nextAtMs(): number {
    if (this.size === 0) return 0;
    if (this.heads[DUE] !== 0) return this.nowMs;
    for (let level = 0; level < LEVELS; level += 1) {
      const width = 2 ** (8 * level);
      const current = Math.floor(this.nowMs / width);
      const steps = this.stepsToOccupied(level, current & SLOT_MASK);
      if (steps > 0) return (current + steps) * width;
    }
    return 0;
  }

  /** Puts entry `entry` (1 or more), whose deadline is set, into the wheel. */
  add(entry: number): void {
    this.size += 1;
    this.link(entry);
  }

  remove(entry: number): void {
    const { words, stride } = this;
    const at = entry * stride;
    const next = words[at + this.next] as number;
    const previous = words[at + this.previous] as number;
    this.size -= 1;
    if (next !== 0) words[next * stride + this.previous] = previous;
    if (previous > 0) words[previous * stride + this.next] = next;
    else {
      // The first entry of a slot has the slot, complemented, in the place of a predecessor.
      const slot = ~previous;
      this.heads[slot] = next;
      if (next === 0) this.vacate(slot);
    }
  }

  /** Moves on to `toMs`; an earlier time changes nothing. */
  advance(toMs: number): void {
    const fromMs = this.nowMs;
    if (toMs <= fromMs) return;
    this.nowMs = toMs;
    this.nowLow = toMs | 0;
    if (this.size === 0) return;
    const isAllDue = toMs - fromMs >= MAX_AHEAD_MS;
    for (let level = 0; level < LEVELS; level += 1) {
      const width = 2 ** (8 * level);
      const from = Math.floor(fromMs / width);
      const passed = Math.min(SLOTS, Math.floor(toMs / width) - from);
      if (passed === 0) return;
      for (let step = 1; step <= passed; step += 1) {
        const slot = (level << 8) | ((from + step) % SLOTS);
        if (this.heads[slot] !== 0) this.empty(slot, isAllDue);
      }
    }
  }

  /** @param isDue all of it is due: time has moved further than 32 bits can tell. */
  private empty(slot: number, isDue: boolean): void {
    let entry = this.heads[slot] as number;
    this.heads[slot] = 0;
    this.vacate(slot);
    while (entry !== 0) {
      const next = this.words[entry * this.stride + this.next] as number;
      if (isDue) this.words[entry * this.stride + this.deadline] = this.nowLow;
      this.link(entry);
      entry = next;
    }
  }

  private link(entry: number): void {
    const { words, stride } = this;
    const at = entry * stride;
    const deadline = words[at + this.deadline] as number;
    let slot = DUE;
    if (((deadline - this.nowLow) | 0) > 0) {
      const level = (31 - Math.clz32(deadline ^ this.nowLow)) >>> 3;
      slot = (level << 8) | ((deadline >>> (level << 3)) & SLOT_MASK);
      const bits = slot >>> 5;
      this.occupied[bits] = (this.occupied[bits] as number) | (1 << (slot & 31));
    }
    const first = this.heads[slot] as number;
    words[at + this.next] = first;
    words[at + this.previous] = ~slot;
    if (first !== 0) words[first * stride + this.previous] = entry;
    this.heads[slot] = entry;
  }

  private vacate(slot: number): void {
    if (slot === DUE) return;
    const bits = slot >>> 5;
    this.occupied[bits] = (this.occupied[bits] as number) & ~(1 << (slot & 31));
  }

  /** Slots from `current` to the next one of the level that is not empty; 0: all are. */
  private stepsToOccupied(level: number, current: number): number {
    for (let steps = 1; steps <= SLOTS; steps += 1) {
      const slot = (level << 8) | ((current + steps) & SLOT_MASK);
      const bits = (this.occupied[slot >>> 5] as number) >>> (slot & 31);
      if (bits === 0) steps += 31 - (slot & 31);
      else if ((bits & 1) === 1) return steps;
    }
    return 0;
  }
}
