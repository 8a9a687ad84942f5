import type { ArchiveRuleBody, ArchiveRuleView } from "../../../../contract/settings/archive.ts";
import { get, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { counted } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "./setting-form.tsx";

const PATH = "/settings/archive";

/** When finished orders are archived. */
export function ArchiveForm() {
  const rule = useResource<ArchiveRuleView>("archive rule", (signal) => get(PATH, {}, signal));
  return (
    <Loaded resource={rule} skeleton={<SkeletonRows rows={2} />}>
      {(now) => (
        <Panel title="Finished orders">
          <SettingForm
            key={now.version}
            needs="retention.write"
            submit="Save the days"
            onReload={rule.reload}
            save={async (fields, key) => {
              const body: ArchiveRuleBody = { version: now.version, days: Number(textOf(fields, "days")) };
              const saved = await post<ArchiveRuleView>(PATH, body, key);
              rule.replace(() => saved);
            }}
          >
            <p class="muted">
              An order that has ended, and of which nothing is open any more, is archived by itself. It stays
              readable by its number and links, and in the list of archived orders. Whatever still comes of
              it, such as a late return, brings it back.
              {now.archived > 0 && ` About ${counted(now.archived, "order")} archived by now.`}
            </p>
            <Field label="Archived so many days after its end" hint="0: never.">
              <input
                class="input"
                name="days"
                type="number"
                min="0"
                max="4000"
                step="1"
                required
                defaultValue={String(now.days)}
              />
            </Field>
          </SettingForm>
        </Panel>
      )}
    </Loaded>
  );
}
