/**
 * Reads the stock view from any thread, without a lock and without asking a shard. What a reader may rely on
 * (V1 to V3) is in `stock-view.ts`.
 */
import { ENTRY, HEADER, hashOf, INDEX, NAME, type SharedStockView, words } from "./stock-view-layout.ts";

/** Of its own, because every read loops over them (`stock-view-layout.ts`). */
const LEVEL = HEADER.level;
const NAME_WORDS = NAME.words;
const TEXT_AT = NAME.textAt;
const TEXT_LENGTH = NAME.textLength;
const HASH = NAME.hash;
const FIRST = NAME.first;
const VERSION = NAME.version;
const ENTRY_WORDS = ENTRY.words;
const LOCATION = ENTRY.location;
const POOL = ENTRY.pool;
const UNITS = ENTRY.units;
const NEXT = ENTRY.next;
const ABSENT = ENTRY.absent;
const FIRST_SLOTS = INDEX.firstSlots;

/** Which part of a SKU's stock is meant. */
export type StockScope = {
  /** A location, or those of a region; left out: all. */
  readonly locationIds?: readonly string[];
  /** As this channel pool sees it; left out: what everybody may promise. */
  readonly pool?: string;
};

export type StockAt = { readonly locationId: string; readonly available: number };

/** How often a reader looks at a version that stays odd before it lets the writer's thread run. */
const SPINS = 1_000;

const encoder = new TextEncoder();

export class StockViewReader {
  protected readonly shared: SharedStockView;
  protected readonly header: Int32Array;
  protected names: Int32Array;
  protected text: Uint8Array;
  protected index: Int32Array;
  protected entries: Int32Array;
  private scratch = new Uint8Array(256);
  private readonly known = new Map<number, string>();

  constructor(shared: SharedStockView) {
    this.shared = shared;
    this.header = new Int32Array(shared.header);
    this.names = words(shared.names);
    this.text = new Uint8Array(shared.text, 0, shared.text.byteLength);
    this.index = words(shared.index);
    this.entries = words(shared.entries);
  }

  /**
   * Units that may be promised now, summed over the locations; `null` where the SKU has no position.
   *
   * @param isOpen whether anything may be promised from a location; absent: from all of them
   */
  available(sku: string, scope: StockScope = {}, isOpen?: (locationId: string) => boolean): number | null {
    const name = this.find(sku);
    if (name < 0) return null;
    const pool = this.poolOf(scope.pool);
    const locations = scope.locationIds?.map((locationId) => this.find(locationId));
    return this.consistent(name, () => {
      let sum = 0;
      let found = false;
      for (let entry = this.firstOf(name); entry >= 0; entry = this.word(entry, NEXT) - 1) {
        if (this.word(entry, POOL) !== 0) continue;
        const location = this.word(entry, LOCATION);
        const units = this.unitsSeen(name, entry, location, pool);
        if (units === ABSENT) continue;
        found = true;
        if (locations !== undefined && !locations.includes(location)) continue;
        if (isOpen === undefined || isOpen(this.textOf(location))) sum += Math.max(0, units);
      }
      return found ? sum : null;
    });
  }

  /**
   * What everybody, or a channel pool, may promise at each location of the SKU; below 0 where safety stock or
   * fences exceed what is free.
   */
  availableByLocation(sku: string, pool?: string): readonly StockAt[] {
    const name = this.find(sku);
    if (name < 0) return [];
    const ofPool = this.poolOf(pool);
    return this.consistent(name, () => {
      const found: StockAt[] = [];
      for (let entry = this.firstOf(name); entry >= 0; entry = this.word(entry, NEXT) - 1) {
        if (this.word(entry, POOL) !== 0) continue;
        const location = this.word(entry, LOCATION);
        const units = this.unitsSeen(name, entry, location, ofPool);
        if (units !== ABSENT) found.push({ locationId: this.textOf(location), available: units });
      }
      // Entries are chained newest first.
      return found.reverse();
    });
  }

