/**
 * What may still be promised, in shared memory: of a SKU, at a location, through a pool, in any set of locations, read
 * by any thread without asking a shard.
 *
 * Owns the layout of that memory. Only the engine's main thread writes, and only what is committed; readers take no
 * lock and never wait for long.
 *
 * V1 A number is written only after the commit that made it, and before the callers of that commit are told.
 * V2 All that one commit changes of a SKU is seen at once: a version per SKU is odd while it is written, and a reader
 *    that met an odd one, or two different ones, reads again.
 * V3 Names are only ever added, and are complete before the index leads to them.
 *
 * A commit's versions and numbers are plain stores, in three passes with a fence between them: with a fence in each
 * store the processor waits for one miss of its cache after the other, and over a million positions that was a quarter
 * of the main thread's time (`npm run bench -- --only holdfast --profile`).
 *
 * Memory is reserved for the largest catalog and taken as it grows. Views of fixed length are made anew where it has
 * grown: those that follow the length by themselves read at a fraction of the speed.
 */
import { wordsOf } from "../journal/int32-view.ts";

/** What other threads read from; may be posted to them. */
export type SharedStockView = {
  readonly header: SharedArrayBuffer;
  readonly names: SharedArrayBuffer;
  readonly text: SharedArrayBuffer;
  readonly index: SharedArrayBuffer;
  readonly entries: SharedArrayBuffer;
};

/** Which part of a SKU's stock is meant. */
export type StockScope = {
  /** A location, or those of a region; left out: all. */
  readonly locationIds?: readonly string[];
  /** As this channel pool sees it; left out: what everybody may promise. */
  readonly pool?: string;
};

export type StockAt = { readonly locationId: string; readonly available: number };

/** What a shard's batch changed, as compact as the hot path needs it. */
export type PositionChanges = {
  /** Pairs of ordinal and available units, 32-bit little-endian. */
  readonly units: Uint8Array;
  /** Ordinal of the first of `created`. */
  readonly firstCreated: number;
  /** SKU and location of positions that are new, in turn. */
  readonly created: readonly string[];
  /** Positions with pools, or without any since now: what each pool may promise, name and units in turn. */
  readonly pools: readonly (readonly [ordinal: number, pools: readonly (string | number)[]])[];
};

export type ShardChanges = { readonly shard: number; readonly changes: PositionChanges };

/** Header words. */
const LEVEL = 0;
const FENCE = 1;

/** Words of a name: where its text is, its hash, and for a SKU its first entry (0: none) and its version. */
const NAME_WORDS = 5;
const TEXT_AT = 0;
const TEXT_LENGTH = 1;
const HASH = 2;
const FIRST = 3;
const VERSION = 4;

/** Words of an entry: what may be promised of a SKU at a location, to everybody (pool 0) or through a pool. */
const ENTRY_WORDS = 4;
const LOCATION = 0;
const POOL = 1;
const UNITS = 2;
const NEXT = 3;

/** Units of an entry that says nothing: its pool is gone. */
const ABSENT = -2_147_483_648;

/** The index at level n has this many slots times 2^n and lies behind those of all lower levels. */
const FIRST_SLOTS = 1 << 12;

const MAX_NAMES = 1 << 24;
const MAX_ENTRIES = 1 << 24;
const FIRST_BYTES = 1 << 16;
const FIRST_POSITIONS = 64;
const AVERAGE_TEXT = 32;

/** Looks at a version that stays odd before a reader lets the writer's thread run. */
const SPINS = 1_000;

const encoder = new TextEncoder();

/** `SharedArrayBuffer` as of ES2024, which Node 20 has and TypeScript's library of this target does not describe. */
type GrowableBuffer = SharedArrayBuffer & { readonly maxByteLength: number; grow(length: number): void };
const Growable = SharedArrayBuffer as unknown as new (
  length: number,
  options: { readonly maxByteLength: number },
) => GrowableBuffer;

