/** A channel's account at its vendor's API: what reaches it, and by which rules it is read and told. */
import { useState } from "preact/hooks";
import type { ChannelView, LocationView } from "../../../../contract/catalog.ts";
import type { ChannelKindView } from "../../../../contract/channels.ts";
import type {
  ChannelAccountDetail,
  ChannelConnectionView,
  ConnectChannelBody,
} from "../../../../contract/settings/channel-accounts.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, put, remove } from "../../api/client.ts";
import { RequestError } from "../../api/problem.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { toast } from "../../components/toast.tsx";
import { useResource } from "../../live/resource.ts";
import { AccountFields, valuesOf } from "./accounts/account-fields.tsx";
import { RunLocationField } from "./accounts/run-location-field.tsx";

type Account = {
  /** Null: channels of its kind only send. */
  readonly settings: NonNullable<ChannelKindView["settings"]> | null;
  /** Null: its vendor keeps no goods. */
  readonly keepsGoods: ChannelKindView["keepsGoods"];
  /** Of ours, that its vendor may run. */
  readonly locations: readonly LocationView[];
  /** Null: it is not connected. */
  readonly detail: ChannelAccountDetail | null;
};

/** Refusals that are about the location that the vendor is to run. */
const ABOUT_LOCATION: ReadonlySet<string> = new Set([
  "channel_runs_no_location",
  "location_not_found",
  "location_run_already",
  "requests_under_way",
]);

export function ChannelAccountPanel({ channel }: { readonly channel: ChannelView }) {
  const [locationProblem, setLocationProblem] = useState<string | null>(null);
  const path = `${pathOf("channels", channel.id)}/account`;
  const account = useResource<Account>(path, async (signal) => {
    const [kinds, connections] = await Promise.all([
      get<Page<ChannelKindView>>("/channel-kinds", {}, signal),
      get<Page<ChannelConnectionView>>("/channel-connections", {}, signal),
    ]);
    const isConnected = connections.items.some((each) => each.channel === channel.id);
    const kind = kinds.items.find((each) => each.kind === channel.kind);
    const keepsGoods = kind?.keepsGoods ?? null;
    const places = keepsGoods === null ? null : await get<Page<LocationView>>("/locations", {}, signal);
    return {
      settings: kind?.settings ?? null,
      keepsGoods,
      locations: places?.items ?? [],
      detail: isConnected ? await get<ChannelAccountDetail>(path, {}, signal) : null,
    };
  });
  return (
    <Loaded resource={account} skeleton={<SkeletonRows rows={4} />}>
      {({ settings, keepsGoods, locations, detail }) =>
        settings === null ? null : (
          <Panel title="Both ways" aside={<a href={`/channels?channel=${channel.id}`}>How it does</a>}>
            <p>
              {detail === null
                ? "Connected to its API, its orders are read even where a webhook is lost, and it is told what becomes of them and how much it may sell."
                : "What is left empty of a secret stays as it is."}
            </p>
            {detail?.state.problem != null && <Notice tone="warn">{detail.state.problem.detail}</Notice>}
            {may("channels.write") ? (
              <Form
                key={detail?.version ?? 0}
                submit={detail === null ? "Try and connect" : "Try and save"}
                onSubmit={async (form, key) => {
                  const most = textOf(form, "mostShown");
                  const hour = textOf(form, "comparesAt");
                  const body: ConnectChannelBody = {
                    ...(detail === null ? {} : { version: detail.version }),
                    values: valuesOf(form, settings),
                    active: form.has("active"),
                    tellsOrders: form.has("tellsOrders"),
                    tellsStock: form.has("tellsStock"),
                    pollSeconds: Number(textOf(form, "pollSeconds")),
                    bufferUnits: Number(textOf(form, "bufferUnits")),
                    bufferPercent: Number(textOf(form, "bufferPercent")),
                    mostShown: most === "" ? null : Number(most),
                    comparesAt: hour === "" ? null : Number(hour),
                    ...(keepsGoods === null ? {} : { runsLocation: textOf(form, "runsLocation") || null }),
                    ...(form.has("untried") ? { untried: true } : {}),
                  };
                  setLocationProblem(null);
                  let saved: ChannelAccountDetail;
                  try {
                    saved = await put<ChannelAccountDetail>(path, body, key);
                  } catch (error) {
                    if (!(error instanceof RequestError) || !ABOUT_LOCATION.has(error.code)) throw error;
                    setLocationProblem(error.message);
                    return;
                  }
                  account.replace((now) => ({ ...now, detail: saved }));
                  toast("good", "Saved. It counts from now on.");
                }}
              >
                <AccountFields
                  declared={settings}
                  values={detail?.values ?? {}}
                  secrets={detail?.secrets ?? []}
                />
                <label class="check">
                  <input type="checkbox" name="active" defaultChecked={detail?.active ?? true} /> Read and
                  told
                </label>
                <label class="check">
                  <input type="checkbox" name="tellsOrders" defaultChecked={detail?.tellsOrders ?? true} />{" "}
                  Told what becomes of its orders
                </label>
                <label class="check">
                  <input type="checkbox" name="tellsStock" defaultChecked={detail?.tellsStock ?? true} /> Told
                  how much it may sell
                </label>
                <Count
                  name="pollSeconds"
                  label="Seconds between two looks"
                  value={detail?.pollSeconds ?? 60}
                  min={2}
                />
                <Count
                  name="bufferUnits"
                  label="Units kept back of each listing"
                  value={detail?.bufferUnits ?? 0}
                />
                <Count
                  name="bufferPercent"
                  label="Percent kept back"
                  hint="Of the two the larger counts."
                  value={detail?.bufferPercent ?? 0}
                  max={100}
                />
                <Count
                  name="mostShown"
                  label="Shown at most"
                  hint="Empty: as many as there are."
                  value={detail?.mostShown ?? null}
                />
                <Count
                  name="comparesAt"
                  label="Hour in which books are compared, UTC"
                  hint="Empty: only when somebody asks."
                  value={detail === null ? 3 : detail.comparesAt}
                  max={23}
                />
                {keepsGoods !== null && (
                  <RunLocationField
                    keeper={keepsGoods}
                    locations={locations}
                    value={detail?.runsLocation ?? null}
                    problem={locationProblem}
                  />
                )}
                <label class="check">
                  <input type="checkbox" name="untried" /> Save it though the channel does not answer
                </label>
              </Form>
            ) : (
              detail === null && <p class="muted">It is not connected.</p>
            )}
            {detail !== null && may("channels.write") && (
              <ActionButton
                run={async () => {
                  await remove(path);
                  account.replace((now) => ({ ...now, detail: null }));
                  toast("good", "It is not connected any more.");
                }}
              >
                Disconnect
              </ActionButton>
            )}
          </Panel>
        )
      }
    </Loaded>
  );
}

function Count({
  name,
  label,
  hint,
  value,
  min = 0,
  max,
}: {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: number | null;
  readonly min?: number;
  readonly max?: number;
}) {
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })}>
      <input
        class="input"
        type="number"
        name={name}
        min={min}
        {...(max === undefined ? {} : { max })}
        defaultValue={value === null ? "" : String(value)}
      />
    </Field>
  );
}
