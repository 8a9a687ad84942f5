import { useLocation } from "preact-iso/router";
import type { ChannelView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { OrderTable } from "./order-table.tsx";
import { type OrderFilter, useOrderList } from "./use-order-list.ts";

const STATUSES = [
  { value: "", label: "All" },
  { value: "open", label: "Open" },
  { value: "on_hold", label: "On hold" },
  { value: "completed", label: "Completed" },
  { value: "cancelled", label: "Cancelled" },
] as const;

export function OrdersPage() {
  const { query, route } = useLocation();
  // The filter lives in the address, so a filtered list can be bookmarked and the back button works.
  const filter: OrderFilter = {
    status: query["status"] ?? "",
    channel: query["channel"] ?? "",
    q: query["q"] ?? "",
  };
  const change = (changed: Partial<OrderFilter>): void => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...filter, ...changed }))
      if (value !== "") search.set(name, value);
    const text = search.toString();
    route(text === "" ? "/orders" : `/orders?${text}`, true);
  };
  const list = useOrderList(filter);
  const channels = useResource<Page<ChannelView>>("channels", (signal) => get("/channels", {}, signal));
  const filtered = filter.status !== "" || filter.channel !== "" || filter.q !== "";

  return (
    <div class="page">
      <PageHead title="Orders" documentTitle="Orders" />
      <div class="toolbar">
        <Chips
          label="Status"
          options={STATUSES}
          value={filter.status}
          onChange={(status) => change({ status })}
        />
        <select
          class="select push"
          aria-label="Channel"
          value={filter.channel}
          onChange={(event) => change({ channel: event.currentTarget.value })}
        >
          <option value="">All channels</option>
          {channels.data?.items.map((channel) => (
            <option key={channel.id} value={channel.id}>
              {channel.name}
            </option>
          ))}
        </select>
        <SearchBox label="Search number, id or customer" value={filter.q} onChange={(q) => change({ q })} />
      </div>
      <Panel flush>
        <Loaded resource={list.resource} skeleton={<SkeletonRows rows={10} />}>
          {({ rows, next }) =>
            rows.length === 0 ? (
              <Empty icon="orders" title={filtered ? "No order matches" : "No orders yet"}>
                {filtered ? (
                  <button
                    type="button"
                    class="button"
                    onClick={() => change({ status: "", channel: "", q: "" })}
                  >
                    Clear the filter
                  </button>
                ) : (
                  "Send one over a channel's webhook, the REST API or the stream: it appears here by itself."
                )}
              </Empty>
            ) : (
              <>
                <OrderTable orders={rows} moved={list.moved} />
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
    </div>
  );
}
