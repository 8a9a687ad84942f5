/**
 * What some units of a line are worth: to charge a shipment, to refund a return.
 *
 * A line's discount, tax and share of the order's amounts (`order-amounts.ts`) belong to the whole line. They
 * are spread so that any way of cutting the line into parts adds up to exactly the line's total: a part is
 * the difference of two rounded cumulative values.
 */
import { chargeableMinor } from "./money.ts";

type PricedLine = {
  readonly ordered: number;
  readonly unitPriceMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
  /** What the line bears of the order's amounts, and its own charges. */
  readonly shareMinor: number;
};

/**
 * Value of the units `from` (exclusive) to `to` (inclusive) of a line, tax included, in ISO 4217 minor units:
 * the smallest amount that can be charged.
 *
 * @param exponent of the line's amounts
 */
export function valueOfUnits(
  line: PricedLine,
  from: number,
  to: number,
  currency: string,
  exponent: number,
): number {
  const upTo = (units: number) =>
    chargeableMinor({
      minor:
        line.unitPriceMinor * units +
        Math.round(((line.taxMinor - line.discountMinor + line.shareMinor) * units) / line.ordered),
      currency,
      exponent,
    });
  return upTo(to) - upTo(from);
}
