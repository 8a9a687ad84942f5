import type { StockRow, StockSort } from "../../../../contract/stock.ts";
import { may } from "../../api/session.ts";
import { SortHead } from "../../lists/sort-head.tsx";
import { STOCK_CHANGES } from "./change-stock.ts";
import { StockBar } from "./stock-bar.tsx";
import { stockPath } from "./stock-path.ts";

const BUCKETS = [
  ["onHand", "On hand"],
  ["reserved", "Reserved"],
  ["allocated", "Allocated"],
  ["picked", "Picked"],
  ["unavailable", "Unavailable"],
  ["safetyStock", "Safety"],
] as const;

/** Of what is promised, its sum is in the bar; where there is little room, that is enough. */
const MEDIUM_HIDDEN: ReadonlySet<string> = new Set(["reserved", "allocated", "picked"]);

export function StockTable({
  rows,
  sort,
  onSort,
  onChange,
}: {
  readonly rows: readonly StockRow[];
  readonly sort: string;
  readonly onSort: (sort: StockSort) => void;
  readonly onChange: (row: StockRow) => void;
}) {
  const mayChange = STOCK_CHANGES.some(({ needs }) => may(needs));
  return (
    <div class="scroll-x">
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Location</th>
            <SortHead<StockSort> class="number" down="-on-hand" sort={sort} onSort={onSort}>
              On hand
            </SortHead>
            {BUCKETS.slice(1).map(([name, label]) => (
              <th key={name} scope="col" class={`number ${MEDIUM_HIDDEN.has(name) ? "medium-hidden" : ""}`}>
                {label}
              </th>
            ))}
            <SortHead<StockSort> class="number" up="available" down="-available" sort={sort} onSort={onSort}>
              Available
            </SortHead>
            <th scope="col">
              <span class="visually-hidden">Share and actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.sku} ${row.locationId}`}>
              <td class="full">
                <div>
                  <a class="row-link" href={stockPath(row.sku, row.locationId)}>
                    {row.name}
                  </a>
                  <div class="cell-sub">
                    <code>{row.sku}</code>
                  </div>
                </div>
              </td>
              <td class="full">{row.locationName}</td>
              {BUCKETS.map(([name, label]) => (
                <td
                  key={name}
                  class={`number ${row[name] === 0 ? "zero phone-hidden" : ""} ${MEDIUM_HIDDEN.has(name) ? "medium-hidden" : ""}`}
                  data-label={label}
                >
                  {row[name].toLocaleString()}
                </td>
              ))}
              <td class="number main-number full" data-label="Available to promise">
                {row.availableToPromise.toLocaleString()}
              </td>
              <td class="full">
                <div class="row">
                  <StockBar row={row} />
                  {mayChange && (
                    <button type="button" class="button small push" onClick={() => onChange(row)}>
                      Change
                      <span class="visually-hidden">
                        {" "}
                        {row.sku} at {row.locationName}
                      </span>
                    </button>
                  )}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
