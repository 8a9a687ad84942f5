/**
 * Folds events into a position and asserts the position's invariants (P1 to P6 in
 * `stock-position.ts`) after each.
 *
 * Knows nothing of what was asked: an event says by how much every bucket, lot, serial and pool
 * changes, and the fold adds. Live shards, recoveries and snapshots' tasks all fold, so their
 * states are the same to the byte.
 */

import type { PoolKind } from "../commands.ts";
import { changePool, setPool, unfilledFences } from "./channel-pools.ts";
import type { EventDetail, HoldAction, LotChange, StockEvent } from "./events.ts";
import type { Hold } from "./hold-book.ts";
import { HoldBook } from "./hold-book.ts";
import { applyIncoming } from "./incoming-stock.ts";
import { applyLotChange, type HeldLot } from "./lots.ts";
import { SerialBook } from "./serials.ts";
import {
  boundUnits,
  detailsOf,
  InvariantError,
  MAX_UNITS,
  type PositionDetails,
  type StockPosition,
} from "./stock-position.ts";

/**
 * Folds an event into the position; `nowMs` is the shard's time. Throws `InvariantError` where the result
 * could not be true.
 */
export function applyToPosition(position: StockPosition, event: StockEvent, nowMs: number): void {
  const hold = event.hold === "none" ? null : applyToHold(position, event, event.hold);
  if (hold === null && (event.reserved !== 0 || event.allocated !== 0 || event.picked !== 0)) {
    fail(position, event, "units are promised without a hold");
  }
  position.onHand += event.onHand;
  position.reserved += event.reserved;
  position.allocated += event.allocated;
  position.picked += event.picked;
  position.unavailable += event.unavailable;
  position.safetyStock += event.safetyStock;
  position.incoming += event.incoming;
  position.fenced += event.fenced;
  if (
    !isUnits(position.onHand) ||
    !isUnits(position.reserved) ||
    !isUnits(position.allocated) ||
    !isUnits(position.picked) ||
    !isUnits(position.unavailable) ||
    !isUnits(position.safetyStock) ||
    !isUnits(position.incoming) ||
    !isUnits(position.fenced)
  ) {
    fail(position, event, "a bucket is negative, fractional or too large");
  }
  if (boundUnits(position) > position.onHand) {
    fail(position, event, "more is promised or set apart than is on hand");
  }
  if (
    event.more !== null ||
    position.details !== null ||
    event.pool !== "" ||
    event.fenced !== 0 ||
    event.incoming !== 0 ||
    event.unavailable !== 0
  ) {
    applyToDetails(position, event, hold, nowMs);
  }
}

/** @returns the hold, also where the event ends it */
function applyToHold(position: StockPosition, event: StockEvent, action: HoldAction): Hold {
  if (action === "opened") {
    // A claimed lane reservation is reserved already; its units only get a name.
    const reserved = event.type === "hold-claimed" ? (event.more?.units ?? 0) : event.reserved;
    if (position.holds?.has(event.holdId)) fail(position, event, "the hold exists already");
    const opened: Hold = {
      holdId: event.holdId,
      orderId: event.orderId,
      lineId: event.lineId,
      cause: event.cause,
      pool: event.pool,
      reserved,
      allocated: event.allocated,
      picked: event.picked,
      expiresAtMs: event.expiresAtMs,
      lots: null,
    };
    if (position.holds === null) position.holds = HoldBook.of([opened]);
    else position.holds.add(opened);
    if (reserved < 1) fail(position, event, "a hold opens with units");
    return opened;
  }
  const hold = position.holds?.get(event.holdId);
  if (hold === undefined) fail(position, event, "the hold does not exist");
  if (hold.pool !== event.pool) fail(position, event, "the hold is of another pool");
  hold.reserved += event.reserved;
  hold.allocated += event.allocated;
  hold.picked += event.picked;
  hold.expiresAtMs = event.expiresAtMs;
  if (!isUnits(hold.reserved) || !isUnits(hold.allocated) || !isUnits(hold.picked)) {
    fail(position, event, "a part of the hold is negative");
  }
  if (hold.reserved + hold.allocated + hold.picked === 0) position.holds?.delete(event.holdId);
  return hold;
}

function applyToDetails(position: StockPosition, event: StockEvent, hold: Hold | null, nowMs: number): void {
  const details = detailsOf(position);
  const more = event.more;
  if (event.type === "count-pending" && more !== null) {
    // What the count would change waits with it.
    details.count = {
      countId: more.reference,
      counted: more.units,
      discrepancy: more.discrepancy,
      reason: event.reason,
      lots: more.lots,
      serials: more.serials,
    };
    return;
  }
  if (event.type === "count-rejected" || event.type === "stock-counted") {
    if (details.count !== null && details.count.countId === more?.reference) details.count = null;
  }
  if (event.unavailable !== 0) applyToReason(position, details, event);
  if (event.incoming !== 0) applyToIncoming(position, details, event);
  if (event.pool !== "") applyToPools(position, details, event);
  else if (event.fenced !== 0) fail(position, event, "a fence changes without its pool");
  if (more !== null && (more.lots.length > 0 || more.serials.length > 0)) {
    applyToLots(position, details, event, hold, more.lots, nowMs);
    applyToSerials(position, details, event, more);
  } else {
    if (details.lots !== null) assertLotsUnchanged(position, event);
    if (details.serials !== null) assertSerials(position, details.serials, event);
  }
  if (isBare(details)) position.details = null;
}

function isBare(details: PositionDetails): boolean {
  return (
    details.unavailable === null &&
    details.pools === null &&
    details.incoming === null &&
    details.lots === null &&
    details.serials === null &&
    details.count === null
  );
}

