/**
 * An incoming order made of values that can be counted and summed. What is odd is taken out and named; the
 * raw payload keeps it as it came.
 *
 * Invariants of what comes out: U1 every quantity is a count of 1 to 100,000. U2 every amount is a whole
 * number of units of the order's currency, not negative, and all of them together, at the finest exponent,
 * stay within exact integers. U3 the currency is one of ISO 4217's; XXX, its code for none, stands for any
 * other.
 *
 * Nobody may guess what was meant. So each oddity has a hold that only a correction clears, and a code by
 * which a wish is refused.
 */

import type { IncomingLine, IncomingOrder, IncomingTax } from "../incoming-order.ts";
import { currencyExponent, type Money, rescale, zeroMoney } from "../money.ts";
import { type Charge, type HoldCode, MAX_LINES } from "../order.ts";
import { unitsText } from "../units-text.ts";

/** No real line comes near. Beyond it, a typing error or an attack is more likely than an order. */
const MAX_LINE_QUANTITY = 100_000;
/** Of one amount, in units of the order's finest exponent. */
const MAX_AMOUNT = 1e15;
/** Decimal places: nine that can be read, four that the price of one unit may need. */
const MAX_EXPONENT = 13;
const NO_CURRENCY = "XXX";

type OddityCode =
  | "no_lines"
  | "too_many_lines"
  | "invalid_quantity"
  | "negative_amount"
  | "amount_out_of_range"
  | "unknown_currency"
  | "currency_mismatch";

export type Oddity = { readonly code: OddityCode; readonly hold: HoldCode; readonly detail: string };

export type UsableOrder = { readonly order: IncomingOrder; readonly oddities: readonly Oddity[] };

export function usableOrder(incoming: IncomingOrder): UsableOrder {
  const oddities: Oddity[] = [];
  const odd = (code: OddityCode, hold: HoldCode, detail: string) => oddities.push({ code, hold, detail });
  const lines = incoming.lines.length > MAX_LINES ? [] : incoming.lines;
  if (incoming.lines.length > MAX_LINES) {
    const detail = `The order has ${incoming.lines.length} lines; at most ${MAX_LINES} are taken.`;
    odd("too_many_lines", "lines_missing", detail);
  } else if (
    lines.length === 0 &&
    !incoming.holdReasons.some(({ code }) => EXPLAINS_NO_LINES.includes(code))
  ) {
    odd("no_lines", "lines_missing", "The order has no lines; expected one at least.");
  }
  const isKnown = currencyExponent(incoming.currency) !== undefined;
  if (!isKnown) {
    odd(
      "unknown_currency",
      "currency_unusable",
      `The currency "${incoming.currency}" is none of ISO 4217; expected its three letters, for example "USD"`,
    );
  }
  const currency = isKnown ? incoming.currency : NO_CURRENCY;
  const counted = lines.map((line) => withCounts(line, odd));
  const usable = amountsReader({ ...incoming, lines: counted }, currency, odd);
  const order: IncomingOrder = {
    ...incoming,
    currency,
    lines: counted.map((line) => {
      const name = `line "${line.externalLineId}"`;
      return {
        ...line,
        unitPrice: usable(line.unitPrice, `The price of ${name}`, line.quantity),
        discount: usable(line.discount, `The discount of ${name}`),
        taxes: usableTaxes(line.taxes, ` of ${name}`, usable),
        ...(line.charges === undefined
          ? {}
          : { charges: usableCharges(line.charges, ` of ${name}`, usable) }),
      };
    }),
    shippingPrice: usable(incoming.shippingPrice, "The shipping price"),
    shippingTaxes: usableTaxes(incoming.shippingTaxes, " of shipping", usable),
    discount: usable(incoming.discount, "The discount"),
    ...(incoming.charges === undefined ? {} : { charges: usableCharges(incoming.charges, "", usable) }),
    total: usable(incoming.total, "The total"),
    ...(incoming.storeCredit?.amount === undefined
      ? {}
      : {
          storeCredit: {
            ...incoming.storeCredit,
            amount: usable(incoming.storeCredit.amount, "The store credit"),
          },
        }),
    ...(isKnown ? {} : { attributes: { ...incoming.attributes, currency: incoming.currency } }),
  };
  return { order, oddities };
}

