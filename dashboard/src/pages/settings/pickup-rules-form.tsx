import type { LocationView } from "../../../../contract/catalog.ts";
import type { PickupRulesBody, PickupRulesView } from "../../../../contract/settings.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "./setting-form.tsx";

/** Each store: how long it keeps what waits for its customer, and when the customer is reminded. */
export function PickupRulesForms() {
  const places = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  return (
    <Loaded resource={places} skeleton={<SkeletonRows rows={6} />}>
      {({ items }) => {
        const stores = items.filter(({ kind }) => kind === "store");
        if (stores.length === 0)
          return (
            <Empty icon="settings" title="There is no store">
              Orders are collected in locations that are stores.
            </Empty>
          );
        return (
          <>
            {stores.map((store) => (
              <PickupRulesForm key={store.id} store={store} />
            ))}
          </>
        );
      }}
    </Loaded>
  );
}

function PickupRulesForm({ store }: { readonly store: LocationView }) {
  const path = `${pathOf("locations", store.id)}/pickup-rules`;
  const rules = useResource<PickupRulesView>(path, (signal) => get(path, {}, signal));
  return (
    <Loaded resource={rules} skeleton={<SkeletonRows rows={2} />}>
      {(now) => (
        <Panel title={store.name}>
          <SettingForm
            key={now.version}
            needs="locations.write"
            submit={`Save for ${store.name}`}
            onReload={rules.reload}
            save={async (fields, key) => {
              const reminder = textOf(fields, "reminderAfterDays");
              const body: PickupRulesBody = {
                version: now.version,
                keptDays: Number(textOf(fields, "keptDays")),
                reminderAfterDays: reminder === "" ? null : Number(reminder),
              };
              const saved = await post<PickupRulesView>(path, body, key);
              rules.replace(() => saved);
            }}
          >
            <div class="form-pair">
              <Field label="Days that orders are kept" hint="Then they are cancelled and put back.">
                <input
                  class="input"
                  name="keptDays"
                  type="number"
                  min="1"
                  max="365"
                  required
                  defaultValue={String(now.keptDays)}
                />
              </Field>
              <Field label="Customers are reminded after days" hint="Empty: they are not.">
                <input
                  class="input"
                  name="reminderAfterDays"
                  type="number"
                  min="1"
                  max="364"
                  defaultValue={now.reminderAfterDays === null ? "" : String(now.reminderAfterDays)}
                />
              </Field>
            </div>
          </SettingForm>
        </Panel>
      )}
    </Loaded>
  );
}
