/**
 * The commands that stock understands, in the field's pairs: reserve/release (or expire),
 * allocate/deallocate, pick/short-pick, receive/adjust, count with approve-count/reject-count,
 * expect/cancel-expected, transfer-out/transfer-in, quarantine/release-quarantine, ship/return-receive,
 * enqueue-demand/cancel-demand.
 *
 * Every mutating command carries an id. Repeating an id with the same body returns the first outcome; the
 * same id with another body is refused with `command_id_reused`. Quantities are positive integers unless said
 * otherwise. Time enters with the command (`atMs`), never from a clock.
 */

/** One SKU at one location. */
export type PositionAddress = {
  readonly sku: string;
  readonly locationId: string;
};

/** In the place of a location id: any location of the SKU. Only demand that waits may say so. */
export const ANY_LOCATION = "*";

type Mutation = PositionAddress & {
  /** Idempotency id, at most 128 characters of printable ASCII. */
  readonly commandId: string;
  /** Milliseconds since the Unix epoch, given by the caller's edge. */
  readonly atMs: number;
  /**
   * What made this happen, shown with each movement: an order id, a device message, a staff member, a
   * document number.
   */
  readonly cause: string;
};

/**
 * How single units of a SKU are told apart: not at all, by lot with its expiry date,
 * or each by its serial number.
 */
export type Tracking = "none" | "lot" | "serial";

/**
 * Which units a command is about. A SKU tracked by lot needs `lot` wherever units arrive. A SKU tracked by
 * serial needs `serials`, one for each unit, wherever single units are handled. Where they may be left out,
 * the command says so.
 */
type Named = {
  readonly lot?: string;
  readonly serials?: readonly string[];
};

/** Goods arrive and are sellable at once, except those of a lot that is past its date. */
export type ReceiveStock = Mutation &
  Named & {
    readonly type: "receive";
    readonly quantity: number;
    /** When the lot expires, milliseconds since the Unix epoch; 0 or left out: never. */
    readonly lotExpiresAtMs?: number;
    /**
     * The expected delivery that arrives, whole or in part. Goods that nobody announced are received all the
     * same.
     */
    readonly reference?: string;
  };

/**
 * Goods are on their way: `reference` names the purchase order or supply that a later `receive` names again.
 */
type ExpectStock = Mutation & {
  readonly type: "expect";
  readonly reference: string;
  readonly quantity: number;
  readonly dueAtMs: number;
};

/** Undo of expect: what has not arrived is no longer expected. An unknown reference changes nothing. */
type CancelExpected = Mutation & { readonly type: "cancel-expected"; readonly reference: string };

/**
 * A correction by `delta` (not zero, may be negative) with its reason; refused where it would break a promise
 * already given. With `unavailableReason`, units that were set apart for that reason come or go, such as
 * damaged ones scrapped.
 */
type AdjustStock = Mutation &
  Named & {
    readonly type: "adjust";
    readonly delta: number;
    readonly reason: string;
    readonly unavailableReason?: string;
    readonly lotExpiresAtMs?: number;
    /** Compare-and-set: refused with `on_hand_changed` unless on hand is this now. */
    readonly expectedOnHand?: number;
  };

/**
 * Somebody counted what is there, of the position or of one of its lots. A discrepancy of at most `threshold`
 * units is booked at once, a larger one waits for `approve-count` or `reject-count`. By serial, `serials`
 * lists all that were found (other than picked ones and those set apart) and `counted` is their number.
 */
type CountStock = Mutation &
  Named & {
    readonly type: "count";
    readonly countId: string;
    readonly counted: number;
    readonly reason: string;
    readonly threshold: number;
    readonly expectedOnHand?: number;
  };

/** Books the discrepancy that the count found, on top of what has happened since. */
type ApproveCount = Mutation & { readonly type: "approve-count"; readonly countId: string };

/** Drops a count that waits. */
type RejectCount = Mutation & { readonly type: "reject-count"; readonly countId: string };

/** Sets how many units are never promised. */
type SetSafetyStock = Mutation & {
  readonly type: "set-safety-stock";
  readonly quantity: number;
};

export type PoolKind = "shared" | "ring-fenced" | "capped";

/**
 * Sets a channel pool. `ring-fenced`: `units` are kept for it; it sells those first, then what everybody may
 * sell, and what ships for it comes off the fence. `capped`: its open promises never exceed `units`.
 * `shared`: no rule (any more).
 */
type SetPool = Mutation & {
  readonly type: "set-pool";
  readonly pool: string;
  readonly kind: PoolKind;
  readonly units: number;
};

