/**
 * The outbox: effects that leave the database. They are written in the transaction of what causes them and
 * carried out later by `workflows/runtime/outbox-relay.ts`, at least once.
 *
 * A row's key makes it happen once, however often its cause is repeated. There are two queues, so that a mail
 * server that is down holds up no saga. One relay works at a queue at a time. It holds a lock that PostgreSQL
 * frees the moment its connection is gone. So rows need no mark while they are carried out, and no transaction
 * stays open while the outside is called: what a dead relay had begun, the next one simply finds.
 */
import type { Queryable } from "./sql/database.ts";
import { givenList } from "./sql/given-list.ts";

type OutboxTopic = "workflow.start" | "workflow.signal" | "mail.send";

export type OutboxQueue = {
  /** Channel of `NOTIFY` that wakes its relay. */
  readonly channel: string;
  readonly topics: readonly OutboxTopic[];
  /** Arbitrary but fixed: names its relay's lock among this database's advisory locks. */
  readonly lock: number;
};

/** What sagas are told. */
export const SAGA_QUEUE: OutboxQueue = {
  channel: "outbox",
  topics: ["workflow.start", "workflow.signal"],
  lock: 7_400_002,
};

/** What shoppers are told. The payload names its order (`orderId`), whose mails go out one after the other. */
export const MAIL_QUEUE: OutboxQueue = { channel: "outbox_mail", topics: ["mail.send"], lock: 7_400_003 };

export type OutboxMessage = {
  readonly key: string;
  readonly topic: OutboxTopic;
  readonly payload: object;
};

export type DueOutboxRow = {
  readonly id: number;
  readonly key: string;
  readonly topic: OutboxTopic;
  readonly payload: unknown;
  /** Attempts so far, this one included. */
  readonly attempts: number;
};

/**
 * For a statement that does more: adds the messages that the query `messages` yields as (key, topic,
 * payload).
 */
export function insertMessages(messages: string): string {
  return `insert into outbox (key, topic, payload) ${messages} on conflict (key) do nothing returning topic`;
}

/** Ends such a statement: wakes the relays at commit for which the relation `added` has a message. */
export const WAKE_RELAY = `
select pg_notify(channel, '') from (
  select distinct case topic when 'mail.send' then '${MAIL_QUEUE.channel}' else '${SAGA_QUEUE.channel}' end as channel
  from added
) woken`;

const WRITE_OUTBOX = `
with added as (
  ${insertMessages("select * from jsonb_to_recordset($1) as m(key text, topic text, payload jsonb)")}
)
${WAKE_RELAY}`;

/** Adds messages and wakes their relays at commit. A message whose key is there already is left as it is. */
export async function writeOutbox(client: Queryable, messages: readonly OutboxMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await client.query(WRITE_OUTBOX, [JSON.stringify(messages)]);
}

/**
 * Makes this connection's process the relay of the queue, if no other is. The lock lasts as long as the
 * connection.
 *
 * What was put off is due again: whatever was in its way, another process may be past it. That goes for what a
 * former version had taken, too, which put it off while it worked.
 * @returns whether it is the relay now
 */
export async function becomeRelay(client: Queryable, queue: OutboxQueue): Promise<boolean> {
  const { rows } = await client.query("select pg_try_advisory_lock($1) as mine", [queue.lock]);
  if (rows[0]?.mine !== true) return false;
  await client.query(
    "update outbox set due_at = now() where done_at is null and due_at > now() and topic = any($1)",
    [queue.topics],
  );
  return true;
}

/** Up to `limit` due mails, oldest first. One stays where an earlier one of its order has been put off. */
export async function readDueMails(client: Queryable, limit: number): Promise<readonly DueOutboxRow[]> {
  const { rows } = await client.query<DueOutboxRow>(
    `select due.id, due.key, due.topic, due.payload, due.attempts + 1 as attempts from outbox due
     where due.done_at is null and due.due_at <= now() and due.topic = 'mail.send'
       and not exists (
         select from outbox earlier
         where earlier.done_at is null and earlier.topic = 'mail.send'
           and earlier.payload->>'orderId' = due.payload->>'orderId'
           and earlier.id < due.id and earlier.due_at > now())
     order by due.due_at, due.id limit $1`,
    [limit],
  );
  return rows.sort((a, b) => a.id - b.id);
}

