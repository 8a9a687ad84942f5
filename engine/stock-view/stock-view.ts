/**
 * What may still be promised, in shared memory: of a SKU, at a location, through a pool, in any set of
 * locations. Any thread reads it without asking a shard.
 *
 * Owns the writing of that memory, whose layout is in `stock-view-layout.ts`. Only the engine's main thread
 * writes, and only what is committed. Readers (`stock-view-reader.ts`) take no lock and never wait for long.
 *
 * V1 A number is written only after the commit that made it, and before the callers of that commit are told.
 * V2 All that one commit changes of a SKU is seen at once. Each SKU has a version, which is odd while it is
 *    written; a reader that met an odd version, or two different ones, reads again.
 * V3 Names are only ever added, and are complete before the index leads to them.
 *
 * A commit's versions and numbers are plain stores, in three passes with a fence between them. With a fence
 * in each store the processor would wait for one cache miss after the other; over a million positions that
 * was a quarter of the main thread's time (`npm run bench -- --only holdfast --profile`).
 *
 * Memory is reserved for the largest catalog and taken up as it grows. Views of fixed length are made anew
 * where it has grown: views that follow the length by themselves are read at a fraction of the speed.
 */
import { int32View } from "../journal/int32-view.ts";
import type { PositionChanges, ShardChanges, StockPublisher } from "./stock-changes.ts";
import { ENTRY, HEADER, hashOf, INDEX, NAME, type SharedStockView, words } from "./stock-view-layout.ts";
import { StockViewReader } from "./stock-view-reader.ts";

/** Of its own, because every publication loops over them (`stock-view-layout.ts`). */
const NAME_WORDS = NAME.words;
const VERSION = NAME.version;
const ENTRY_WORDS = ENTRY.words;
const UNITS = ENTRY.units;

const MAX_NAMES = 1 << 24;
const MAX_ENTRIES = 1 << 24;
const FIRST_BYTES = 1 << 16;
const FIRST_POSITIONS = 64;
const AVERAGE_TEXT = 32;

/**
 * `SharedArrayBuffer` as of ES2024, which Node 20 has and TypeScript's library of
 * this target does not describe.
 */
type GrowableBuffer = SharedArrayBuffer & { readonly maxByteLength: number; grow(length: number): void };
const Growable = SharedArrayBuffer as unknown as new (
  length: number,
  options: { readonly maxByteLength: number },
) => GrowableBuffer;

/** Writes on the engine's main thread, and reads there too. */
export class StockView extends StockViewReader implements StockPublisher {
  /** By shard. */
  private readonly positions = new Map<number, ShardPositions>();
  private nameCount = 0;
  private entryCount = 0;
  private textLength = 0;
  /** Where the odd versions are. */
  private writing = new Int32Array(1024);
  private writingCount = 0;

  constructor() {
    super({
      header: new SharedArrayBuffer(8),
      names: new Growable(FIRST_BYTES, { maxByteLength: MAX_NAMES * NAME_WORDS * 4 }),
      text: new Growable(FIRST_BYTES, { maxByteLength: MAX_NAMES * AVERAGE_TEXT }),
      index: new Growable(INDEX.firstSlots * 4, { maxByteLength: MAX_NAMES * 16 }),
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
      for (let entry = this.firstOf(sku); entry >= 0; entry = this.word(entry, ENTRY.next) - 1) {
        this.setUnits(entry, ENTRY.absent);
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
      // A shard that was rebuilt repeats what it said before, and gives every position the same ordinal
      // again.
      if (firstCreated + at / 2 < known.count) continue;
      const sku = this.intern(created[at] ?? "");
      known.add(this.addEntry(sku, this.intern(created[at + 1] ?? ""), 0), sku);
    }
  }

  private begin(shard: number, { units, pools }: PositionChanges): void {
    const known = this.positions.get(shard);
    if (known === undefined) return;
    const { skus, count } = known;
    const pairs = int32View(units);
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
    const pairs = int32View(units);
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
    const location = this.word(position, ENTRY.location);
    for (let entry = this.firstOf(sku); entry >= 0; entry = this.word(entry, ENTRY.next) - 1) {
      if (this.word(entry, ENTRY.pool) !== 0 && this.word(entry, ENTRY.location) === location) {
        this.setUnits(entry, ENTRY.absent);
      }
    }
    for (let at = 0; at < pools.length; at += 2) {
      const pool = this.intern(String(pools[at])) + 1;
      this.setUnits(this.poolEntry(sku, location, pool), Number(pools[at + 1]));
    }
  }

  private poolEntry(sku: number, location: number, pool: number): number {
    for (let entry = this.firstOf(sku); entry >= 0; entry = this.word(entry, ENTRY.next) - 1) {
      if (this.word(entry, ENTRY.pool) === pool && this.word(entry, ENTRY.location) === location)
        return entry;
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

  /** Readers see what was stored before this call before they see what is stored after it. */
  private fence(): void {
    Atomics.add(this.header, HEADER.fence, 1);
  }

  private addEntry(sku: number, location: number, pool: number): number {
    const entry = this.entryCount;
    if (entry === MAX_ENTRIES) throw new RangeError("the stock view is full");
    this.entryCount += 1;
    const at = entry * ENTRY_WORDS;
    if (at + ENTRY_WORDS > this.entries.length) this.entries = grown(this.shared.entries);
    this.entries[at + ENTRY.location] = location;
    this.entries[at + ENTRY.pool] = pool;
    // Nothing is known of it until its numbers are published.
    this.entries[at + UNITS] = ENTRY.absent;
    this.entries[at + ENTRY.next] = this.firstOf(sku) + 1;
    Atomics.store(this.names, sku * NAME_WORDS + NAME.first, entry + 1);
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
    this.names[at + NAME.textAt] = from;
    this.names[at + NAME.textLength] = length;
    this.names[at + NAME.hash] = hashOf(this.encoded, length);
    // Half full at most, so that an unknown name is found missing after a probe or two.
    if (2 * this.nameCount > INDEX.firstSlots << Atomics.load(this.header, HEADER.level)) this.growIndex();
    else this.addToIndex(Atomics.load(this.header, HEADER.level), name);
    return name;
  }

  private growIndex(): void {
    const level = Atomics.load(this.header, HEADER.level) + 1;
    (this.shared.index as GrowableBuffer).grow(4 * (2 * (INDEX.firstSlots << level) - INDEX.firstSlots));
    this.index = words(this.shared.index);
    for (let name = 0; name < this.nameCount; name += 1) this.addToIndex(level, name);
    Atomics.store(this.header, HEADER.level, level);
  }

  private addToIndex(level: number, name: number): void {
    const slots = INDEX.firstSlots << level;
    const base = slots - INDEX.firstSlots;
    let probe = (this.names[name * NAME_WORDS + NAME.hash] ?? 0) & (slots - 1);
    while (this.index[base + probe] !== 0) probe = (probe + 1) & (slots - 1);
    Atomics.store(this.index, base + probe, name + 1);
  }
}

/** Entry and SKU of each position of a shard, by ordinal. */
class ShardPositions {
  count = 0;
  entries = new Uint32Array(FIRST_POSITIONS);
  skus = new Uint32Array(FIRST_POSITIONS);

  /** Makes room for so many positions in all. */
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

/** Doubles the memory. */
function grown(buffer: SharedArrayBuffer): Int32Array {
  const growable = buffer as GrowableBuffer;
  growable.grow(Math.min(growable.maxByteLength, 2 * growable.byteLength));
  return words(buffer);
}
