/**
 * Lots of a position: which units expire when, and to which lots holds are assigned, first expired first out.
 *
 * A SKU tracked by lot has all of its units in lots. A lot past its date is marked by a journaled event,
 * which sets its free units apart; from then on none of its units is assigned or picked, and what comes back
 * from a hold is set apart.
 *
 * Invariant: the lots' buckets add up to the position's, bucket by bucket. It is asserted after every event
 * by comparing the changes, and as a whole when a position is restored.
 */
import type { LotChange } from "./events.ts";

/** The reason under which units of a lot past its date are set apart. */
export const EXPIRED = "expired";

export type Lot = {
  readonly lot: string;
  /** 0: never. */
  readonly expiresAtMs: number;
  expired: boolean;
  onHand: number;
  reserved: number;
  allocated: number;
  picked: number;
  unavailable: number;
};

/** What a hold has of one lot. */
export type HeldLot = { readonly lot: string; reserved: number; allocated: number; picked: number };

export type HoldPart = "reserved" | "allocated" | "picked";

/** Units of one lot, with its date. */
export type LotUnits = { readonly lot: string; readonly expiresAtMs: number; readonly units: number };

export function freeOfLot(lot: Lot): number {
  return lot.onHand - lot.reserved - lot.allocated - lot.picked - lot.unavailable;
}

/**
 * First expired first; lots that never expire come last; lots of one date are ordered by name, so that every
 * replay agrees.
 */
export function firstExpiredFirst(
  a: { readonly lot: string; readonly expiresAtMs: number },
  b: { readonly lot: string; readonly expiresAtMs: number },
): number {
  if (a.expiresAtMs !== b.expiresAtMs) {
    if (a.expiresAtMs === 0) return 1;
    if (b.expiresAtMs === 0) return -1;
    return a.expiresAtMs - b.expiresAtMs;
  }
  return a.lot < b.lot ? -1 : a.lot > b.lot ? 1 : 0;
}

export function lotChange(
  lot: { readonly lot: string; readonly expiresAtMs: number },
  what: Partial<Omit<LotChange, "lot" | "expiresAtMs">>,
): LotChange {
  return {
    lot: lot.lot,
    expiresAtMs: lot.expiresAtMs,
    onHand: what.onHand ?? 0,
    reserved: what.reserved ?? 0,
    allocated: what.allocated ?? 0,
    picked: what.picked ?? 0,
    unavailable: what.unavailable ?? 0,
    incoming: what.incoming ?? 0,
  };
}

/**
 * Takes `units` lot by lot, first expired first, of what `available` says each lot has.
 * @returns the units of each lot; they add up to less than `units` where there are fewer
 */
export function takeFromLots(
  lots: Iterable<Lot>,
  units: number,
  available: (lot: Lot) => number,
): readonly LotUnits[] {
  const taken: LotUnits[] = [];
  let left = units;
  for (const lot of [...lots].sort(firstExpiredFirst)) {
    if (left === 0) break;
    const some = Math.min(left, available(lot));
    if (some <= 0) continue;
    taken.push({ lot: lot.lot, expiresAtMs: lot.expiresAtMs, units: some });
    left -= some;
  }
  return taken;
}

/** The free units that may be promised, first expired first. */
export function takeFree(lots: Iterable<Lot>, units: number): readonly LotUnits[] {
  return takeFromLots(lots, units, (lot) => (lot.expired ? 0 : freeOfLot(lot)));
}

export function totalUnits(taken: readonly LotUnits[]): number {
  let units = 0;
  for (const each of taken) units += each.units;
  return units;
}

/** Folds one lot's change. `nowMs` says whether a lot that is new is past its date. Returns the lot. */
export function applyLotChange(lots: Map<string, Lot>, change: LotChange, nowMs: number): Lot {
  let lot = lots.get(change.lot);
  if (lot === undefined) {
    lot = {
      lot: change.lot,
      expiresAtMs: change.expiresAtMs,
      expired: isPast(change.expiresAtMs, nowMs),
      onHand: 0,
      reserved: 0,
      allocated: 0,
      picked: 0,
      unavailable: 0,
    };
    lots.set(change.lot, lot);
  }
  lot.onHand += change.onHand;
  lot.reserved += change.reserved;
  lot.allocated += change.allocated;
  lot.picked += change.picked;
  lot.unavailable += change.unavailable;
  if (lot.onHand === 0) lots.delete(lot.lot);
  return lot;
}

export function isPast(expiresAtMs: number, nowMs: number): boolean {
  return expiresAtMs > 0 && expiresAtMs <= nowMs;
}
