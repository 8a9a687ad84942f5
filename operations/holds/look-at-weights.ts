/**
 * Looks again at parts of an order that were too heavy for a parcel, with the weights and limits of today:
 * somebody may have corrected the one, or raised the other.
 */
import { tooHeavyText } from "../../orders/fulfillment/parcels.ts";
import type { HoldReason, OrderDocument } from "../../orders/order.ts";
import { readUnitWeights } from "../../store/catalog/catalog.ts";
import { parcelLimitAt } from "../../store/catalog/parcel-limit.ts";
import { readFulfillmentOrders } from "../../store/floor/fulfillment.ts";
import type { OperationContext } from "../context.ts";

type Held = {
  readonly orderId: string;
  readonly document: OrderDocument;
  readonly holdReasons: readonly HoldReason[];
};

/** The reasons of those parts that still are, as they are today. */
export async function stillTooHeavy(
  { database, parcelLimit }: OperationContext,
  { orderId, document, holdReasons }: Held,
): Promise<readonly HoldReason[]> {
  const reasons = holdReasons.filter(({ code }) => code === "parcel_too_heavy");
  if (reasons.length === 0) return [];
  const parts = await readFulfillmentOrders(database, orderId);
  const skus = parts.flatMap(({ lines }) => lines.map(({ sku }) => sku));
  const weights = await readUnitWeights(database, [...new Set(skus)]);
  const today: HoldReason[] = [];
  for (const reason of reasons) {
    const part = parts.find(({ id }) => id === reason.fulfillmentOrderId);
    if (part === undefined) continue;
    const limit = await parcelLimitAt(database, parcelLimit(document), [part.locationId]);
    const detail = tooHeavyText(part.lines, weights, limit);
    if (detail !== null) today.push({ ...reason, detail });
  }
  return today;
}
