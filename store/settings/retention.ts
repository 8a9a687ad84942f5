/** How long personal data is kept, by kind, as set on the page. */
import { RETENTION_DAYS } from "../../config/limits.ts";
import type { Queryable } from "../sql/database.ts";

export const RETENTION_SUBJECT = "retention";

/** Days by kind. Null: as long as the order is. Of `keepWhole`: none. */
export type RetentionDays = {
  /** After an order has ended nobody may have it erased for so long: what the law wants kept. */
  readonly keepWhole: number | null;
  /** What the channel sent, byte for byte, once the order has ended. */
  readonly payloads: number | null;
  /** Labels of parcels, once they are made. */
  readonly labels: number | null;
  /** To whom mails went, once they are sent. */
  readonly mails: number | null;
  /** Everything that identifies somebody, once the order has ended. */
  readonly persons: number | null;
};

export async function readRetention(client: Queryable): Promise<RetentionDays> {
  const { rows } = await client.query<{ days: Partial<RetentionDays> }>("select days from retention_setting");
  return { ...RETENTION_DAYS, ...rows[0]?.days };
}

export async function writeRetention(client: Queryable, days: RetentionDays): Promise<void> {
  await client.query(
    `insert into retention_setting (days) values ($1) on conflict (only_row) do update set days = excluded.days`,
    [JSON.stringify(days)],
  );
}
