import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { OrderSummary } from "../../../../contract/orders.ts";
import type { Page } from "../../../../contract/shapes.ts";
import type { FeedEvent } from "../../../../contract/stream.ts";
import type { Overview, Throughput } from "../../../../contract/system.ts";
import { get } from "../../api/client.ts";
import { Chips } from "../../components/chips.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { dayIn } from "../../lists/days.ts";
import { companyZone } from "../../live/company.ts";
import { useResource } from "../../live/resource.ts";
import { useFeed } from "../../live/use-feed.ts";
import { useInterval } from "../../live/use-interval.ts";
import { HoldList } from "./hold-list.tsx";
import { ThroughputChart } from "./throughput-chart.tsx";
import { Ticker } from "./ticker.tsx";
import { Tile } from "./tile.tsx";

const REFRESH_MS = 15_000;
/** The feed may bring many events a second. The numbers are read no more often than this. */
const QUICKEST_REFRESH_MS = 2_000;
const TICKER_LENGTH = 14;
const HOLDS_SHOWN = 12;
const OVERVIEW = "/overview";

const RANGES = [
  { value: "hour", label: "60 minutes" },
  { value: "day", label: "24 hours" },
  { value: "month", label: "30 days" },
] as const;

export function OverviewPage() {
  const overview = useResource<Overview>("overview", (signal) => get("/overview", {}, signal));
  const { query, route } = useLocation();
  const range = RANGES.find(({ value }) => value === query["range"])?.value ?? "hour";
  const throughput = useResource<Throughput>(`throughput ${range}`, (signal) =>
    get("/overview/throughput", { range }, signal),
  );
  // Whoever has waited longest comes first.
  const holds = useResource<Page<OrderSummary>>("holds", (signal) =>
    get("/orders", { status: "on_hold", sort: "captured", limit: HOLDS_SHOWN }, signal),
  );
  const events = useResource<{ readonly items: readonly FeedEvent[] }>("events", (signal) =>
    get("/orders/events", { limit: TICKER_LENGTH }, signal),
  );
  const refreshedAt = useRef(0);
  const today = dayIn(companyZone.value, new Date());

  const refresh = (): void => {
    refreshedAt.current = Date.now();
    overview.reload();
    throughput.reload();
    holds.reload();
  };
  useInterval(REFRESH_MS, refresh);
  useFeed(undefined, (arrived, gap) => {
    if (gap) events.reload();
    if (arrived.length > 0) events.replace(({ items }) => ({ items: newestOf(arrived, items) }));
    if (Date.now() - refreshedAt.current >= QUICKEST_REFRESH_MS) refresh();
  });

  return (
    <div class="page">
      <PageHead title="Overview" documentTitle="Overview" />
      <Loaded resource={overview} skeleton={<SkeletonBlock />}>
        {(data) => (
          <div class="tiles">
            <Tile
              name="Orders today"
              icon="orders"
              value={data.ordersToday}
              href={`/orders?from=${today}&to=${today}`}
            />
            <Tile name="Open" icon="inbox" value={data.open} href="/orders?status=open" />
            <Tile
              name="On hold"
              icon="warning"
              value={data.onHold}
              href="/orders?status=on_hold"
              warn={data.onHold > 0}
            />
            <Tile
              name="Shipped today"
              icon="truck"
              value={data.shippedToday}
              href="/orders?fulfillment=fulfilled&sort=-updated"
            />
            <Tile
              name="Delivered today"
              icon="home"
              value={data.deliveredToday}
              href="/orders?fulfillment=delivered&sort=-updated"
            />
            <Tile name="Returns open" icon="returns" value={data.returnsOpen} href="/returns" />
            <Tile
              name="Devices online"
              icon="devices"
              value={data.devicesOnline}
              of={data.devices}
              href="/devices"
              warn={data.devicesOnline < data.devices}
            />
          </div>
        )}
      </Loaded>
      <Panel
        title="Orders captured and shipped"
        aside={
          <Chips
            label="How far back"
            options={RANGES}
            value={range}
            onChange={(value) => route(value === "hour" ? OVERVIEW : `${OVERVIEW}?range=${value}`, true)}
          />
        }
      >
        <Loaded resource={throughput} skeleton={<SkeletonBlock />}>
          {(data) => <ThroughputChart data={data} timeZone={companyZone.value} />}
        </Loaded>
        <p class="muted small">Days and hours of {companyZone.value.replaceAll("_", " ")}</p>
      </Panel>
      <div class="columns">
        <Panel title="Happening now" flush>
          <Loaded resource={events} skeleton={<SkeletonBlock />}>
            {({ items }) => <Ticker events={items} />}
          </Loaded>
        </Panel>
        <Panel
          title="Waiting for a person"
          aside={<a href="/orders?status=on_hold&sort=captured">All on hold</a>}
          flush
        >
          <Loaded resource={holds} skeleton={<SkeletonBlock />}>
            {(page) => <HoldList orders={page.items} />}
          </Loaded>
        </Panel>
      </div>
    </div>
  );
}

/** What arrived, newest first, before what was there; an entry that both have stands once. */
function newestOf(arrived: readonly FeedEvent[], shown: readonly FeedEvent[]): readonly FeedEvent[] {
  const nameOf = ({ orderId, key }: FeedEvent): string => `${orderId} ${key}`;
  const fresh = new Set(arrived.map(nameOf));
  return [...arrived.toReversed(), ...shown.filter((event) => !fresh.has(nameOf(event)))].slice(
    0,
    TICKER_LENGTH,
  );
}
