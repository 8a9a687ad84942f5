/** Tables that come in as files, and go out as such. Which import is looked at is in the address. */
import type { ImportDetail, ImportView, SavedMapping } from "../../../../../contract/imports/imports.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get, pathOf, remove } from "../../../api/client.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Badge } from "../../../components/badge.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { Paged } from "../../../components/paged.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SearchBox } from "../../../components/search-box.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { Time } from "../../../components/time.tsx";
import { FilterSelect } from "../../../lists/filter-select.tsx";
import { useListAddress } from "../../../lists/list-address.ts";
import { SortHead } from "../../../lists/sort-head.tsx";
import { usePages } from "../../../live/pages.ts";
import { useResource } from "../../../live/resource.ts";
import { useInterval } from "../../../live/use-interval.ts";
import { ImportPanels } from "./import-panels.tsx";
import { exportable, importable, kindLabel, STATES } from "./kinds.ts";
import { UploadForm } from "./upload-form.tsx";

const REFRESH_MS = 3_000;
const PAGE_SIZE = 20;

export function ImportsAndExports() {
  return (
    <>
      {importable().length > 0 && <Imports />}
      {importable().length > 0 && <Mappings />}
      {exportable().length > 0 && <Exports />}
    </>
  );
}

function Imports() {
  const { filter, change } = useListAddress("/settings", ["view", "import", "q", "kind", "state", "sort"]);
  const { import: chosen, q, kind, state, sort } = filter;
  const imports = usePages<ImportView>(
    `imports ${q} ${kind} ${state} ${sort}`,
    (cursor, signal) => get("/imports", { limit: PAGE_SIZE, cursor, q, kind, state, sort }, signal),
    ({ id }) => id,
  );
  const { reload } = imports.first;
  useInterval(REFRESH_MS, reload);
  const choose = (id: string): void => change({ import: id });
  return (
    <>
      <Panel title="Import a file">
        <UploadForm
          onSent={(made: ImportDetail) => {
            reload();
            choose(made.id);
          }}
        />
      </Panel>
      {chosen !== "" && (
        <ImportPanels
          key={chosen}
          id={chosen}
          onChange={reload}
          onRemoved={() => {
            reload();
            choose("");
          }}
        />
      )}
      <Panel title="Imports" flush>
        <div class="toolbar inset">
          <SearchBox label="Search files" value={q} onChange={(text) => change({ q: text }, "typing")} />
          <FilterSelect
            label="Kind"
            all="All kinds"
            value={kind}
            options={importable()}
            onChange={(value) => change({ kind: value })}
          />
          <FilterSelect
            label="State"
            all="All states"
            value={state}
            options={Object.entries(STATES).map(([value, { label }]) => ({ value, label }))}
            onChange={(value) => change({ state: value })}
          />
        </div>
        <Paged
          pages={imports}
          skeletonRows={3}
          empty={
            q === "" && kind === "" && state === "" ? (
              <Empty icon="settings" title="Nothing was imported yet">
                Send a file of products, stock or orders: it is looked at before anything is booked.
              </Empty>
            ) : (
              <Empty icon="settings" title="No import is like that" />
            )
          }
        >
          {(items) => (
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">File</th>
                  <SortHead
                    up="createdAt"
                    down="-createdAt"
                    sort={sort || "-createdAt"}
                    onSort={(by) => change({ sort: by })}
                  >
                    Sent
                  </SortHead>
                  <th scope="col">State</th>
                  <th scope="col" class="number">
                    Booked
                  </th>
                  <th scope="col" class="number">
                    Refused
                  </th>
                  <th scope="col">
                    <span class="visually-hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.id}>
                    <td class="full">
                      <div>
                        <div class="cell-title">{one.fileName}</div>
                        <div class="cell-sub">{kindLabel(one.kind)}</div>
                      </div>
                    </td>
                    <td data-label="Sent">
                      <Time at={one.createdAt} />
                    </td>
                    <td data-label="State">
                      <Badge
                        status={one.state}
                        label={STATES[one.state].label}
                        tone={STATES[one.state].tone}
                      />
                    </td>
                    <td class="number" data-label="Booked">
                      {one.report.rows.booked.toLocaleString("en")}
                    </td>
                    <td class="number" data-label="Refused">
                      {one.report.rows.refused.toLocaleString("en")}
                    </td>
                    <td>
                      <button type="button" class="button quiet small" onClick={() => choose(one.id)}>
                        Look at<span class="visually-hidden"> {one.fileName}</span>
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Paged>
      </Panel>
    </>
  );
}

function Mappings() {
  const mappings = useResource<Page<SavedMapping>>("import mappings", (signal) =>
    get("/import-mappings", {}, signal),
  );
  useInterval(REFRESH_MS, mappings.reload);
  return (
    <Loaded resource={mappings} skeleton={<SkeletonRows rows={1} />}>
      {({ items }) =>
        items.length === 0 ? null : (
          <Panel title="Mappings that are kept" flush>
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Table of</th>
                  <th scope="col">Columns</th>
                  <th scope="col">
                    <span class="visually-hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map(({ id, name, kind, columns }) => (
                  <tr key={id}>
                    <td class="full">
                      <span class="cell-title">{name}</span>
                    </td>
                    <td data-label="Table of">{kindLabel(kind)}</td>
                    <td data-label="Columns">{columns.join(", ")}</td>
                    <td>
                      <ActionButton
                        class="button quiet small"
                        run={async () => {
                          await remove(pathOf("import-mappings", id));
                          mappings.reload();
                        }}
                      >
                        Remove<span class="visually-hidden"> the mapping {name}</span>
                      </ActionButton>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Panel>
        )
      }
    </Loaded>
  );
}

function Exports() {
  return (
    <Panel title="Export" flush>
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col">As a file</th>
          </tr>
        </thead>
        <tbody>
          {exportable().map(({ value, label }) => (
            <tr key={value}>
              <td class="full">
                <span class="cell-title">{label}</span>
              </td>
              <td data-label="As a file">
                <a class="button small" href={`/v1/exports/${value}?format=csv`} download>
                  CSV<span class="visually-hidden"> of {label}</span>
                </a>{" "}
                <a class="button small" href={`/v1/exports/${value}?format=jsonl`} download>
                  JSON lines<span class="visually-hidden"> of {label}</span>
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
