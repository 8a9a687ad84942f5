/**
 * Demand that waits: joining and leaving the queue, a pre-order's date, and which
 * demand gets units that came free.
 *
 * `nextFill` is asked after every event of a SKU that has waiting demand, until it has no more to give. So
 * units that come free are promised to waiting demand in the very batch that frees them, before anybody else
 * can ask for them.
 */

import type { StockCommand } from "../commands.ts";
import { fencedChange, freeUnits } from "../position/channel-pools.ts";
import type { StockEvent } from "../position/events.ts";
import { change, details, nothing, refuse } from "../position/make-event.ts";
import type { SkuContext } from "../position/sku-stock.ts";
import { MAX_UNITS, type StockPosition } from "../position/stock-position.ts";
import { reservedLots } from "./holds.ts";

/** Of one SKU. */
const MAX_WAITING = 1_000_000;

type CommandOf<T extends StockCommand["type"]> = Extract<StockCommand, { readonly type: T }>;

export function decideEnqueue(command: CommandOf<"enqueue-demand">, sku: SkuContext): StockEvent {
  const queue = sku.record?.demand;
  if (queue?.get(command.holdId) !== undefined) {
    return refuse(command, "demand_exists", `${command.holdId} waits already`);
  }
  if (sku.positions.some((position) => position.holds?.has(command.holdId))) {
    return refuse(command, "hold_exists", `hold ${command.holdId} exists already`);
  }
  if ((queue?.units ?? 0) + command.quantity > MAX_UNITS) {
    return refuse(command, "quantity_limit", `${queue?.units ?? 0} units wait already`);
  }
  if ((queue?.size ?? 0) >= MAX_WAITING) {
    return refuse(command, "too_many_entries", `at most ${MAX_WAITING} orders wait for one SKU`);
  }
  return change(command, "demand-queued", {
    holdId: command.holdId,
    orderId: command.orderId,
    lineId: command.lineId,
    pool: command.pool ?? "",
    more: details({
      variant: command.kind,
      units: command.quantity,
      priority: command.priority,
      dueAtMs: command.notBeforeMs,
    }),
  });
}

export function decideCancelDemand(command: CommandOf<"cancel-demand">, sku: SkuContext): StockEvent {
  const entry = sku.record?.demand.get(command.holdId);
  if (entry === undefined || entry.locationId !== command.locationId) return nothing(command);
  return change(command, "demand-cancelled", {
    holdId: entry.holdId,
    orderId: entry.orderId,
    lineId: entry.lineId,
    pool: entry.pool,
    more: details({ variant: entry.kind, units: entry.quantity }),
  });
}

export function decideOpenDemand(command: CommandOf<"open-demand">, sku: SkuContext): StockEvent {
  const entry = sku.record?.demand.get(command.holdId);
  if (entry === undefined || entry.open || entry.notBeforeMs > sku.nowMs) return nothing(command, false);
  return change(command, "demand-opened", {
    locationId: entry.locationId,
    holdId: entry.holdId,
    orderId: entry.orderId,
    lineId: entry.lineId,
    pool: entry.pool,
    remembered: false,
  });
}

/**
 * The next units that go to waiting demand; `null`: there are none to give. `at` is where units may have come
 * free. With `null` it may be anywhere; then the location with the most free units gives first.
 */
export function nextFill(sku: SkuContext, at: StockPosition | null): StockEvent | null {
  const queue = sku.record?.demand;
  if (queue === undefined || queue.size === 0) return null;
  if (at !== null) return fillAt(sku, at);
  const positions = [...sku.positions].sort((a, b) => freeUnits(b, "") - freeUnits(a, ""));
  for (const position of positions) {
    const fill = fillAt(sku, position);
    if (fill !== null) return fill;
  }
  return null;
}

function fillAt(sku: SkuContext, position: StockPosition): StockEvent | null {
  const entry = sku.record?.demand.nextTurn(position.locationId, (pool) => freeUnits(position, pool));
  if (entry === null || entry === undefined) return null;
  const units = Math.min(entry.quantity, freeUnits(position, entry.pool));
  const hold = position.holds?.get(entry.holdId);
  return {
    type: "demand-filled",
    sku: position.sku,
    locationId: position.locationId,
    commandId: "",
    fingerprint: 0,
    atMs: sku.nowMs,
    cause: entry.cause,
    onHand: 0,
    reserved: units,
    allocated: 0,
    picked: 0,
    unavailable: 0,
    safetyStock: 0,
    hold: hold === undefined ? "opened" : "changed",
    holdId: entry.holdId,
    orderId: entry.orderId,
    lineId: entry.lineId,
    expiresAtMs: hold?.expiresAtMs ?? 0,
    reason: entry.kind,
    detail: "",
    incoming: 0,
    fenced: fencedChange(position, entry.pool, units, 0),
    pool: entry.pool,
    more: details({ otherLocationId: entry.locationId, lots: reservedLots(position, units) }),
  };
}
