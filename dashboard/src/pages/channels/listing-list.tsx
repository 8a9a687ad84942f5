/** What a channel offers for sale, and what of ours each listing is. */
import { useState } from "preact/hooks";
import type { ChannelListingView } from "../../../../contract/settings/channel-accounts.ts";
import { get, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { toast } from "../../components/toast.tsx";
import { words } from "../../format/words.ts";
import { FilterSelect } from "../../lists/filter-select.tsx";
import { SortHead } from "../../lists/sort-head.tsx";
import { usePages } from "../../live/pages.ts";
import { useInterval } from "../../live/use-interval.ts";
import type { ChannelListProps } from "./channels-address.ts";

const STATES = ["unmapped", "waiting", "refused"] as const;

const REFRESH_MS = 5_000;

export function Listings({ path, address, onChange }: ChannelListProps) {
  const { filter, change } = address;
  const { state, q, sort } = filter;
  const [mapping, setMapping] = useState<ChannelListingView | null>(null);
  const pages = usePages<ChannelListingView>(
    `${path}/listings ${state} ${q} ${sort}`,
    (cursor, signal) => get(`${path}/listings`, { cursor, state, q, sort }, signal),
    ({ channelSku }) => channelSku,
  );
  useInterval(REFRESH_MS, pages.first.reload);
  return (
    <Panel title="What it offers" flush>
      <div class="toolbar inset">
        <SearchBox label="Search listings" value={q} onChange={(text) => change({ q: text }, "typing")} />
        <FilterSelect
          label="State"
          all="All listings"
          value={state}
          options={STATES.map((value) => ({ value, label: words(value) }))}
          onChange={(value) => change({ state: value })}
        />
      </div>
      <Paged
        pages={pages}
        skeletonRows={4}
        empty={
          <Empty icon="catalog" title="No listings">
            None of this kind.
          </Empty>
        }
      >
        {(rows) => (
          <table class="table stack">
            <thead>
              <tr>
                <SortHead
                  up="channelSku"
                  down="-channelSku"
                  sort={sort || "channelSku"}
                  onSort={(by) => change({ sort: by })}
                >
                  Listing
                </SortHead>
                <th scope="col">Is</th>
                <th scope="col" class="number">
                  To show
                </th>
                <th scope="col" class="number">
                  Told
                </th>
                <th scope="col" class="number">
                  Orders wait
                </th>
                <th scope="col">
                  <span class="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.channelSku}>
                  <td class="full">
                    <div>
                      <div class="cell-title">{one.channelSku}</div>
                      <div class="cell-sub">{one.problem ?? one.title}</div>
                    </div>
                  </td>
                  <td data-label="Is">
                    {one.components?.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ") ??
                      one.sku ??
                      "unmapped"}
                  </td>
                  <td class="number" data-label="To show">
                    {one.wanted ?? "–"}
                  </td>
                  <td class="number" data-label="Told">
                    {one.told ?? "–"}
                  </td>
                  <td class="number" data-label="Orders wait">
                    {one.orders}
                  </td>
                  <td>
                    {may("catalog.write") && (
                      <button type="button" class="button quiet small" onClick={() => setMapping(one)}>
                        Map<span class="visually-hidden"> {one.channelSku}</span>
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
      {mapping !== null && (
        <Dialog title={`What ${mapping.channelSku} is`} onClose={() => setMapping(null)}>
          <Form
            submit="Map it"
            onSubmit={async (form, key) => {
              const components = textOf(form, "components")
                .split("\n")
                .map((line) => line.trim())
                .filter((line) => line !== "")
                .map((line) => {
                  const [, quantity, sku] = /^(?:(\d+)\s*[x×]\s+)?(\S.*)$/.exec(line) ?? [];
                  return { sku: sku ?? line, quantity: Number(quantity ?? 1) };
                });
              await post(`${path}/listings/map`, { channelSku: mapping.channelSku, components }, key);
              setMapping(null);
              toast("good", "Mapped. Orders that waited for it go on.");
              pages.first.reload();
              onChange();
            }}
          >
            <Field
              label="Our SKUs"
              hint="One a line, several units as 6 x SKU. More than one unit is sold as a kit."
            >
              <textarea
                class="input"
                name="components"
                rows={4}
                required
                defaultValue={
                  mapping.components?.map(({ sku, quantity }) => `${quantity} x ${sku}`).join("\n") ??
                  mapping.sku ??
                  mapping.proposal ??
                  ""
                }
              />
            </Field>
          </Form>
        </Dialog>
      )}
    </Panel>
  );
}
