/**
 * The commands that one stock position understands, in the field's pairs: reserve/release (or expire),
 * allocate/deallocate, pick/short-pick, receive/adjust, ship/return-receive.
 *
 * Every mutating command carries an id. Repeating an id with the same body returns the first outcome; the same id
 * with another body is refused with `command_id_reused`. Quantities are positive integers unless said otherwise.
 * Time enters with the command (`atMs`), never from a clock.
 */

/** One SKU at one location. */
export type PositionAddress = {
  readonly sku: string;
  readonly locationId: string;
};

type Mutation = PositionAddress & {
  /** Idempotency id, at most 128 characters of printable ASCII. */
  readonly commandId: string;
  /** Milliseconds since the Unix epoch, given by the caller's edge. */
  readonly atMs: number;
  /** What made this happen, for the ledger: an order id, a device message, a staff member, a document number. */
  readonly cause: string;
};

/** Goods arrive and are sellable at once. */
export type ReceiveStock = Mutation & { readonly type: "receive"; readonly quantity: number };

/** A correction by `delta` (not zero, may be negative) with its reason; refused where it would break a promise already given. */
export type AdjustStock = Mutation & {
  readonly type: "adjust";
  readonly delta: number;
  readonly reason: string;
  /** Compare-and-set: refused with `on_hand_changed` unless on hand is this now. */
  readonly expectedOnHand?: number;
};

/** Sets how many units are never promised. */
export type SetSafetyStock = Mutation & {
  readonly type: "set-safety-stock";
  readonly quantity: number;
};

/** A soft hold. `holdId` names it for all that follows; `expiresAtMs` 0 means that it does not expire. */
export type ReserveStock = Mutation & {
  readonly type: "reserve";
  readonly holdId: string;
  readonly quantity: number;
  readonly expiresAtMs: number;
};

/** Moves a soft hold's expiry. */
export type ExtendHold = Mutation & {
  readonly type: "extend";
  readonly holdId: string;
  readonly expiresAtMs: number;
};

/**
 * Undo of reserve, of all of the hold or of `quantity` units. Releasing a hold that never was, or is gone, succeeds and
 * changes nothing.
 */
export type ReleaseHold = Mutation & {
  readonly type: "release";
  readonly holdId: string;
  readonly quantity?: number;
};

/** Issued by the shard's own timer when a soft hold's time is up. */
export type ExpireHold = Mutation & { readonly type: "expire"; readonly holdId: string };

/** Makes a soft hold firm: it no longer expires. */
export type AllocateHold = Mutation & { readonly type: "allocate"; readonly holdId: string };

/**
 * Undo of allocate: gives the units back, picked ones too; with `quantity`, that many of those not picked yet, reserved
 * ones first. Tolerates a hold that never was.
 */
export type DeallocateHold = Mutation & {
  readonly type: "deallocate";
  readonly holdId: string;
  readonly quantity?: number;
};

/** Allocated units are taken off the shelf. */
export type PickStock = Mutation & {
  readonly type: "pick";
  readonly holdId: string;
  readonly quantity: number;
};

/**
 * The picker found `missing` units fewer than allocated. They leave the hold; `effect` says what the stock makes of it:
 * `none` (they will be found), `write-off` (they are not there), `quarantine` (they are there but damaged).
 */
export type ShortPickStock = Mutation & {
  readonly type: "short-pick";
  readonly holdId: string;
  readonly missing: number;
  readonly reason: string;
  readonly effect: "none" | "write-off" | "quarantine";
};

/** Picked units leave the building. */
export type ShipStock = Mutation & {
  readonly type: "ship";
  readonly holdId: string;
  readonly quantity: number;
};

/** Returned units come back: sellable (`restocked`) or set apart (`damaged`). */
export type ReturnStock = Mutation & {
  readonly type: "return-receive";
  readonly quantity: number;
  readonly disposition: "restocked" | "damaged";
};

export type StockCommand =
  | ReceiveStock
  | AdjustStock
  | SetSafetyStock
  | ReserveStock
  | ExtendHold
  | ReleaseHold
  | ExpireHold
  | AllocateHold
  | DeallocateHold
  | PickStock
  | ShortPickStock
  | ShipStock
  | ReturnStock;

/** Why a position refuses a command. Codes are stable; docs/errors.md lists them. */
export type RefusalCode =
  | "invalid_command"
  | "command_id_reused"
  | "insufficient_stock"
  | "hold_exists"
  | "hold_not_found"
  | "hold_not_reserved"
  | "hold_not_allocated"
  | "quantity_exceeds_hold"
  | "stock_is_promised"
  | "on_hand_changed"
  | "quantity_limit";

export type StockOutcome =
  | { readonly status: "applied"; readonly position: StockBuckets }
  | { readonly status: "refused"; readonly code: RefusalCode; readonly detail: string };

/**
 * The integer buckets of a position.
 * `onHand = available + reserved + allocated + picked + unavailable (+ safety stock within available)`;
 * `availableToPromise = onHand - reserved - allocated - picked - unavailable - safetyStock`, never below what is shown
 * as promised: reserve is refused before it could go under 0.
 */
export type StockBuckets = {
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
  readonly availableToPromise: number;
};
