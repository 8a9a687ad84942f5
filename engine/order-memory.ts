/**
 * The orders that a shard placed holds for, to answer a repeat with the holds of the first run.
 *
 * Orders are forgotten like commands, but never while they hold anything.
 */
import { COMMAND_WINDOW_MS, COMMAND_WINDOW_SIZE } from "../actors/command-window.ts";
import type { StockEvent } from "../actors/events.ts";
import type { PlacedHold } from "./allocator-client.ts";

type OrderEntry = { atMs: number; readonly holds: PlacedHold[] };

export type WireOrder = readonly [
  orderId: string,
  atMs: number,
  holds: readonly (readonly [
    holdId: string,
    lineId: string,
    sku: string,
    locationId: string,
    quantity: number,
  ])[],
];

export class OrderMemory {
  private readonly orders = new Map<string, OrderEntry>();

  /** The holds placed for an order; `null` where the order is not remembered. */
  holdsOf(orderId: string): readonly PlacedHold[] | null {
    return this.orders.get(orderId)?.holds ?? null;
  }

  remember(event: StockEvent, nowMs: number): void {
    const placed: PlacedHold = {
      holdId: event.holdId,
      lineId: event.lineId,
      sku: event.sku,
      locationId: event.locationId,
      quantity: event.reserved,
    };
    const entry = this.orders.get(event.orderId);
    if (entry === undefined) this.orders.set(event.orderId, { atMs: nowMs, holds: [placed] });
    else entry.holds.push(placed);
  }

  /** The order never was. */
  drop(orderId: string): void {
    this.orders.delete(orderId);
  }

  /** Looks at `looks` of the oldest at most, so that no batch pays for a day of orders. */
  forget(nowMs: number, looks: number, isOpen: (hold: PlacedHold) => boolean): void {
    let left = looks;
    for (const [orderId, entry] of this.orders) {
      const outdated = entry.atMs < nowMs - COMMAND_WINDOW_MS || this.orders.size > COMMAND_WINDOW_SIZE;
      if (!outdated || left === 0) return;
      left -= 1;
      this.orders.delete(orderId);
      if (entry.holds.some(isOpen)) {
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
        entry.holds.map((hold) => [hold.holdId, hold.lineId, hold.sku, hold.locationId, hold.quantity]),
      ]);
    }
    return wire;
  }

  restore([orderId, atMs, holds]: WireOrder): void {
    this.orders.set(orderId, {
      atMs,
      holds: holds.map(([holdId, lineId, sku, locationId, quantity]) => ({
        holdId,
        lineId,
        sku,
        locationId,
        quantity,
      })),
    });
  }
}