/** Marks rows as carried out. `note` is for rows that had nothing to do. */
export async function finishOutbox(
  client: Queryable,
  rows: readonly { readonly id: number; readonly note: string | null }[],
): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `update outbox set done_at = now(), attempts = attempts + 1, last_error = note
     from unnest(${givenList("$1", "bigint")}, ${givenList("$2")}) as finished(row_id, note) where id = row_id`,
    [rows.map((row) => row.id), rows.map((row) => row.note)],
  );
}

/** Puts rows off after a failure, each by its own delay, with the reason. */
export async function postponeOutbox(
  client: Queryable,
  rows: readonly { readonly id: number; readonly error: string; readonly delayMs: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `update outbox set due_at = now() + delay * interval '1 millisecond', attempts = attempts + 1, last_error = error
     from unnest($1::bigint[], $2::text[], $3::integer[]) as failed(row_id, error, delay) where id = row_id`,
    [rows.map((row) => row.id), rows.map((row) => row.error), rows.map((row) => row.delayMs)],
  );
}

export type DueStart = DueOutboxRow & {
  /** The channel of what the saga is about. */
  readonly channelId: string;
};

/** What is due for sagas. */
export type DueForSagas = { readonly signals: readonly DueOutboxRow[]; readonly starts: readonly DueStart[] };

const CHANNEL_OF_START = "payload #>> '{args,0,channelId}'";
const PENDING_START = "done_at is null and topic = 'workflow.start'";

/**
 * Signals and starts that are due, oldest first; of each channel so many starts, however many wait of others.
 * A signal stays where its saga's start is still to be carried out: until then nobody could take it.
 */
export async function readDueForSagas(
  client: Queryable,
  limits: { readonly signals: number; readonly startsOfChannel: number },
): Promise<DueForSagas> {
  const { rows } = await client.query<DueOutboxRow & { readonly channelId: string | null }>(
    `with recursive channel as (
       (select ${CHANNEL_OF_START} as id from outbox where ${PENDING_START} order by 1 limit 1)
       union all
       select (select ${CHANNEL_OF_START} from outbox
                where ${PENDING_START} and ${CHANNEL_OF_START} > channel.id order by 1 limit 1)
         from channel where channel.id is not null)
     (select due.id, due.key, due.topic, due.payload, due.attempts + 1 as attempts, null as "channelId"
        from outbox due
       where due.done_at is null and due.topic = 'workflow.signal' and due.due_at <= now()
         and not exists (select from outbox start where start.done_at is null
           and start.topic = 'workflow.start' and start.payload->>'workflowId' = due.payload->>'workflowId')
       order by due.due_at, due.id limit $1)
     union all
     select due.id, due.key, due.topic, due.payload, due.attempts + 1, channel.id
       from channel cross join lateral (
         select * from outbox where ${PENDING_START} and ${CHANNEL_OF_START} = channel.id and due_at <= now()
          order by due_at, id limit $2) due`,
    [limits.signals, limits.startsOfChannel],
  );
  rows.sort((a, b) => a.id - b.id);
  return {
    signals: rows.filter(({ channelId }) => channelId === null),
    starts: rows.flatMap(({ channelId, ...row }) => (channelId === null ? [] : [{ ...row, channelId }])),
  };
}

/** Whether a saga's start is still waiting in the outbox. */
export async function isStartPending(client: Queryable, workflowId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from outbox
     where done_at is null and topic = 'workflow.start' and payload->>'workflowId' = $1 limit 1`,
    [workflowId],
  );
  return rowCount === 1;
}
