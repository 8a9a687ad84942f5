/**
 * A person says in which store an order is collected that came without one. The order gets a new revision,
 * and goes on where it waited for nothing else.
 */
import { isCollected } from "../../orders/fulfillment/collection.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { lockOrder, readOrderProgress } from "../../store/orders/order-progress.ts";
import { reviseDelivery } from "../../store/orders/orders.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { releaseHold } from "./release-hold.ts";

export async function setPickupPlace(
  context: OperationContext,
  { orderId, locationId, by }: { readonly orderId: string; readonly locationId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  const document = (await readOrderProgress(context.database, orderId))?.document;
  if (document === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
  const stores = await catalogOf(context.database).stores(document.companyId);
  const place = stores.find((each) => each.locationId === locationId);
  if (place === undefined)
    return refuse("location_not_found", `${locationId} is no store where customers collect.`);
  const set = await inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    const { delivery } = order.document;
    if (delivery?.locationId === locationId) return { status: "done" as const };
    const waits = order.holdReasons.some(({ code }) => code === "pickup_place_unknown");
    if (delivery === undefined || !isCollected(order.document) || !waits)
      return refuse("order_not_on_hold", `${orderId} does not wait for the place where it is collected.`);
    const key = `pickup-place:${order.revision}`;
    await reviseDelivery(client, { orderId, delivery: { ...delivery, locationId }, key, by });
    await recordEntry(client, {
      orderId,
      key,
      type: "order.changed",
      summary: `The customer collects the order at ${place.name}.`,
      cause: by,
      data: { locationId },
    });
    return { status: "done" as const };
  });
  if (set.status === "refused") return set;
  const released = await releaseHold(context, { orderId, codes: ["pickup_place_unknown"], by });
  // It may have been released before, or wait for stock in that store.
  const isNews = released.status === "refused" && released.code === "order_not_found";
  return isNews ? released : { status: "done" };
}
