import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import type { StockRow } from "../../../../contract/stock.ts";
import { get } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { StockDialog } from "./stock-dialog.tsx";
import { StockTable } from "./stock-table.tsx";

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;

type List = { readonly rows: readonly StockRow[]; readonly next: string | null };

export function StockPage() {
  const { query, route } = useLocation();
  const q = query["q"] ?? "";
  const location = query["location"] ?? "";
  const change = (changed: { q?: string; location?: string }): void => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries({ q, location, ...changed }))
      if (value !== "") search.set(name, value);
    const text = search.toString();
    route(text === "" ? "/stock" : `/stock?${text}`, true);
  };
  // A refresh loads as many pages as were loaded before, so that the list does not become shorter.
  const [pages, setPages] = useState(1);
  const list = useResource<List>(`stock ${q} ${location}`, (signal) =>
    loadPages(pages, { q, location }, signal),
  );
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const [changing, setChanging] = useState<StockRow | null>(null);
  useInterval(REFRESH_MS, list.reload);

  return (
    <div class="page">
      <PageHead title="Stock" documentTitle="Stock" />
      <div class="toolbar">
        <SearchBox
          label="Search SKU or name"
          value={q}
          onChange={(text) => {
            setPages(1);
            change({ q: text });
          }}
        />
        <select
          class="select"
          aria-label="Location"
          value={location}
          onChange={(event) => {
            setPages(1);
            change({ location: event.currentTarget.value });
          }}
        >
          <option value="">All locations</option>
          {locations.data?.items.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </div>
      <Panel flush>
        <Loaded resource={list} skeleton={<SkeletonRows rows={10} />}>
          {({ rows, next }) =>
            rows.length === 0 ? (
              <Empty
                icon="stock"
                title={q === "" && location === "" ? "No stock yet" : "No position matches"}
              >
                {q === "" && location === ""
                  ? "Receive goods with a stock command: POST /v1/stock/commands."
                  : "Try another SKU, name or location."}
              </Empty>
            ) : (
              <>
                <StockTable rows={rows} onChange={setChanging} />
                {next !== null && (
                  <div class="table-foot">
                    <ActionButton
                      run={async () => {
                        const page = await get<Page<StockRow>>("/stock", {
                          q,
                          location,
                          limit: PAGE_SIZE,
                          cursor: next,
                        });
                        setPages((count) => count + 1);
                        list.replace((shown) => ({ rows: [...shown.rows, ...page.items], next: page.next }));
                      }}
                    >
                      Load more
                    </ActionButton>
                  </div>
                )}
              </>
            )
          }
        </Loaded>
      </Panel>
      {changing !== null && (
        <StockDialog
          position={changing}
          onClose={() => setChanging(null)}
          onDone={() => {
            setChanging(null);
            list.reload();
          }}
        />
      )}
    </div>
  );
}

async function loadPages(
  pages: number,
  filter: { readonly q: string; readonly location: string },
  signal: AbortSignal,
): Promise<List> {
  let rows: readonly StockRow[] = [];
  let next: string | null = null;
  for (let index = 0; index < pages; index += 1) {
    const page: Page<StockRow> = await get("/stock", { ...filter, limit: PAGE_SIZE, cursor: next }, signal);
    rows = [...rows, ...page.items];
    next = page.next;
    if (next === null) break;
  }
  return { rows, next };
}
