/**
 * The orders that a shard placed holds for, to answer a repeat with the holds of the first run.
 *
 * Orders are forgotten like commands, but never while they hold anything.
 */
import { COMMAND_WINDOW_MS, COMMAND_WINDOW_SIZE } from "../../actors/command-window.ts";
import type { StockEvent } from "../../actors/position/events.ts";
import type { PlacedHold } from "../allocator-client.ts";

type RememberedHold = PlacedHold & {
  /** Units placed and not taken back by an amendment. */
  quantity: number;
  shipped: number;
};

/** Demand that was queued with the order, as it was queued. */
export type OrderDemand = {
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
};

type OrderEntry = { atMs: number; readonly holds: RememberedHold[]; readonly queued: OrderDemand[] };

/** What an order still holds by one of its holds, and what has left the building. */
export type OrderHoldState = Omit<PlacedHold, "quantity"> & {
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly shipped: number;
  /** Of the units reserved and allocated, how many nobody could take if they were given back. */
  readonly withheld: number;
};

/** What became of a hold. */
export type HoldState = Pick<OrderHoldState, "reserved" | "allocated" | "picked" | "withheld">;

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

  /** The same with what became of them, those of nothing too; `null` where the order is not remembered. */
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

  /** A hold was opened for its order, or grew by units that the order waited for. */
  remember(event: StockEvent, nowMs: number): void {
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

  /** Demand of the order that waits. */
  wait(event: StockEvent, nowMs: number): void {
    const { holdId, lineId, sku, more } = event;
    this.entryOf(event.orderId, nowMs).queued.push({ holdId, lineId, sku, quantity: more?.units ?? 0 });
  }

  /** An amendment took units of a hold back. */
  reduce(event: StockEvent): void {
    const hold = this.find(event);
    if (hold !== undefined) hold.quantity += event.reserved + event.allocated;
  }

  ship(event: StockEvent): void {
    const hold = this.find(event);
    if (hold !== undefined) hold.shipped -= event.picked;
  }

  /** The order never was. */
  drop(orderId: string): void {
    this.orders.delete(orderId);
  }

  /** Looks at `looks` of the oldest at most, so that no batch pays for a day of orders. */
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
