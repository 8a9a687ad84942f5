import type { SessionsEnded, SessionView } from "../../../../contract/people.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, remove } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { browserName } from "../../format/browser-name.ts";
import { counted } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";

/** Where the person is signed in. Each can be ended, and all but this one at once. */
export function SessionList() {
  const sessions = useResource<Page<SessionView>>("sessions", (signal) => get("/sessions", {}, signal));
  const others = sessions.data?.items.filter(({ current }) => !current).length ?? 0;
  return (
    <Panel
      title="Signed in"
      flush
      aside={
        others > 0 && (
          <ActionButton
            class="button small"
            run={async () => {
              const { ended } = await remove<SessionsEnded>("/sessions");
              toast("good", `${counted(ended, "session")} ended.`);
              sessions.reload();
            }}
          >
            Sign out everywhere else
          </ActionButton>
        )
      }
    >
      <Loaded resource={sessions} skeleton={<SkeletonRows rows={2} />}>
        {({ items }) => (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">Browser</th>
                <th scope="col">Address</th>
                <th scope="col">Signed in</th>
                <th scope="col">Seen</th>
                <th scope="col">
                  <span class="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((session) => (
                <tr key={session.id}>
                  <td class="full">
                    {browserName(session.browser)}{" "}
                    {session.current && <Badge status="this" label="This one" />}
                  </td>
                  <td data-label="Address">{session.address === "" ? "not known" : session.address}</td>
                  <td data-label="Signed in">
                    <Time at={session.openedAt} />
                  </td>
                  <td data-label="Seen">
                    <Time at={session.seenAt} />
                  </td>
                  <td>
                    {!session.current && (
                      <ActionButton
                        class="button quiet small"
                        run={async () => {
                          await remove(pathOf("sessions", session.id));
                          sessions.reload();
                        }}
                      >
                        End<span class="visually-hidden"> the session in {browserName(session.browser)}</span>
                      </ActionButton>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </Panel>
  );
}
