/**
 * The taxes of a WooCommerce line, be it of products, shipping or a fee.
 *
 * A line's totals are shown in the decimals of the request, mostly two, but each of its taxes as it was
 * computed: "8.40" beside "1.596639". To add up, a tax is taken in the decimals of its line's total.
 */
import type { IncomingTax } from "../../../orders/incoming-order.ts";
import { addMoney, currencyExponent, type Money, zeroMoney } from "../../../orders/money.ts";
import { amount, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { wordsAt } from "./text.ts";

/** The taxes of a line by their rates where it lists them, else their sum. */
export type TaxReader = (line: unknown) => readonly IncomingTax[];

export function taxReaderOf(order: unknown, currency: string): TaxReader {
  const names = new Map(
    listAt(order, "tax_lines").map((tax) => [
      textAt(tax, "rate_id"),
      firstText(wordsAt(tax, "label"), textAt(tax, "rate_code")),
    ]),
  );
  return (line) => {
    const places = Math.max(decimalsOf(textAt(line, "total")), currencyExponent(currency) ?? 0);
    const listed = listAt(line, "taxes").map((tax) => ({
      name: firstText(names.get(textAt(tax, "id")) ?? "", "tax"),
      amount: roundedTo(amount(textAt(tax, "total"), currency, "a tax"), places),
    }));
    if (listed.length > 0) return listed;
    const whole = amount(textAt(line, "total_tax"), currency, "total_tax");
    return whole.minor === 0 ? [] : [{ name: "tax", amount: whole }];
  };
}

export function taxSum(taxes: readonly IncomingTax[], currency: string): Money {
  return taxes.map((tax) => tax.amount).reduce(addMoney, zeroMoney(currency));
}

function decimalsOf(text: string): number {
  return /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
}

/** Half away from zero, as WooCommerce rounds. */
function roundedTo(value: Money, places: number): Money {
  if (value.exponent <= places) return value;
  const factor = 10 ** (value.exponent - places);
  const size = Math.round(Math.abs(value.minor) / factor);
  return { ...value, minor: value.minor < 0 && size > 0 ? -size : size, exponent: places };
}
