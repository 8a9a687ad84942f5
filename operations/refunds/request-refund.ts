/**
 * A person gives money back that no return, claim or exchange asks for: because something went wrong
 * (appeasement), or as a courtesy (goodwill). To the way the order was paid, or as store credit.
 *
 * The money is set aside under the order's lock, so that two people never give the same money; it is paid out
 * by the refund's saga.
 */
import { createHash } from "node:crypto";
import { type GIFT_REASONS, minorText, splitRefund, totalOfPockets } from "../../orders/refund.ts";
import { creditBonus } from "../../orders/returns/refund-way.ts";
import { holderOf } from "../../orders/store-credit.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { readPayment } from "../../store/orders/payments.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { addRefund, findRefund, readRefundable } from "../../store/refunds/refunds.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { startSaga } from "../tell-saga.ts";
import { type Giver, refuseGift } from "./gift-limit.ts";

type RefundRequest = {
  readonly orderId: string;
  /** ISO 4217 minor units of the order's currency. */
  readonly amountMinor: number;
  readonly reason: (typeof GIFT_REASONS)[number];
  readonly to: "original" | "store_credit";
  /** On top, of store credit. */
  readonly bonusPercent: number;
  readonly note: string;
  readonly giver: Giver;
  /** Repeating a request with the same key returns the first refund. */
  readonly key: string;
};

export async function requestRefund(
  context: OperationContext,
  input: RefundRequest,
): Promise<{ readonly status: "done"; readonly refundId: string } | Refusal> {
  const { orderId, amountMinor, giver } = input;
  const toStoreCredit = input.to === "store_credit";
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    const key = `${orderId}:refund:${shortened(input.key)}`;
    const earlier = await findRefund(client, key);
    if (earlier !== undefined) return { status: "done", refundId: earlier.refundId };
    const { currency } = order;
    const text = (minor: number) => minorText(minor, currency);
    const from = await readRefundable(client, order);
    const left = Math.max(0, from.left - from.unmatched);
    if (amountMinor > left) {
      return refuse(
        "refund_exceeds_paid",
        `${text(amountMinor)} are asked for; of what was paid for ${orderId}, ${text(left)} are left.`,
      );
    }
    if (toStoreCredit && holderOf(order.document) === null)
      return refuse("customer_unknown", `${orderId} names no e-mail address or customer to hold the credit.`);
    const step = (await readPayment(client, orderId))?.stepMinor ?? 1;
    if (!toStoreCredit && totalOfPockets(splitRefund(amountMinor, from, step)) !== amountMinor)
      return refuse("amount_not_payable", `Payment providers take ${currency} in steps of ${text(step)}.`);
    const bonusMinor = toStoreCredit ? creditBonus(amountMinor, input.bonusPercent) : 0;
    const { companyId } = order.document;
    const minor = amountMinor + bonusMinor;
    const tooMuch = await refuseGift(client, giver, { orderId, companyId, currency, minor });
    if (tooMuch !== null) return tooMuch;

    const { refundId } = await addRefund(client, {
      orderId,
      key,
      reason: input.reason,
      currency,
      askedMinor: amountMinor,
      toStoreCredit,
      bonusMinor,
      note: input.note,
      requestedBy: giver.by,
      giverRole: giver.role,
    });
    await recordEntry(client, {
      orderId,
      key: `refund-requested:${refundId}`,
      type: "refund.requested",
      summary: [
        `${input.reason === "goodwill" ? "Goodwill" : "Appeasement"} of ${text(amountMinor)}`,
        toStoreCredit ? " as store credit" : "",
        bonusMinor > 0 ? ` with ${text(bonusMinor)} on top` : "",
        input.note === "" ? "." : `: ${input.note}`,
      ].join(""),
      cause: giver.by,
      data: { refundId, amountMinor, currency },
    });
    await startSaga(client, {
      workflow: "refundPayment",
      workflowId: refundId,
      args: [{ refundId, orderId, channelId: order.channelId }],
    });
    return { status: "done", refundId };
  });
}

/** The provider's keys are made of it, and have to end somewhere. */
function shortened(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}
