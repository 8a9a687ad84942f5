/**
 * An order in exchange for a return: what the returned goods were worth pays for it, by way of store credit,
 * and it goes on. The caller holds the lock of the order that the goods came from; this takes the lock of the
 * other.
 */

import { replacementIds } from "../../../orders/order-identity.ts";
import { minorText } from "../../../orders/refund.ts";
import { holderOf } from "../../../orders/store-credit.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../../store/orders/order-progress.ts";
import { readPaymentTransactions } from "../../../store/orders/payments.ts";
import { recordEntry, recordQuote } from "../../../store/orders/timeline.ts";
import { writeOutbox } from "../../../store/outbox.ts";
import type { RefundRecord } from "../../../store/refunds/refunds.ts";
import { spend, stillDue } from "../../../store/refunds/spend-store-credit.ts";
import { addStoreCreditEntry, openStoreCredit } from "../../../store/refunds/store-credit.ts";
import type { Queryable } from "../../../store/sql/database.ts";
import { signalRow } from "../../messages.ts";

/** What the order in exchange for a return still costs, as long as its payment has not begun; 0 for none. */
export async function dueInExchange(
  client: Queryable,
  order: OrderProgress,
  returnId: string,
): Promise<number> {
  const other = await lockExchange(client, order, returnId);
  if (other === undefined || other.status === "cancelled") return 0;
  const calls = await readPaymentTransactions(client, other.orderId, "authorization");
  return calls.some(({ status }) => status !== "declined") ? 0 : stillDue(client, other);
}

/** Gives the exchange's part of a refund to the order in exchange, and lets it go on. */
export async function payExchange(
  client: Queryable,
  order: OrderProgress,
  refund: RefundRecord,
  by: string,
): Promise<void> {
  const other = await lockExchange(client, order, refund.returnId ?? "");
  if (other === undefined) return;
  const { exchangeMinor, refundId, currency } = refund;
  if (exchangeMinor > 0) {
    const holder = holderOf(order.document) ?? `order:${order.orderId}`;
    const account = await openStoreCredit(client, {
      companyId: order.document.companyId,
      currency,
      holder,
    });
    const fresh = await addStoreCreditEntry(client, {
      accountId: account.accountId,
      key: `exchange:${refundId}`,
      kind: "issued",
      amountMinor: exchangeMinor,
      orderId: order.orderId,
      refundId,
      by,
    });
    if (fresh) await spend(client, other, account, exchangeMinor, { key: `exchange:${refundId}`, by });
  }
  const holdReasons = other.holdReasons.filter(({ code }) => code !== "awaiting_return");
  if (holdReasons.length === other.holdReasons.length) return;
  await recordEntry(client, {
    orderId: other.orderId,
    key: `exchange-came:${refundId}`,
    type: "order.released",
    summary: `Return ${refund.returnId} has come back and pays ${minorText(exchangeMinor, currency)} of this order.`,
    cause: by,
    data: { returnId: refund.returnId },
  });
  await changeOrder(client, other, { holdReasons });
  await writeOutbox(client, [
    signalRow({
      workflowId: other.orderId,
      signal: "orderMessage",
      message: { key: `exchange-came:${refundId}`, type: "hold-released" },
    }),
  ]);
}

/**
 * The return will not come back: the order in exchange gives its stock back, unless it was released by hand.
 */
export async function cancelExchange(
  client: Queryable,
  order: OrderProgress,
  returnId: string,
  by: string,
): Promise<void> {
  const other = await lockExchange(client, order, returnId);
  if (!other?.holdReasons.some(({ code }) => code === "awaiting_return")) return;
  const { orderId } = other;
  const reason = `Return ${returnId} will not come back.`;
  await recordQuote(client, {
    orderId,
    key: "order.cancel_requested",
    type: "order.cancel_requested",
    summary: `Cancellation requested: ${reason}`,
    cause: by,
    data: { reason },
  });
  await writeOutbox(client, [
    signalRow({
      workflowId: orderId,
      signal: "orderMessage",
      message: { key: `cancel-requested:${orderId}`, type: "cancel-requested", reason, by },
    }),
  ]);
}

function lockExchange(
  client: Queryable,
  order: OrderProgress,
  returnId: string,
): Promise<OrderProgress | undefined> {
  const ids = replacementIds(order.document, returnId);
  return ids === undefined ? Promise.resolve(undefined) : lockOrder(client, ids.orderId);
}
