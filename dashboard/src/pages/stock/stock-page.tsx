import { useState } from "preact/hooks";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import type { StockRow } from "../../../../contract/stock.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { FilterSelect } from "../../lists/filter-select.tsx";
import { useListAddress } from "../../lists/list-address.ts";
import { SavedViews } from "../../lists/saved-views.tsx";
import { usePages } from "../../live/pages.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { ReceiveDialog } from "./receive-dialog.tsx";
import { StockDialog } from "./stock-dialog.tsx";
import { StockTable } from "./stock-table.tsx";

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;
/** Units that are free to promise at most, of what is called low unless another number is asked for. */
const LOW_UNITS = "5";

export function StockPage() {
  const { filter, query, isFiltered, change, clear } = useListAddress("/stock", [
    "q",
    "location",
    "low",
    "safety",
    "sort",
  ]);
  const asked = {
    q: filter.q,
    location: filter.location,
    availableAtMost: /^\d{1,9}$/.test(filter.low) ? filter.low : "",
    safetyStock: filter.safety === "set" ? "set" : "",
    sort: filter.sort,
  };
  const list = usePages<StockRow>(
    `stock ${query}`,
    (cursor, signal) => get("/stock", { ...asked, limit: PAGE_SIZE, cursor }, signal),
    ({ sku, locationId }) => `${sku} ${locationId}`,
  );
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const [changing, setChanging] = useState<StockRow | null>(null);
  const [isReceiving, setReceiving] = useState(false);
  useInterval(REFRESH_MS, list.first.reload);
  const shown = filter.low !== "" ? "low" : filter.safety !== "" ? "safety" : "";

  return (
    <div class="page">
      <PageHead title="Stock" documentTitle="Stock">
        <SavedViews list="stock" path="/stock" query={query} />
        {may("stock.receive") && (
          <button type="button" class="button primary" onClick={() => setReceiving(true)}>
            Receive goods
          </button>
        )}
      </PageHead>
      <div class="toolbar">
        <Chips
          label="Positions"
          options={[
            { value: "", label: "All" },
            { value: "low", label: "Low" },
            { value: "safety", label: "With safety stock" },
          ]}
          value={shown}
          onChange={(value) =>
            change({
              low: value === "low" ? LOW_UNITS : "",
              safety: value === "safety" ? "set" : "",
              sort: value === "low" ? "available" : "",
            })
          }
        />
        {filter.low !== "" && (
          <label class="row small">
            <span class="muted">At most</span>
            <input
              class="input level"
              type="number"
              min="0"
              max="999999999"
              aria-label="Units available at most"
              value={filter.low}
              onChange={(event) => change({ low: event.currentTarget.value })}
            />
            <span class="muted">available</span>
          </label>
        )}
        <FilterSelect
          label="Location"
          all="All locations"
          value={filter.location}
          options={(locations.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(location) => change({ location })}
        />
        <SearchBox
          label="Search SKU, name or GTIN"
          value={filter.q}
          onChange={(q) => change({ q }, "typing")}
        />
      </div>
      <Panel flush>
        <Paged
          pages={list}
          skeletonRows={10}
          empty={
            <Empty icon="stock" title={emptyTitle(shown, isFiltered)}>
              {isFiltered ? (
                <button type="button" class="button" onClick={clear}>
                  Clear the filter
                </button>
              ) : (
                "Receive goods here, or with a stock command: POST /v1/stock/commands."
              )}
            </Empty>
          }
        >
          {(rows) => (
            <StockTable
              rows={rows}
              sort={filter.sort}
              onSort={(sort) => change({ sort })}
              onChange={setChanging}
            />
          )}
        </Paged>
      </Panel>
      {isReceiving && <ReceiveDialog location={filter.location} onClose={() => setReceiving(false)} />}
      {changing !== null && (
        <StockDialog
          position={changing}
          onClose={() => setChanging(null)}
          onDone={() => {
            setChanging(null);
            list.first.reload();
          }}
        />
      )}
    </div>
  );
}

function emptyTitle(shown: string, isFiltered: boolean): string {
  if (shown === "low") return "Nothing is low";
  return isFiltered ? "No position matches" : "No stock yet";
}
