/**
 * Notices to shoppers: their mails wait in the outbox, and a notice is written down once its mail is handed
 * to the mail server.
 */
import { type OutboxMessage, writeOutbox } from "../outbox.ts";
import { sealersOf } from "../personal-data/vault.ts";
import { batchedByDatabase, byDatabase, inBatches } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";
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

const findSentNotice = batchedByDatabase(async (database: Database, keys) => {
  const { rows } = await database.query<{ key: string }>({
    name: "sent-notices",
    text: `select key from notification where key = any(${givenList("$1")})`,
    values: [keys],
  });
  return new Map(rows.map(({ key }) => [key, key]));
});

/** Mails that are asked about at once are looked up together. */
export async function wasNoticeSent(database: Database, key: string): Promise<boolean> {
  return (await findSentNotice(database, key)) !== undefined;
}

/** A mail that was handed to the mail server. */
type SentNotice = {
  readonly key: string;
  readonly orderId: string;
  readonly kind: string;
  readonly recipient: string;
  readonly subject: string;
};

const RECORD_NOTICES = `
with notice as (
  select * from json_to_recordset($1::json)
    as n(key text, "orderId" text, kind text, recipient text, subject text, entry jsonb)
), sent as (
  insert into notification (key, order_id, kind, recipient, subject)
  select key, "orderId", kind, recipient, subject from notice on conflict do nothing
), told as (select "orderId" as id, jsonb_build_array(entry) as entries, key from notice)
${insertEntries("told", "o.id, o.key")}`;

/**
 * What is sent at once is written down by one statement. Each by itself where that fails: a mail that was sent
 * and is not written down would be sent again.
 */
export const recordNotice = byDatabase((database: Database) =>
  inBatches((notices: readonly SentNotice[]) => recordNotices(database, notices), { apart: true }),
);

async function recordNotices(
  database: Database,
  notices: readonly SentNotice[],
): Promise<readonly undefined[]> {
  const sealers = await sealersOf(database, [...new Set(notices.map(({ orderId }) => orderId))]);
  const rows = notices.map((notice) => {
    const entry: TimelineEntry = {
      key: `mail:${notice.key}`,
      type: "notification.sent",
      summary: `Mail to the shopper: ${notice.subject}`,
      cause: "saga:send-mail",
      data: { kind: notice.kind },
    };
    const recipient = sealers.get(notice.orderId)?.text(notice.recipient);
    return { ...notice, recipient, entry };
  });
  await database.query({ name: "record-notices", text: RECORD_NOTICES, values: [JSON.stringify(rows)] });
  return notices.map(() => undefined);
}
