/**
 * One SKU at one location: its integer buckets and the holds on them.
 *
 * Owns the state and its invariants. `apply-command.ts` decides what happens, `events.ts` says what happened; the only
 * way to change a position is `applyToPosition` with an event, so that a live position and a replayed one are the same.
 *
 * Invariants, asserted after every event, also in production:
 * P1 every bucket and every part of a hold is an integer from 0 to MAX_UNITS;
 * P2 reserved + allocated + picked + unavailable never exceed on hand: no unit is promised twice;
 * P3 reserved, allocated and picked change only together with the hold that they belong to, so the holds always add
 *    up to the buckets; a hold of nothing does not exist.
 */

import type { StockBuckets } from "./commands.ts";
import type { HoldAction, StockEvent } from "./events.ts";

/** The ledger's columns are 32-bit integers. */
export const MAX_UNITS = 2_147_483_647;

/** What one reservation holds of a position. Units move from reserved to allocated to picked, and out when shipped. */
export type Hold = {
  readonly holdId: string;
  /** The order and line that the hold was placed for by the order path; empty for a hold made by a single command. */
  readonly orderId: string;
  readonly lineId: string;
  readonly cause: string;
  reserved: number;
  allocated: number;
  picked: number;
  /** Milliseconds since the Unix epoch; 0: never. Only what is still reserved expires. */
  expiresAtMs: number;
};

export type StockPosition = {
  readonly sku: string;
  readonly locationId: string;
  /** Its place in the order of creation within its shard; -1 where it is not in a shard's book. */
  readonly ordinal: number;
  onHand: number;
  reserved: number;
  allocated: number;
  picked: number;
  unavailable: number;
  safetyStock: number;
  /** `null` as long as there is none: most positions of a catalog never hold anything. */
  holds: Map<string, Hold> | null;
};

/** A broken invariant: a bug, never bad input. The shard that meets one stops and is rebuilt from what is committed. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

export function newPosition(sku: string, locationId: string, ordinal = -1): StockPosition {
  return {
    sku,
    locationId,
    ordinal,
    onHand: 0,
    reserved: 0,
    allocated: 0,
    picked: 0,
    unavailable: 0,
    safetyStock: 0,
    holds: null,
  };
}

/** Units that may still be promised. Below zero where safety stock was set above what is free. */
export function availableToPromise(position: StockPosition): number {
  return (
    position.onHand -
    position.reserved -
    position.allocated -
    position.picked -
    position.unavailable -
    position.safetyStock
  );
}

export function bucketsOf(position: StockPosition): StockBuckets {
  return {
    onHand: position.onHand,
    reserved: position.reserved,
    allocated: position.allocated,
    picked: position.picked,
    unavailable: position.unavailable,
    safetyStock: position.safetyStock,
    availableToPromise: availableToPromise(position),
  };
}

/** Folds an event into the position. Throws `InvariantError` where the result could not be true. */
export function applyToPosition(position: StockPosition, event: StockEvent): void {
  if (event.hold !== "none") applyToHold(position, event, event.hold);
  else if (event.reserved !== 0 || event.allocated !== 0 || event.picked !== 0) {
    fail(position, event, "units are promised without a hold");
  }
  position.onHand += event.onHand;
  position.reserved += event.reserved;
  position.allocated += event.allocated;
  position.picked += event.picked;
  position.unavailable += event.unavailable;
  position.safetyStock += event.safetyStock;
  if (
    !isUnits(position.onHand) ||
    !isUnits(position.reserved) ||
    !isUnits(position.allocated) ||
    !isUnits(position.picked) ||
    !isUnits(position.unavailable) ||
    !isUnits(position.safetyStock)
  ) {
    fail(position, event, "a bucket is negative, fractional or too large");
  }
  if (position.reserved + position.allocated + position.picked + position.unavailable > position.onHand) {
    fail(position, event, "more is promised or set apart than is on hand");
  }
}

function applyToHold(position: StockPosition, event: StockEvent, action: HoldAction): void {
  if (action === "opened") {
    position.holds ??= new Map();
    if (position.holds.has(event.holdId)) fail(position, event, "the hold exists already");
    position.holds.set(event.holdId, {
      holdId: event.holdId,
      orderId: event.orderId,
      lineId: event.lineId,
      cause: event.cause,
      reserved: event.reserved,
      allocated: event.allocated,
      picked: event.picked,
      expiresAtMs: event.expiresAtMs,
    });
    if (event.reserved < 1) fail(position, event, "a hold opens with units");
    return;
  }
  const hold = position.holds?.get(event.holdId);
  if (hold === undefined) fail(position, event, "the hold does not exist");
  hold.reserved += event.reserved;
  hold.allocated += event.allocated;
  hold.picked += event.picked;
  hold.expiresAtMs = event.expiresAtMs;
  if (!isUnits(hold.reserved) || !isUnits(hold.allocated) || !isUnits(hold.picked)) {
    fail(position, event, "a part of the hold is negative");
  }
  if (hold.reserved + hold.allocated + hold.picked === 0) position.holds?.delete(event.holdId);
}

function isUnits(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_UNITS;
}

function fail(position: StockPosition, event: StockEvent, what: string): never {
  throw new InvariantError(
    `${position.sku} at ${position.locationId}: ${what} after ${event.type} ${event.holdId} (${event.cause})`,
  );
}
