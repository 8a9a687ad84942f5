import type { ParcelLimitsBody, ParcelLimitsView } from "../../../../contract/settings.ts";
import { get, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "./setting-form.tsx";

/** What one parcel may weigh: everywhere, and at each place. */
export function ParcelLimitsForm() {
  const limits = useResource<ParcelLimitsView>("parcel limits", (signal) =>
    get("/parcel-limits", {}, signal),
  );
  return (
    <Loaded resource={limits} skeleton={<SkeletonRows rows={6} />}>
      {(now) => (
        <Panel title="One parcel weighs at most">
          <SettingForm
            key={now.version}
            needs="locations.write"
            submit="Save the limits"
            onReload={limits.reload}
            save={async (fields, key) => {
              const body: ParcelLimitsBody = {
                version: now.version,
                company: gramsOf(textOf(fields, "company")),
                places: now.places.map(({ location }) => ({
                  location,
                  maxGrams: gramsOf(textOf(fields, `place ${location}`)),
                })),
              };
              const saved = await post<ParcelLimitsView>("/parcel-limits", body, key);
              limits.replace(() => saved);
            }}
          >
            <p class="muted">
              For what goes to the floor from now on. Carriers have limits of their own; the smallest counts.
            </p>
            <Field label="Everywhere, kg" hint="Empty: what carriers take.">
              <Kilograms name="company" grams={now.company} />
            </Field>
            {now.places.map(({ location, name, maxGrams }) => (
              <Field key={location} label={`${name}, kg`}>
                <Kilograms name={`place ${location}`} grams={maxGrams} />
              </Field>
            ))}
          </SettingForm>
        </Panel>
      )}
    </Loaded>
  );
}

function Kilograms({ name, grams }: { readonly name: string; readonly grams: number | null }) {
  return (
    <input
      class="input"
      name={name}
      type="number"
      min="0.001"
      max="1000"
      step="0.001"
      defaultValue={grams === null ? "" : String(grams / 1000)}
    />
  );
}

function gramsOf(kilograms: string): number | null {
  return kilograms === "" ? null : Math.round(Number(kilograms) * 1000);
}
