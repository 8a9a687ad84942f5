/** One connected channel: how it does, and below its three lists. Which of them is shown is in the address. */
import type {
  ChannelConnectionView,
  ChannelTellingView,
} from "../../../../contract/settings/channel-accounts.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Chips } from "../../components/chips.tsx";
import { Facts } from "../../components/facts.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import type { ChannelsAddress } from "./channels-address.ts";
import { Differences } from "./difference-list.tsx";
import { Listings } from "./listing-list.tsx";
import { Tellings } from "./telling-list.tsx";

const VIEWS = [
  { value: "tellings", label: "Told" },
  { value: "listings", label: "Listings" },
  { value: "differences", label: "Differences" },
] as const;

type Props = {
  readonly connection: ChannelConnectionView;
  readonly address: ChannelsAddress;
  readonly onChange: () => void;
};

export function ChannelPanels({ connection, address, onChange }: Props) {
  const usual = connection.dead === 0 && connection.unmapped > 0 ? "listings" : "tellings";
  const view = VIEWS.some(({ value }) => value === address.filter.view) ? address.filter.view : usual;
  const list = { path: pathOf("channels", connection.channel), address, onChange };
  const { path } = list;
  const mayChange = may("channels.write");
  return (
    <>
      <Panel
        title={connection.name}
        aside={<a href={`/settings?view=channels&channel=${connection.channel}`}>Its account</a>}
      >
        {connection.problem !== null && <Notice tone="warn">{connection.problem.detail}</Notice>}
        {(connection.shortfalls ?? []).map((shortfall) => (
          <Notice key={shortfall} tone="warn">
            {shortfall}
          </Notice>
        ))}
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
      <Chips
        label="Of the channel"
        options={VIEWS}
        value={view}
        onChange={(value) => address.change({ view: value, state: "", q: "", sort: "" })}
      />
      {view === "tellings" && <Tellings {...list} />}
      {view === "listings" && <Listings {...list} />}
      {view === "differences" && <Differences {...list} />}
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