/** Reads from any thread. */
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

  /** Units that may be promised now, summed over the locations; `null` where the SKU has no position. */
  available(sku: string, scope: StockScope = {}): number | null {
    const name = this.find(sku);
    if (name < 0) return null;
    const pool = scope.pool === undefined || scope.pool === "" ? 0 : this.find(scope.pool) + 1;
    const locations = scope.locationIds?.map((locationId) => this.find(locationId));
    return this.consistent(name, () => {
      let sum = 0;
      let found = false;
      for (let entry = this.firstOf(name); entry >= 0; entry = this.word(entry, NEXT) - 1) {
        if (this.word(entry, POOL) !== 0) continue;
        const location = this.word(entry, LOCATION);
        const own = pool === 0 ? ABSENT : this.poolUnits(name, location, pool);
        const units = own === ABSENT ? this.word(entry, UNITS) : own;
        if (units === ABSENT) continue;
        found = true;
        if (locations === undefined || locations.includes(location)) sum += Math.max(0, units);
      }
      return found ? sum : null;
    });
  }

  /** What everybody may promise at each location of the SKU; below 0 where safety stock or fences outgrow what is free. */
  availableByLocation(sku: string): readonly StockAt[] {
    const name = this.find(sku);
    if (name < 0) return [];
    return this.consistent(name, () => {
      const found: StockAt[] = [];
      for (let entry = this.firstOf(name); entry >= 0; entry = this.word(entry, NEXT) - 1) {
        const units = this.word(entry, UNITS);
        if (this.word(entry, POOL) !== 0 || units === ABSENT) continue;
        found.push({ locationId: this.textOf(this.word(entry, LOCATION)), available: units });
      }
      // Entries are chained newest first.
      return found.reverse();
    });
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

  /** Puts the text's bytes into the scratch. @returns how many */
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

  /** Reads until nothing was written meanwhile. */
  private consistent<T>(name: number, read: () => T): T {
    const at = name * NAME_WORDS + VERSION;
    for (let spins = 0; ; spins += 1) {
      const before = Atomics.load(this.names, at);
      if ((before & 1) === 0) {
        const result = read();
        if (Atomics.load(this.names, at) === before) return result;
      }
      // The writer's thread may be waiting for this very processor. It never reads while it writes, so it never waits here.
      if (spins % SPINS === SPINS - 1) Atomics.wait(this.names, at, before, 1);
    }
  }
}

/** What the engine tells of stock. */
export type StockPublisher = {
  /** What one commit changed. */
  publish(commit: readonly ShardChanges[]): void;
  /** Takes back what is known of a shard that belongs to another process now. */
  withdraw(shard: number): void;
};

/** Writes, in the engine's main thread, and reads there too. */
export class StockView extends StockViewReader implements StockPublisher {
  /** By shard. */
  private readonly positions = new Map<number, ShardPositions>();
  private nameCount = 0;
  private entryCount = 0;
  private textLength = 0;
  /** Where the versions are that are odd. */
  private writing = new Int32Array(1024);
  private writingCount = 0;

  constructor() {
    super({
      header: new SharedArrayBuffer(8),
      names: new Growable(FIRST_BYTES, { maxByteLength: MAX_NAMES * NAME_WORDS * 4 }),
      text: new Growable(FIRST_BYTES, { maxByteLength: MAX_NAMES * AVERAGE_TEXT }),
      index: new Growable(FIRST_SLOTS * 4, { maxByteLength: MAX_NAMES * 16 }),
      entries: new Growable(FIRST_BYTES, { maxByteLength: MAX_ENTRIES * ENTRY_WORDS * 4 }),
    });
  }

  /** What other threads make their reader from. */
  get sharedMemory(): SharedStockView {
    return this.shared;
  }

  publish(commit: readonly ShardChanges[]): void {
    for (const { shard, changes } of commit) this.addCreated(shard, changes);
    for (const { shard, changes } of commit) this.begin(shard, changes);
    this.fence();
    for (const { shard, changes } of commit) this.write(shard, changes);
    this.end();
  }

