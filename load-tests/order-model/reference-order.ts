/**
 * What an order must come to, worked out from its newest document in the slowest and plainest way: exact
 * fractions, no ledger, no shares that were stored. Shares no code with `orders/`.
 */

type Money = { readonly minor: number; readonly exponent: number };

export type ReferenceDocument = {
  readonly lines: readonly {
    readonly lineId: string;
    readonly quantity: number;
    readonly unitPrice: Money;
    readonly discount: Money;
    readonly tax: Money;
    readonly kind?: string;
    readonly charges?: readonly { readonly amount: Money; readonly tax: Money }[];
  }[];
  readonly shippingPrice: Money;
  readonly discount: Money;
  readonly tax: Money;
  readonly total: Money;
  readonly charges?: readonly { readonly kind: string; readonly amount: Money; readonly tax: Money }[];
};

const cents = ({ minor, exponent }: Money) => minor / 10 ** (exponent - 2);

/**
 * Value of so many units of each line, in cents, not rounded: price, its part of the line's discount, tax and
 * charges, and of the order's discount and duties.
 */
export function worthOf(document: ReferenceDocument, units: ReadonlyMap<string, number>): number {
  const net = (line: ReferenceDocument["lines"][number]) =>
    Math.max(0, cents(line.unitPrice) * line.quantity - cents(line.discount));
  const allNet = document.lines.reduce((sum, line) => sum + net(line), 0);
  const allUnits = document.lines.length;
  const spread =
    (document.charges ?? [])
      .filter((charge) => charge.kind === "duty")
      .reduce((sum, charge) => sum + cents(charge.amount) + cents(charge.tax), 0) - cents(document.discount);
  return document.lines.reduce((sum, line) => {
    const count = units.get(line.lineId) ?? 0;
    if (count === 0) return sum;
    const own = (line.charges ?? []).reduce(
      (all, charge) => all + cents(charge.amount) + cents(charge.tax),
      0,
    );
    const share = spread * (allNet === 0 ? 1 / allUnits : net(line) / allNet);
    const whole =
      cents(line.unitPrice) * line.quantity - cents(line.discount) + cents(line.tax) + own + share;
    return sum + (whole * count) / line.quantity;
  }, 0);
}

/**
 * What belongs to the order and to no line, in cents: shipping with its tax, fees, handling, gift wrap, tips.
 */
export function orderLevel(document: ReferenceDocument): number {
  const taxesElsewhere =
    document.lines.reduce((sum, line) => sum + cents(line.tax), 0) +
    [...(document.charges ?? []), ...document.lines.flatMap((line) => line.charges ?? [])].reduce(
      (sum, charge) => sum + cents(charge.tax),
      0,
    );
  const charges = (document.charges ?? [])
    .filter((charge) => charge.kind !== "duty")
    .reduce((sum, charge) => sum + cents(charge.amount) + cents(charge.tax), 0);
  return cents(document.shippingPrice) + (cents(document.tax) - taxesElsewhere) + charges;
}

export function priceOf(document: ReferenceDocument): number {
  return cents(document.total);
}
