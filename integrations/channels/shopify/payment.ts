/** What Shopify says of the money: paid, promised, due at the door, or given back. */
import type { Money } from "../../../orders/money.ts";
import { amount, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { negated, sum } from "../reading.ts";
import { isEdited } from "./lines.ts";

const COD = /cash on delivery|\bcod\b/i;

export function isPaidAtTheDoor(order: unknown): boolean {
  const gateways = listAt(order, "payment_gateway_names").map((name) => textAt({ name }, "name"));
  return textAt(order, "financial_status") === "pending" && gateways.some((name) => COD.test(name));
}

/** What was given back beyond the units that have left the order; `null` where that is not stated. */
export function refundedBeside(order: unknown, currency: string): Money | null {
  const refunds = listAt(order, "refunds");
  if (refunds.length === 0) {
    const isStated = textAt(order, "financial_status") !== "partially_refunded" || isEdited(order);
    return isStated ? sum([], currency) : null;
  }
  const given = refunds
    .flatMap((refund) => listAt(refund, "transactions"))
    .filter((each) => textAt(each, "kind") === "refund" && textAt(each, "status") === "success")
    .map((each) => amount(textAt(each, "amount"), currency, "refund"));
  const isTaxed = textAt(order, "taxes_included") !== "true";
  const ofUnits = refunds
    .flatMap((refund) => listAt(refund, "refund_line_items"))
    .flatMap((each) => [
      amount(textAt(each, "subtotal"), currency, "refunded units"),
      ...(isTaxed ? [amount(textAt(each, "total_tax"), currency, "refunded tax")] : []),
    ]);
  const beside = sum([...given, ...ofUnits.map(negated)], currency);
  return beside.minor > 0 ? beside : sum([], currency);
}
