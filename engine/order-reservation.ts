/**
 * Plans the reservation of one order against the stock of one round.
 *
 * Pure. Owns the policy (what of each line is granted), the summing of demand over lines before anything is reserved,
 * and the spreading of what sourcing chose over the lines. The round that calls it is the only one that changes stock
 * meanwhile, so a plan holds; `takeFrom` lets the next order of the round see what this one took.
 */
import type {
  OrderReservation,
  OrderReservationRequest,
  PlacedHold,
  SourcingLocation,
} from "./allocator-client.ts";
import type { Placement } from "./shard.ts";
import { type AvailableStock, chooseLocations, totalAvailable } from "./sourcing.ts";

export type RoundStock = Map<string, Map<string, number>>;

type ShortLine = { readonly lineId: string; readonly sku: string; readonly missing: number };

export function planReservation(
  request: OrderReservationRequest,
  stock: AvailableStock,
  locations: ReadonlyMap<string, SourcingLocation>,
): OrderReservation {
  const { granted, short } = grant(request, stock, locations);
  const nothing = [...granted.values()].every((quantity) => quantity === 0);
  if (nothing || (request.policy === "all_or_nothing" && short.length > 0)) {
    return { status: "refused", code: "insufficient_stock", short };
  }
  const demand = new Map<string, number>();
  for (const line of request.lines) {
    const quantity = granted.get(line.lineId) ?? 0;
    if (quantity > 0) demand.set(line.sku, (demand.get(line.sku) ?? 0) + quantity);
  }
  const sourcing = chooseLocations(demand, stock, locations, request.destination);
  const pool = sourcing.units.map((units) => ({ ...units }));
  const holds: PlacedHold[] = [];
  for (const line of request.lines) {
    let open = granted.get(line.lineId) ?? 0;
    for (const units of pool) {
      if (open === 0) break;
      if (units.sku !== line.sku || units.quantity === 0) continue;
      const quantity = Math.min(open, units.quantity);
      units.quantity -= quantity;
      open -= quantity;
      holds.push({
        holdId: `${request.orderId}:${line.lineId}:${units.locationId}`,
        lineId: line.lineId,
        sku: line.sku,
        locationId: units.locationId,
        quantity,
      });
    }
  }
  return { status: "reserved", holds, explanation: sourcing.explanation, short };
}

/** The answer to a repeated request from the holds that its first run placed. */
export function repeatedReservation(
  request: OrderReservationRequest,
  placed: readonly PlacedHold[],
): OrderReservation {
  const short: ShortLine[] = [];
  for (const line of request.lines) {
    let held = 0;
    for (const hold of placed) if (hold.lineId === line.lineId) held += hold.quantity;
    if (held < line.quantity) {
      short.push({ lineId: line.lineId, sku: line.sku, missing: line.quantity - held });
    }
  }
  return { status: "reserved", holds: placed, explanation: ["reserved before under this order id"], short };
}

export function placementsOf(
  request: OrderReservationRequest,
  holds: readonly PlacedHold[],
): readonly Placement[] {
  return holds.map((hold) => ({
    ...hold,
    orderId: request.orderId,
    expiresAtMs: request.expiresAtMs,
    atMs: request.atMs,
    cause: request.cause,
  }));
}

/** Takes the holds' units out of the round's stock. */
export function takeFrom(stock: RoundStock, holds: readonly PlacedHold[]): void {
  for (const hold of holds) {
    const ofSku = stock.get(hold.sku);
    ofSku?.set(hold.locationId, (ofSku.get(hold.locationId) ?? 0) - hold.quantity);
  }
}

/** What of each line is reserved under the request's policy; lines take from common stock in their order. */
function grant(
  request: OrderReservationRequest,
  stock: AvailableStock,
  locations: ReadonlyMap<string, SourcingLocation>,
): { readonly granted: ReadonlyMap<string, number>; readonly short: readonly ShortLine[] } {
  const left = new Map<string, number>();
  const granted = new Map<string, number>();
  const short: ShortLine[] = [];
  for (const line of request.lines) {
    const available = left.get(line.sku) ?? totalAvailable(stock, line.sku, locations);
    const whole = line.quantity <= available;
    const quantity = whole ? line.quantity : request.policy === "line_by_line" ? 0 : available;
    granted.set(line.lineId, quantity);
    left.set(line.sku, available - quantity);
    if (!whole) short.push({ lineId: line.lineId, sku: line.sku, missing: line.quantity - quantity });
  }
  return { granted, short };
}
