/**
 * The first outcome of each command id, for a stated window.
 *
 * The window is the last 24 hours of shard time and at most 131,072 commands a shard; both bounds are needed because
 * memory is finite and a flash sale is not. Beyond the window a repeated reserve still meets its hold (`hold_exists`).
 * Filled only by folding journaled events and cleared only by journaled time, so a recovered shard remembers exactly
 * what the live one did.
 *
 * A ring of typed arrays rather than an object per command: some 50 bytes beside the id, and nothing for the garbage
 * collector to walk.
 */
import { REFUSAL_CODES, type RefusalCode, type StockBuckets, type StockOutcome } from "./commands.ts";
import type { StockEvent } from "./events.ts";

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

  /** The first outcome of this id, the refusal of an id that is used for something else, or `undefined`: it is new. */
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

  /** Remembers what `event`, folded at shard time `nowMs`, answered; `after` are the position's buckets then. */
  remember(event: StockEvent, nowMs: number, after: StockBuckets): void {
    const refused = event.type === "command-refused";
    this.add([
      event.commandId,
      nowMs,
      event.fingerprint,
      refused ? 1 + REFUSAL_CODES.indexOf(event.reason as RefusalCode) : 0,
      [
        after.onHand,
        after.reserved,
        after.allocated,
        after.picked,
        after.unavailable,
        after.safetyStock,
        after.incoming,
        after.fenced,
      ],
      event.detail,
    ]);
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
    if (this.slots.size === this.capacity) this.grow();
    const slot = (this.head + this.slots.size) & (this.capacity - 1);
    this.slots.set(commandId, slot);
    this.ids[slot] = commandId;
    this.atMs[slot] = atMs;
    this.fingerprints[slot] = fingerprint;
    this.codes[slot] = code;
    for (let index = 0; index < BUCKETS; index += 1) {
      this.buckets[slot * BUCKETS + index] = buckets[index] ?? 0;
    }
    if (code > 0) this.details.set(slot, detail);
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

  private grow(): void {
    const kept = [...this.entries()];
    this.capacity *= 2;
    this.head = 0;
    this.slots.clear();
    this.details.clear();
    this.ids = new Array<string>(this.capacity).fill("");
    this.atMs = new Float64Array(this.capacity);
    this.fingerprints = new Float64Array(this.capacity);
    this.codes = new Uint8Array(this.capacity);
    this.buckets = new Int32Array(this.capacity * BUCKETS);
    for (const entry of kept) this.add(entry);
  }
}
