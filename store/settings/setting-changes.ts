/**
 * Who has changed which setting, from what to what, and the versions that come of it.
 *
 * A subject's version is the number of its last change, 1 before the first. Whoever changes it locks it
 * first, reads its version, and writes the change in the same transaction.
 */
import type { FieldChange, SettingChange } from "../../contract/settings.ts";
import type { Page } from "../../contract/shapes.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";

export async function settingVersion(client: Queryable, subject: string): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    "select coalesce(max(version), 1) as version from setting_change where subject = $1",
    [subject],
  );
  return rows[0]?.version ?? 1;
}

/** Until this transaction ends, nobody else changes the subject. @returns its version */
export async function lockSetting(client: Queryable, subject: string): Promise<number> {
  await client.query("select pg_advisory_xact_lock(hashtextextended('setting ' || $1, 0))", [subject]);
  return settingVersion(client, subject);
}

/** Once this transaction has committed, every process reads again what is set. */
export async function tellSettings(client: Queryable): Promise<void> {
  await client.query("select pg_notify('settings', '')");
}

/** This transaction has locked the subject. */
export async function recordSettingChange(
  client: Queryable,
  change: {
    readonly subject: string;
    readonly version: number;
    /** `staff:<id>`, `api-key:<id>`. */
    readonly by: string;
    readonly changes: readonly FieldChange[];
  },
): Promise<void> {
  await client.query(
    "insert into setting_change (subject, version, changed_by, changes) values ($1, $2, $3, $4)",
    [change.subject, change.version, change.by, JSON.stringify(change.changes)],
  );
}

/** Changes of settings, newest first, unless `sort` is `at`. */
export async function listSettingChanges(
  client: Queryable,
  filter: {
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<SettingChange>> {
  const order = readingOrder("-at", filter.sort);
  const formats = [CURSOR_MICROSECONDS, CURSOR_TEXT, /^\d{1,9}$/];
  const [at, subject, version] = order.placeIn(filter.cursor, formats);
  const { rows } = await client.query<Omit<SettingChange, "at"> & { at: Date; micros: string }>(
    `select c.subject, c.version, coalesce(s.name, c.changed_by) as "changedBy", c.at, c.changes,
            (extract(epoch from c.at) * 1000000)::bigint::text as micros
       from setting_change c left join staff s on c.changed_by = 'staff:' || s.id
      where $1::text is null
         or (c.at, c.subject, c.version) ${order.further} (timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2, $3::integer)
      order by c.at ${order.direction}, c.subject ${order.direction}, c.version ${order.direction} limit $4`,
    [at ?? null, subject ?? null, version ?? null, filter.limit + 1],
  );
  return toPage(
    rows,
    filter.limit,
    ({ micros: _micros, at: changedAt, ...change }) => ({ ...change, at: changedAt.toISOString() }),
    (row) => order.placeOf(row.micros, row.subject, String(row.version)),
  );
}
