/**
 * Reminds customers of what waits for them, and ends what nobody has collected in time: an order of which
 * nothing was handed over is cancelled as a whole, and its saga puts the goods back and the money right; of
 * any other the units are given up and cancelled.
 */
import { NOT_COLLECTED } from "../../orders/fulfillment/shortage.ts";
import {
  markExpired,
  overdueCollections,
  readCollection,
  takeReminders,
} from "../../store/floor/collections.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import { giveUp } from "../shortage/give-up.ts";
import { tellOrderSaga } from "../tell-saga.ts";

/** Of one pass; the next one follows at once. */
const BATCH = 100;

export async function remindCustomers(context: OperationContext): Promise<number> {
  return inTransaction(context.database, async (client) => {
    const due = await takeReminders(client, BATCH);
    for (const { fulfillmentOrderId, orderId } of due)
      await tellOrderSaga(client, orderId, {
        key: `pickup-reminder:${fulfillmentOrderId}`,
        type: "tell-shopper",
        kind: "pickup_reminder",
        about: fulfillmentOrderId,
      });
    return due.length;
  });
}

/** @returns the fulfillment orders that have expired */
export async function expireCollections(context: OperationContext): Promise<readonly string[]> {
  const due = await overdueCollections(context.database, BATCH);
  for (const { fulfillmentOrderId, orderId } of due) {
    const collection = await readCollection(context.database, fulfillmentOrderId);
    const asked = await requestCancellation(context, {
      orderId,
      reason: `not collected until ${collection?.until}`,
      by: "store:expiry",
    });
    // Something of the order is with the customer already: only what is left here goes back.
    if (asked.status === "refused")
      await giveUp(context, { fulfillmentOrderId, reason: NOT_COLLECTED, by: "store:expiry" });
    // Last, so that a crash repeats it.
    await inTransaction(context.database, (client) => markExpired(client, fulfillmentOrderId));
  }
  return due.map(({ fulfillmentOrderId }) => fulfillmentOrderId);
}
