/** Notices that shoppers got. A notice is written down once its mail is handed to the mail server. */
import type { Queryable } from "../sql/database.ts";
import { insertEntries, type TimelineEntry } from "./timeline.ts";

export async function wasNoticeSent(client: Queryable, key: string): Promise<boolean> {
  const { rowCount } = await client.query("select from notification where key = $1", [key]);
  return rowCount === 1;
}

const RECORD_NOTICE = `
with sent as (
  insert into notification (key, order_id, kind, recipient, subject) values ($1, $2, $3, $4, $5)
  on conflict do nothing
), told as (select $2::text as id, $6::jsonb as entries)
${insertEntries("told")}`;

export async function recordNotice(
  client: Queryable,
  notice: {
    readonly key: string;
    readonly orderId: string;
    readonly kind: string;
    readonly recipient: string;
    readonly subject: string;
  },
): Promise<void> {
  const { key, orderId, kind, recipient, subject } = notice;
  const entry: TimelineEntry = {
    key: `mail:${key}`,
    type: "notification.sent",
    summary: `Mail to the shopper: ${subject}`,
    cause: "saga:send-mail",
    data: { kind },
  };
  await client.query(RECORD_NOTICE, [key, orderId, kind, recipient, subject, JSON.stringify([entry])]);
}
