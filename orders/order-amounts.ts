/**
 * What an order's amounts add up to, and what those that belong to the whole order mean for each line.
 *
 * Invariants: A1 lines + shipping + charges + taxes on top - discounts = total, exactly, at the finest of the
 * amounts' exponents; an order where that is not so is held (`sum_mismatch`). A2 an amount of the whole order
 * is spread over its lines once, here, so that captures, refunds and documents read the same shares.
 *
 * Of the order's own amounts its discount and its duties follow the goods, and are spread. Shipping, fees,
 * handling, gift wrap of the order and tips stay with the order: they are charged with its first parcel.
 */
import { apportion } from "./apportion.ts";
import {
  addMoney,
  chargeableMinor,
  currencyExponent,
  decimalText,
  type Money,
  multiplyMoney,
  rescale,
} from "./money.ts";
import type { Charge, OrderDocument, OrderLine } from "./order.ts";

type PricedOrder = Pick<
  OrderDocument,
  "currency" | "shippingPrice" | "discount" | "charges" | "tax" | "total" | "taxesIncluded"
> & { readonly lines: readonly OrderLine[] };

/** The exponent at which every amount of the order is a whole number. */
export function exponentOf(order: PricedOrder): number {
  const charges = [...(order.charges ?? []), ...order.lines.flatMap((line) => line.charges ?? [])];
  const amounts = [
    order.total,
    order.shippingPrice,
    order.discount,
    order.tax,
    ...order.lines.flatMap((line) => [line.unitPrice, line.discount, line.tax]),
    ...charges.flatMap((charge) => [charge.amount, charge.tax]),
  ];
  return Math.max(currencyExponent(order.currency) ?? 0, ...amounts.map((amount) => amount.exponent));
}

/** The sums of an order, in units of its exponent. Discounts are positive. */
export type OrderSums = {
  readonly exponent: number;
  readonly lines: number;
  readonly shipping: number;
  readonly charges: number;
  /** On top of the prices; 0 where the prices contain them. */
  readonly taxes: number;
  readonly discounts: number;
  /** What the parts above come to. */
  readonly sum: number;
  /** As the order states it. */
  readonly total: number;
};

export function sumsOf(order: PricedOrder): OrderSums {
  const exponent = exponentOf(order);
  const at = (amount: Money) => rescale(amount, exponent);
  const add = (amounts: readonly Money[]) => amounts.reduce((total, amount) => total + at(amount), 0);
  const allCharges = [...(order.charges ?? []), ...order.lines.flatMap((line) => line.charges ?? [])];
  const lines = add(order.lines.map((line) => multiplyMoney(line.unitPrice, line.quantity)));
  const shipping = at(order.shippingPrice);
  const charges = add(allCharges.map((charge) => charge.amount));
  const taxes = order.taxesIncluded === true ? 0 : at(order.tax);
  const discounts = at(order.discount) + add(order.lines.map((line) => line.discount));
  const sum = lines + shipping + charges + taxes - discounts;
  return { exponent, lines, shipping, charges, taxes, discounts, sum, total: at(order.total) };
}

/**
 * Why the order breaks A1, with the sums; `null` where it does not. A channel that states finer amounts than
 * the currency has rounds their sum to what can be charged. One that states the price of a whole line leaves
 * a unit price that is rounded: each line may be off by a unit of its own exponent for each of its units.
 */
export function sumMismatch(order: PricedOrder): string | null {
  const sums = sumsOf(order);
  const { exponent, sum, total } = sums;
  const fine = currencyExponent(order.currency) ?? exponent;
  const tolerance = order.lines.reduce(
    (units, { unitPrice, quantity }) =>
      unitPrice.exponent > fine ? units + quantity * 10 ** (exponent - unitPrice.exponent) : units,
    0,
  );
  const money = (minor: number): Money => ({ minor, currency: order.currency, exponent });
  if (Math.abs(sum - total) <= tolerance) return null;
  if (chargeableMinor(money(sum)) === chargeableMinor(money(total))) return null;
  const text = (minor: number) => decimalText(money(minor));
  const parts = [
    `lines ${text(sums.lines)}`,
    `+ shipping ${text(sums.shipping)}`,
    ...(sums.charges === 0 ? [] : [`+ charges ${text(sums.charges)}`]),
    ...(sums.taxes === 0 ? [] : [`+ taxes ${text(sums.taxes)}`]),
    ...(sums.discounts === 0 ? [] : [`- discounts ${text(sums.discounts)}`]),
  ].join(" ");
  return `${parts} = ${text(sum)}, but the total is ${text(total)} ${order.currency}.`;
}

/**
 * What each line bears beside its own price, discount and tax: its own charges, and its part of the order's
 * discount (negative) and duties; in units of the order's exponent, in the order of the lines.
 */
export function lineShares(order: PricedOrder): readonly number[] {
  const exponent = exponentOf(order);
  const withTax = ({ amount, tax }: Charge) =>
    rescale(order.taxesIncluded === true ? amount : addMoney(amount, tax), exponent);
  const sum = (charges: readonly Charge[]) => charges.reduce((total, charge) => total + withTax(charge), 0);
  const weights = goodsWeights(order);
  const discounts = apportion(rescale(order.discount, exponent), weights);
  const duties = apportion(sum((order.charges ?? []).filter((charge) => charge.kind === "duty")), weights);
  return order.lines.map(
    (line, index) => sum(line.charges ?? []) + (duties[index] ?? 0) - (discounts[index] ?? 0),
  );
}

/** In which proportion the lines bear the order's discount and duties: by what they cost themselves. */
export function goodsWeights(order: PricedOrder): readonly number[] {
  const exponent = exponentOf(order);
  return order.lines.map((line) =>
    Math.max(0, rescale(line.unitPrice, exponent) * line.quantity - rescale(line.discount, exponent)),
  );
}
