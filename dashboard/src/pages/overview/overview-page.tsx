import { useRef, useState } from "preact/hooks";
import type { OrderSummary } from "../../../../contract/orders.ts";
import type { Page } from "../../../../contract/shapes.ts";
import type { FeedEvent } from "../../../../contract/stream.ts";
import type { Overview } from "../../../../contract/system.ts";
import { get } from "../../api/client.ts";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { Sparkline } from "../../components/sparkline.tsx";
import { useResource } from "../../live/resource.ts";
import { useFeed } from "../../live/use-feed.ts";
import { useInterval } from "../../live/use-interval.ts";
import { HoldList } from "./hold-list.tsx";
import { Ticker } from "./ticker.tsx";
import { Tile } from "./tile.tsx";

const REFRESH_MS = 15_000;
/** The feed may bring many events a second. The numbers are read no more often than this. */
const QUICKEST_REFRESH_MS = 2_000;
const TICKER_LENGTH = 14;

export function OverviewPage() {
  const overview = useResource<Overview>("overview", (signal) => get("/overview", {}, signal));
  const holds = useResource<Page<OrderSummary>>("holds", (signal) =>
    get("/orders", { status: "on_hold", limit: 8 }, signal),
  );
  const [events, setEvents] = useState<readonly FeedEvent[]>([]);
  const refreshedAt = useRef(0);

  const refresh = (): void => {
    refreshedAt.current = Date.now();
    overview.reload();
    holds.reload();
  };
  useInterval(REFRESH_MS, refresh);
  useFeed(undefined, (arrived) => {
    if (arrived.length > 0) setEvents((shown) => [...arrived.toReversed(), ...shown].slice(0, TICKER_LENGTH));
    if (Date.now() - refreshedAt.current >= QUICKEST_REFRESH_MS) refresh();
  });

  return (
    <div class="page">
      <PageHead title="Overview" documentTitle="Overview" />
      <Loaded resource={overview} skeleton={<SkeletonBlock />}>
        {(data) => (
          <>
            <div class="tiles">
              <Tile name="Orders today" icon="orders" value={data.ordersToday} href="/orders" />
              <Tile name="Open" icon="inbox" value={data.open} href="/orders?status=open" />
              <Tile
                name="On hold"
                icon="warning"
                value={data.onHold}
                href="/orders?status=on_hold"
                warn={data.onHold > 0}
              />
              <Tile name="Shipped today" icon="truck" value={data.shippedToday} />
              <Tile name="Delivered today" icon="home" value={data.deliveredToday} />
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
            <Panel title="Last 60 minutes" aside="per minute">
              <Sparkline
                label="Orders per minute in the last 60 minutes"
                series={[
                  {
                    name: "Captured",
                    look: "first",
                    values: data.perMinute.map((minute) => minute.captured),
                  },
                  { name: "Shipped", look: "second", values: data.perMinute.map((minute) => minute.shipped) },
                ]}
              />
            </Panel>
          </>
        )}
      </Loaded>
      <div class="columns">
        <Panel title="Happening now" flush>
          <Ticker events={events} />
        </Panel>
        <Panel title="Waiting for a person" aside={<a href="/orders?status=on_hold">All on hold</a>} flush>
          <Loaded resource={holds} skeleton={<SkeletonBlock />}>
            {(page) => <HoldList orders={page.items} />}
          </Loaded>
        </Panel>
      </div>
    </div>
  );
}
