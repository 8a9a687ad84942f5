/** What a Shopify order itself gives as a reason to wait. */
import { decimalText } from "../../../orders/money.ts";
import type { HoldReason } from "../../../orders/order.ts";
import { amount, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { readDisputes } from "./disputes.ts";
import { hasFulfillments } from "./lines.ts";
import { readParts } from "./parts.ts";
import { isPaidAtTheDoor, refundedBeside } from "./payment.ts";

export function readHolds(order: unknown, currency: string): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const financial = textAt(order, "financial_status");
  const fulfillment = textAt(order, "fulfillment_status");
  const cancelledAt = textAt(order, "cancelled_at");
  if (cancelledAt !== "") {
    const why = firstText(textAt(order, "cancel_reason"), "no reason given");
    reasons.push({ code: "cancelled_at_channel", detail: `Shopify: cancelled at ${cancelledAt} (${why}).` });
  } else if (financial === "voided" || financial === "refunded") {
    reasons.push({ code: "cancelled_at_channel", detail: `Shopify: the payment is ${financial}.` });
  }
  const price = textAt(order, "total_price");
  if (price === "") {
    reasons.push({ code: "price_missing", detail: "Shopify has not stated the order's total." });
  }
  const isFree = price !== "" && amount(price, currency, "total_price").minor === 0;
  const outstanding = amount(textAt(order, "total_outstanding"), currency, "total_outstanding");
  const due = outstanding.minor > 0 ? `, ${decimalText(outstanding)} ${currency} outstanding` : "";
  if (isPaidAtTheDoor(order) || isFree) {
    // Nothing is waited for.
  } else if (UNPAID.includes(financial) || (financial === "paid" && due !== "")) {
    reasons.push({ code: "payment_pending", detail: `Shopify: the payment is ${financial}${due}.` });
  }
  const refunded = refundedBeside(order, currency);
  if (reasons.every(({ code }) => code !== "cancelled_at_channel") && refunded?.minor !== 0) {
    const what = refunded === null ? "a part" : `${decimalText(refunded)} ${currency}`;
    reasons.push({ code: "refunded_at_channel", detail: `Shopify has refunded ${what} of the order.` });
  }
  if (textAt(order, "test") === "true") {
    reasons.push({ code: "payment_pending", detail: "Shopify: this is a test order, no money has moved." });
  }
  const says = listAt(order, "line_items").some((line) => hasFulfillments(order, line));
  if (fulfillment !== "" && !says && cancelledAt === "") {
    reasons.push({ code: "fulfilled_at_channel", detail: `Shopify: fulfillment is ${fulfillment}.` });
  }
  if (cancelledAt === "") reasons.push(...readParts(order), ...readDisputes(order));
  if (listAt(order, "line_items").length === 0) {
    reasons.push({ code: "lines_missing", detail: "Shopify sent the order without line items." });
  }
  return reasons;
}

const UNPAID = ["authorized", "pending", "partially_paid", "expired"];
