/**
 * What became of each message of a webhook: delivered, tried again, put aside. What a message says is read
 * from where it happened, for each try; here are only its names, its state and its tries.
 *
 * L1 A message that was delivered is not made one that waits by who comes late with another outcome: two
 *    processes that deliver by mistake at once repeat messages, and lose none.
 * L2 A webhook's place in a feed moves on in the statement that writes down what became of the messages
 *    before it.
 * L3 Writing down what became of messages does not wait for the disk: a server of PostgreSQL that dies may
 *    have forgotten the last moment, whose messages are then sent once more, in the same order.
 */
import type { WebhookSource } from "../../contract/settings/webhook-events.ts";
import type { WebhookDeliveryView, WebhookTry } from "../../contract/settings/webhooks.ts";
import type { Page } from "../../contract/shapes.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import type { FeedCursor } from "../sql/feed-cursor.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { iso } from "../sql/view-sql.ts";
import { ofOrder, type WebhookEvent } from "./webhook-events.ts";

export type DeliveryState = "waiting" | "delivered" | "dead" | "again";

/** What became of a message. */
export type Outcome = {
  readonly messageId: string;
  readonly event: Pick<WebhookEvent, "source" | "orderId" | "key" | "type" | "subject" | "cursor">;
  readonly state: DeliveryState;
  /** Null: it was not tried now. */
  readonly tried: WebhookTry | null;
  readonly dueAt: Date | null;
};

/** A message that was there before. */
export type OpenDelivery = {
  readonly messageId: string;
  readonly state: "waiting" | "again";
  readonly attempts: number;
  readonly firstTriedAt: Date;
  /** Null: what it told of is not kept any more. */
  readonly event: WebhookEvent | null;
  readonly of: Outcome["event"];
};

export type Places = { readonly [Source in WebhookSource]: FeedCursor };

/** How the webhook is, and up to where it has been told. */
export type Progress = {
  readonly from: Places;
  readonly to: Places;
  /** Null: as it is. */
  readonly health: {
    readonly attempts: number;
    readonly failingSince: Date | null;
    readonly dueAt: Date | null;
  } | null;
};

const PLACES = ["orders", "system"] as const;

/** Writes down what became of messages, and how the webhook is. @param progress null: it stays as it is */
export async function recordOutcomes(
  client: Queryable,
  subscriptionId: string,
  outcomes: readonly Outcome[],
  progress: Progress | null,
): Promise<void> {
  const rows = outcomes.map(({ messageId, event, state, tried, dueAt }) => ({
    messageId,
    source: event.source,
    orderId: event.orderId,
    key: event.key,
    type: event.type,
    subject: event.subject,
    tx: event.cursor.transaction.toString(),
    place: event.cursor.id.toString(),
    state,
    attempts: tried === null ? 0 : 1,
    httpStatus: tried?.status ?? null,
    problem: tried?.problem ?? null,
    at: tried?.at ?? null,
    tries: tried === null ? [] : [tried],
    dueAt: dueAt?.toISOString() ?? null,
  }));
  const places = PLACES.flatMap((source) => [
    progress?.from[source].transaction.toString() ?? null,
    progress?.from[source].id.toString() ?? null,
    progress?.to[source].transaction.toString() ?? null,
    progress?.to[source].id.toString() ?? null,
  ]);
  const health = progress?.health ?? null;
  await client.query({
    name: "record-webhook-outcomes",
    text: `with quick as materialized (select set_config('synchronous_commit', 'off', true)
     ), outcome as (
       select o.* from quick, jsonb_to_recordset($2) as o("messageId" text, source text, "orderId" text, key text, type text,
         subject text, tx text, place bigint, state text, attempts integer, "httpStatus" integer, problem text,
         at timestamptz, tries jsonb, "dueAt" timestamptz)
     ), written as (
       insert into webhook_delivery as d (subscription_id, message_id, source, order_id, event_key, event_type, subject,
         event_tx, event_id, state, attempts, http_status, problem, due_at, tries, first_tried_at, last_tried_at)
       select $1, o."messageId", o.source, o."orderId", o.key, o.type, o.subject, o.tx::xid8, o.place, o.state,
              o.attempts, o."httpStatus", o.problem, o."dueAt", o.tries, coalesce(o.at, now()), coalesce(o.at, now())
         from outcome o where exists (select from webhook_subscription where id = $1)
       on conflict (subscription_id, message_id) do update
         set state = excluded.state, due_at = excluded.due_at, attempts = d.attempts + excluded.attempts,
             http_status = case when excluded.attempts = 0 then d.http_status else excluded.http_status end,
             problem = case when excluded.attempts = 0 then d.problem else excluded.problem end,
             tries = d.tries || excluded.tries,
             first_tried_at = case when d.attempts = 0 then excluded.first_tried_at else d.first_tried_at end,
             last_tried_at = case when excluded.attempts = 0 then d.last_tried_at else excluded.last_tried_at end
         where not (d.state = 'delivered' and excluded.state = 'waiting')
     )
     update webhook_subscription s
        set position_tx = case when moved.orders then $5::text::xid8 else s.position_tx end,
            position_id = case when moved.orders then $6::bigint else s.position_id end,
            events_tx = case when moved.system then $9::text::xid8 else s.events_tx end,
            events_id = case when moved.system then $10::bigint else s.events_id end,
            attempts = case when $11 then $12 else s.attempts end,
            failing_since = case when $11 then $13 else s.failing_since end,
            due_at = case when $11 then $14 else s.due_at end
       from (select id, (position_tx, position_id) = ($3::text::xid8, $4::bigint) as orders,
                    (events_tx, events_id) = ($7::text::xid8, $8::bigint) as system
               from webhook_subscription where id = $1 for update) as moved
      where s.id = moved.id and $3::text is not null`,
    values: [
      subscriptionId,
      JSON.stringify(rows),
      ...places,
      health !== null,
      health?.attempts ?? 0,
      health?.failingSince ?? null,
      health?.dueAt ?? null,
    ],
  });
}

