/**
 * The customer or staff give an order another means of payment: one that had none, one whose payment was
 * declined, or before that. What waited for it goes on.
 */
import { CLEARED_BY_PAYMENT } from "../../orders/payment/order-completion.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { setPaymentMethod } from "../../store/orders/payments.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { type Refusal, refuse } from "../refusal.ts";

const GOES_ON: readonly Refusal["code"][] = ["hold_not_cleared", "order_not_on_hold"];

export async function givePaymentMethod(
  context: OperationContext,
  input: {
    readonly orderId: string;
    /** The payment provider's token; never card data. */
    readonly paymentMethod: string;
    readonly by: string;
  },
): Promise<{ readonly status: "done" } | Refusal> {
  const { orderId, paymentMethod, by } = input;
  const given = await inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    if (order.document.paymentBy !== "merchant")
      return refuse("not_charged_here", `Order ${orderId} is not charged through our payment provider.`);
    if (order.status === "completed" || order.status === "cancelled")
      return refuse("order_over", `Order ${orderId} is ${order.status}: nothing more is charged for it.`);
    if (order.paymentMethod !== paymentMethod) {
      await setPaymentMethod(client, orderId, paymentMethod);
      await recordEntry(client, {
        orderId,
        key: `payment-method:v${order.version}`,
        type: "payment.method_given",
        summary: "The order has a new means of payment.",
        cause: by,
      });
    }
    const waits = order.holdReasons.some(({ code }) => CLEARED_BY_PAYMENT.includes(code));
    return { status: "done", waits } as const;
  });
  if (given.status === "refused") return given;
  if (given.waits) {
    // Beside it the order may wait for something else: then it goes on waiting for that.
    const released = await releaseHold(context, { orderId, codes: CLEARED_BY_PAYMENT, by });
    // Where somebody has released it in the same moment, it goes on with this one all the same.
    if (released.status === "refused" && !GOES_ON.includes(released.code)) return released;
  }
  return { status: "done" };
}
