/** From an order and what it still needs to the engine's reservation request; from the holds to dates. */
import type {
  OrderReservation,
  OrderReservationRequest,
  PlacedHold,
  ReservationLine,
} from "../../engine/allocator-client.ts";
import { isCollected, pickupPlaceOf } from "../../orders/fulfillment/collection.ts";
import { placeOf } from "../../orders/geography.ts";
import { type DeliveryPromise, type HoldReason, isOurs, type OrderDocument } from "../../orders/order.ts";
import { reservationIdOf } from "../../orders/order-identity.ts";
import { deliveryPromise } from "../../orders/promise.ts";
import { unitsText } from "../../orders/units-text.ts";
import type { ShippingOrigin } from "../../store/catalog/catalog.ts";
import type { TimelineEntry } from "../../store/orders/timeline.ts";

/** Of what we hand over, the units that nobody has handed over yet. */
export function linesToReserve(document: OrderDocument): readonly ReservationLine[] {
  return document.lines.flatMap((line) => {
    const quantity = line.quantity - (line.fulfilledElsewhere ?? 0);
    return line.sku === null || !isOurs(line) || quantity === 0
      ? []
      : [{ lineId: line.lineId, sku: line.sku, quantity }];
  });
}

/**
 * @param otherwise what this reservation does differently from what the order says. What the customer
 *   collects comes from the place where they collect it, whatever is said here.
 */
export function reservationRequest(
  document: OrderDocument,
  lines: readonly ReservationLine[],
  attempt: number,
  atMs: number,
  otherwise: Partial<Pick<OrderReservationRequest, "policy" | "locations" | "pool">> = {},
): OrderReservationRequest {
  const { shippingAddress } = document;
  const place = pickupPlaceOf(document);
  const { policy = document.allocation ?? "all_or_nothing" } = otherwise;
  const locations = place === null ? otherwise.locations : { only: [place] };
  return {
    orderId: reservationIdOf(document.orderId, attempt),
    ofOrder: document.orderId,
    lines,
    policy: place !== null && policy === "ship_available_backorder_rest" ? "ship_available" : policy,
    ...(locations === undefined ? {} : { locations }),
    ...(otherwise.pool === undefined ? {} : { pool: otherwise.pool }),
    destination: shippingAddress === null ? null : placeOf(shippingAddress),
    expiresAtMs: 0,
    atMs,
    cause: document.orderId,
  };
}

/**
 * Ship and delivery dates of goods that leave the holds' locations; `null` where no location is known.
 *
 * @param dueOut the day by which they were promised to leave already
 */
export function promiseFor(
  document: OrderDocument,
  holds: readonly Pick<PlacedHold, "locationId">[],
  locations: ReadonlyMap<string, ShippingOrigin>,
  atMs: number,
  dueOut: string | null = null,
): DeliveryPromise | null {
  const [first, ...rest] = [...new Set(holds.map((hold) => hold.locationId))].flatMap((id) => {
    const origin = locations.get(id);
    return origin === undefined ? [] : [origin];
  });
  if (first === undefined) return null;
  const promise = deliveryPromise({
    atMs,
    origins: [first, ...rest],
    destination: document.shippingAddress === null ? null : placeOf(document.shippingAddress),
    service: document.shippingService,
    releaseOn: document.releaseOn,
    dueOut,
  });
  // What is collected has no way to go.
  return isCollected(document) ? { ...promise, deliverBy: promise.shipBy } : promise;
}

export function shortageReason(
  short: readonly { readonly lineId: string; readonly sku: string; readonly missing: number }[],
  document?: OrderDocument,
): HoldReason {
  const what = short.map(({ lineId, sku, missing }) => `${missing} of ${sku} (line ${lineId})`).join(", ");
  const place = document === undefined ? null : pickupPlaceOf(document);
  const where = place === null ? "" : ` at ${place}, where the customer collects the order`;
  return { code: "insufficient_stock", detail: `Missing${where}: ${what}.` };
}

/**
 * What the order waits for after its reservation: its place in the demand queue, or stock without a place
 * there.
 */
export function shortageReasons(
  reservation: OrderReservation,
  document?: OrderDocument,
): readonly HoldReason[] {
  const queued = reservation.status === "reserved" ? (reservation.queued ?? []) : [];
  const lineIds = new Set(queued.map((demand) => demand.lineId));
  const missing = reservation.short.filter((line) => !lineIds.has(line.lineId));
  const waiting = queued.map(({ lineId, sku, quantity, promisedAtMs }) => {
    const due = promisedAtMs === undefined ? "no date" : new Date(promisedAtMs).toISOString().slice(0, 10);
    return `${quantity} of ${sku} (line ${lineId}, ${due})`;
  });
  return [
    ...(missing.length > 0 ? [shortageReason(missing, document)] : []),
    ...(waiting.length > 0
      ? [{ code: "backordered" as const, detail: `Waiting for: ${waiting.join(", ")}.` }]
      : []),
  ];
}

/** The timeline entry of the `attempt`-th reservation that succeeded. */
export function reservedEntry(
  { holds, queued = [] }: Pick<Reserved, "holds" | "queued">,
  attempt: number,
  cause: string,
): TimelineEntry {
  const units = holds.reduce((sum, hold) => sum + hold.quantity, 0);
  const places = [...new Set(holds.map((hold) => hold.locationId))].join(", ");
  const waiting = queued.reduce((sum, demand) => sum + demand.quantity, 0);
  const said = [
    ...(units > 0 ? [`${unitsText(units)} reserved at ${places}`] : []),
    ...(waiting > 0 ? [`${unitsText(waiting)} queued for the next stock`] : []),
  ];
  return {
    key: `stock.reserved:${attempt + 1}`,
    type: "stock.reserved",
    summary: `${said.join(", ")}.`,
    cause,
    data: { holds, ...(waiting > 0 ? { queued } : {}) },
  };
}

export type Reserved = Extract<OrderReservation, { readonly status: "reserved" }>;
