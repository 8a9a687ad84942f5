import type { AccountView } from "../../../../contract/people.ts";
import { get } from "../../api/client.ts";
import { Facts } from "../../components/facts.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { PasskeyList } from "./passkey-list.tsx";
import { PasswordForm } from "./password-form.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { SessionList } from "./session-list.tsx";

/** Everybody's own page: who they are here, how they sign in, and where they are signed in. */
export function AccountPage() {
  const account = useResource<AccountView>("account", (signal) => get("/account", {}, signal));
  return (
    <div class="page account">
      <PageHead title="Your account" documentTitle="Your account" />
      <Loaded resource={account} skeleton={<SkeletonRows rows={6} />}>
        {(now) => (
          <>
            <Panel title={now.name}>
              <Facts
                facts={[
                  ["Email", now.email],
                  ["Role", words(now.role)],
                ]}
              />
            </Panel>
            <Panel title="Password">
              <PasswordForm account={now} onDone={account.reload} />
            </Panel>
            <PasskeyList account={now} onChange={account.reload} />
            <Panel title="Second factor">
              <SecondFactor account={now} onChange={account.reload} />
            </Panel>
          </>
        )}
      </Loaded>
      <SessionList />
    </div>
  );
}
