import type { VendorAccountView } from "../../../../contract/settings.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { Badge } from "../../components/badge.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { VENDOR_KINDS } from "../../format/setting-words.ts";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";

const REFRESH_MS = 30_000;

const STATES = {
  first: ["Used first", "good"],
  listed: ["In use", "info"],
  missing: ["Not configured", "bad"],
} as const;

/** Accounts at vendors. They are set by environment, with their secrets; here they are only shown. */
export function AccountList() {
  const accounts = useResource<Page<VendorAccountView>>("vendor accounts", (signal) =>
    get("/vendor-accounts", {}, signal),
  );
  useInterval(REFRESH_MS, accounts.reload);
  return (
    <Loaded resource={accounts} skeleton={<SkeletonRows rows={4} />}>
      {({ items }) => (
        <>
          {items.some(({ state }) => state === "missing") && (
            <Notice tone="bad">
              Business is open at an account that this server does not know. List it again until none is open.
            </Notice>
          )}
          <Panel title="Accounts" flush>
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Account</th>
                  <th scope="col">For</th>
                  <th scope="col">State</th>
                  <th scope="col" class="number">
                    Open
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={`${one.kind} ${one.provider} ${one.account}`}>
                    <td class="full">
                      <div>
                        <div class="cell-title">{words(one.provider)}</div>
                        <div class="cell-sub">{one.account}</div>
                      </div>
                    </td>
                    <td data-label="For">{VENDOR_KINDS[one.kind]}</td>
                    <td data-label="State">
                      <Badge status={one.state} label={STATES[one.state][0]} tone={STATES[one.state][1]} />
                    </td>
                    <td class="number" data-label="Open">
                      {openText(one)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Panel>
          <p class="muted small">
            Accounts and their secrets are set where the server is started (HOLDFAST_PAYMENTS,
            HOLDFAST_CARRIERS, HOLDFAST_NOTIFICATIONS). Secrets are never shown.
          </p>
        </>
      )}
    </Loaded>
  );
}

function openText({ kind, open }: VendorAccountView): string {
  if (open === null) return "–";
  return kind === "payments" ? `${open} to capture` : `${open} under way`;
}
