/** What a channel is told of its orders, and what people decide about what it would not take. */
import { useState } from "preact/hooks";
import type { ChannelTellingView } from "../../../../contract/settings/channel-accounts.ts";
import { get, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { words } from "../../format/words.ts";
import { FilterSelect } from "../../lists/filter-select.tsx";
import { SortHead } from "../../lists/sort-head.tsx";
import { usePages } from "../../live/pages.ts";
import { useInterval } from "../../live/use-interval.ts";
import type { ChannelListProps } from "./channels-address.ts";
import { ReasonDialog } from "./reason-dialog.tsx";

const STATES = ["waiting", "told", "dead", "dropped"] as const;

const REFRESH_MS = 5_000;

export function Tellings({ path, address, onChange }: ChannelListProps) {
  const { filter, change } = address;
  const { state, q: order, sort } = filter;
  const mayChange = may("channels.write");
  const [dropping, setDropping] = useState<ChannelTellingView | null>(null);
  const pages = usePages<ChannelTellingView>(
    `${path}/tellings ${state} ${order} ${sort}`,
    (cursor, signal) => get(`${path}/tellings`, { cursor, state, order, sort }, signal),
    ({ id }) => id,
  );
  useInterval(REFRESH_MS, pages.first.reload);
  const done = (text: string) => {
    toast("good", text);
    pages.first.reload();
    onChange();
  };
  return (
    <Panel title="What it is told of its orders" flush>
      <div class="toolbar inset">
        <SearchBox label="The order's number here" value={order} onChange={(q) => change({ q }, "typing")} />
        <FilterSelect
          label="State"
          all="All states"
          value={state}
          options={STATES.map((value) => ({ value, label: words(value) }))}
          onChange={(value) => change({ state: value })}
        />
      </div>
      <Paged
        pages={pages}
        skeletonRows={4}
        empty={
          <Empty icon="truck" title={state === "" && order === "" ? "Nothing" : "None of this kind"}>
            {order === ""
              ? "It is told what happens to its orders from now on."
              : "An order is found by its whole number, such as web-1001."}
          </Empty>
        }
      >
        {(rows) => (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">Order</th>
                <th scope="col">What</th>
                <th scope="col">State</th>
                <SortHead
                  up="madeAt"
                  down="-madeAt"
                  sort={sort || "-madeAt"}
                  onSort={(by) => change({ sort: by })}
                >
                  Written down
                </SortHead>
                <th scope="col">
                  <span class="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.id}>
                  <td data-label="Order">
                    <a href={`/orders/${encodeURIComponent(one.orderId)}`}>{one.orderId}</a>
                  </td>
                  <td data-label="What">
                    {words(one.kind)}
                    {one.number !== null && <div class="cell-sub">{one.number}</div>}
                  </td>
                  <td data-label="State">
                    {words(one.state)}
                    {one.problem !== null && <div class="cell-sub">{one.problem}</div>}
                    {one.reason !== null && <div class="cell-sub">{one.reason}</div>}
                  </td>
                  <td data-label="Written down">
                    <Time at={one.madeAt} />
                  </td>
                  <td>
                    {mayChange && (one.state === "dead" || one.state === "waiting") && (
                      <>
                        <ActionButton
                          run={async () => {
                            await post(`${path}/tellings/${one.id}/send-again`, {});
                            done("It is told once more.");
                          }}
                        >
                          Send again
                        </ActionButton>
                        <button type="button" class="button quiet small" onClick={() => setDropping(one)}>
                          Drop
                          <span class="visually-hidden">
                            {" "}
                            {one.kind} of {one.orderId}
                          </span>
                        </button>
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
      {dropping !== null && (
        <ReasonDialog
          title="Do not tell it"
          submit="Drop it"
          onClose={() => setDropping(null)}
          onSubmit={async (reason, key) => {
            await post(`${path}/tellings/${dropping.id}/drop`, { reason }, key);
            setDropping(null);
            done("It is not told.");
          }}
        />
      )}
    </Panel>
  );
}
