import { useState } from "preact/hooks";
import type { ChannelView } from "../../../../contract/catalog.ts";
import type { HoldRulesBody, HoldRulesView } from "../../../../contract/settings.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { useOwnReasons } from "../order/own-reasons.ts";
import { AmountRows, minorOf, rowsOf } from "./amount-rows.tsx";
import { SettingForm } from "./setting-form.tsx";

/** Which orders of a channel wait, when they come or are changed, until a person has looked at them. */
export function HoldRulesForm({ channel }: { readonly channel: ChannelView; readonly onChange: () => void }) {
  const path = `${pathOf("channels", channel.id)}/hold-rules`;
  const rules = useResource<HoldRulesView>(path, (signal) => get(path, {}, signal));
  return (
    <Loaded resource={rules} skeleton={<SkeletonRows rows={6} />}>
      {(now) => (
        <Panel title={`Orders of ${channel.name} that wait for a person`}>
          <Rules
            key={now.version}
            now={now}
            onReload={rules.reload}
            save={async (body, key) => {
              const saved = await post<HoldRulesView>(path, body, key);
              rules.replace(() => saved);
            }}
          />
        </Panel>
      )}
    </Loaded>
  );
}

function Rules({
  now,
  onReload,
  save,
}: {
  readonly now: HoldRulesView;
  readonly onReload: () => void;
  readonly save: (body: HoldRulesBody, key: string) => Promise<void>;
}) {
  const [above, setAbove] = useState(rowsOf(now.aboveMinor));
  const own = useOwnReasons();
  return (
    <SettingForm
      needs="channels.write"
      submit="Save the rules"
      onReload={onReload}
      save={(fields, key) =>
        save(
          {
            version: now.version,
            aboveMinor: minorOf(above),
            skus: listOf(fields, "skus"),
            countries: [...new Set(listOf(fields, "countries").map((code) => code.toUpperCase()))],
            notes: fields.has("notes"),
            ownReason: textOf(fields, "ownReason") || null,
          },
          key,
        )
      }
    >
      <p class="muted">
        For orders that come, or become such by a change, from now on. They wait on hold until somebody
        releases them; new ones reserve nothing.
      </p>
      <fieldset class="fieldset">
        <legend>Orders that cost more than</legend>
        <AmountRows label="Orders above" rows={above} currency="USD" onChange={setAbove} />
      </fieldset>
      <Field
        label="Orders that sell one of these SKUs"
        hint="One a line; CARD-* stands for all that begin so."
      >
        <textarea class="textarea" name="skus" defaultValue={now.skus.join("\n")} />
      </Field>
      <Field label="Orders that go to these countries" hint="Two letters each, for example BR, NG.">
        <input class="input" name="countries" defaultValue={now.countries.join(", ")} />
      </Field>
      <label class="check">
        <input type="checkbox" name="notes" defaultChecked={now.notes} /> Orders that bear a note
      </label>
      <Field
        label="Under this reason"
        hint="Of your own hold reasons: it says what is to be done, and by whom."
      >
        {/* Its options come later than the form. */}
        <select class="select" name="ownReason" key={own.length}>
          <option value="">None of your own</option>
          {own
            .filter(({ active, code }) => active || code === now.ownReason)
            .map(({ code, label }) => (
              <option key={code} value={code} selected={code === now.ownReason}>
                {label}
              </option>
            ))}
        </select>
      </Field>
    </SettingForm>
  );
}

function listOf(fields: FormData, name: string): string[] {
  return textOf(fields, name)
    .split(/\s*[\n,]\s*/)
    .filter((each) => each !== "");
}
