/** How much of an order's goods one parcel may weigh, by the carriers that would bring it. */
import { isCollected } from "../orders/fulfillment/collection.ts";
import type { OrderDocument } from "../orders/order.ts";
import type { Carrier } from "./carriers.ts";
import type { Vendor, VendorRoster } from "./vendor-roster.ts";

type Delivered = Pick<OrderDocument, "delivery">;

/** Grams of one parcel of such an order at most; `null`: nobody limits it. */
export type ParcelLimit = (document: Delivered) => number | null;

/**
 * Who may bring a parcel of the order, in the order of the settings: what is delivered locally, own drivers
 * only.
 */
export function carriersFor(
  carriers: VendorRoster<Carrier>,
  { delivery }: Delivered,
): readonly Vendor<Carrier>[] {
  const isLocal = delivery?.method === "local_delivery";
  return carriers.vendors.filter(({ port }) => !isLocal || port.isOwnFleet === true);
}

/**
 * What the strongest of them takes: a parcel goes to the first that accepts it. No carrier touches what is
 * collected.
 */
export function parcelLimitOf(carriers: VendorRoster<Carrier>): ParcelLimit {
  return (document) => {
    if (isCollected(document)) return null;
    const limits = carriersFor(carriers, document).map(({ port }) => port.maxParcelGrams);
    return limits.length === 0 ? null : Math.max(...limits);
  };
}