type OpenRow = {
  readonly messageId: string;
  readonly state: "waiting" | "again";
  readonly attempts: number;
  readonly firstTriedAt: Date;
  readonly source: WebhookSource;
  readonly orderId: string | null;
  readonly key: string;
  readonly type: string;
  readonly subject: string;
  readonly tx: string;
  readonly place: string;
  readonly channelId: string | null;
  readonly locationId: string | null;
  readonly status: string | null;
  readonly summary: string | null;
  readonly cause: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly at: string | null;
};

/**
 * Messages that are due, the oldest first. Where they are kept in order, those whose subject has none before
 * them that is not due; the caller sends those of a subject one after the other.
 */
export async function openDeliveries(
  client: Queryable,
  subscriptionId: string,
  options: { readonly isOrdered: boolean; readonly now: Date; readonly limit: number },
): Promise<readonly OpenDelivery[]> {
  const due = options.isOrdered ? "first_due" : "due_at";
  const { rows } = await client.query<OpenRow>(
    `with open as (
       select d.*, first_value(due_at) over (partition by state, source, subject order by event_tx, event_id) as first_due
         from webhook_delivery d where subscription_id = $1 and state in ('waiting', 'again')
     ), due as (
       select * from open where ${due} is null or ${due} <= $2 order by event_tx, event_id limit $3
     )
     select d.message_id as "messageId", d.state, d.attempts, d.first_tried_at as "firstTriedAt", d.source,
            d.order_id as "orderId", d.event_key as key, d.event_type as type, d.subject, d.event_tx::text as tx,
            d.event_id::text as place, coalesce(o.channel_id, s.channel_id) as "channelId", s.location_id as "locationId",
            o.status, e.summary, e.cause, coalesce(e.data, s.data) as data, coalesce(${iso("e.at")}, ${iso("s.at")}) as at
       from due d
       left join order_event e on d.source = 'orders' and e.order_id = d.order_id and e.key = d.event_key
       left join orders o on o.id = e.order_id
       left join domain_event s on d.source = 'system' and s.id = d.event_id
      order by d.event_tx, d.event_id`,
    [subscriptionId, options.now, options.limit],
  );
  return rows.map(openDelivery);
}

function openDelivery(row: OpenRow): OpenDelivery {
  const { messageId, state, attempts, firstTriedAt, source, orderId, key, type, subject, at, data } = row;
  const cursor = { transaction: BigInt(row.tx), id: BigInt(row.place) };
  const of = { source, orderId, key, type, subject, cursor };
  const known = { messageId, state, attempts, firstTriedAt, of };
  if (at === null || data === null) return { ...known, event: null };
  const { channelId, locationId, status, summary, cause } = row;
  if (orderId === null) return { ...known, event: { ...of, channelId, locationId, data, at } };
  const said = {
    channelId: channelId ?? "",
    status: status ?? "",
    summary: summary ?? "",
    cause: cause ?? "",
  };
  return { ...known, event: ofOrder({ ...said, orderId, key, type, data, at, cursor }) };
}

