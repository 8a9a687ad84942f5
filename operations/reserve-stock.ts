/** From an order and what it still needs to the engine's reservation request, and from the holds to dates. */
import type { OrderReservationRequest, PlacedHold, ReservationLine } from "../engine/allocator-client.ts";
import { placeOf } from "../orders/geography.ts";
import type { DeliveryPromise, HoldReason, OrderDocument } from "../orders/order.ts";
import { reservationIdOf } from "../orders/order-identity.ts";
import { deliveryPromise } from "../orders/promise.ts";
import type { ShippingOrigin } from "../store/catalog.ts";
import type { TimelineEvent } from "../store/orders.ts";

export function reservationRequest(
  document: OrderDocument,
  lines: readonly ReservationLine[],
  attempt: number,
  atMs: number,
): OrderReservationRequest {
  const { shippingAddress } = document;
  return {
    orderId: reservationIdOf(document.orderId, attempt),
    lines,
    policy: document.allocation ?? "all_or_nothing",
    destination: shippingAddress === null ? null : placeOf(shippingAddress),
    expiresAtMs: 0,
    atMs,
    cause: document.orderId,
  };
}

/** Ship and delivery dates of goods that leave the holds' locations; `null` where no location is known. */
export function promiseFor(
  document: OrderDocument,
  holds: readonly PlacedHold[],
  locations: ReadonlyMap<string, ShippingOrigin>,
  atMs: number,
): DeliveryPromise | null {
  const [first, ...rest] = [...new Set(holds.map((hold) => hold.locationId))].flatMap((id) => {
    const origin = locations.get(id);
    return origin === undefined ? [] : [origin];
  });
  if (first === undefined) return null;
  return deliveryPromise({
    atMs,
    origins: [first, ...rest],
    destination: document.shippingAddress === null ? null : placeOf(document.shippingAddress),
    service: document.shippingService,
  });
}

export function shortageReason(
  short: readonly { readonly lineId: string; readonly sku: string; readonly missing: number }[],
): HoldReason {
  const what = short.map(({ lineId, sku, missing }) => `${missing} of ${sku} (line ${lineId})`).join(", ");
  return { code: "insufficient_stock", detail: `Missing: ${what}.` };
}

/** The timeline entry of the `attempt`-th reservation that succeeded. */
export function reservedEvent(holds: readonly PlacedHold[], attempt: number, cause: string): TimelineEvent {
  const units = holds.reduce((sum, hold) => sum + hold.quantity, 0);
  const places = [...new Set(holds.map((hold) => hold.locationId))].join(", ");
  return {
    key: `stock.reserved:${attempt + 1}`,
    type: "stock.reserved",
    summary: `${units} ${units === 1 ? "unit" : "units"} reserved at ${places}.`,
    cause,
    data: { holds },
  };
}
