/**
 * The first outcome of each command id, for a stated window.
 *
 * The window is the last 24 hours of shard time and at most 131,072 commands a shard; both bounds are needed
 * because memory is finite and a flash sale is not. Beyond the window a repeated reserve still meets its hold
 * (`hold_exists`). Filled only by folding journaled events and cleared only by journaled time, so a recovered
 * shard remembers exactly what the live one did.
 *
 * A ring of typed arrays rather than an object per command: some 50 bytes beside the id, and nothing for the
 * garbage collector to walk.
 */
import { REFUSAL_CODES, type RefusalCode, type StockBuckets, type StockOutcome } from "../commands.ts";
import type { StockEvent } from "../position/events.ts";

export const COMMAND_WINDOW_MS = 24 * 60 * 60 * 1000;
export const COMMAND_WINDOW_SIZE = 131_072;

const FIRST_CAPACITY = 64;
const BUCKETS = 8;

/** One remembered command as a snapshot carries it. */
export type RememberedCommand = readonly [
  commandId: string,
  atMs: number,
  fingerprint: number,
  /** 0: applied, else 1 + index of the refusal code. */
  code: number,
  buckets: readonly number[],
  detail: string,
];

/** What the window keeps of a position: what may be promised follows from it. */
type RememberedBuckets = Omit<StockBuckets, "availableToPromise">;

export class CommandWindow {
  private readonly slots = new Map<string, number>();
  private readonly details = new Map<number, string>();
  private capacity = FIRST_CAPACITY;
  private head = 0;
  private ids: string[] = new Array<string>(FIRST_CAPACITY).fill("");
  private atMs = new Float64Array(FIRST_CAPACITY);
  private fingerprints = new Float64Array(FIRST_CAPACITY);
  private codes = new Uint8Array(FIRST_CAPACITY);
  private buckets = new Int32Array(FIRST_CAPACITY * BUCKETS);

  get size(): number {
    return this.slots.size;
  }

  /**
   * The first outcome of this id, the refusal of an id that is used for something else,
   * or `undefined`: it is new.
   */
  outcomeOf(commandId: string, fingerprint: number): StockOutcome | undefined {
    const slot = this.slots.get(commandId);
    if (slot === undefined) return undefined;
    if (this.fingerprints[slot] !== fingerprint) {
      return {
        status: "refused",
        code: "command_id_reused",
        detail: `command id ${commandId} was used for another command`,
      };
    }
    const code = this.codes[slot] ?? 0;
    if (code > 0) {
      return {
        status: "refused",
        code: REFUSAL_CODES[code - 1] ?? "invalid_command",
        detail: this.details.get(slot) ?? "",
      };
    }
    return { status: "applied", position: this.bucketsAt(slot) };
  }

  /**
   * Remembers what `event`, folded at shard time `nowMs`, answered; `after` are the position's buckets then.
   */
  remember(event: StockEvent, nowMs: number, after: RememberedBuckets): void {
    const refused = event.type === "command-refused";
    const code = refused ? 1 + REFUSAL_CODES.indexOf(event.reason as RefusalCode) : 0;
    const slot = this.take(event.commandId, nowMs, event.fingerprint, code, event.detail);
    const { buckets } = this;
    const at = slot * BUCKETS;
    buckets[at] = after.onHand;
    buckets[at + 1] = after.reserved;
    buckets[at + 2] = after.allocated;
    buckets[at + 3] = after.picked;
    buckets[at + 4] = after.unavailable;
    buckets[at + 5] = after.safetyStock;
    buckets[at + 6] = after.incoming;
    buckets[at + 7] = after.fenced;
  }

  /** Forgets what lies before the window that ends at `nowMs`. */
  advance(nowMs: number): void {
    while (this.slots.size > 0) {
      if (
        (this.atMs[this.head] ?? 0) >= nowMs - COMMAND_WINDOW_MS &&
        this.slots.size <= COMMAND_WINDOW_SIZE
      ) {
        return;
      }
      this.forgetOldest();
    }
  }

