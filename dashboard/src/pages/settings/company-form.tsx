import type { ChangeCompanyBody, CompanyView } from "../../../../contract/company.ts";
import { get, patch } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "./setting-form.tsx";

/** The company's name, where its days begin, what it counts in, and its parcels' numbers. */
export function CompanyForm() {
  const company = useResource<CompanyView>("company", (signal) => get("/company", {}, signal));
  return (
    <Loaded resource={company} skeleton={<SkeletonRows rows={4} />}>
      {(now) => (
        <Panel title="Company">
          <SettingForm
            key={now.version}
            needs="company.write"
            submit="Save the company"
            onReload={company.reload}
            save={async (fields, key) => {
              const body: ChangeCompanyBody = {
                version: now.version,
                name: textOf(fields, "name"),
                timeZone: textOf(fields, "timeZone"),
                currency: textOf(fields, "currency").toUpperCase(),
                gs1Prefix: textOf(fields, "gs1Prefix") || null,
              };
              const saved = await patch<CompanyView>("/company", body, key);
              company.replace(() => saved);
            }}
          >
            <Field label="Name">
              <input class="input" name="name" required maxLength={100} defaultValue={now.name} />
            </Field>
            <Field label="Time zone" hint="Where its days begin, such as Europe/Zurich.">
              <input class="input" name="timeZone" required list="time-zones" defaultValue={now.timeZone} />
            </Field>
            <datalist id="time-zones">
              {Intl.supportedValuesOf("timeZone").map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
            <Field label="Currency" hint="ISO 4217. It stays once there are products or orders.">
              <input
                class="input"
                name="currency"
                required
                pattern="[A-Za-z]{3}"
                maxLength={3}
                defaultValue={now.currency}
              />
            </Field>
            <Field
              label="GS1 prefix"
              hint="6 to 12 digits from GS1. With it, ship notices tell trading partners the SSCC on each parcel."
            >
              <input
                class="input"
                name="gs1Prefix"
                inputMode="numeric"
                pattern="[0-9]{6,12}"
                maxLength={12}
                defaultValue={now.gs1Prefix ?? ""}
              />
            </Field>
          </SettingForm>
        </Panel>
      )}
    </Loaded>
  );
}
