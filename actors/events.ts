/**
 * What happened to a stock position, in the past tense, with the change of every bucket.
 *
 * One record shape for every event: the fold, the codec and the ledger treat all of them alike, and the engine's hot
 * path never meets a second hidden class. State is the fold of events and of nothing else.
 */
export const STOCK_EVENT_TYPES = [
  "stock-received",
  "stock-adjusted",
  "safety-stock-set",
  "stock-reserved",
  "hold-extended",
  "hold-released",
  "hold-expired",
  "hold-allocated",
  "hold-deallocated",
  "stock-picked",
  "stock-short-picked",
  "stock-shipped",
  "stock-returned",
  /** The command succeeded and changed nothing, such as the release of a hold that is gone. Kept for its id. */
  "nothing-changed",
  /** The command was refused: `reason` is the code, `detail` the sentence. Kept for its id. */
  "command-refused",
] as const;

export type StockEventType = (typeof STOCK_EVENT_TYPES)[number];

/** What the event does to the hold that it names. */
export type HoldAction = "opened" | "changed";

export type StockEvent = {
  readonly type: StockEventType;
  readonly sku: string;
  readonly locationId: string;
  /** The command's idempotency id; empty where the event needs no memory of its command (expiry, parts of an order). */
  readonly commandId: string;
  readonly fingerprint: number;
  readonly atMs: number;
  readonly cause: string;
  /** Changes of the buckets, in units. */
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
  readonly hold: HoldAction | "none";
  readonly holdId: string;
  readonly orderId: string;
  readonly lineId: string;
  /** The hold's expiry after the event; 0: never. */
  readonly expiresAtMs: number;
  /** Why, for adjustments and short picks; the refusal code of a refused command. */
  readonly reason: string;
  readonly detail: string;
};