  add(entry: RememberedCommand): void {
    const [commandId, atMs, fingerprint, code, buckets, detail] = entry;
    const slot = this.take(commandId, atMs, fingerprint, code, detail);
    for (let index = 0; index < BUCKETS; index += 1) {
      this.buckets[slot * BUCKETS + index] = buckets[index] ?? 0;
    }
  }

  *entries(): Generator<RememberedCommand> {
    for (let offset = 0; offset < this.slots.size; offset += 1) {
      yield this.entryAt((this.head + offset) & (this.capacity - 1));
    }
  }

  private entryAt(slot: number): RememberedCommand {
    const buckets = new Array<number>(BUCKETS);
    const from = slot * BUCKETS;
    for (let index = 0; index < BUCKETS; index += 1) buckets[index] = this.buckets[from + index] ?? 0;
    return [
      this.ids[slot] ?? "",
      this.atMs[slot] ?? 0,
      this.fingerprints[slot] ?? 0,
      this.codes[slot] ?? 0,
      buckets,
      this.details.get(slot) ?? "",
    ];
  }

  private bucketsAt(slot: number): StockBuckets {
    const [
      onHand = 0,
      reserved = 0,
      allocated = 0,
      picked = 0,
      unavailable = 0,
      safetyStock = 0,
      incoming = 0,
      fenced = 0,
    ] = this.buckets.subarray(slot * BUCKETS, slot * BUCKETS + BUCKETS);
    return {
      onHand,
      reserved,
      allocated,
      picked,
      unavailable,
      safetyStock,
      incoming,
      fenced,
      availableToPromise: onHand - reserved - allocated - picked - unavailable - safetyStock - fenced,
    };
  }

  private forgetOldest(): void {
    this.slots.delete(this.ids[this.head] ?? "");
    this.details.delete(this.head);
    this.ids[this.head] = "";
    this.head = (this.head + 1) & (this.capacity - 1);
  }

  /** The next slot, with all but its buckets. */
  private take(commandId: string, atMs: number, fingerprint: number, code: number, detail: string): number {
    if (this.slots.size === this.capacity) this.grow();
    const slot = (this.head + this.slots.size) & (this.capacity - 1);
    this.slots.set(commandId, slot);
    this.ids[slot] = commandId;
    this.atMs[slot] = atMs;
    this.fingerprints[slot] = fingerprint;
    this.codes[slot] = code;
    if (code > 0) this.details.set(slot, detail);
    return slot;
  }

  /** Doubles the ring, which is full. Most entries keep their place, and with it their entry in the map. */
  private grow(): void {
    const { capacity, head, ids } = this;
    this.capacity = 2 * capacity;
    this.atMs = doubled(this.atMs, new Float64Array(2 * capacity), head);
    this.fingerprints = doubled(this.fingerprints, new Float64Array(2 * capacity), head);
    this.codes = doubled(this.codes, new Uint8Array(2 * capacity), head);
    this.buckets = doubled(this.buckets, new Int32Array(2 * capacity * BUCKETS), head * BUCKETS);
    for (let slot = 0; slot < capacity; slot += 1) ids.push("");
    for (let slot = 0; slot < head; slot += 1) {
      const id = ids[slot] ?? "";
      ids[slot] = "";
      ids[slot + capacity] = id;
      this.slots.set(id, slot + capacity);
      const detail = this.details.get(slot);
      if (detail === undefined) continue;
      this.details.delete(slot);
      this.details.set(slot + capacity, detail);
    }
  }
}

/**
 * A full ring in an array of twice its length: entries that had wrapped around to its beginning follow the
 * rest.
 */
function doubled<T extends Float64Array | Uint8Array | Int32Array>(ring: T, into: T, head: number): T {
  into.set(ring);
  into.copyWithin(ring.length, 0, head);
  return into;
}
