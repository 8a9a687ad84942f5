import type { SystemNode, SystemShard, SystemStatus } from "../../../../contract/system.ts";
import { get } from "../../api/client.ts";
import { Empty } from "../../components/empty.tsx";
import { Icon } from "../../components/icon.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { Tile } from "../overview/tile.tsx";
import { LeaseTable } from "./lease-table.tsx";
import { NodeTable } from "./node-table.tsx";
import { ShardTable } from "./shard-table.tsx";

const REFRESH_MS = 5_000;

/** A transaction takes fractions of a second. */
const FEEDS_ARE_LATE_SECONDS = 5;

const QUEUES: Readonly<Record<SystemStatus["queues"][number]["queue"], string>> = {
  sagas: "Messages for sagas",
  mails: "Mails to shoppers",
};

/** What runs, who has which part of the stock, and what waits: for whoever runs the system. */
export function SystemPage() {
  const status = useResource<SystemStatus>("system", (signal) => get("/system", {}, signal));
  useInterval(REFRESH_MS, status.reload);
  return (
    <div class="page">
      <PageHead
        title="System"
        documentTitle="System"
        lead="The processes that run, who has which shard of the stock and which work, and what waits."
      />
      <Loaded resource={status} skeleton={<SkeletonBlock />}>
        {(data) => (
          <>
            <Numbers {...data} />
            <Panel title="Nodes" flush>
              {data.nodes.length === 0 ? (
                <Empty icon="system" title="No node has told of itself" />
              ) : (
                <NodeTable nodes={data.nodes} shards={data.shards} leases={data.leases} />
              )}
            </Panel>
            {data.leases.length > 0 && (
              <Panel title="Work of one node at a time" flush>
                <LeaseTable leases={data.leases} nodes={data.nodes} />
              </Panel>
            )}
            <Waiting {...data} />
            <Panel title="Shards" flush>
              {data.shards.length === 0 ? (
                <Empty icon="system" title="The stock is not laid out yet" />
              ) : (
                <ShardTable shards={data.shards} nodes={data.nodes} />
              )}
            </Panel>
          </>
        )}
      </Loaded>
    </div>
  );
}

const isRunning = ({ state }: SystemNode): boolean => state !== "stopped";
const isServed = ({ state }: SystemShard): boolean => state === "served";

function Numbers({ nodes, shards, queues, unreleasedSeconds }: SystemStatus) {
  const expected = nodes.filter(isRunning);
  const up = expected.filter(({ state }) => state === "up").length;
  const served = shards.filter(isServed).length;
  const waiting = queues.reduce((sum, { count }) => sum + count, 0);
  return (
    <div class="tiles">
      <Tile name="Nodes up" icon="system" value={up} of={expected.length} warn={up < expected.length} />
      <Tile
        name="Shards served"
        icon="stock"
        value={served}
        of={shards.length}
        warn={served < shards.length}
      />
      <Tile name="Waiting in the outbox" icon="inbox" value={waiting} />
      <div class={`tile ${unreleasedSeconds > 900 ? "warn" : ""}`}>
        <span class="tile-name">
          <Icon name="clock" />
          Oldest order not on the floor
        </span>
        <span class="tile-number">
          {unreleasedSeconds === 0 ? "None" : <Time at={secondsAgo(unreleasedSeconds)} />}
        </span>
      </div>
    </div>
  );
}

function Waiting({
  queues,
  shards,
  feedsHeldBackSeconds,
}: Pick<SystemStatus, "queues" | "shards" | "feedsHeldBackSeconds">) {
  const behind = shards.reduce((sum, shard) => sum + shard.behind, 0);
  return (
    <Panel title="What waits" flush>
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col" class="number">
              Failed before
            </th>
            <th scope="col">Oldest</th>
          </tr>
        </thead>
        <tbody>
          {queues.map(({ queue, count, failing, oldestSeconds }) => (
            <tr key={queue}>
              <td class="full">
                <div class="cell-title">{QUEUES[queue]}</div>
              </td>
              <td class="number" data-label="Waiting">
                {count.toLocaleString()}
              </td>
              <td class="number" data-label="Failed before">
                {failing.toLocaleString()}
              </td>
              <td data-label="Oldest">{count === 0 ? "None" : <Time at={secondsAgo(oldestSeconds)} />}</td>
            </tr>
          ))}
          <tr>
            <td class="full">
              <div class="cell-title">Journal rows for the stock pages</div>
            </td>
            <td class="number" data-label="Waiting">
              {behind.toLocaleString()}
            </td>
            <td class="phone-hidden" colSpan={2} />
          </tr>
          <tr>
            <td class="full">
              <div class="cell-title">Feeds of orders and devices</div>
            </td>
            <td class="phone-hidden" colSpan={2} />
            <td data-label="Oldest">
              {feedsHeldBackSeconds < FEEDS_ARE_LATE_SECONDS ? (
                "Up to date"
              ) : (
                <span>
                  Held back since <Time at={secondsAgo(feedsHeldBackSeconds)} />
                </span>
              )}
            </td>
          </tr>
        </tbody>
      </table>
    </Panel>
  );
}

function secondsAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1_000).toISOString();
}
