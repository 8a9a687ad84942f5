import type { TrackingView } from "../../../../contract/tracking.ts";
import { formatMoney } from "../../format/money.ts";
import { shownLines } from "./shown-lines.ts";

type Row = readonly [name: string, minor: number];

/** What was ordered and what it costs, so that a shopper can add it up. */
export function ShopperItems({ order }: { readonly order: TrackingView }) {
  const text = (minor: number): string => formatMoney(minor, order.currency, order.exponent);
  return (
    <>
      <ul>
        {shownLines(order.lines).map((line) => (
          <li key={line.lineId} class="shop-line">
            <span>
              {line.title}
              <div class="cell-sub">
                {line.ordered} × {text(line.unitPriceMinor)}
              </div>
              {line.insteadOf !== null && (
                <div class="cell-sub">Instead of {line.insteadOf}, at no higher price</div>
              )}
            </span>
            <span class="number">{text(line.ordered * line.unitPriceMinor)}</span>
          </li>
        ))}
      </ul>
      <dl class="shop-sums">
        {rowsOf(order).map(([name, minor], index) => (
          <div key={`${name} ${index}`}>
            <dt>{name}</dt>
            <dd>{text(minor)}</dd>
          </div>
        ))}
        <div class="total">
          <dt>Total</dt>
          <dd>{text(order.totalMinor)}</dd>
        </div>
        {order.sums.taxesIncluded && order.sums.taxMinor > 0 && (
          <div>
            <dt>Taxes, in the prices</dt>
            <dd>{text(order.sums.taxMinor)}</dd>
          </div>
        )}
      </dl>
    </>
  );
}

/** What the total is made of. What costs nothing is left out, but for shipping. */
function rowsOf({ sums }: TrackingView): readonly Row[] {
  const { goodsMinor, discountMinor, charges, shippingMinor, taxMinor, taxesIncluded } = sums;
  return [
    ["Items", goodsMinor],
    ...(discountMinor === 0 ? [] : [["Discounts", -discountMinor] as const]),
    ...charges.map(
      ({ name, amountMinor }) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, amountMinor] as const,
    ),
    ["Shipping", shippingMinor],
    ...(taxesIncluded || taxMinor === 0 ? [] : [["Taxes", taxMinor] as const]),
  ];
}
