import type { AccountView } from "../../../../contract/people.ts";
import { get } from "../../api/client.ts";
import { restoreSession, signOut } from "../../api/sign-in.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";
import { PasskeyList } from "../account/passkey-list.tsx";
import { SecondFactor } from "../account/second-factor.tsx";
import { DoorPage } from "./door-page.tsx";

/**
 * In the place of every other page for who has to set a second factor or a passkey first. It goes on by a
 * button, because the recovery codes are shown this once.
 */
export function DemandedFactorPage() {
  const account = useResource<AccountView>("account", (signal) => get("/account", {}, signal));
  return (
    <DoorPage title="One more step">
      <Loaded resource={account} skeleton={<SkeletonRows rows={3} />}>
        {(now) => {
          const isSet = now.secondFactor || now.passkeys > 0;
          return (
            <>
              <p class="muted">
                {now.name}, your role asks for more than a password. Choose one of the two; from then on
                signing in asks for it.
              </p>
              <PasskeyList account={now} onChange={account.reload} />
              <Panel title="Authenticator app">
                <SecondFactor account={now} onChange={account.reload} />
              </Panel>
              {isSet && (
                <Notice tone="good">That is all. Keep the recovery codes where you find them.</Notice>
              )}
              <div class="form-actions">
                {isSet && (
                  <ActionButton class="button primary" run={restoreSession}>
                    Go on
                  </ActionButton>
                )}
                <ActionButton class="button quiet" run={signOut}>
                  Sign out
                </ActionButton>
              </div>
            </>
          );
        }}
      </Loaded>
    </DoorPage>
  );
}