function applyToReason(position: StockPosition, details: PositionDetails, event: StockEvent): void {
  const reason = event.more?.unavailableReason ?? "";
  if (reason === "") fail(position, event, "units are set apart without a reason");
  details.unavailable ??= new Map();
  const units = (details.unavailable.get(reason) ?? 0) + event.unavailable;
  if (units < 0) fail(position, event, `fewer than none are set apart as ${reason}`);
  if (units === 0) details.unavailable.delete(reason);
  else details.unavailable.set(reason, units);
  if (details.unavailable.size === 0) details.unavailable = null;
}

function applyToIncoming(position: StockPosition, details: PositionDetails, event: StockEvent): void {
  details.incoming ??= new Map();
  if (!applyIncoming(details.incoming, event)) fail(position, event, "what is incoming does not add up");
  if (details.incoming.size === 0) details.incoming = null;
}

function applyToPools(position: StockPosition, details: PositionDetails, event: StockEvent): void {
  details.pools ??= new Map();
  if (event.type === "pool-set") {
    setPool(details.pools, event.pool, event.more?.variant as PoolKind, event.more?.units ?? 0);
  } else {
    const shipped = event.type === "stock-shipped" ? -event.onHand : 0;
    const held = event.reserved + event.allocated + event.picked;
    const pool = changePool(details.pools, event.pool, held, shipped);
    if (pool.held < 0) fail(position, event, "a pool holds less than nothing");
    if (pool.kind === "capped" && held > 0 && pool.held > pool.units) {
      fail(position, event, "a pool holds more than its cap");
    }
  }
  if (unfilledFences(details.pools) !== position.fenced) fail(position, event, "the fences do not add up");
  if (details.pools.size === 0) details.pools = null;
}

function applyToLots(
  position: StockPosition,
  details: PositionDetails,
  event: StockEvent,
  hold: Hold | null,
  changes: readonly LotChange[],
  nowMs: number,
): void {
  if (changes.length === 0) return;
  details.lots ??= new Map();
  let onHand = 0;
  let reserved = 0;
  let allocated = 0;
  let picked = 0;
  let unavailable = 0;
  for (const change of changes) {
    onHand += change.onHand;
    reserved += change.reserved;
    allocated += change.allocated;
    picked += change.picked;
    unavailable += change.unavailable;
    if (event.type === "transfer-announced" || event.type === "transfer-discrepancy") continue;
    const lot = applyLotChange(details.lots, change, nowMs);
    if (event.type === "lot-expired") lot.expired = true;
    if (
      !isUnits(lot.onHand) ||
      !isUnits(lot.reserved) ||
      !isUnits(lot.allocated) ||
      !isUnits(lot.picked) ||
      !isUnits(lot.unavailable) ||
      lot.reserved + lot.allocated + lot.picked + lot.unavailable > lot.onHand
    ) {
      fail(position, event, `lot ${lot.lot} does not add up`);
    }
    if (hold !== null) applyToHeldLot(position, event, hold, change);
  }
  if (hold !== null && (hold.lots?.size ?? 0) > 0 !== hold.reserved + hold.allocated + hold.picked > 0) {
    fail(position, event, "the hold ends with units of a lot, or goes on without");
  }
  if (
    onHand !== event.onHand ||
    reserved !== event.reserved ||
    allocated !== event.allocated ||
    picked !== event.picked ||
    unavailable !== event.unavailable
  ) {
    fail(position, event, "the lots do not add up");
  }
  if (details.lots.size === 0) details.lots = null;
}

function applyToHeldLot(position: StockPosition, event: StockEvent, hold: Hold, change: LotChange): void {
  hold.lots ??= new Map();
  const held: HeldLot = hold.lots.get(change.lot) ?? {
    lot: change.lot,
    reserved: 0,
    allocated: 0,
    picked: 0,
  };
  held.reserved += change.reserved;
  held.allocated += change.allocated;
  held.picked += change.picked;
  if (!isUnits(held.reserved) || !isUnits(held.allocated) || !isUnits(held.picked)) {
    fail(position, event, `the hold's units of lot ${change.lot} do not add up`);
  }
  if (held.reserved + held.allocated + held.picked === 0) hold.lots.delete(change.lot);
  else hold.lots.set(change.lot, held);
}

function assertLotsUnchanged(position: StockPosition, event: StockEvent): void {
  if (
    event.onHand !== 0 ||
    event.reserved !== 0 ||
    event.allocated !== 0 ||
    event.picked !== 0 ||
    event.unavailable !== 0
  ) {
    fail(position, event, "units change that are of no lot");
  }
}

function applyToSerials(
  position: StockPosition,
  details: PositionDetails,
  event: StockEvent,
  more: EventDetail,
): void {
  if (event.type !== "transfer-announced" && event.type !== "transfer-discrepancy") {
    if (more.serials.length > 0) {
      details.serials ??= new SerialBook();
      for (const change of more.serials) details.serials.apply(change, event.holdId);
    }
  }
  if (details.serials === null) return;
  assertSerials(position, details.serials, event);
  if (details.serials.size === 0) details.serials = null;
}

function assertSerials(position: StockPosition, serials: SerialBook, event: StockEvent): void {
  if (
    serials.size !== position.onHand ||
    serials.picked !== position.picked ||
    serials.setApart > position.unavailable
  ) {
    fail(position, event, "the serials do not add up");
  }
}

function isUnits(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_UNITS;
}

function fail(position: StockPosition, event: StockEvent, what: string): never {
  throw new InvariantError(
    `${position.sku} at ${position.locationId}: ${what} after ${event.type} ${event.holdId} (${event.cause})`,
  );
}