/** Those of the subjects for which messages wait that have to be taken first. */
export async function heldUpSubjects(
  client: Queryable,
  subscriptionId: string,
  subjects: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ subject: string }>(
    `select distinct subject from webhook_delivery
      where subscription_id = $1 and state = 'waiting' and subject = any($2)`,
    [subscriptionId, subjects],
  );
  return new Set(rows.map(({ subject }) => subject));
}

/** Those of the messages of which something was written down before. */
export async function knownMessages(
  client: Queryable,
  subscriptionId: string,
  messageIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ messageId: string }>(
    `select message_id as "messageId" from webhook_delivery where subscription_id = $1 and message_id = any($2)`,
    [subscriptionId, messageIds],
  );
  return new Set(rows.map(({ messageId }) => messageId));
}

/** The webhook takes messages again: what waits for its next try is due. @param except that are under way */
export async function hastenDeliveries(
  client: Queryable,
  subscriptionId: string,
  except: readonly string[],
): Promise<void> {
  await client.query(
    `update webhook_delivery set due_at = null
      where subscription_id = $1 and state in ('waiting', 'again') and due_at is not null and message_id <> all($2)`,
    [subscriptionId, except],
  );
}

/** @returns whether there is such a message that is not waiting anyway */
export async function repeatMessage(
  client: Queryable,
  subscriptionId: string,
  messageId: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update webhook_delivery set state = 'again', due_at = null, first_tried_at = now()
      where subscription_id = $1 and message_id = $2 and state in ('delivered', 'dead', 'again')`,
    [subscriptionId, messageId],
  );
  return rowCount === 1;
}

/** Days that delivered messages, and those that were put aside, are kept. */
const DELIVERED_DAYS = 30;
const DEAD_DAYS = 90;
/** Of one webhook, the newest. */
const MOST_DELIVERED = 100_000;

/** Messages that were delivered long ago are of no use to anybody. */
export async function forgetDeliveries(client: Queryable): Promise<void> {
  await client.query(
    `delete from webhook_delivery
      where state = 'delivered' and last_tried_at < now() - $1 * interval '1 day'
         or state = 'dead' and last_tried_at < now() - $2 * interval '1 day'`,
    [DELIVERED_DAYS, DEAD_DAYS],
  );
  await client.query(
    `delete from webhook_delivery d using (
       select s.id, (select last_tried_at from webhook_delivery
                      where subscription_id = s.id order by last_tried_at desc, message_id desc
                      offset $1 limit 1) as before
         from webhook_subscription s) as kept
      where d.subscription_id = kept.id and d.state = 'delivered' and d.last_tried_at < kept.before`,
    [MOST_DELIVERED],
  );
}

export async function listDeliveries(
  client: Queryable,
  filter: {
    readonly subscriptionId: string;
    readonly state: string | undefined;
    /** What it is about, or its own id. */
    readonly about: string | undefined;
    readonly sort: string | undefined;
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Promise<Page<WebhookDeliveryView>> {
  const { subscriptionId, state, about, cursor, limit } = filter;
  const order = readingOrder("-lastTriedAt", filter.sort);
  const [at, messageId] = order.placeIn(cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await client.query<WebhookDeliveryView & { micros: string }>(
    `select message_id as "messageId", subject, order_id as "orderId", event_type as type, state, attempts,
            http_status as "httpStatus", problem, ${iso("first_tried_at")} as "firstTriedAt",
            ${iso("last_tried_at")} as "lastTriedAt", ${iso("due_at")} as "dueAt", tries,
            (extract(epoch from last_tried_at) * 1000000)::bigint::text as micros
       from webhook_delivery
      where subscription_id = $1 and ($2::text is null or state = $2)
        and ($6::text is null or subject = $6 or message_id = $6)
        and ($3::text is null
             or (last_tried_at, message_id) ${order.further} (timestamptz 'epoch' + $3::bigint * interval '1 microsecond', $4))
      order by webhook_delivery.last_tried_at ${order.direction}, message_id ${order.direction} limit $5`,
    [subscriptionId, state ?? null, at ?? null, messageId ?? null, limit + 1, about ?? null],
  );
  return toPage(
    rows,
    limit,
    ({ micros: _micros, ...delivery }) => delivery,
    (row) => order.placeOf(row.micros, row.messageId),
  );
}
