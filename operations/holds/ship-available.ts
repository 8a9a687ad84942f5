/**
 * A person decides that what there is of an order leaves before the rest. What is reserved goes to the floor
 * at once; of an order that has reserved nothing, because it was to leave whole, what there is is reserved
 * now. The rest follows when its stock comes.
 */
import { readHeldOrder } from "../../store/orders/held-orders.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { letShipParts } from "../../store/orders/orders.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";
import { releaseHold } from "./release-hold.ts";

export async function shipAvailable(
  context: OperationContext,
  { orderId, by }: { readonly orderId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  const decided = await inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    if (order.status !== "open" && order.status !== "on_hold")
      return refuse("order_not_on_hold", `Order ${orderId} is ${order.status}.`);
    await letShipParts(client, orderId);
    await recordEntry(client, {
      orderId,
      key: "order.ships_parts",
      type: "order.ships_parts",
      summary: "What is there leaves before the rest.",
      cause: by,
    });
    await tellOrderSaga(client, orderId, {
      key: `hold-released:${orderId}:ships-parts`,
      type: "hold-released",
    });
    return { status: "done" as const };
  });
  if (decided.status === "refused") return decided;
  const held = await readHeldOrder(context.database, orderId);
  if (held?.holdReasons.some(({ code }) => code === "insufficient_stock")) {
    const released = await releaseHold(context, {
      orderId,
      codes: ["insufficient_stock"],
      by,
      shipsParts: true,
    });
    // Nothing there is no failure of the decision: it holds for what comes.
    if (released.status === "refused" && released.code !== "insufficient_stock") return released;
  }
  return { status: "done" };
}
