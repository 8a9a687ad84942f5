/**
 * What a customer was promised follows what becomes of their order: another service, another address, another
 * day of release, other places that ship. By the same rule as at capture (`promiseFor`), in the transaction
 * of the change.
 *
 * Parcels that are on their way already are no part of it. The day by which the rest is to leave stays as it
 * was promised, as long as it has not passed and no other place is to ship: a change does not start that day
 * anew. What makes no difference to the dates (a name, a price) leaves them as they are, also where they have
 * passed.
 */
import { isDeepStrictEqual } from "node:util";
import { isCollected } from "../../orders/fulfillment/collection.ts";
import { isEnded } from "../../orders/fulfillment-order.ts";
import { placeOf } from "../../orders/geography.ts";
import type { OrderDocument } from "../../orders/order.ts";
import { readLocations } from "../../store/catalog/catalog.ts";
import { readFulfillmentOrders, readUnsourced } from "../../store/floor/fulfillment.ts";
import type { OrderProgress } from "../../store/orders/order-progress.ts";
import { setPromise } from "../../store/orders/orders.ts";
import type { Queryable } from "../../store/sql/database.ts";
import { promiseFor } from "./reserve-stock.ts";

/** What a promise is made of. */
export type PromiseBasis = {
  readonly document: OrderDocument;
  /** Where what has not left yet is. */
  readonly places: readonly string[];
};

export async function promiseBasis(
  client: Queryable,
  { orderId, document }: Pick<OrderProgress, "orderId" | "document">,
): Promise<PromiseBasis> {
  const parts = await readFulfillmentOrders(client, orderId);
  const toSend = parts.filter(({ status, stage }) => !isEnded(status) && stage !== "shipped");
  const units = [...(await readUnsourced(client, orderId)), ...toSend];
  return { document, places: [...new Set(units.map(({ locationId }) => locationId))].sort() };
}

/**
 * Promises anew where the order is no longer as it was `before`. This transaction has locked the order.
 *
 * @param order as it is now
 * @param isWhole nothing of it is missing: then it is promised also where nothing was before
 */
export async function promiseAnew(
  client: Queryable,
  order: Pick<OrderProgress, "orderId" | "document" | "shipBy">,
  {
    before,
    isWhole,
    atMs,
  }: { readonly before: PromiseBasis; readonly isWhole: boolean; readonly atMs: number },
): Promise<void> {
  const { orderId, document, shipBy } = order;
  if (shipBy === null && !isWhole) return;
  const now = await promiseBasis(client, order);
  if (shipBy !== null && isDeepStrictEqual(factsOf(before), factsOf(now))) return;
  const isElsewhere = now.places.some((place) => !before.places.includes(place));
  const holds = now.places.map((locationId) => ({ locationId }));
  const dueOut = isElsewhere ? null : shipBy;
  const promise = promiseFor(document, holds, await readLocations(client), atMs, dueOut);
  if (promise !== null) await setPromise(client, orderId, promise);
}

function factsOf({ document, places }: PromiseBasis) {
  const { shippingAddress, shippingService, releaseOn } = document;
  return {
    places,
    destination: shippingAddress === null ? null : placeOf(shippingAddress),
    shippingService,
    releaseOn,
    isCollected: isCollected(document),
  };
}
