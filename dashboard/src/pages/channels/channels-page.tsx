/** Channels that are connected both ways, and how each does; below, the one whose id is in the address. */
import type { ChannelConnectionView } from "../../../../contract/settings/channel-accounts.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { words } from "../../format/words.ts";
import { SortHead } from "../../lists/sort-head.tsx";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { ChannelPanels } from "./channel-panels.tsx";
import { useChannelsAddress } from "./channels-address.ts";

const REFRESH_MS = 5_000;

export function ChannelsPage() {
  const address = useChannelsAddress();
  const { channel, by } = address.filter;
  const connections = useResource<Page<ChannelConnectionView>>(`channel-connections ${by}`, (signal) =>
    get("/channel-connections", { sort: by }, signal),
  );
  const head = { sort: by || "channel", onSort: (sort: string) => address.change({ by: sort }) };
  useInterval(REFRESH_MS, connections.reload);
  return (
    <div class="page">
      <PageHead
        title="Channels"
        documentTitle="Channels"
        lead="What is read at each channel, what it is told, and where its books and ours differ."
      />
      <Loaded resource={connections} skeleton={<SkeletonRows rows={4} />}>
        {({ items }) => {
          const chosen = items.find((one) => one.channel === channel) ?? items[0];
          if (chosen === undefined)
            return (
              <Empty icon="link" title="No channel is connected yet">
                <p>
                  <a href="/settings?view=channels">Connect one</a>: its orders are read even where a webhook
                  is lost, and it is told what becomes of them.
                </p>
              </Empty>
            );
          return (
            <>
              <Panel title="Connected" flush>
                <table class="table stack">
                  <thead>
                    <tr>
                      <SortHead up="name" down="-name" {...head}>
                        Channel
                      </SortHead>
                      <th scope="col">State</th>
                      <SortHead up="lookedAt" down="-lookedAt" {...head}>
                        Read
                      </SortHead>
                      <th scope="col" class="number">
                        Waiting
                      </th>
                      <th scope="col" class="number">
                        Put aside
                      </th>
                      <SortHead class="number" up="differences" down="-differences" {...head}>
                        Differences
                      </SortHead>
                      <th scope="col">
                        <span class="visually-hidden">What can be done</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((one) => (
                      <tr key={one.channel}>
                        <td class="full">
                          <div>
                            <div class="cell-title">{one.name}</div>
                            <div class="cell-sub">{words(one.kind)}</div>
                          </div>
                        </td>
                        <td data-label="State">
                          <State of={one} />
                        </td>
                        <td data-label="Read">
                          {one.lookedAt === null ? "Never" : <Time at={one.lookedAt} />}
                        </td>
                        <td class="number" data-label="Waiting">
                          {one.waiting + one.stockWaiting}
                        </td>
                        <td class="number" data-label="Put aside">
                          {one.dead + one.stockRefused}
                        </td>
                        <td class="number" data-label="Differences">
                          {one.differences}
                        </td>
                        <td>
                          <button
                            type="button"
                            class="button quiet small"
                            onClick={() =>
                              address.change({ channel: one.channel, view: "", state: "", q: "", sort: "" })
                            }
                          >
                            Look at<span class="visually-hidden"> {one.name}</span>
                          </button>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Panel>
              <ChannelPanels
                key={chosen.channel}
                connection={chosen}
                address={address}
                onChange={connections.reload}
              />
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

function State({ of }: { readonly of: ChannelConnectionView }) {
  if (!of.active) return <Badge status="off" label="Off" tone="plain" />;
  if (of.problem !== null) return <Badge status="failing" label={words(of.problem.code)} tone="warn" />;
  return <Badge status="on" label="Works" tone="good" />;
}
