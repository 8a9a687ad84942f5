/**
 * The orders that a shard placed holds for, to answer a repeat with the holds of the first run. Runs on the
 * shard's thread.
 *
 * Filled only by folding journaled events. Their reasons tell the events of an order's parts from other events
 * of its holds. Orders are forgotten like commands, but never while they hold anything or wait for it.
 */

import { ANY_LOCATION } from "../../actors/commands.ts";
import type { StockEvent } from "../../actors/position/events.ts";
import { COMMAND_WINDOW_MS, COMMAND_WINDOW_SIZE } from "../../actors/rules/command-window.ts";
import type { PlacedHold } from "../allocator-client.ts";
import type { OrderDemand, OrderHoldState } from "./shard-request.ts";

/** The reason of events that take a part back because its order as a whole was not placed. */
export const ORDER_UNDONE = "order-undone";

/** The reason of events by which an amendment or a cancellation took units or waiting demand back. */
export const ORDER_AMENDED = "order-amended";

/** The reason of demand that was queued with its order. */
export const ORDER_QUEUED = "order-queued";

/**
 * The reason of events by which an order's home remembers what was reserved for it, of SKUs of any shard: a
 * hold, waiting demand (at `*`), or (without a hold) only that the order was decided.
 */
export const ORDER_REMEMBERED = "order-remembered";

type RememberedHold = PlacedHold & {
  /** Units placed and not taken back by an amendment. */
  quantity: number;
  shipped: number;
};

type OrderEntry = { atMs: number; readonly holds: RememberedHold[]; readonly queued: OrderDemand[] };

/** What became of a hold. */
type HoldState = Pick<OrderHoldState, "reserved" | "allocated" | "picked" | "withheld">;

const NOTHING_HELD: HoldState = { reserved: 0, allocated: 0, picked: 0, withheld: 0 };

export type WireOrder = readonly [
  orderId: string,
  atMs: number,
  holds: readonly (readonly [
    holdId: string,
    lineId: string,
    sku: string,
    locationId: string,
    quantity: number,
    shipped: number,
  ])[],
  queued: readonly (readonly [holdId: string, lineId: string, sku: string, quantity: number])[],
];

export class OrderMemory {
  private readonly orders = new Map<string, OrderEntry>();

  /** The holds placed for an order, as amended since; `null` where the order is not remembered. */
  holdsOf(orderId: string): readonly PlacedHold[] | null {
    const entry = this.orders.get(orderId);
    if (entry === undefined) return null;
    return entry.holds.flatMap(({ shipped: _, ...hold }) => (hold.quantity === 0 ? [] : [hold]));
  }

  queuedOf(orderId: string): readonly OrderDemand[] {
    return this.orders.get(orderId)?.queued ?? [];
  }

  /** The same with what became of them, empty ones too; `null` where the order is not remembered. */
  statesOf(
    orderId: string,
    find: (hold: PlacedHold) => HoldState | undefined,
  ): readonly OrderHoldState[] | null {
    const entry = this.orders.get(orderId);
    if (entry === undefined) return null;
    return entry.holds.map((hold) => {
      const { holdId, lineId, sku, locationId, shipped } = hold;
      const { reserved, allocated, picked, withheld } = find(hold) ?? NOTHING_HELD;
      return { holdId, lineId, sku, locationId, reserved, allocated, picked, shipped, withheld };
    });
  }

  /** Remembers what the event says of an order; most events say nothing of one. */
  fold(event: StockEvent, nowMs: number): void {
    switch (event.type) {
      case "stock-reserved":
      case "demand-filled":
      case "hold-claimed":
        if (event.orderId !== "") this.remember(event, nowMs);
        return;
      case "stock-shipped":
        if (event.orderId !== "") this.ship(event);
        return;
      case "hold-deallocated":
        if (event.reason === ORDER_AMENDED) this.reduce(event);
        return;
      case "demand-queued":
        if (event.reason === ORDER_QUEUED) this.wait(event, nowMs);
        return;
      case "hold-released":
      case "demand-cancelled":
      case "nothing-changed":
        // The order counts as never placed.
        if (event.reason === ORDER_UNDONE) this.orders.delete(event.orderId);
        else if (event.reason === ORDER_REMEMBERED) this.rememberWhole(event, nowMs);
        return;
    }
  }

