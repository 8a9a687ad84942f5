import type { StockRow } from "../../../../contract/stock.ts";
import { may } from "../../api/session.ts";
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

export function StockTable({
  rows,
  onChange,
}: {
  readonly rows: readonly StockRow[];
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
            {BUCKETS.map(([name, label]) => (
              <th key={name} scope="col" class="number">
                {label}
              </th>
            ))}
            <th scope="col" class="number">
              Available
            </th>
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
                  class={`number ${row[name] === 0 ? "zero phone-hidden" : ""}`}
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
