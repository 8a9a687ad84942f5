/** How a position with its holds looks in a snapshot: arrays of fixed fields, appended to and never reordered. */
import type { Hold, StockPosition } from "../actors/stock-position.ts";

export type WireHold = readonly [
  holdId: string,
  orderId: string,
  lineId: string,
  cause: string,
  reserved: number,
  allocated: number,
  picked: number,
  expiresAtMs: number,
];

export type WirePosition = readonly [
  sku: string,
  locationId: string,
  onHand: number,
  reserved: number,
  allocated: number,
  picked: number,
  unavailable: number,
  safetyStock: number,
  holds: readonly WireHold[],
];

export function positionToWire(position: StockPosition): WirePosition {
  const holds: WireHold[] = [];
  for (const hold of position.holds?.values() ?? []) holds.push(holdToWire(hold));
  return [
    position.sku,
    position.locationId,
    position.onHand,
    position.reserved,
    position.allocated,
    position.picked,
    position.unavailable,
    position.safetyStock,
    holds,
  ];
}

/** Fills a new position of the SKU and location of `wire`. */
export function fillFromWire(position: StockPosition, wire: WirePosition): void {
  const [, , onHand, reserved, allocated, picked, unavailable, safetyStock, holds] = wire;
  position.onHand = onHand;
  position.reserved = reserved;
  position.allocated = allocated;
  position.picked = picked;
  position.unavailable = unavailable;
  position.safetyStock = safetyStock;
  if (holds.length > 0) {
    position.holds = new Map(holds.map((hold) => [hold[0], holdFromWire(hold)]));
  }
}

function holdToWire(hold: Hold): WireHold {
  return [
    hold.holdId,
    hold.orderId,
    hold.lineId,
    hold.cause,
    hold.reserved,
    hold.allocated,
    hold.picked,
    hold.expiresAtMs,
  ];
}

function holdFromWire(wire: WireHold): Hold {
  const [holdId, orderId, lineId, cause, reserved, allocated, picked, expiresAtMs] = wire;
  return { holdId, orderId, lineId, cause, reserved, allocated, picked, expiresAtMs };
}