/** An order that waits for one of these may come without lines. */
const EXPLAINS_NO_LINES: readonly HoldCode[] = ["lines_missing", "price_missing"];

type Report = (code: OddityCode, hold: HoldCode, detail: string) => void;

/** A quantity that is no count is kept beside the line as it came; one unit stands for it. */
function withCounts(line: IncomingLine, odd: Report): IncomingLine {
  const { quantity, fulfilledElsewhere: elsewhere, ...rest } = line;
  const name = `Line "${line.externalLineId}"`;
  if (!isCount(quantity)) {
    odd(
      "invalid_quantity",
      "quantity_unusable",
      `${name} orders ${unitsText(quantity)}; expected a quantity of 1 to ${MAX_LINE_QUANTITY}, for example 1`,
    );
    return { ...rest, quantity: 1, attributes: { ...line.attributes, quantity: String(quantity) } };
  }
  if (elsewhere === undefined || elsewhere === 0) return { ...rest, quantity };
  if (isCount(elsewhere) && elsewhere <= quantity) return line;
  odd(
    "invalid_quantity",
    "quantity_unusable",
    `${name} has ${elsewhere} of ${unitsText(quantity)} handed over.`,
  );
  return { ...rest, quantity, attributes: { ...line.attributes, handed_over: String(elsewhere) } };
}

function isCount(quantity: number): boolean {
  return Number.isSafeInteger(quantity) && quantity >= 1 && quantity <= MAX_LINE_QUANTITY;
}

/** @param times how often the amount counts in the order's sum */
type AmountReader = (amount: Money, what: string, times?: number) => Money;

/**
 * Each amount as it is, or zero where it is odd. One reader reads one order: it sums what it has let through.
 */
function amountsReader(order: IncomingOrder, currency: string, odd: Report): AmountReader {
  const finest = Math.max(
    0,
    ...amountsOf(order)
      .filter(isWhole)
      .map(({ exponent }) => exponent),
  );
  let sum = 0;
  return (amount, what, times = 1) => {
    const size = rescale(amount, finest) * times;
    if (amount.currency !== order.currency) {
      odd(
        "currency_mismatch",
        "currency_unusable",
        `${what} is in ${amount.currency}, the order in ${order.currency}.`,
      );
    } else if (amount.minor < 0) odd("negative_amount", "price_missing", `${what} is negative.`);
    else if (!isWhole(amount) || size > MAX_AMOUNT || sum + size > Number.MAX_SAFE_INTEGER) {
      odd("amount_out_of_range", "price_missing", `${what} is beyond any order.`);
    } else {
      sum += size;
      return { ...amount, currency };
    }
    return zeroMoney(currency);
  };
}

function isWhole({ minor, exponent }: Money): boolean {
  return (
    Number.isSafeInteger(minor) && Number.isSafeInteger(exponent) && exponent >= 0 && exponent <= MAX_EXPONENT
  );
}

function amountsOf(order: IncomingOrder): readonly Money[] {
  const charges = [...(order.charges ?? []), ...order.lines.flatMap((line) => line.charges ?? [])];
  const taxes = [...order.shippingTaxes, ...order.lines.flatMap((line) => line.taxes)];
  return [
    order.total,
    order.shippingPrice,
    order.discount,
    ...order.lines.flatMap((line) => [line.unitPrice, line.discount]),
    ...taxes.map((tax) => tax.amount),
    ...charges.flatMap((charge) => [charge.amount, charge.tax]),
  ];
}

function usableTaxes(
  taxes: readonly IncomingTax[],
  where: string,
  usable: AmountReader,
): readonly IncomingTax[] {
  return taxes.map((tax) => ({ ...tax, amount: usable(tax.amount, `Tax ${tax.name}${where}`) }));
}

function usableCharges(charges: readonly Charge[], where: string, usable: AmountReader): readonly Charge[] {
  return charges.map((charge) => ({
    ...charge,
    amount: usable(charge.amount, `Charge ${charge.name}${where}`),
    tax: usable(charge.tax, `The tax of charge ${charge.name}${where}`),
  }));
}