  withdraw(shard: number): void {
    const known = this.positions.get(shard);
    if (known === undefined) return;
    const skus = known.skus.subarray(0, known.count);
    for (const sku of skus) this.beginSku(sku);
    this.fence();
    for (const sku of skus) {
      for (let entry = this.firstOf(sku); entry >= 0; entry = this.word(entry, NEXT) - 1) {
        this.setUnits(entry, ABSENT);
      }
    }
    this.end();
  }

  private addCreated(shard: number, { firstCreated, created }: PositionChanges): void {
    if (created.length === 0) return;
    let known = this.positions.get(shard);
    if (known === undefined) {
      known = new ShardPositions();
      this.positions.set(shard, known);
    }
    known.reserve(firstCreated + created.length / 2);
    for (let at = 0; at < created.length; at += 2) {
      // A shard that was rebuilt says again what it said before, and gives every position the ordinal that it had.
      if (firstCreated + at / 2 < known.count) continue;
      const sku = this.intern(created[at] ?? "");
      known.add(this.addEntry(sku, this.intern(created[at + 1] ?? ""), 0), sku);
    }
  }

  private begin(shard: number, { units, pools }: PositionChanges): void {
    const known = this.positions.get(shard);
    if (known === undefined) return;
    const { skus, count } = known;
    const pairs = wordsOf(units);
    for (let at = 0; at < pairs.length; at += 2) {
      const ordinal = pairs[at] as number;
      if (ordinal >= count) throw new Error(`shard ${shard} names a position that it has not announced`);
      this.beginSku(skus[ordinal] as number);
    }
    for (const [ordinal] of pools) this.beginSku(skus[ordinal] ?? 0);
  }

  private beginSku(sku: number): void {
    const at = sku * NAME_WORDS + VERSION;
    const version = this.names[at] as number;
    if ((version & 1) === 1) return;
    this.names[at] = version + 1;
    if (this.writingCount === this.writing.length) {
      const { writing } = this;
      this.writing = new Int32Array(2 * writing.length);
      this.writing.set(writing);
    }
    this.writing[this.writingCount] = at;
    this.writingCount += 1;
  }

  private write(shard: number, { units, pools }: PositionChanges): void {
    const known = this.positions.get(shard);
    if (known === undefined) return;
    const pairs = wordsOf(units);
    const { entries } = this;
    const entryOf = known.entries;
    for (let at = 0; at < pairs.length; at += 2) {
      const entry = entryOf[pairs[at] as number] as number;
      entries[entry * ENTRY_WORDS + UNITS] = pairs[at + 1] as number;
    }
    for (const [ordinal, ofPosition] of pools) {
      const entry = known.entries[ordinal];
      const sku = known.skus[ordinal];
      if (entry !== undefined && sku !== undefined) this.writePools(sku, entry, ofPosition);
    }
  }

  private writePools(sku: number, position: number, pools: readonly (string | number)[]): void {
    const location = this.word(position, LOCATION);
    for (let entry = this.firstOf(sku); entry >= 0; entry = this.word(entry, NEXT) - 1) {
      if (this.word(entry, POOL) !== 0 && this.word(entry, LOCATION) === location) {
        this.setUnits(entry, ABSENT);
      }
    }
    for (let at = 0; at < pools.length; at += 2) {
      const pool = this.intern(String(pools[at])) + 1;
      this.setUnits(this.poolEntry(sku, location, pool), Number(pools[at + 1]));
    }
  }

  private poolEntry(sku: number, location: number, pool: number): number {
    for (let entry = this.firstOf(sku); entry >= 0; entry = this.word(entry, NEXT) - 1) {
      if (this.word(entry, POOL) === pool && this.word(entry, LOCATION) === location) return entry;
    }
    return this.addEntry(sku, location, pool);
  }

  private setUnits(entry: number, units: number): void {
    this.entries[entry * ENTRY_WORDS + UNITS] = units;
  }

  private end(): void {
    this.fence();
    const { names, writing, writingCount } = this;
    for (let index = 0; index < writingCount; index += 1) {
      const at = writing[index] as number;
      names[at] = (names[at] as number) + 1;
    }
    this.writingCount = 0;
    this.fence();
  }

