/**
 * The customer or staff give an order another means of payment: one that had none, one whose payment was
 * declined, or before that. What waited for it goes on.
 *
 * An order has so many tries in an hour, whoever gives the means of payment, so that nobody tests cards with
 * it. They are counted from the calls to the payment provider, which every process sees: those that were
 * declined, and the one that is under way. One that succeeds takes none of the others off.
 */
import { MAX_PAYMENT_TRIES, PAYMENT_TRIES_MS } from "../../config/limits.ts";
import { CLEARED_BY_PAYMENT } from "../../orders/payment/order-completion.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { readDeclinedTries, setPaymentMethod } from "../../store/orders/payments.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction, type Queryable } from "../../store/sql/database.ts";
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
    const waits = order.holdReasons.some(({ code }) => CLEARED_BY_PAYMENT.includes(code));
    const isAnother = order.paymentMethod !== paymentMethod;
    const tooOften = isAnother || waits ? await refuseTry(client, orderId) : null;
    if (tooOften !== null) return tooOften;
    if (isAnother) {
      await setPaymentMethod(client, orderId, paymentMethod);
      await recordEntry(client, {
        orderId,
        key: `payment-method:v${order.version}`,
        type: "payment.method_given",
        summary: "The order has a new means of payment.",
        cause: by,
      });
    }
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

async function refuseTry(client: Queryable, orderId: string): Promise<Refusal | null> {
  const tries = await readDeclinedTries(client, orderId, PAYMENT_TRIES_MS);
  const retryAfterMs = tries[MAX_PAYMENT_TRIES - 1];
  return retryAfterMs === undefined
    ? null
    : refuse(
        "too_many_payment_tries",
        `Payment of order ${orderId} was declined ${tries.length} times within an hour: try again in ${Math.ceil(retryAfterMs / 60_000)} minutes.`,
        Math.max(1, retryAfterMs),
      );
}