/**
 * Sets the tracking of the SKU, at all of its locations; only while none of them has units or expects any.
 */
type SetTracking = Mutation & { readonly type: "set-tracking"; readonly tracking: Tracking };

/**
 * Free units leave for another location of the SKU and are in transit until they arrive there. By lot, the
 * units that expire first go, unless `lot` says otherwise.
 */
type TransferOut = Mutation &
  Named & {
    readonly type: "transfer-out";
    readonly transferId: string;
    readonly toLocationId: string;
    readonly quantity: number;
    /** When they are expected there; 0: not known. */
    readonly dueAtMs: number;
  };

/**
 * Units of a transfer arrive, at most those in transit; 0 with `close`. With `close` the rest is given up as
 * a discrepancy. `lot` and `serials` may be left out: those that expire first, or all, arrive.
 */
type TransferIn = Mutation &
  Named & {
    readonly type: "transfer-in";
    readonly transferId: string;
    readonly quantity: number;
    readonly close?: boolean;
  };

/**
 * Free units are set apart, with the reason that `release-quarantine` names again. By lot, `lot` may be left
 * out: those that expire first are taken, as a pick would have.
 */
type QuarantineStock = Mutation &
  Named & {
    readonly type: "quarantine";
    readonly quantity: number;
    readonly reason: string;
  };

/** Undo of quarantine. By lot, `lot` may be left out: those that expire first come free. */
type ReleaseQuarantine = Mutation &
  Named & {
    readonly type: "release-quarantine";
    readonly quantity: number;
    readonly reason: string;
  };

/** A soft hold. `holdId` names it for all that follows; `expiresAtMs` 0 means that it does not expire. */
export type ReserveStock = Mutation & {
  readonly type: "reserve";
  readonly holdId: string;
  readonly quantity: number;
  readonly expiresAtMs: number;
  /** The channel pool that sells the units; left out: what everybody may sell. */
  readonly pool?: string;
};

/** Moves a soft hold's expiry. */
type ExtendHold = Mutation & {
  readonly type: "extend";
  readonly holdId: string;
  readonly expiresAtMs: number;
};

/** Turns reservation `number` of a lane into a hold with a name that never expires, for the order. */
type ClaimReservation = Mutation & {
  readonly type: "claim";
  readonly lane: string;
  readonly number: number;
  readonly holdId: string;
  readonly orderId?: string;
  readonly lineId?: string;
};

/**
 * Undo of reserve, of all of the hold or of `quantity` units. Releasing a hold that does not exist, or is
 * gone, succeeds and changes nothing.
 */
type ReleaseHold = Mutation & {
  readonly type: "release";
  readonly holdId: string;
  readonly quantity?: number;
};

/** Issued by the shard's own timer when a soft hold's time is up. */
type ExpireHold = Mutation & { readonly type: "expire"; readonly holdId: string };

/** Issued by the shard's own timer: the free units of a lot past its date are set apart as `expired`. */
type ExpireLot = Mutation & { readonly type: "expire-lot"; readonly lot: string };

/** Issued by the shard's own timer when a pre-order's date has come: from now on it takes units. */
type OpenDemand = Mutation & { readonly type: "open-demand"; readonly holdId: string };

/** Makes a soft hold firm: it no longer expires. */
type AllocateHold = Mutation & { readonly type: "allocate"; readonly holdId: string };

/**
 * Undo of allocate: gives the units back, picked ones too. With `quantity`, gives back that many of those not
 * picked yet, reserved ones first; `of: "picked"`, of the picked ones and no others, which are on the shelf
 * again: by serial the ones that are named, which may be left out where all of them come back. A hold that
 * does not exist is no error.
 */
type DeallocateHold = Mutation & {
  readonly type: "deallocate";
  readonly holdId: string;
  readonly quantity?: number;
  /** Only with `quantity`. */
  readonly of?: "picked";
  /** Only of picked units. */
  readonly serials?: readonly string[];
};

/**
 * Allocated units are taken off the shelf: by lot those assigned to the hold, by
 * serial the ones that are named.
 */
type PickStock = Mutation & {
  readonly type: "pick";
  readonly holdId: string;
  readonly quantity: number;
  readonly serials?: readonly string[];
};

type ShortPickEffect = "none" | "write-off" | "quarantine";

/**
 * The picker found `missing` units fewer than allocated. They leave the hold; `effect` says what the stock
 * makes of it: `none` (they will be found), `write-off` (they are not there; by serial they must be named),
 * `quarantine` (they are there but may not be sold; set apart with `reason`).
 */
