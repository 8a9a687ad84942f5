/**
 * What a WooCommerce order charges and takes off beside its products: shipping, fees, gift cards, refunds,
 * and the rounding of their sum.
 */
import type { IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import { chargeableMinor, currencyExponent, type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge } from "../../../orders/order.ts";
import { amount, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { computedTotal, negated, sum } from "../reading.ts";
import { taxReaderOf, taxSum } from "./taxes.ts";
import { wordsAt } from "./text.ts";

type Shipping = Pick<IncomingOrder, "shippingPrice" | "shippingTaxes">;

export function readShipping(order: unknown, currency: string): Shipping {
  const lines = listAt(order, "shipping_lines");
  const taxes = lines.flatMap(taxReaderOf(order, currency));
  const whole = amount(textAt(order, "shipping_tax"), currency, "shipping_tax");
  const stated = textAt(order, "shipping_total");
  return {
    shippingPrice:
      stated === ""
        ? sum(
            lines.map((line) => amount(textAt(line, "total"), currency, "the total of a shipping line")),
            currency,
          )
        : amount(stated, currency, "shipping_total"),
    shippingTaxes: taxes.length === 0 && whole.minor !== 0 ? [{ name: "tax", amount: whole }] : taxes,
  };
}

/** A fee below zero is how many shops write a discount. It is taken off with its tax. */
export function readFees(order: unknown, currency: string): { charges: readonly Charge[]; discount: Money } {
  const taxesOf = taxReaderOf(order, currency);
  const fees = listAt(order, "fee_lines").map(
    (fee): Charge => ({
      kind: "fee",
      name: firstText(wordsAt(fee, "name"), "Fee"),
      amount: amount(textAt(fee, "total"), currency, "the total of a fee"),
      tax: taxSum(taxesOf(fee), currency),
    }),
  );
  const isOff = (fee: Charge) => fee.amount.minor < 0;
  return {
    charges: fees.filter((fee) => !isOff(fee)),
    discount: negated(
      sum(
        fees.filter(isOff).flatMap((fee) => [fee.amount, fee.tax]),
        currency,
      ),
    ),
  };
}

/** What gift cards paid: a plugin's field. WooCommerce then states as total what is left to pay. */
export function paidByGiftCards(order: unknown, currency: string): Money {
  return sum(
    listAt(order, "gift_cards").map((card) => amount(textAt(card, "amount"), currency, "a gift card")),
    currency,
  );
}

/** What the shop has given back so far; it writes these amounts below zero. */
export function refundedOf(
  order: unknown,
  currency: string,
  isCounted: (refund: unknown) => boolean = () => true,
): Money {
  const refunds = listAt(order, "refunds")
    .filter(isCounted)
    .map((refund) => amount(textAt(refund, "total"), currency, "a refund"));
  return sum(
    refunds.map((refund) => (refund.minor < 0 ? negated(refund) : refund)),
    currency,
  );
}

/**
 * WooCommerce computes the total of exact amounts and then shows each of them rounded, so that what it shows
 * may miss the total by half a minor unit an amount. Up to that, the difference is the rounding, and is
 * written down as such; beyond it, the amounts do not add up.
 */
export function withRounding(order: IncomingOrder): IncomingOrder {
  const exponent = currencyExponent(order.currency);
  const isCounted = order.lines.every((line) => Number.isSafeInteger(line.quantity));
  if (exponent === undefined || !isCounted) return order;
  const missing = chargeableMinor(order.total) - chargeableMinor(computedTotal(order));
  if (missing === 0 || 2 * Math.abs(missing) > shownAmounts(order)) return order;
  const rounding = { minor: Math.abs(missing), currency: order.currency, exponent };
  if (missing < 0) return { ...order, discount: sum([order.discount, rounding], order.currency) };
  const charge: Charge = {
    kind: "fee",
    name: "Rounding",
    amount: rounding,
    tax: zeroMoney(order.currency),
  };
  return { ...order, charges: [...(order.charges ?? []), charge] };
}

function shownAmounts(order: IncomingOrder): number {
  const taxes = (list: readonly IncomingTax[]) => list.map((tax) => tax.amount);
  const amounts = [
    ...order.lines.flatMap((line) => [line.unitPrice, line.discount, ...taxes(line.taxes)]),
    order.shippingPrice,
    ...taxes(order.shippingTaxes),
    ...(order.charges ?? []).flatMap((charge) => [charge.amount, charge.tax]),
  ];
  return amounts.filter((each) => each.minor !== 0).length;
}
