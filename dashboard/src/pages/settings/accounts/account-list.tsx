import { useState } from "preact/hooks";
import type { VendorAccountView } from "../../../../../contract/settings.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { Badge } from "../../../components/badge.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { Notice } from "../../../components/notice.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { VENDOR_KINDS } from "../../../format/setting-words.ts";
import { words } from "../../../format/words.ts";
import { useResource } from "../../../live/resource.ts";
import { useInterval } from "../../../live/use-interval.ts";
import { AddAccountDialog } from "./add-account-dialog.tsx";
import { EditAccountDialog } from "./edit-account-dialog.tsx";

const REFRESH_MS = 30_000;

const STATES = {
  first: ["Used first", "good"],
  listed: ["In use", "info"],
  off: ["Nothing new", "warn"],
  missing: ["Not configured", "bad"],
} as const;

/** Accounts at payment providers, carriers and mail servers: those set here, and those of the environment. */
export function AccountList() {
  const [isAdding, setAdding] = useState(false);
  const [edited, setEdited] = useState<VendorAccountView | null>(null);
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
          <Panel
            title="Accounts"
            flush
            aside={
              may("accounts.write") && (
                <button type="button" class="button small" onClick={() => setAdding(true)}>
                  Add an account
                </button>
              )
            }
          >
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Account</th>
                  <th scope="col">For</th>
                  <th scope="col">State</th>
                  <th scope="col" class="number">
                    Open
                  </th>
                  <th scope="col">
                    <span class="visually-hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={`${one.kind} ${one.provider} ${one.account}`}>
                    <td class="full">
                      <div>
                        <div class="cell-title">{words(one.provider)}</div>
                        <div class="cell-sub">
                          {one.name}
                          {one.name === one.account ? "" : ` (${one.account})`}
                        </div>
                      </div>
                    </td>
                    <td data-label="For">{VENDOR_KINDS[one.kind]}</td>
                    <td data-label="State">
                      <Badge status={one.state} label={STATES[one.state][0]} tone={STATES[one.state][1]} />
                    </td>
                    <td class="number" data-label="Open">
                      {openText(one)}
                    </td>
                    <td>
                      {one.from === "page" ? (
                        <button type="button" class="button quiet small" onClick={() => setEdited(one)}>
                          {may("accounts.write") ? "Change" : "Look at"}
                          <span class="visually-hidden">
                            {" "}
                            {one.provider} {one.account}
                          </span>
                        </button>
                      ) : (
                        <span class="muted small">Environment</span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Panel>
          <p class="muted small">
            Those of the environment are listed where the server is started (HOLDFAST_PAYMENTS,
            HOLDFAST_CARRIERS, HOLDFAST_NOTIFICATIONS), and come behind those that are set here. Secrets are
            never shown.
          </p>
          {isAdding && (
            <AddAccountDialog
              onClose={() => setAdding(false)}
              onDone={() => {
                setAdding(false);
                accounts.reload();
              }}
            />
          )}
          {edited !== null && (
            <EditAccountDialog account={edited} onClose={() => setEdited(null)} onChange={accounts.reload} />
          )}
        </>
      )}
    </Loaded>
  );
}

function openText({ kind, open }: VendorAccountView): string {
  if (open === null) return "–";
  return kind === "payments" ? `${open} to capture` : `${open} under way`;
}
