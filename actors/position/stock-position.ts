/**
 * One SKU at one location: its integer buckets, the holds on them, and what else only some positions have.
 *
 * Owns the state. `apply-command.ts` decides what happens, `events.ts` says what happened; the only way to
 * change a position is to fold an event into it (`fold-event.ts`), so that a live position and a replayed one
 * are the same.
 *
 * Invariants, asserted by the fold after every event, also in production:
 * P1 every bucket and every part of a hold is an integer from 0 to MAX_UNITS;
 * P2 reserved + allocated + picked + unavailable never exceed on hand: no unit is promised twice;
 * P3 reserved, allocated and picked change only together with the hold that they belong to, so the holds
 *    always add up to the buckets; a hold of nothing does not exist;
 * P4 unavailable units have a reason, incoming ones a reference, and those add up to the buckets;
 * P5 where units are in lots or have serials, those add up to the buckets (`lots.ts`, `serials.ts`);
 * P6 pools add up to their holds and to `fenced` (`channel-pools.ts`).
 */

import type { PoolKind, StockBuckets } from "../commands.ts";
import type { LotChange, SerialChange } from "./events.ts";
import type { HoldBook } from "./hold-book.ts";
import type { Incoming } from "./incoming-stock.ts";
import type { Lot } from "./lots.ts";
import type { SerialBook } from "./serials.ts";

/** The columns of movements are 32-bit integers. */
export const MAX_UNITS = 2_147_483_647;

/** A count whose discrepancy waits for approval. */
export type PendingCount = {
  readonly countId: string;
  readonly counted: number;
  readonly discrepancy: number;
  readonly reason: string;
  readonly lots: readonly LotChange[];
  readonly serials: readonly SerialChange[];
};

/** A channel that sells from the position, and what it has promised (`channel-pools.ts`). */
export type Pool = {
  readonly pool: string;
  kind: PoolKind;
  /** The fence or the cap; 0 for a shared pool. */
  units: number;
  /** Units of the pool's holds: reserved, allocated or picked. */
  held: number;
};

/** What only some positions have. */
export type PositionDetails = {
  /** Unavailable units by the reason for which they are set apart. */
  unavailable: Map<string, number> | null;
  pools: Map<string, Pool> | null;
  incoming: Map<string, Incoming> | null;
  /** Not `null` where units are in lots. */
  lots: Map<string, Lot> | null;
  /** Not `null` where units have serials. */
  serials: SerialBook | null;
  count: PendingCount | null;
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
  incoming: number;
  /** Sum of the unfilled fences. */
  fenced: number;
  /** `null` as long as there is none: most positions of a catalog never hold anything. */
  holds: HoldBook | null;
  details: PositionDetails | null;
};

/**
 * A broken invariant: a bug, never bad input. The shard that meets one stops and is
 * rebuilt from what is committed.
 */
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
    incoming: 0,
    fenced: 0,
    holds: null,
    details: null,
  };
}

export function detailsOf(position: StockPosition): PositionDetails {
  position.details ??= {
    unavailable: null,
    pools: null,
    incoming: null,
    lots: null,
    serials: null,
    count: null,
  };
  return position.details;
}

/** Units that are neither promised nor set apart nor kept as safety stock, fences left aside. */
export function freeOfFences(position: StockPosition): number {
  return (
    position.onHand -
    position.reserved -
    position.allocated -
    position.picked -
    position.unavailable -
    position.safetyStock
  );
}

/** Units that everybody may promise. Below zero where safety stock or fences were set above what is free. */
export function availableToPromise(position: StockPosition): number {
  return freeOfFences(position) - position.fenced;
}

/** Units on hand that a promise or a reason binds: on hand may not fall below them. */
export function boundUnits(position: StockPosition): number {
  return position.reserved + position.allocated + position.picked + position.unavailable;
}

export function bucketsOf(position: StockPosition): StockBuckets {
  return {
    onHand: position.onHand,
    reserved: position.reserved,
    allocated: position.allocated,
    picked: position.picked,
    unavailable: position.unavailable,
    safetyStock: position.safetyStock,
    incoming: position.incoming,
    fenced: position.fenced,
    availableToPromise: availableToPromise(position),
  };
}
