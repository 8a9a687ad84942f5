/**
 * Finance says how much of an order that is paid on delivery was taken: before its bearer did, or to correct
 * what was noted when it arrived.
 */
import { minorText } from "../../orders/refund.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { addCash, readPaymentTransactions } from "../../store/orders/payments.ts";
import { recordQuote } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";

export function recordCash(
  context: OperationContext,
  input: {
    readonly orderId: string;
    /** What was taken in all, in ISO 4217 minor units. */
    readonly takenMinor: number;
    readonly note: string;
    readonly by: string;
  },
): Promise<{ readonly status: "done" } | Refusal> {
  const { orderId, takenMinor, note, by } = input;
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    if (order.document.paymentBy !== "on_delivery")
      return refuse("not_paid_on_delivery", `Order ${orderId} is not paid on delivery.`);
    if (order.status === "cancelled") return refuse("order_over", `Order ${orderId} is cancelled.`);
    const rows = await readPaymentTransactions(client, orderId, "cash");
    const before = rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    const amountMinor = takenMinor - before;
    if (amountMinor === 0) return { status: "done" };
    const { currency } = order;
    const key = `${orderId}:cash:finance:${rows.length + 1}`;
    await addCash(client, {
      provider: "finance",
      account: "cash",
      key,
      orderId,
      amountMinor,
      currency,
      note,
    });
    await recordQuote(client, {
      orderId,
      key: `payment:${key}`,
      type: amountMinor > 0 ? "payment.cash_taken" : "payment.cash_corrected",
      summary: `In all, ${minorText(takenMinor, currency)} were taken for the order${note === "" ? "." : `: ${note}`}`,
      cause: by,
      data: { amountMinor, takenMinor, currency },
    });
    await tellOrderSaga(client, orderId, { key: `order-changed:${key}`, type: "order-changed" });
    return { status: "done" };
  });
}
