import { useMemo, useState } from "preact/hooks";
import type { TimelineEntry } from "../../../contract/orders.ts";
import { clockTime, fullTime, zoneName } from "../format/time.ts";
import { words } from "../format/words.ts";
import { Chips } from "./chips.tsx";
import { Empty } from "./empty.tsx";
import { Time } from "./time.tsx";

/** Everything that happened, newest first, each entry with what caused it. */
export function Timeline({ entries }: { readonly entries: readonly TimelineEntry[] }) {
  const [group, setGroup] = useState("");
  const groups = useMemo(() => [...new Set(entries.map(groupOf))].sort(), [entries]);
  const shown = group === "" ? entries : entries.filter((entry) => groupOf(entry) === group);
  return (
    <>
      {groups.length > 1 && (
        <Chips
          label="Show entries about"
          options={[
            { value: "", label: "All" },
            ...groups.map((name) => ({ value: name, label: words(name) })),
          ]}
          value={group}
          onChange={setGroup}
        />
      )}
      {shown.length === 0 && <Empty icon="clock" title="Nothing has happened yet" />}
      <ol class="timeline">
        {shown.map((entry) => (
          <li key={entry.key} class={toneOfEntry(entry.type)}>
            <div class="timeline-text">{entry.summary}</div>
            <div class="timeline-meta">
              <span class="cause">{entry.cause}</span>
              <code>{entry.type}</code>
              {Object.keys(entry.data).length > 0 && (
                <details>
                  <summary>Data</summary>
                  <pre>{JSON.stringify(entry.data, null, 2)}</pre>
                </details>
              )}
              <span class="push" title={fullTime(entry.at)}>
                {clockTime(entry.at)} · <Time at={entry.at} />
              </span>
            </div>
          </li>
        ))}
      </ol>
      {shown.length > 0 && <p class="muted small">Times are in {zoneName()}.</p>}
    </>
  );
}

function groupOf(entry: TimelineEntry): string {
  return entry.type.split(".", 1)[0] ?? "";
}

function toneOfEntry(type: string): string {
  if (
    /failed|declined|exception|broken|refused|short|missing|mismatch|disputed|dispute_lost|payment\.unknown/.test(
      type,
    )
  )
    return "bad";
  if (/held|hold_placed|on_hold|cancel|delay|authorization_gone|refunded_elsewhere/.test(type)) return "warn";
  if (/delivered|completed|shipped|refunded|released|captured|packed/.test(type)) return "good";
  return "plain";
}
