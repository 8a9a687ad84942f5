import { useLocation } from "preact-iso/router";
import type { AuditEntry } from "../../../../contract/audit.ts";
import { get } from "../../api/client.ts";
import { Empty } from "../../components/empty.tsx";
import { Paged } from "../../components/paged.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Time } from "../../components/time.tsx";
import { fieldName, subjectName, valueText } from "../../format/setting-words.ts";
import { words } from "../../format/words.ts";
import { usePages } from "../../live/pages.ts";

/** What can be looked for, in the words of the page. The gateway has more acts; the search finds them. */
const ACTS = [
  "session.opened",
  "session.refused",
  "session.closed",
  "access.denied",
  "access.unknown",
  "webhook.refused",
  "setting.changed",
  "stock.commanded",
  "sku.mapped",
  "product.created",
  "product.changed",
  "tracking-link.shown",
  "personal-data.read",
  "orders.exported",
  "stock.exported",
  "audit.exported",
] as const;

/** Who did what, from where, newest first. What is searched for is in the address. */
export function AuditList() {
  const { query, route } = useLocation();
  const q = query["q"] ?? "";
  const act = query["act"] ?? "";
  const search = (change: { readonly q?: string; readonly act?: string }): void => {
    const next = new URLSearchParams({ view: "audit" });
    for (const [name, value] of Object.entries({ q, act, ...change }))
      if (value !== "") next.set(name, value);
    route(`/settings?${next}`, change.q !== undefined);
  };
  const entries = usePages<AuditEntry>(
    `audit ${act} ${q}`,
    (cursor, signal) => get("/audit", { cursor, act, q }, signal),
    ({ position }) => String(position),
  );
  return (
    <>
      <div class="toolbar">
        <SearchBox label="Search who, what, from where" value={q} onChange={(text) => search({ q: text })} />
        <select
          class="select"
          aria-label="What was done"
          value={act}
          onChange={(event) => search({ act: event.currentTarget.value })}
        >
          <option value="">Everything</option>
          {ACTS.map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
        </select>
      </div>
      <Panel
        title="Audit log"
        flush
        aside={
          <a
            class="button small"
            href={`/v1/audit/export?${new URLSearchParams({ format: "csv", q, act })}`}
            download="audit-log.csv"
          >
            Export CSV
          </a>
        }
      >
        <Paged
          pages={entries}
          skeletonRows={8}
          empty={<Empty icon="clock" title={q === "" && act === "" ? "Nothing yet" : "No entry matches"} />}
        >
          {(rows) => (
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">Before and after</th>
                  <th scope="col">Who</th>
                  <th scope="col" class="number">
                    When
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((entry) => (
                  <Row key={entry.position} entry={entry} />
                ))}
              </tbody>
            </table>
          )}
        </Paged>
      </Panel>
    </>
  );
}

function Row({ entry }: { readonly entry: AuditEntry }) {
  const { position, at, by, byName, address, act, subject } = entry;
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{words(act)}</div>
          <div class="cell-sub break">{subjectName(subject)}</div>
        </div>
      </td>
      <td class="full">
        <ul>
          {fieldsOf(entry).map(({ field, before, after }) => (
            <li key={field} class="break">
              {fieldName(field)}: {before === undefined ? "" : `${valueText(before)} → `}
              {valueText(after)}
            </li>
          ))}
        </ul>
      </td>
      <td data-label="Who">
        <div>
          <div>{byName ?? subjectName(by)}</div>
          {address !== null && <div class="cell-sub">{address}</div>}
        </div>
      </td>
      <td class="number muted" data-label="When">
        <Time at={at} />
        <div class="cell-sub">No. {position}</div>
      </td>
    </tr>
  );
}

type FieldChange = { readonly field: string; readonly before?: unknown; readonly after: unknown };

/** What was there beside what is there, field by field; without `before` where nothing was. */
function fieldsOf({ before, after }: AuditEntry): readonly FieldChange[] {
  const [was, is] = [recordOf(before), recordOf(after)];
  if (was === null) return Object.entries(is ?? {}).map(([field, value]) => ({ field, after: value }));
  return [...new Set([...Object.keys(was), ...Object.keys(is ?? {})])].map((field) => ({
    field,
    before: was[field] ?? null,
    after: is?.[field] ?? null,
  }));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