type ShortPickStock = Mutation & {
  readonly type: "short-pick";
  readonly holdId: string;
  readonly missing: number;
  readonly reason: string;
  readonly effect: ShortPickEffect;
  readonly serials?: readonly string[];
};

/** Picked units leave the building. By serial, `serials` may be left out where all that is picked leaves. */
type ShipStock = Mutation & {
  readonly type: "ship";
  readonly holdId: string;
  readonly quantity: number;
  readonly serials?: readonly string[];
};

/**
 * What becomes of a returned unit: sellable, set apart under its own word, or (`scrapped`) not kept at all.
 */
export const DISPOSITIONS = [
  "restocked",
  "damaged",
  "inspection",
  "refurbish",
  "quarantine",
  "scrapped",
] as const;
type Disposition = (typeof DISPOSITIONS)[number];

/**
 * Returned units come back. Scrapped ones are recorded and are never on hand, so they need no lot or serials.
 */
type ReturnStock = Mutation &
  Named & {
    readonly type: "return-receive";
    readonly quantity: number;
    readonly disposition: Disposition;
    readonly lotExpiresAtMs?: number;
  };

export type DemandKind = "backorder" | "pre-order";

/**
 * Demand waits for units of the SKU, at `locationId` or, with `*`, wherever they come first. Free units go to
 * waiting demand at once, by `priority` (the lower first), then by arrival, also in part. Each time, a hold
 * `holdId` opens or grows at the location that gives the units; it never expires. A pre-order takes nothing
 * before `notBeforeMs`.
 */
type EnqueueDemand = Mutation & {
  readonly type: "enqueue-demand";
  readonly holdId: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly quantity: number;
  readonly priority: number;
  readonly kind: DemandKind;
  /** 0: at once. */
  readonly notBeforeMs: number;
  readonly pool?: string;
};

/**
 * Undo of enqueue-demand, under the same `locationId`: what still waits, waits no more. Holds that it was
 * given are released by their own commands, after this one; otherwise the queue would take their units again.
 * Unknown demand is no error.
 */
type CancelDemand = Mutation & { readonly type: "cancel-demand"; readonly holdId: string };

export type StockCommand =
  | ReceiveStock
  | ExpectStock
  | CancelExpected
  | AdjustStock
  | CountStock
  | ApproveCount
  | RejectCount
  | SetSafetyStock
  | SetPool
  | SetTracking
  | TransferOut
  | TransferIn
  | QuarantineStock
  | ReleaseQuarantine
  | ReserveStock
  | ExtendHold
  | ClaimReservation
  | ReleaseHold
  | ExpireHold
  | ExpireLot
  | OpenDemand
  | AllocateHold
  | DeallocateHold
  | PickStock
  | ShortPickStock
  | ShipStock
  | ReturnStock
  | EnqueueDemand
  | CancelDemand;

/**
 * Why stock refuses a command. Codes are stable; docs/errors.md lists them. Order is part of the snapshot
 * format: append only.
 */
export const REFUSAL_CODES = [
  "invalid_command",
  "command_id_reused",
  "insufficient_stock",
  "hold_exists",
  "hold_not_found",
  "hold_not_reserved",
  "hold_not_allocated",
  "quantity_exceeds_hold",
  "stock_is_promised",
  "on_hand_changed",
  "quantity_limit",
  "reference_exists",
  "reference_is_transfer",
  "transfer_exists",
  "transfer_not_found",
  "quantity_exceeds_transfer",
  "quantity_exceeds_unavailable",
  "position_not_empty",
  "lot_required",
  "lot_mismatch",
  "lot_not_found",
  "lot_expired",
  "serials_required",
  "serial_exists",
  "serial_not_found",
  "not_tracked",
  "count_pending",
  "count_not_found",
  "demand_exists",
  "reservation_not_found",
  "too_many_entries",
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

export type StockOutcome =
  | { readonly status: "applied"; readonly position: StockBuckets }
  | { readonly status: "refused"; readonly code: RefusalCode; readonly detail: string };

/**
 * The integer buckets of a position. `availableToPromise = onHand - reserved - allocated - picked -
 * unavailable - safetyStock - fenced` is what everybody may sell; it is below 0 where safety stock or fences
 * are larger than what is free.
 */
export type StockBuckets = {
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
  /** Expected here, transfers in transit included. */
  readonly incoming: number;
  /** Kept for ring-fenced pools and not yet promised by them. */
  readonly fenced: number;
  readonly availableToPromise: number;
};