  /** What was stored before it is seen before what is stored after it. */
  private fence(): void {
    Atomics.add(this.header, FENCE, 1);
  }

  private addEntry(sku: number, location: number, pool: number): number {
    const entry = this.entryCount;
    if (entry === MAX_ENTRIES) throw new RangeError("the stock view is full");
    this.entryCount += 1;
    const at = entry * ENTRY_WORDS;
    if (at + ENTRY_WORDS > this.entries.length) this.entries = grown(this.shared.entries);
    this.entries[at + LOCATION] = location;
    this.entries[at + POOL] = pool;
    // Nothing is known of it until it is published.
    this.entries[at + UNITS] = ABSENT;
    this.entries[at + NEXT] = this.firstOf(sku) + 1;
    Atomics.store(this.names, sku * NAME_WORDS + FIRST, entry + 1);
    return entry;
  }

  private intern(text: string): number {
    const known = this.find(text);
    if (known >= 0) return known;
    const name = this.nameCount;
    if (name === MAX_NAMES) throw new RangeError("the stock view is full");
    this.nameCount += 1;
    const length = this.encode(text);
    const from = this.textLength;
    this.textLength += length;
    if (this.textLength > this.text.length) {
      grown(this.shared.text);
      this.text = new Uint8Array(this.shared.text, 0, this.shared.text.byteLength);
    }
    this.text.set(this.encoded.subarray(0, length), from);
    const at = name * NAME_WORDS;
    if (at + NAME_WORDS > this.names.length) this.names = grown(this.shared.names);
    this.names[at + TEXT_AT] = from;
    this.names[at + TEXT_LENGTH] = length;
    this.names[at + HASH] = hashOf(this.encoded, length);
    // Half full at most: a name that is not there is found missing after a probe or two.
    if (2 * this.nameCount > FIRST_SLOTS << Atomics.load(this.header, LEVEL)) this.growIndex();
    else this.addToIndex(Atomics.load(this.header, LEVEL), name);
    return name;
  }

  private growIndex(): void {
    const level = Atomics.load(this.header, LEVEL) + 1;
    (this.shared.index as GrowableBuffer).grow(4 * (2 * (FIRST_SLOTS << level) - FIRST_SLOTS));
    this.index = words(this.shared.index);
    for (let name = 0; name < this.nameCount; name += 1) this.addToIndex(level, name);
    Atomics.store(this.header, LEVEL, level);
  }

  private addToIndex(level: number, name: number): void {
    const slots = FIRST_SLOTS << level;
    const base = slots - FIRST_SLOTS;
    let probe = (this.names[name * NAME_WORDS + HASH] ?? 0) & (slots - 1);
    while (this.index[base + probe] !== 0) probe = (probe + 1) & (slots - 1);
    Atomics.store(this.index, base + probe, name + 1);
  }
}

/** Entry and SKU of each position of a shard, by ordinal. */
class ShardPositions {
  count = 0;
  entries = new Uint32Array(FIRST_POSITIONS);
  skus = new Uint32Array(FIRST_POSITIONS);

  /** Makes room for so many in all. */
  reserve(count: number): void {
    if (count <= this.entries.length) return;
    const capacity = Math.max(count, 2 * this.entries.length);
    const { entries, skus } = this;
    this.entries = new Uint32Array(capacity);
    this.entries.set(entries);
    this.skus = new Uint32Array(capacity);
    this.skus.set(skus);
  }

  add(entry: number, sku: number): void {
    this.entries[this.count] = entry;
    this.skus[this.count] = sku;
    this.count += 1;
  }
}

function words(buffer: SharedArrayBuffer): Int32Array {
  return new Int32Array(buffer, 0, buffer.byteLength / 4);
}

/** Doubles the memory. */
function grown(buffer: SharedArrayBuffer): Int32Array {
  const growable = buffer as GrowableBuffer;
  growable.grow(Math.min(growable.maxByteLength, 2 * growable.byteLength));
  return words(buffer);
}

/** FNV-1a with a final mix. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < length; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
