/** What was written to shoppers. A key is written once a mail is handed to the mail server. */
import type { Queryable } from "../sql/database.ts";

export async function wasNotified(client: Queryable, key: string): Promise<boolean> {
  const { rowCount } = await client.query("select from notification where key = $1", [key]);
  return rowCount === 1;
}

export async function recordNotification(
  client: Queryable,
  notification: {
    readonly key: string;
    readonly orderId: string;
    readonly kind: string;
    readonly recipient: string;
    readonly subject: string;
  },
): Promise<void> {
  await client.query(
    `with sent as (
       insert into notification (key, order_id, kind, recipient, subject) values ($1, $2, $3, $4, $5)
       on conflict do nothing
     )
     insert into order_event (order_id, key, type, summary, cause, data)
     values ($2, 'mail:' || $1, 'notification.sent', 'Mail to the shopper: ' || $5, 'saga:send-mail',
             jsonb_build_object('kind', $3::text))
     on conflict do nothing`,
    [notification.key, notification.orderId, notification.kind, notification.recipient, notification.subject],
  );
}
