import { useState } from "preact/hooks";
import type { SettingChange } from "../../../../contract/settings.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { fieldName, subjectName, valueText } from "../../format/setting-words.ts";
import { useResource } from "../../live/resource.ts";

/** Who has changed which setting, from what to what, newest first. */
export function ChangeList() {
  const first = useResource<Page<SettingChange>>("setting changes", (signal) =>
    get("/setting-changes", {}, signal),
  );
  const [more, setMore] = useState<Page<SettingChange> | null>(null);
  return (
    <Panel title="Changes" flush>
      <Loaded resource={first} skeleton={<SkeletonRows rows={6} />}>
        {(page) => {
          const rows = [...page.items, ...(more?.items ?? [])];
          const next = more === null ? page.next : more.next;
          if (rows.length === 0) return <Empty icon="clock" title="Nobody has changed a setting yet" />;
          return (
            <>
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Setting</th>
                    <th scope="col">What</th>
                    <th scope="col">Who</th>
                    <th scope="col" class="number">
                      When
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((change) => (
                    <tr key={`${change.subject} ${change.version}`}>
                      <td class="full">
                        <span class="cell-title">{subjectName(change.subject)}</span>
                      </td>
                      <td class="full">
                        <ul>
                          {change.changes.map(({ field, from, to }) => (
                            <li key={field} class="break">
                              {fieldName(field)}: {valueText(from)} → {valueText(to)}
                            </li>
                          ))}
                        </ul>
                      </td>
                      <td data-label="Who">{change.changedBy}</td>
                      <td class="number muted" data-label="When">
                        <Time at={change.at} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {next !== null && (
                <div class="table-foot">
                  <ActionButton
                    run={async () => {
                      const following = await get<Page<SettingChange>>("/setting-changes", { cursor: next });
                      setMore({ ...following, items: [...(more?.items ?? []), ...following.items] });
                    }}
                  >
                    Load more
                  </ActionButton>
                </div>
              )}
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}
