/**
 * A channel says that it has refunded something of an order. That closes what is due there; what nothing was
 * waiting for is kept, and taken off the next refund that becomes due. So it makes no difference which comes
 * first, the channel's word or our reason for it.
 */
import { chargeableMinor, type Money } from "../../orders/money.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { addChannelRefund, takeUnmatched } from "../../store/refunds/refunds.ts";
import { confirmRefunds, paymentStatusNow } from "../../store/refunds/settle-refund.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

type Confirmed = {
  readonly status: "done";
  /** What no refund of ours was waiting for: the channel has refunded it of its own accord. */
  readonly unmatchedMinor: number;
};

/** Repeating it with the same id of the channel's refund changes nothing. */
export async function confirmChannelRefund(
  context: OperationContext,
  input: {
    readonly orderId: string;
    readonly amount: Money;
    readonly externalRefundId: string;
    /** Ours that the channel was told of; absent: it is not known which. */
    readonly refundId?: string;
    readonly by: string;
  },
): Promise<Confirmed | Refusal> {
  const { orderId, amount, by } = input;
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    if (amount.currency !== order.currency)
      return refuse(
        "currency_mismatch",
        `The refund is in ${amount.currency}, the order in ${order.currency}.`,
      );
    const amountMinor = chargeableMinor(amount);
    if (amountMinor <= 0) return refuse("negative_amount", `A refund of ${orderId} is not above zero.`);
    const told = {
      externalId: input.externalRefundId,
      amountMinor,
      by,
      ...(input.refundId === undefined ? {} : { refundId: input.refundId }),
    };
    return { status: "done", unmatchedMinor: (await confirmInOrder(client, order, told)) ?? 0 };
  });
}

/**
 * The same for a caller that holds the order's lock, and leaves the order otherwise unchanged.
 *
 * @returns what no refund of ours was waiting for; null where this refund of the channel's is known
 */
export async function confirmInOrder(
  client: DatabaseClient,
  order: OrderProgress,
  told: {
    readonly externalId: string;
    readonly amountMinor: number;
    readonly by: string;
    readonly refundId?: string;
  },
): Promise<number | null> {
  const { externalId, amountMinor, by, refundId } = told;
  const { orderId } = order;
  if (!(await addChannelRefund(client, { orderId, externalId, amountMinor, by }))) return null;
  const unmatched = await confirmRefunds(client, order, amountMinor, {
    by,
    key: externalId,
    ...(refundId === undefined ? {} : { refundId }),
  });
  await takeUnmatched(client, orderId, { externalId, minor: amountMinor - unmatched });
  await changeOrder(client, order, { paymentStatus: await paymentStatusNow(client, order) });
  return unmatched;
}
