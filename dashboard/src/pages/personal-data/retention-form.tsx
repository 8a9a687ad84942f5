import type { Retention, RetentionBody, RetentionReport } from "../../../../contract/personal-data.ts";
import { get, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "../settings/setting-form.tsx";

const FIELDS = [
  [
    "keepWhole",
    "Keep an order whole for at least",
    "For so many days after its end nobody can have it erased.",
  ],
  [
    "persons",
    "Keep who its people were",
    "Names, addresses and everything else, so many days after its end.",
  ],
  ["payloads", "Keep what channels sent", "Byte for byte, so many days after the order's end."],
  ["labels", "Keep labels of parcels", "So many days after they are made."],
  ["mails", "Keep to whom mails went", "So many days after they are sent."],
] as const;

type Shown = { readonly now: Retention; readonly due: RetentionReport };

/** For how many days personal data is kept. */
export function RetentionForm() {
  const retention = useResource<Shown>("retention", async (signal) => ({
    now: await get<Retention>("/settings/retention", {}, signal),
    due: await get<RetentionReport>("/settings/retention/due", {}, signal),
  }));
  return (
    <Loaded resource={retention} skeleton={<SkeletonRows rows={5} />}>
      {({ now, due }) => (
        <Panel title="How long personal data is kept">
          <SettingForm
            key={now.version}
            needs="retention.write"
            submit="Save the days"
            onReload={retention.reload}
            save={async (fields, key) => {
              const days = Object.fromEntries(
                FIELDS.map(([name]) => {
                  const text = textOf(fields, name);
                  return [name, text === "" ? null : Number(text)];
                }),
              );
              const body: RetentionBody = { version: now.version, ...days };
              await post<Retention>("/settings/retention", body, key);
              retention.reload();
            }}
          >
            <p class="muted">
              In days; nothing entered: as long as the order is kept. What is older goes by itself, within the
              hour.
            </p>
            {FIELDS.map(([name, label, hint]) => (
              <Field
                key={name}
                label={label}
                hint={name === "keepWhole" || due[name] === 0 ? hint : `${hint} ${due[name]} are older now.`}
              >
                <input
                  class="input"
                  name={name}
                  type="number"
                  min="1"
                  max="4000"
                  step="1"
                  defaultValue={now[name] === null ? "" : String(now[name])}
                />
              </Field>
            ))}
          </SettingForm>
        </Panel>
      )}
    </Loaded>
  );
}