  /** As entries name a pool; 0: everybody. */
  private poolOf(pool: string | undefined): number {
    return pool === undefined || pool === "" ? 0 : this.find(pool) + 1;
  }

  /** Units at a location as a pool sees them; a pool without a rule there sees what everybody does. */
  private unitsSeen(name: number, entry: number, location: number, pool: number): number {
    const own = pool === 0 ? ABSENT : this.poolUnits(name, location, pool);
    return own === ABSENT ? this.word(entry, UNITS) : own;
  }

  /** The number of a name; -1: it is not known. */
  protected find(text: string): number {
    const length = this.encode(text);
    const hash = hashOf(this.scratch, length);
    const level = Atomics.load(this.header, LEVEL);
    const slots = FIRST_SLOTS << level;
    const base = slots - FIRST_SLOTS;
    if (base + slots > this.index.length) this.index = words(this.shared.index);
    for (let probe = hash & (slots - 1); ; probe = (probe + 1) & (slots - 1)) {
      const name = Atomics.load(this.index, base + probe) - 1;
      if (name < 0) return -1;
      if (this.isName(name, hash, length)) return name;
    }
  }

  /** Copies the text's bytes into the scratch memory. @returns how many */
  protected encode(text: string): number {
    if (text.length * 3 > this.scratch.length) this.scratch = new Uint8Array(text.length * 3);
    return encoder.encodeInto(text, this.scratch).written;
  }

  protected get encoded(): Uint8Array {
    return this.scratch;
  }

  protected firstOf(name: number): number {
    return Atomics.load(this.names, name * NAME_WORDS + FIRST) - 1;
  }

  protected word(entry: number, word: number): number {
    const at = entry * ENTRY_WORDS + word;
    if (at >= this.entries.length) this.entries = words(this.shared.entries);
    return Atomics.load(this.entries, at);
  }

  private isName(name: number, hash: number, length: number): boolean {
    const at = name * NAME_WORDS;
    if (at >= this.names.length) this.names = words(this.shared.names);
    if (this.names[at + HASH] !== hash || this.names[at + TEXT_LENGTH] !== length) return false;
    const from = this.names[at + TEXT_AT] ?? 0;
    if (from + length > this.text.length) {
      this.text = new Uint8Array(this.shared.text, 0, this.shared.text.byteLength);
    }
    for (let index = 0; index < length; index += 1) {
      if (this.text[from + index] !== this.scratch[index]) return false;
    }
    return true;
  }

  private textOf(name: number): string {
    let text = this.known.get(name);
    if (text === undefined) {
      const at = name * NAME_WORDS;
      if (at >= this.names.length) this.names = words(this.shared.names);
      const from = this.names[at + TEXT_AT] ?? 0;
      const bytes = new Uint8Array(this.shared.text, from, this.names[at + TEXT_LENGTH]);
      text = Buffer.from(bytes).toString();
      this.known.set(name, text);
    }
    return text;
  }

  private poolUnits(sku: number, location: number, pool: number): number {
    for (let entry = this.firstOf(sku); entry >= 0; entry = this.word(entry, NEXT) - 1) {
      if (this.word(entry, POOL) === pool && this.word(entry, LOCATION) === location) {
        return this.word(entry, UNITS);
      }
    }
    return ABSENT;
  }

  /** Reads again until nothing was written meanwhile. */
  private consistent<T>(name: number, read: () => T): T {
    const at = name * NAME_WORDS + VERSION;
    for (let spins = 0; ; spins += 1) {
      const before = Atomics.load(this.names, at);
      if ((before & 1) === 0) {
        const result = read();
        if (Atomics.load(this.names, at) === before) return result;
      }
      // The writer's thread may be waiting for this very processor. The main thread never reads while it
      // writes, so it never waits here.
      if (spins % SPINS === SPINS - 1) Atomics.wait(this.names, at, before, 1);
    }
  }
}
