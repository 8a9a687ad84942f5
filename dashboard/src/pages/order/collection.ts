/** Words for an order that its customer collects in a store. */
import type { OrderView } from "../../../../contract/orders.ts";
import { calendarDay } from "../../format/time.ts";

export function isCollected({ delivery }: OrderView["document"]): boolean {
  return delivery?.method === "pickup" || delivery?.method === "curbside";
}

/** The store, and whether the customer stays in the car. */
export function collectedAt({ document, fulfillmentOrders }: OrderView): string {
  const { delivery } = document;
  const part = fulfillmentOrders.find(({ locationId }) => locationId === delivery?.locationId);
  const place =
    part?.locationName ?? delivery?.place ?? delivery?.locationId ?? "a store that is not known yet";
  return delivery?.method === "curbside" ? `${place}, brought to the car` : place;
}

/** By when what is to be done is promised. */
export function promiseText({ document, summary }: OrderView, deliverBy: string): string {
  if (isCollected(document)) return `ready ${calendarDay(deliverBy)}`;
  const ship = summary.shipBy === null ? "" : `ship ${calendarDay(summary.shipBy)}, `;
  return `${ship}deliver ${calendarDay(deliverBy)}`;
}