  /** Looks at `looks` of the oldest orders at most, so that no batch pays for the orders of a whole day. */
  forget(
    nowMs: number,
    looks: number,
    isOpen: (hold: PlacedHold) => boolean,
    waits: (demand: OrderDemand) => boolean,
  ): void {
    let left = looks;
    for (const [orderId, entry] of this.orders) {
      const outdated = entry.atMs < nowMs - COMMAND_WINDOW_MS || this.orders.size > COMMAND_WINDOW_SIZE;
      if (!outdated || left === 0) return;
      left -= 1;
      this.orders.delete(orderId);
      if (entry.holds.some(isOpen) || entry.queued.some(waits)) {
        entry.atMs = nowMs;
        this.orders.set(orderId, entry);
      }
    }
  }

  /** Oldest first. */
  toWire(): WireOrder[] {
    const wire: WireOrder[] = [];
    for (const [orderId, entry] of this.orders) {
      wire.push([
        orderId,
        entry.atMs,
        entry.holds.map((hold) => [
          hold.holdId,
          hold.lineId,
          hold.sku,
          hold.locationId,
          hold.quantity,
          hold.shipped,
        ]),
        entry.queued.map((demand) => [demand.holdId, demand.lineId, demand.sku, demand.quantity]),
      ]);
    }
    return wire;
  }

  restore([orderId, atMs, holds, queued]: WireOrder): void {
    this.orders.set(orderId, {
      atMs,
      holds: holds.map(([holdId, lineId, sku, locationId, quantity, shipped]) => ({
        holdId,
        lineId,
        sku,
        locationId,
        quantity,
        shipped,
      })),
      queued: queued.map(([holdId, lineId, sku, quantity]) => ({ holdId, lineId, sku, quantity })),
    });
  }

  /** A hold was opened for its order, or grew by units that the order waited for. */
  private remember(event: StockEvent, nowMs: number): void {
    const units = event.type === "hold-claimed" ? (event.more?.units ?? 0) : event.reserved;
    const known = this.find(event);
    if (known !== undefined) {
      known.quantity += units;
      return;
    }
    this.entryOf(event.orderId, nowMs).holds.push({
      holdId: event.holdId,
      lineId: event.lineId,
      sku: event.sku,
      locationId: event.locationId,
      quantity: units,
      shipped: 0,
    });
  }

  /** The shard is the order's home. */
  private rememberWhole(event: StockEvent, nowMs: number): void {
    const { orderId, holdId, lineId, sku, locationId } = event;
    const entry = this.entryOf(orderId, nowMs);
    const quantity = event.more?.units ?? 0;
    if (holdId === "") return;
    if (locationId === ANY_LOCATION) {
      if (entry.queued.every((demand) => demand.holdId !== holdId))
        entry.queued.push({ holdId, lineId, sku, quantity });
    } else if (this.find(event) === undefined)
      entry.holds.push({ holdId, lineId, sku, locationId, quantity, shipped: 0 });
  }

  /** Demand of the order that waits. */
  private wait(event: StockEvent, nowMs: number): void {
    const { holdId, lineId, sku, more } = event;
    this.entryOf(event.orderId, nowMs).queued.push({ holdId, lineId, sku, quantity: more?.units ?? 0 });
  }

  /** An amendment took units of a hold back. */
  private reduce(event: StockEvent): void {
    const hold = this.find(event);
    if (hold !== undefined) hold.quantity += event.reserved + event.allocated;
  }

  private ship(event: StockEvent): void {
    const hold = this.find(event);
    if (hold !== undefined) hold.shipped -= event.picked;
  }

  private entryOf(orderId: string, nowMs: number): OrderEntry {
    let entry = this.orders.get(orderId);
    if (entry === undefined) {
      entry = { atMs: nowMs, holds: [], queued: [] };
      this.orders.set(orderId, entry);
    }
    return entry;
  }

  private find(event: StockEvent): RememberedHold | undefined {
    return this.orders
      .get(event.orderId)
      ?.holds.find((hold) => hold.holdId === event.holdId && hold.locationId === event.locationId);
  }
}
