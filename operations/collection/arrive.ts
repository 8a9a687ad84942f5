import { isCollected } from "../../orders/fulfillment/collection.ts";
import { storableText } from "../../orders/storable-text.ts";
import { noteArrival } from "../../store/floor/collections.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { recordQuote } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/**
 * The customer is in front of the store. The store sees it on its list; saying it again with another note,
 * such as another parking space, replaces the note.
 */
export function arrive(
  context: OperationContext,
  { orderId, note }: { readonly orderId: string; readonly note: string },
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    const shown = storableText(note);
    if (order === undefined || !isCollected(order.document) || !(await noteArrival(client, orderId, shown)))
      return refuse("nothing_to_collect", "There is nothing to be collected now.");
    await recordQuote(client, {
      orderId,
      key: "collection.arrived",
      type: "fulfillment.customer_arrived",
      summary: `The customer is at the store${shown === "" ? "" : `: ${shown}`}.`,
      cause: "shopper",
    });
    return { status: "done" };
  });
}
