/**
 * Notices to shoppers: their mails wait in the outbox, and a notice is written down once its mail is handed
 * to the mail server.
 */
import { type OutboxMessage, writeOutbox } from "../outbox.ts";
import { sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";
import { insertEntries, type TimelineEntry } from "./timeline.ts";

/** Identifies a mail to its receiver, and in the table. */
export function noticeKey(notice: {
  readonly kind: string;
  readonly about: string;
  readonly copy?: number;
}): string {
  const key = `${notice.kind}:${notice.about}`;
  return notice.copy === undefined ? key : `${COPY}${notice.copy}:${key}`;
}

/** Begins the keys of mails that were sent again. */
const COPY = "copy-";

/** A mail to be sent, as its outbox row has it. */
export type QueuedMail<Kind extends string = string> = {
  readonly orderId: string;
  readonly kind: Kind;
  readonly about: string;
  /** Number of a mail that staff send again; absent: the mail itself. */
  readonly copy?: number;
};

/** In the order in which they are to go out. What was queued before is left as it is. */
export async function queueMails(client: Queryable, mails: readonly QueuedMail[]): Promise<void> {
  await writeOutbox(client, mails.map(mailRow));
}

/**
 * Asks the shopper for a means of payment, in the transaction by which the order begins to wait for one.
 * Where it waits no longer when the mail is written, none is sent.
 *
 * @param cause once each: what it waits because of
 */
export function askForPaymentRow(orderId: string, cause: string): OutboxMessage {
  return mailRow({ orderId, kind: "payment_needed", about: `${orderId}:${cause}` });
}

function mailRow(mail: QueuedMail): OutboxMessage {
  return { key: `mail:${noticeKey(mail)}`, topic: "mail.send", payload: mail };
}

/** A notice of the order by its key; not a copy of one. */
export async function readSentNotice<Kind extends string>(
  client: Queryable,
  orderId: string,
  key: string,
): Promise<{ readonly kind: Kind; readonly about: string; readonly subject: string } | undefined> {
  const { rows } = await client.query<{ kind: Kind; subject: string }>(
    "select kind, subject from notification where key = $1 and order_id = $2",
    [key, orderId],
  );
  const [row] = rows;
  if (row === undefined || !key.startsWith(`${row.kind}:`)) return undefined;
  return { ...row, about: key.slice(row.kind.length + 1) };
}

/** How many mails about the order were asked for again. */
export async function countCopies(client: Queryable, orderId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::integer as count from order_event
      where order_id = $1 and type = 'notification.resend_requested'`,
    [orderId],
  );
  return rows[0]?.count ?? 0;
}

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
  const sealer = await sealerOf(client, orderId);
  await client.query(RECORD_NOTICE, [
    key,
    orderId,
    kind,
    sealer.text(recipient),
    subject,
    JSON.stringify([entry]),
  ]);
}
