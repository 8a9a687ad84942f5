/**
 * The customer is in the store and has the code: the goods are theirs. Under the order's lock, so that of a
 * collection, a cancellation and an expiry one wins, and the others hear of it. The order's saga then books
 * the handover as it books a parcel: stock leaves, the money is captured, the ledger says shipped and
 * delivered.
 *
 * Repeating it with a right code changes nothing. Too many wrong codes, and only a new code helps.
 */
import { stopsOrder } from "../../orders/fulfillment-order.ts";
import {
  countWrongCode,
  handOver,
  isCollectionCode,
  MOST_WRONG_CODES,
  readCollection,
} from "../../store/floor/collections.ts";
import { lockForPacking, readPackState } from "../../store/floor/picking.ts";
import { outboundShipmentId } from "../../store/floor/shipments.ts";
import { type OrderProgress, readOrderProgress } from "../../store/orders/order-progress.ts";
import { readEntryData, recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";

type Collecting = {
  readonly fulfillmentOrderId: string;
  readonly code: string;
  /** Whether somebody looked at a document with the customer's name. */
  readonly isIdChecked: boolean;
  /** `staff:<id>`. */
  readonly by: string;
};

export function collect(
  context: OperationContext,
  { fulfillmentOrderId, code, isIdChecked, by }: Collecting,
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const orderId = await lockForPacking(client, fulfillmentOrderId);
    if (orderId === undefined) return refuse("fulfillment_order_not_found", fulfillmentOrderId);
    const collection = await readCollection(client, fulfillmentOrderId);
    if (collection === undefined)
      return refuse("nothing_to_collect", `${fulfillmentOrderId} is not ready to be collected`);
    if (collection.wrongCodes >= MOST_WRONG_CODES)
      return refuse("too_many_wrong_codes", `${collection.wrongCodes} wrong codes: have a new one sent`);
    if (!(await isCollectionCode(client, fulfillmentOrderId, code))) {
      await countWrongCode(client, fulfillmentOrderId);
      return refuse("wrong_code", `this is no code of ${fulfillmentOrderId}`);
    }
    if (collection.collectedAt !== null) return { status: "done" };
    const order = (await readOrderProgress(client, orderId)) as OrderProgress;
    const { status, stage } = await readPackState(client, fulfillmentOrderId);
    if (collection.expiredAt !== null || stage !== "ready")
      return refuse("nothing_to_collect", `${fulfillmentOrderId} is not kept any longer`);
    if ((await readEntryData(client, orderId, "order.cancel_requested")) !== null)
      return refuse("order_being_cancelled", `${orderId} is being cancelled`);
    if (status !== "in_progress" || order.holdReasons.some(stopsOrder))
      return refuse("fulfillment_order_on_hold", `${fulfillmentOrderId} waits for a person`);
    const isCurbside = order.document.delivery?.method === "curbside";
    await handOver(client, {
      shipmentId: outboundShipmentId(fulfillmentOrderId),
      fulfillmentOrderId,
      service: isCurbside ? "curbside" : "pickup in store",
    });
    const key = `collected:${fulfillmentOrderId}`;
    await recordEntry(client, {
      orderId,
      key,
      type: "fulfillment.collected",
      summary: `Collected at ${collection.place}${isIdChecked ? ", the customer's document was checked" : ""}.`,
      cause: by,
      data: { fulfillmentOrderId, isIdChecked },
    });
    await tellOrderSaga(client, orderId, { key, type: "fulfillment-changed" });
    return { status: "done" };
  });
}
