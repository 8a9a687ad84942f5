import { useState } from "preact/hooks";
import type { ChannelView, LocationView } from "../../../../contract/catalog.ts";
import type { OrderSort } from "../../../../contract/orders.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { counted, words } from "../../format/words.ts";
import { DayRange } from "../../lists/day-range.tsx";
import { FilterSelect } from "../../lists/filter-select.tsx";
import { useListAddress } from "../../lists/list-address.ts";
import { SavedViews } from "../../lists/saved-views.tsx";
import { useSelection } from "../../lists/selection.ts";
import { companyZone } from "../../live/company.ts";
import { useResource } from "../../live/resource.ts";
import { GUIDANCE } from "../order/hold-panel.tsx";
import { useOwnReasons } from "../order/own-reasons.ts";
import { MOST_SLIPS, maySeeSlips, printSlips } from "../packing/print-slips.ts";
import { type BulkAct, bulkActs } from "./bulk-acts.ts";
import { BulkDialog } from "./bulk-dialog.tsx";
import { OrderTable } from "./order-table.tsx";
import { ORDER_FILTERS, useOrderList } from "./use-order-list.ts";

const STATUSES = [
  { value: "", label: "All" },
  { value: "open", label: "Open" },
  { value: "on_hold", label: "On hold" },
  { value: "completed", label: "Completed" },
  { value: "cancelled", label: "Cancelled" },
] as const;

const FULFILLMENTS = [
  "unfulfilled",
  "in_progress",
  "partially_fulfilled",
  "fulfilled",
  "partially_delivered",
  "delivered",
  "cancelled",
] as const;

const PAYMENTS = [
  "pending",
  "authorized",
  "partially_paid",
  "paid",
  "partially_refunded",
  "refunded",
  "voided",
  "failed",
  "paid_at_channel",
  "due_on_delivery",
] as const;

const inWords = (values: readonly string[]) => values.map((value) => ({ value, label: words(value) }));

