/** When finished orders leave the busy tables, as set on the page. */
import { ARCHIVE_AFTER_DAYS } from "../../config/limits.ts";
import type { Queryable } from "../sql/database.ts";

export const ARCHIVE_SUBJECT = "order-archive";

export type ArchiveRule = {
  /** After an order's end; 0: it stays for good. */
  readonly days: number;
};

export async function readArchiveRule(client: Queryable): Promise<ArchiveRule> {
  const { rows } = await client.query<ArchiveRule>("select days from archive_setting");
  return rows[0] ?? { days: ARCHIVE_AFTER_DAYS };
}

export async function writeArchiveRule(client: Queryable, { days }: ArchiveRule): Promise<void> {
  await client.query(
    `insert into archive_setting (days) values ($1) on conflict (only_row) do update set days = excluded.days`,
    [days],
  );
}
