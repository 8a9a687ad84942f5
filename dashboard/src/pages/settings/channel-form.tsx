import { useState } from "preact/hooks";
import type { ChannelView } from "../../../../contract/catalog.ts";
import type { ChannelDetail, IssuedChannel } from "../../../../contract/channels.ts";
import type { ChannelSettings, ChannelSettingsBody } from "../../../../contract/settings.ts";
import { get, patch, pathOf } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { ALLOCATIONS, CHARGED_BY, ON_SHORTAGE, SHORT_RESTS } from "../../format/setting-words.ts";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { ChannelAccountPanel } from "./channel-account-panel.tsx";
import { ChannelWebhook, IssuedChannelDialog } from "./channel-webhook.tsx";
import { Choice, SettingForm } from "./setting-form.tsx";

/** Only our own format says of each order who takes the money. */
const OWN_FORMAT = "holdfast";

const BY_ALLOCATION = "by_allocation";

/** Its name, who charges, what becomes of shortages, how long shoppers change their orders; its webhooks. */
export function ChannelForm({
  channel,
  onChange,
}: {
  readonly channel: ChannelView;
  readonly onChange: () => void;
}) {
  const [issued, setIssued] = useState<IssuedChannel | null>(null);
  const path = pathOf("channels", channel.id);
  const rules = useResource<ChannelDetail>(path, (signal) => get(path, {}, signal));
  const { order, ...charging } = CHARGED_BY;
  return (
    <Loaded resource={rules} skeleton={<SkeletonRows rows={6} />}>
      {(now) => (
        <>
          <Panel title={channel.name} aside={<span class="muted">{words(channel.kind)}</span>}>
            <SettingForm
              key={now.version}
              needs="channels.write"
              submit="Save the rules"
              onReload={rules.reload}
              save={async (fields, key) => {
                const shortRest = textOf(fields, "shortRest");
                const combineMinutes = textOf(fields, "combineMinutes");
                const stockPool = textOf(fields, "stockPool").trim();
                const body: ChannelSettingsBody = {
                  version: now.version,
                  name: textOf(fields, "name"),
                  active: fields.has("active"),
                  chargedBy: textOf(fields, "chargedBy") as ChannelSettings["chargedBy"],
                  payOnDelivery: fields.has("payOnDelivery"),
                  onShortage: textOf(fields, "onShortage") as ChannelSettings["onShortage"],
                  allocation: textOf(fields, "allocation") as ChannelSettings["allocation"],
                  shortRest: shortRest === BY_ALLOCATION ? null : (shortRest as ChannelSettings["shortRest"]),
                  allowSubstitutes: fields.has("allowSubstitutes"),
                  shopperChangesMinutes: Number(textOf(fields, "shopperChangesMinutes")),
                  combineMinutes: combineMinutes === "" ? null : Number(combineMinutes),
                  stockPool: stockPool === "" ? null : stockPool,
                  stockBuffer: Number(textOf(fields, "stockBuffer")),
                };
                const saved = await patch<ChannelDetail>(path, body, key);
                rules.replace(() => saved);
                onChange();
              }}
            >
              <Field label="Name">
                <input class="input" name="name" required maxLength={100} defaultValue={now.name} />
              </Field>
              <label class="check">
                <input type="checkbox" name="active" defaultChecked={now.active} /> Takes orders and webhooks
              </label>
              <Field label="Who charges" hint="For orders that come from now on.">
                <Choice
                  name="chargedBy"
                  words={channel.kind === OWN_FORMAT ? { ...charging, order } : charging}
                  value={now.chargedBy}
                />
              </Field>
              <label class="check">
                <input type="checkbox" name="payOnDelivery" defaultChecked={now.payOnDelivery} /> An order
                that we charge may be paid at the door
              </label>
              <div class="form-pair">
                <Field label="An order that stock does not cover" hint="When it comes.">
                  <Choice name="onShortage" words={ON_SHORTAGE} value={now.onShortage} />
                </Field>
                <Field label="What is reserved of it" hint="Unless the order says so itself.">
                  <Choice name="allocation" words={ALLOCATIONS} value={now.allocation} />
                </Field>
              </div>
              <Field
                label="Units that go missing later and that no place has"
                hint="Counts for open orders, too."
              >
                <Choice
                  name="shortRest"
                  words={{
                    [BY_ALLOCATION]: "As the order was reserved: queued, or cancelled",
                    ...SHORT_RESTS,
                  }}
                  value={now.shortRest ?? BY_ALLOCATION}
                />
              </Field>
              <label class="check">
                <input type="checkbox" name="allowSubstitutes" defaultChecked={now.allowSubstitutes} /> A
                product's substitutes are sent first, where the order does not say
              </label>
              <Field
                label="Shoppers change and cancel their orders themselves, minutes after capture"
                hint="0: never. Counts for open orders, too."
              >
                <input
                  class="input"
                  name="shopperChangesMinutes"
                  type="number"
                  min="0"
                  max="527040"
                  required
                  defaultValue={String(now.shopperChangesMinutes)}
                />
              </Field>
              <div class="form-pair">
                <Field
                  label="New orders wait for others of their customer, minutes"
                  hint="To leave in one parcel. Empty: they do not wait."
                >
                  <input
                    class="input"
                    name="combineMinutes"
                    type="number"
                    min="1"
                    max="1440"
                    defaultValue={now.combineMinutes === null ? "" : String(now.combineMinutes)}
                  />
                </Field>
                <Field label="Stock pool" hint="Its units first, then everybody's. Empty: everybody's.">
                  <input class="input" name="stockPool" maxLength={128} defaultValue={now.stockPool ?? ""} />
                </Field>
                <Field
                  label="Stock buffer, units"
                  hint="Of each SKU; the channel is not told of them, so that a sale elsewhere does not oversell it."
                >
                  <input
                    class="input"
                    name="stockBuffer"
                    type="number"
                    required
                    min="0"
                    max="1000000000"
                    defaultValue={String(now.stockBuffer)}
                  />
                </Field>
              </div>
            </SettingForm>
          </Panel>
          <ChannelAccountPanel channel={channel} />
          <ChannelWebhook
            channel={now}
            onIssued={(answer) => {
              setIssued(answer);
              rules.replace(() => answer.channel);
            }}
          />
          {issued !== null && <IssuedChannelDialog issued={issued} onClose={() => setIssued(null)} />}
        </>
      )}
    </Loaded>
  );
}
