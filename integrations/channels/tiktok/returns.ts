/**
 * What TikTok Shop has given back. Refunds are no part of an order there: they stand in its returns, also
 * those of which nothing comes back. The connection adds an order's returns to it under `returns`
 * (`read-returns.ts`).
 *
 * Fields and statuses are those of TikTok's own generated clients for Return and Refund 202309
 * (`SearchReturnsResponse`); no schema of them is collected beside the project.
 */
import { addMoney, type Money, zeroMoney } from "../../../orders/money.ts";
import type { ChannelReading } from "../../../ports/channels.ts";
import { amount, listAt, textAt } from "../../vendor-kit/vendor-json.ts";

/** The money has gone back; before, it has only been agreed on. */
export const REFUNDED = "RETURN_OR_REFUND_REQUEST_COMPLETE";

/** What was given back of an order, refund by refund. */
export function refundsOf(order: unknown): readonly (ChannelReading & { readonly kind: "refund" })[] {
  const externalId = textAt(order, "id");
  return listAt(order, "returns").flatMap((one) => {
    const refundId = textAt(one, "return_id");
    const currency = textAt(one, "refund_amount", "currency").toUpperCase();
    if (textAt(one, "return_status") !== REFUNDED || refundId === "" || currency === "") return [];
    const given = amount(textAt(one, "refund_amount", "refund_total"), currency, "refund_total");
    return given.minor > 0 ? [{ kind: "refund" as const, externalId, refundId, amount: given }] : [];
  });
}

/** In the order's currency. */
export function refundedOf(order: unknown, currency: string): Money {
  return refundsOf(order)
    .map((refund) => refund.amount)
    .filter((money) => money.currency === currency)
    .reduce(addMoney, zeroMoney(currency));
}
