import { useState } from "preact/hooks";
import type { RefundLimits, RefundLimitsBody } from "../../../../contract/settings.ts";
import { get, post } from "../../api/client.ts";
import { Icon } from "../../components/icon.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { type AmountRow, AmountRows } from "./amount-rows.tsx";
import { SettingForm } from "./setting-form.tsx";

/** How much each role may give away on one order in a day, and what else it may do with money. */
export function LimitsForm() {
  const limits = useResource<RefundLimits>("refund limits", (signal) => get("/refund-limits", {}, signal));
  return (
    <Loaded resource={limits} skeleton={<SkeletonRows rows={6} />}>
      {(now) => (
        <>
          <Panel
            title="Given away on one order in a day"
            aside={now.from === "environment" && <span class="muted">As the server was started with</span>}
          >
            <Limits
              key={now.version}
              now={now}
              onReload={limits.reload}
              onSaved={(saved) => limits.replace(() => saved)}
            />
          </Panel>
          <Panel title="What a role may do with money" flush>
            <Grants roles={now.roles} />
          </Panel>
        </>
      )}
    </Loaded>
  );
}

function Limits({
  now,
  onReload,
  onSaved,
}: {
  readonly now: RefundLimits;
  readonly onReload: () => void;
  readonly onSaved: (saved: RefundLimits) => void;
}) {
  const givers = now.roles.filter(({ givesRefunds }) => givesRefunds).map(({ role }) => role);
  const [rows, setRows] = useState<Readonly<Record<string, readonly AmountRow[]>>>(() =>
    Object.fromEntries(
      givers.map((role) => [
        role,
        now.limits
          .filter((limit) => limit.role === role)
          .map(({ amount, currency }) => ({ amount, currency: currency ?? now.currency })),
      ]),
    ),
  );
  return (
    <SettingForm
      needs="refunds.limits"
      submit="Save the limits"
      onReload={onReload}
      save={async (_fields, key) => {
        const body: RefundLimitsBody = {
          version: now.version,
          limits: givers.flatMap((role) =>
            (rows[role] ?? []).map(({ amount, currency }) => ({
              role,
              amount: amount.replace(",", "."),
              currency: currency === now.currency ? null : currency,
            })),
          ),
        };
        onSaved(await post<RefundLimits>("/refund-limits", body, key));
      }}
    >
      <p class="muted">
        Appeasement, goodwill and store credit, by all members of the role together. What is due for a return
        or a cancelled line has no limit. A role with a limit gives nothing in other currencies.
      </p>
      {givers.map((role) => {
        const own = rows[role] ?? [];
        return (
          <fieldset class="fieldset" key={role}>
            <legend>{roleName(role)}</legend>
            {own.length === 0 && <p class="muted small">No limit: up to what was paid.</p>}
            <AmountRows
              label={roleName(role)}
              rows={own}
              currency={now.currency}
              onChange={(next) => setRows({ ...rows, [role]: next })}
            />
          </fieldset>
        );
      })}
    </SettingForm>
  );
}

function Grants({ roles }: { readonly roles: RefundLimits["roles"] }) {
  const grants = [
    ["givesRefunds", "Gives refunds and credit"],
    ["appliesStoreCredit", "Pays with store credit"],
    ["exchanges", "Exchanges"],
    ["decidesClaims", "Decides claims"],
  ] as const;
  return (
    <table class="table stack">
      <thead>
        <tr>
          <th scope="col">Role</th>
          {grants.map(([grant, label]) => (
            <th scope="col" key={grant}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {roles.map((role) => (
          <tr key={role.role}>
            <td class="full">
              <span class="cell-title">{roleName(role.role)}</span>
            </td>
            {grants.map(([grant, label]) => (
              <td key={grant} data-label={label}>
                {role[grant] ? <Icon name="check" label="Yes" /> : <span class="muted">No</span>}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function roleName(role: string): string {
  return role === "api-key" ? "API keys" : words(role);
}