export function OrdersPage() {
  const { filter, query, isFiltered, change, clear } = useListAddress("/orders", ORDER_FILTERS);
  const list = useOrderList(filter);
  const rows = list.resource.data?.rows ?? [];
  const channels = useResource<Page<ChannelView>>("channels", (signal) => get("/channels", {}, signal));
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const ownReasons = useOwnReasons();
  const acts = bulkActs();
  const selection = useSelection(rows.map(({ id }) => id));
  const [act, setAct] = useState<BulkAct | null>(null);
  const named = (items: readonly { readonly id: string; readonly name: string }[] | undefined) =>
    (items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const { status, sort, from, to } = filter;

  return (
    <div class="page">
      <PageHead title="Orders" documentTitle="Orders">
        <SavedViews list="orders" path="/orders" query={query} />
        {may("orders.capture") && (
          <a class="button primary" href="/orders/new">
            New order
          </a>
        )}
        {may("orders.export") && (
          <a class="button" href={`/v1/orders/export.csv?${query}`} download>
            Export CSV
          </a>
        )}
      </PageHead>
      <div class="toolbar">
        <Chips
          label="Status"
          options={STATUSES}
          value={status}
          onChange={(value) => change({ status: value, ...(value === "on_hold" ? {} : { hold: "" }) })}
        />
        <SearchBox
          label="Search number, customer, SKU, tracking"
          value={filter.q}
          onChange={(q) => change({ q }, "typing")}
        />
      </div>
      <fieldset class="toolbar filters">
        <legend class="visually-hidden">Filters</legend>
        <DayRange
          label="Any day"
          from={from}
          to={to}
          timeZone={companyZone.value}
          onChange={(range) => change(range)}
        />
        <FilterSelect
          label="Hold reason"
          all="All hold reasons"
          value={filter.hold}
          options={[
            ...ownReasons.map(({ code, label }) => ({ value: code, label })),
            ...inWords(Object.keys(GUIDANCE)),
          ]}
          onChange={(hold) => change({ hold })}
        />
        <FilterSelect
          label="Fulfillment"
          all="All fulfillment"
          value={filter.fulfillment}
          options={inWords(FULFILLMENTS)}
          onChange={(fulfillment) => change({ fulfillment })}
        />
        <FilterSelect
          label="Payment"
          all="All payments"
          value={filter.payment}
          options={inWords(PAYMENTS)}
          onChange={(payment) => change({ payment })}
        />
        <FilterSelect
          label="Channel"
          all="All channels"
          value={filter.channel}
          options={named(channels.data?.items)}
          onChange={(channel) => change({ channel })}
        />
        <FilterSelect
          label="Location"
          all="All locations"
          value={filter.location}
          options={named(locations.data?.items)}
          onChange={(location) => change({ location })}
        />
        <FilterSelect
          label="Archive"
          all="Not archived"
          value={filter.archived}
          options={[{ value: "true", label: "Archived" }]}
          onChange={(archived) => change({ archived })}
        />
        {filter.tag !== "" && (
          <button type="button" class="button chosen" onClick={() => change({ tag: "" })}>
            Tag {filter.tag}
            <span class="visually-hidden">, take the filter off</span> ×
          </button>
        )}
        {filter.field !== "" && (
          <button type="button" class="button chosen" onClick={() => change({ field: "" })}>
            Field {filter.field.replace(":", ": ")}
            <span class="visually-hidden">, take the filter off</span> ×
          </button>
        )}
        {isFiltered && (
          <button type="button" class="button quiet" onClick={clear}>
            Clear
          </button>
        )}
      </fieldset>
      {selection.ids.size > 0 && (
        <section class="bulk-bar" aria-label="Selected orders">
          <span class="strong">{counted(selection.ids.size, "order")} selected</span>
          {acts.map((each) => (
            <button
              key={each.id}
              type="button"
              class={`button small ${each.danger === true ? "danger" : ""}`}
              onClick={() => setAct(each)}
            >
              {each.label}
            </button>
          ))}
          {maySeeSlips() && (
            <ActionButton
              class="button small"
              run={() => printSlips({ orders: [...selection.ids].slice(0, MOST_SLIPS) })}
            >
              Packing slips
            </ActionButton>
          )}
          <button type="button" class="button small quiet push" onClick={selection.clear}>
            Select none
          </button>
        </section>
      )}
      <Panel flush>
        <Loaded resource={list.resource} skeleton={<SkeletonRows rows={10} />}>
          {({ next }) =>
            rows.length === 0 ? (
              <Empty icon="orders" title={isFiltered ? "No order matches" : "No orders yet"}>
                {isFiltered ? (
                  <>
                    <button type="button" class="button" onClick={clear}>
                      Clear the filter
                    </button>
                    {filter.archived === "" && (
                      <button type="button" class="button" onClick={() => change({ archived: "true" })}>
                        Look among archived orders
                      </button>
                    )}
                  </>
                ) : (
                  "Send one over a channel's webhook, the REST API or the stream: it appears here by itself."
                )}
              </Empty>
            ) : (
              <>
                <OrderTable
                  orders={rows}
                  moved={list.moved}
                  sort={sort === "" ? "-captured" : (sort as OrderSort)}
                  selection={acts.length === 0 && !maySeeSlips() ? null : selection}
                  onSort={(next) => change({ sort: next === "-captured" ? "" : next })}
                />
                {next !== null && (
                  <div class="table-foot">
                    <ActionButton run={list.loadMore}>Load more</ActionButton>
                  </div>
                )}
              </>
            )
          }
        </Loaded>
      </Panel>
      {act !== null && (
        <BulkDialog
          act={act}
          orders={rows.filter(({ id }) => selection.ids.has(id))}
          onClose={() => {
            setAct(null);
            selection.clear();
            list.resource.reload();
          }}
        />
      )}
    </div>
  );
}
