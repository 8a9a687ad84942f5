import type { StockLimits, StockLimitsBody } from "../../../../contract/settings.ts";
import { get, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "./setting-form.tsx";

/** How far one person alone may correct stock. */
export function StockLimitsForm() {
  const limits = useResource<StockLimits>("stock limits", (signal) => get("/stock-limits", {}, signal));
  return (
    <Loaded resource={limits} skeleton={<SkeletonRows rows={2} />}>
      {(now) => (
        <Panel title="Stock corrected by one person">
          <SettingForm
            key={now.version}
            needs="stock.limits"
            submit="Save the stock limit"
            onReload={limits.reload}
            save={async (fields, key) => {
              const body: StockLimitsBody = {
                version: now.version,
                approvalUnits: Number(textOf(fields, "approvalUnits")),
              };
              const saved = await post<StockLimits>("/stock-limits", body, key);
              limits.replace(() => saved);
            }}
          >
            <p class="muted">
              A count that differs by more waits for somebody else to approve it. An adjustment of more is
              refused: a count does it.
            </p>
            <Field label="Units at most">
              <input
                class="input"
                name="approvalUnits"
                type="number"
                min="0"
                max="1000000"
                step="1"
                required
                defaultValue={String(now.approvalUnits)}
              />
            </Field>
          </SettingForm>
        </Panel>
      )}
    </Loaded>
  );
}
