/** One connected channel: what it is told, what it lists, and where its books differ from ours. */
import { useState } from "preact/hooks";
import type {
  ChannelConnectionView,
  ChannelListingView,
  ChannelTellingView,
  DifferenceView,
} from "../../../../contract/settings/channel-accounts.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Facts } from "../../components/facts.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { words } from "../../format/words.ts";
import { usePages } from "../../live/pages.ts";
import { useInterval } from "../../live/use-interval.ts";

const REFRESH_MS = 5_000;
const VIEWS = [
  { value: "tellings", label: "Told" },
  { value: "listings", label: "Listings" },
  { value: "differences", label: "Differences" },
] as const;

type Props = { readonly connection: ChannelConnectionView; readonly onChange: () => void };

export function ChannelPanels({ connection, onChange }: Props) {
  const [view, setView] = useState<string>(
    connection.dead > 0 ? "tellings" : connection.unmapped > 0 ? "listings" : "tellings",
  );
  const path = pathOf("channels", connection.channel);
  const mayChange = may("channels.write");
  return (
    <>
      <Panel
        title={connection.name}
        aside={<a href={`/settings?view=channels&channel=${connection.channel}`}>Its account</a>}
      >
        {connection.problem !== null && <Notice tone="warn">{connection.problem.detail}</Notice>}
        <Facts
          facts={[
            ["Everything is here that changed there before", <Time key="read" at={connection.readTo} />],
            ["It can be told of", toldWords(connection.tells)],
            ["It has no word for", missingWords(connection.tells)],
            ["Listings", `${connection.listings}, of them ${connection.unmapped} unmapped`],
            [
              "Books compared",
              connection.comparedAt === null ? "never" : <Time key="compared" at={connection.comparedAt} />,
            ],
          ]}
        />
        {mayChange && (
          <div class="toolbar">
            <ActionButton
              run={async () => {
                await post(`${path}/comparisons`, {});
                toast("good", "The books are compared.");
                onChange();
              }}
            >
              Compare the books
            </ActionButton>
            <ActionButton
              run={async () => {
                const since = new Date(Date.now() - 7 * 86_400_000).toISOString();
                await post(`${path}/backfills`, { since });
                toast("good", "The orders of a week are read once more.");
              }}
            >
              Read the last week again
            </ActionButton>
          </div>
        )}
      </Panel>
      <Chips label="Of the channel" options={VIEWS} value={view} onChange={setView} />
      {view === "tellings" && <Tellings path={path} mayChange={mayChange} onChange={onChange} />}
      {view === "listings" && <Listings path={path} onChange={onChange} />}
      {view === "differences" && <Differences path={path} mayChange={mayChange} onChange={onChange} />}
    </>
  );
}

const WORDS = {
  acknowledge: "acknowledgements",
  ship: "shipments",
  cancel: "cancellations",
  refund: "refunds",
  hold: "holds",
  release: "releases",
  invoice: "invoices",
} as const satisfies Record<ChannelTellingView["kind"], string>;

type Tells = ChannelConnectionView["tells"];

function toldWords(tells: Tells): string {
  return tells === null ? "not known yet" : ["stock", ...tells.map((kind) => WORDS[kind])].join(", ");
}

/** The vendor knows no such thing: nothing of the kind is written down for the channel. */
function missingWords(tells: Tells): string {
  if (tells === null) return "not known yet";
  const missing = Object.entries(WORDS).flatMap(([kind, word]) =>
    tells.includes(kind as ChannelTellingView["kind"]) ? [] : [word],
  );
  return missing.length === 0 ? "nothing" : missing.join(", ");
}

type ListProps = { readonly path: string; readonly mayChange: boolean; readonly onChange: () => void };

function Tellings({ path, mayChange, onChange }: ListProps) {
  const [state, setState] = useState("");
  const [dropping, setDropping] = useState<ChannelTellingView | null>(null);
  const pages = usePages<ChannelTellingView>(
    `${path}/tellings ${state}`,
    (cursor, signal) => get(`${path}/tellings`, { cursor, state }, signal),
    ({ id }) => id,
  );
  useInterval(REFRESH_MS, pages.first.reload);
  const done = (text: string) => {
    toast("good", text);
    pages.first.reload();
    onChange();
  };
  return (
    <Panel
      title="What it is told of its orders"
      flush
      aside={
        <StateSelect value={state} onChange={setState} options={["waiting", "told", "dead", "dropped"]} />
      }
    >
      <Paged
        pages={pages}
        skeletonRows={4}
        empty={
          <Empty icon="truck" title="Nothing">
            It is told what happens to its orders from now on.
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
                <th scope="col">Written down</th>
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

function Listings({ path, onChange }: { readonly path: string; readonly onChange: () => void }) {
  const [state, setState] = useState("");
  const [mapping, setMapping] = useState<ChannelListingView | null>(null);
  const pages = usePages<ChannelListingView>(
    `${path}/listings ${state}`,
    (cursor, signal) => get(`${path}/listings`, { cursor, state }, signal),
    ({ channelSku }) => channelSku,
  );
  useInterval(REFRESH_MS, pages.first.reload);
  return (
    <Panel
      title="What it offers"
      flush
      aside={<StateSelect value={state} onChange={setState} options={["unmapped", "waiting", "refused"]} />}
    >
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
                <th scope="col">Listing</th>
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

function Differences({ path, mayChange, onChange }: ListProps) {
  const [state, setState] = useState("");
  const [accepting, setAccepting] = useState<DifferenceView | null>(null);
  const pages = usePages<DifferenceView>(
    `${path}/differences ${state}`,
    (cursor, signal) => get(`${path}/differences`, { cursor, state }, signal),
    ({ id }) => id,
  );
  useInterval(REFRESH_MS, pages.first.reload);
  return (
    <Panel
      title="Where the books differ"
      flush
      aside={
        <>
          <a href={`/v1${path}/differences.csv`}>As a file</a>{" "}
          <StateSelect
            value={state}
            onChange={setState}
            options={["raised", "repairing", "repaired", "accepted"]}
          />
        </>
      }
    >
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

function StateSelect({
  value,
  onChange,
  options,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly string[];
}) {
  return (
    <select
      class="select"
      aria-label="State"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">All</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {words(option)}
        </option>
      ))}
    </select>
  );
}

function ReasonDialog({
  title,
  submit,
  onClose,
  onSubmit,
}: {
  readonly title: string;
  readonly submit: string;
  readonly onClose: () => void;
  readonly onSubmit: (reason: string, key: string) => Promise<void>;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Form submit={submit} onSubmit={(form, key) => onSubmit(textOf(form, "reason"), key)}>
        <Field label="Why">
          <input class="input" name="reason" required maxLength={500} />
        </Field>
      </Form>
    </Dialog>
  );
}
