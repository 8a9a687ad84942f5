/**
 * What is true of a SKU at all of its locations together: how its units are tracked, and which demand waits
 * for them.
 *
 * Most SKUs have neither, and then no record. A decision about one position looks at the others through
 * `SkuContext`, since a transfer, a serial number or a queue is the SKU's and not one position's.
 */
import { ANY_LOCATION, type DemandKind, type Tracking } from "../commands.ts";
import { DemandQueue } from "./demand-queue.ts";
import type { StockEvent } from "./events.ts";
import { InvariantError, type StockPosition } from "./stock-position.ts";

export type SkuRecord = {
  readonly sku: string;
  tracking: Tracking;
  readonly demand: DemandQueue;
};

export type SkuContext = {
  /** All positions of the SKU, oldest first. */
  readonly positions: readonly StockPosition[];
  readonly record: SkuRecord | null;
  /** The shard's time, by which lots and pre-orders go. */
  readonly nowMs: number;
  /** Units of the lane reservation that a claim names; 0: there is no such reservation. */
  readonly laneUnits: number;
};

export function newSkuRecord(sku: string): SkuRecord {
  return { sku, tracking: "none", demand: new DemandQueue() };
}

export function trackingOf(sku: SkuContext): Tracking {
  return sku.record?.tracking ?? "none";
}

/** Whether the record says no more than having none would say. */
export function isPlain(record: SkuRecord): boolean {
  return record.tracking === "none" && record.demand.size === 0;
}

/** Whether the event changes the SKU's record. */
export function concernsSku(event: StockEvent): boolean {
  return (
    event.type === "demand-filled" ||
    event.type === "demand-queued" ||
    event.type === "demand-cancelled" ||
    event.type === "demand-opened" ||
    event.type === "tracking-set"
  );
}

/**
 * Whether the event changes the position at its location. An event that concerns only the SKU needs no
 * position.
 */
export function concernsPosition(event: StockEvent): boolean {
  return (
    event.type !== "command-refused" &&
    event.type !== "nothing-changed" &&
    event.type !== "demand-queued" &&
    event.type !== "demand-cancelled" &&
    event.type !== "demand-opened" &&
    event.type !== "tracking-set"
  );
}

/** Folds an event that concerns the SKU. Throws `InvariantError` where the result could not be true. */
export function applyToSku(record: SkuRecord, event: StockEvent, nowMs: number): void {
  const more = event.more;
  if (event.type === "tracking-set") {
    record.tracking = more?.variant as Tracking;
    return;
  }
  if (event.type === "demand-queued") {
    if (more === null || more.units < 1) fail(event, "demand waits for nothing");
    if (record.demand.get(event.holdId) !== undefined) fail(event, "the demand waits already");
    record.demand.add({
      holdId: event.holdId,
      orderId: event.orderId,
      lineId: event.lineId,
      locationId: event.locationId,
      pool: event.pool,
      kind: more.variant as DemandKind,
      priority: more.priority,
      arrival: record.demand.arrivals,
      notBeforeMs: more.dueAtMs,
      cause: event.cause,
      quantity: more.units,
      open: more.dueAtMs <= nowMs,
    });
    return;
  }
  const entry = record.demand.get(event.holdId);
  if (entry === undefined) fail(event, "the demand does not wait");
  if (event.type === "demand-opened") {
    if (entry.open) fail(event, "the demand is open already");
    record.demand.open(entry);
    return;
  }
  const units = event.type === "demand-cancelled" ? entry.quantity : event.reserved;
  if (units < 1 || units > entry.quantity) fail(event, `${entry.quantity} units wait, ${units} are served`);
  if (entry.locationId !== ANY_LOCATION && entry.locationId !== event.locationId) {
    fail(event, `the demand waits for ${entry.locationId}`);
  }
  record.demand.take(entry, units);
}

function fail(event: StockEvent, what: string): never {
  throw new InvariantError(
    `${event.sku}: ${what} after ${event.type} ${event.holdId} at ${event.locationId} (${event.cause})`,
  );
}
