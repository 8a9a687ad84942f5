/** Where a channel's books and ours differ, and what people leave as it is. */
import { useState } from "preact/hooks";
import type { DifferenceView } from "../../../../contract/settings/channel-accounts.ts";
import { get, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Empty } from "../../components/empty.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { words } from "../../format/words.ts";
import { FilterSelect } from "../../lists/filter-select.tsx";
import { SortHead } from "../../lists/sort-head.tsx";
import { usePages } from "../../live/pages.ts";
import { useInterval } from "../../live/use-interval.ts";
import type { ChannelListProps } from "./channels-address.ts";
import { ReasonDialog } from "./reason-dialog.tsx";

const STATES = ["raised", "repairing", "repaired", "accepted"] as const;

const REFRESH_MS = 5_000;

export function Differences({ path, address, onChange }: ChannelListProps) {
  const { filter, change } = address;
  const { state, sort } = filter;
  const mayChange = may("channels.write");
  const [accepting, setAccepting] = useState<DifferenceView | null>(null);
  const pages = usePages<DifferenceView>(
    `${path}/differences ${state} ${sort}`,
    (cursor, signal) => get(`${path}/differences`, { cursor, state, sort }, signal),
    ({ id }) => id,
  );
  useInterval(REFRESH_MS, pages.first.reload);
  return (
    <Panel
      title="Where the books differ"
      flush
      aside={
        <a
          class="button small"
          href={`/v1${path}/differences.csv${state === "" ? "" : `?state=${state}`}`}
          download
        >
          As a file
        </a>
      }
    >
      <div class="toolbar inset">
        <FilterSelect
          label="State"
          all="All differences"
          value={state}
          options={STATES.map((value) => ({ value, label: words(value) }))}
          onChange={(value) => change({ state: value })}
        />
      </div>
      <Paged
        pages={pages}
        skeletonRows={4}
        empty={
          <Empty icon="check" title="They agree">
            Nothing was found.
          </Empty>
        }
      >
        {(rows) => (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">Of</th>
                <th scope="col">Ours</th>
                <th scope="col">Theirs</th>
                <th scope="col">Cause</th>
                <th scope="col">State</th>
                <SortHead
                  up="foundAt"
                  down="-foundAt"
                  sort={sort || "-foundAt"}
                  onSort={(by) => change({ sort: by })}
                >
                  Found
                </SortHead>
                <th scope="col">
                  <span class="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.id}>
                  <td class="full">
                    <div>
                      <div class="cell-title">
                        {one.orderId === null ? (
                          one.subject
                        ) : (
                          <a href={`/orders/${encodeURIComponent(one.orderId)}`}>{one.subject}</a>
                        )}
                      </div>
                      <div class="cell-sub">{words(one.kind)}</div>
                    </div>
                  </td>
                  <td data-label="Ours">{one.ours}</td>
                  <td data-label="Theirs">{one.theirs}</td>
                  <td data-label="Cause">{words(one.cause)}</td>
                  <td data-label="State">
                    {words(one.state)}
                    {one.reason !== null && <div class="cell-sub">{one.reason}</div>}
                  </td>
                  <td data-label="Found">
                    <Time at={one.foundAt} />
                  </td>
                  <td>
                    {mayChange && (one.state === "raised" || one.state === "repairing") && (
                      <button type="button" class="button quiet small" onClick={() => setAccepting(one)}>
                        Leave it<span class="visually-hidden"> of {one.subject}</span>
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
      {accepting !== null && (
        <ReasonDialog
          title="Leave it as it is"
          submit="Leave it"
          onClose={() => setAccepting(null)}
          onSubmit={async (reason, key) => {
            await post(`${path}/differences/${accepting.id}/accept`, { reason }, key);
            setAccepting(null);
            toast("good", "It is left as it is.");
            pages.first.reload();
            onChange();
          }}
        />
      )}
    </Panel>
  );
}
