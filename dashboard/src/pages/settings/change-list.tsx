import type { SettingChange } from "../../../../contract/settings.ts";
import { get } from "../../api/client.ts";
import { Empty } from "../../components/empty.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { fieldName, subjectName, valueText } from "../../format/setting-words.ts";
import { usePages } from "../../live/pages.ts";

/** Who has changed which setting, from what to what, newest first. */
export function ChangeList() {
  const changes = usePages<SettingChange>(
    "setting changes",
    (cursor, signal) => get("/setting-changes", { cursor }, signal),
    ({ subject, version }) => `${subject} ${version}`,
  );
  return (
    <Panel title="Changes" flush>
      <Paged
        pages={changes}
        skeletonRows={6}
        empty={<Empty icon="clock" title="Nobody has changed a setting yet" />}
      >
        {(rows) => (
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
        )}
      </Paged>
    </Panel>
  );
}
