import type { StockRow } from "../../../../contract/stock.ts";

/** How much of the goods on hand is free, promised, or set apart. The numbers beside it say the same. */
export function StockBar({ row }: { readonly row: StockRow }) {
  const share = (count: number): string =>
    `${row.onHand <= 0 ? 0 : Math.max(0, (100 * count) / row.onHand)}%`;
  return (
    <span class="stock-bar" aria-hidden="true">
      <span class="available" style={{ width: share(row.availableToPromise) }} />
      <span class="promised" style={{ width: share(row.reserved + row.allocated + row.picked) }} />
      <span class="apart" style={{ width: share(row.unavailable) }} />
    </span>
  );
}
