/**
 * What happened to stock, in the past tense, with the change of every bucket.
 *
 * One record shape for every event: the fold, the codec and the projection treat all of them alike, and the
 * engine's hot path never meets a second hidden class. What only some events say is in `more`, which is
 * `null` for nearly all events of a busy day. State is the fold of events and of nothing else.
 */

/** Order is part of the journal's format: append only. */
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
  /**
   * The command succeeded and changed nothing, such as the release of a hold that is gone. Kept because of
   * its id.
   */
  "nothing-changed",
  /** The command was refused: `reason` is the code, `detail` the sentence. Kept because of its id. */
  "command-refused",
  "stock-expected",
  "expected-cancelled",
  /** A count was booked: at once, or when it was approved. */
  "stock-counted",
  "count-pending",
  "count-rejected",
  "pool-set",
  "tracking-set",
  /** At the location that sends; `transfer-announced` follows at the one that will receive. */
  "transfer-sent",
  "transfer-announced",
  "transfer-received",
  /** The transfer was closed and these units never arrived. */
  "transfer-discrepancy",
  "stock-quarantined",
  "quarantine-released",
  /** A lane's reservation became a hold with a name; `reserved` stays what it was. */
  "hold-claimed",
  "demand-queued",
  "demand-cancelled",
  /** A pre-order's date has come. */
  "demand-opened",
  /** Units that came free went to waiting demand: its hold opens or grows. */
  "demand-filled",
  "lot-expired",
] as const;

export type StockEventType = (typeof STOCK_EVENT_TYPES)[number];

/** What the event does to the hold that it names. */
export type HoldAction = "opened" | "changed";

/** Changes of one lot's buckets, in units. Those of all lots add up to the event's. */
export type LotChange = {
  readonly lot: string;
  /** 0: never. */
  readonly expiresAtMs: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly incoming: number;
};

/** Where one unit is after the event; `gone`: the SKU has it no more. */
export type SerialChange = {
  readonly serial: string;
  readonly to: "stocked" | "set-apart" | "picked" | "in-transit" | "gone";
};

/** What only some events say; the rest of it is empty. */
export type EventDetail = {
  /** The delivery, transfer, count or lane reservation that the event is about. */
  readonly reference: string;
  /** The pool's kind, the SKU's tracking, the demand's kind, what is incoming. */
  readonly variant: string;
  /** Units that are not a change of a bucket: a pool's, counted ones, waiting or claimed ones. */
  readonly units: number;
  /** What a count that waits found more (or, below 0, fewer) than was on hand. */
  readonly discrepancy: number;
  /** Of demand. */
  readonly priority: number;
  /** When incoming units are due; before when a pre-order takes nothing. */
  readonly dueAtMs: number;
  /** The other end of a transfer; of filled demand, the location that it waited for. */
  readonly otherLocationId: string;
  /** The reason for which the changed units are or were set apart. */
  readonly unavailableReason: string;
  readonly lots: readonly LotChange[];
  readonly serials: readonly SerialChange[];
};

export type StockEvent = {
  readonly type: StockEventType;
  readonly sku: string;
  /** `*` for waiting demand that any location may fill. */
  readonly locationId: string;
  /**
   * The command's idempotency id; empty where the event needs no memory of its command
   * (expiry, parts of an order).
   */
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
  readonly incoming: number;
  /** Change of what ring-fenced pools keep from everybody else. */
  readonly fenced: number;
  /** The pool that sells the hold's units; empty: what everybody may sell. */
  readonly pool: string;
  readonly more: EventDetail | null;
};
