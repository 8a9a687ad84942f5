/**
 * Who is told by webhook what happens to orders: address, filter, sealed secrets, and the place in the
 * orders' feed up to which each has been told.
 *
 * S1 A place is moved only by who has read it: two processes that deliver by mistake at once repeat a
 *    message, and lose none.
 */
import type { SecretBox } from "../../config/secret-box.ts";
import type { WebhookDeliveryView, WebhookSubscriptionView } from "../../contract/settings/webhooks.ts";
import type { Page } from "../../contract/shapes.ts";
import type { FeedEvent } from "../../contract/stream.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, decodeCursor, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { type FeedCursor, feedEnd } from "../sql/feed-cursor.ts";
import { iso } from "../sql/view-sql.ts";

export type WebhookSubscription = {
  readonly id: string;
  readonly companyId: string;
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[] | null;
  readonly channelId: string | null;
  readonly active: boolean;
  /** In clear text, the newest first. */
  readonly secret: string;
  readonly former: { readonly secret: string; readonly until: Date } | null;
  readonly position: FeedCursor;
  readonly attempts: number;
  readonly dueAt: Date | null;
};

type SealedSubscription = Omit<WebhookSubscription, "secret" | "former" | "position"> & {
  readonly sealed: string;
  readonly formerSealed: string | null;
  readonly formerUntil: Date | null;
  readonly tx: string;
  readonly place: string;
};

const COLUMNS = `id, company_id as "companyId", name, url, events, channel_id as "channelId", active,
  secret as sealed, former_secret as "formerSealed", former_until as "formerUntil",
  position_tx::text as tx, position_id::text as place, attempts, due_at as "dueAt"`;

export const webhookSubject = (id: string): string => `webhook:${id}`;

const purposeOf = (id: string): string => `secret of the webhook subscription ${id}`;
const formerPurposeOf = (id: string): string => `former ${purposeOf(id)}`;

function opened(box: SecretBox, row: SealedSubscription): WebhookSubscription {
  const { sealed, formerSealed, formerUntil, tx, place, ...rest } = row;
  return {
    ...rest,
    secret: box.open(sealed, purposeOf(row.id)),
    former:
      formerSealed === null || formerUntil === null
        ? null
        : { secret: box.open(formerSealed, formerPurposeOf(row.id)), until: formerUntil },
    position: { transaction: BigInt(tx), id: BigInt(place) },
  };
}

/** @returns null where there is none */
export async function readWebhook(
  client: Queryable,
  box: SecretBox,
  id: string,
): Promise<WebhookSubscription | null> {
  const { rows } = await client.query<SealedSubscription>(
    `select ${COLUMNS} from webhook_subscription where id = $1`,
    [id],
  );
  const [row] = rows;
  return row === undefined ? null : opened(box, row);
}

/** Those that something may be delivered to now. */
export async function webhooksDue(client: Queryable, at: Date): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from webhook_subscription s
      where active and (due_at is null or due_at <= $1
            or exists (select from webhook_delivery d where d.subscription_id = s.id and d.state = 'again'))
      order by id`,
    [at],
  );
  return rows.map(({ id }) => id);
}

/** Makes a subscription that is told what happens from now on, or changes what is set of one. */
export async function writeWebhook(
  client: Queryable,
  box: SecretBox,
  webhook: Omit<WebhookSubscription, "position" | "attempts" | "dueAt">,
): Promise<void> {
  const { id, companyId, name, url, events, channelId, active, secret, former } = webhook;
  const end = await feedEnd(client);
  await client.query(
    `insert into webhook_subscription (id, company_id, name, url, events, channel_id, active, secret, former_secret,
                                       former_until, position_tx, position_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::xid8, $12::bigint)
     on conflict (id) do update
       set name = excluded.name, url = excluded.url, events = excluded.events, channel_id = excluded.channel_id,
           active = excluded.active, secret = excluded.secret, former_secret = excluded.former_secret,
           former_until = excluded.former_until,
           -- What is set anew is tried at once.
           due_at = null`,
    [
      id,
      companyId,
      name,
      url,
      events,
      channelId,
      active,
      box.seal(secret, purposeOf(id)),
      former === null ? null : box.seal(former.secret, formerPurposeOf(id)),
      former === null ? null : former.until,
      end.transaction.toString(),
      end.id.toString(),
    ],
  );
}

export async function removeWebhook(client: Queryable, id: string): Promise<void> {
  await client.query("delete from webhook_subscription where id = $1", [id]);
}

/** What a message is, and what came of sending it. */
export type Attempt = {
  readonly subscriptionId: string;
  readonly messageId: string;
  readonly event: Pick<FeedEvent, "orderId" | "key" | "type">;
  readonly state: "waiting" | "delivered" | "dead";
  readonly attempts: number;
  readonly httpStatus: number | null;
  readonly problem: string | null;
};

/**
 * Writes an attempt down, and where it leaves the subscription.
 *
 * @param next null: a message that was sent again; the subscription stays where it is
 */
export async function recordAttempt(
  client: Queryable,
  attempt: Attempt,
  next: { readonly from: FeedCursor; readonly to: FeedCursor; readonly dueAt: Date | null } | null,
): Promise<void> {
  const { subscriptionId, messageId, event, state, attempts, httpStatus, problem } = attempt;
  await client.query(
    `with tried as (
       insert into webhook_delivery (subscription_id, message_id, order_id, event_key, event_type, state, attempts,
                                     http_status, problem)
       select $1, $2, $3, $4, $5, $6, $7, $8, $9
        where exists (select from webhook_subscription where id = $1)
       on conflict (subscription_id, message_id) do update
         set state = excluded.state, attempts = excluded.attempts, http_status = excluded.http_status,
             problem = excluded.problem, last_tried_at = now())
     update webhook_subscription
        set position_tx = $12::text::xid8, position_id = $13::bigint, due_at = $14,
            attempts = case when $6 = 'waiting' then $7 else 0 end
      where id = $1 and $10::text is not null
        and position_tx = $10::text::xid8 and position_id = $11::bigint`,
    [
      subscriptionId,
      messageId,
      event.orderId,
      event.key,
      event.type,
      state,
      attempts,
      httpStatus,
      problem,
      next?.from.transaction.toString() ?? null,
      next?.from.id.toString() ?? null,
      next?.to.transaction.toString() ?? null,
      next?.to.id.toString() ?? null,
      next?.dueAt ?? null,
    ],
  );
}

/** Nothing between the two places is for this subscription. */
export async function passWebhookOver(
  client: Queryable,
  id: string,
  from: FeedCursor,
  to: FeedCursor,
): Promise<void> {
  await client.query(
    `update webhook_subscription set position_tx = $4::text::xid8, position_id = $5::bigint
      where id = $1 and position_tx = $2::text::xid8 and position_id = $3::bigint`,
    [id, from.transaction.toString(), from.id.toString(), to.transaction.toString(), to.id.toString()],
  );
}

/** Messages that somebody wants sent once more, the oldest first, with what they say. */
export async function messagesToRepeat(
  client: Queryable,
  subscriptionId: string,
): Promise<readonly { readonly messageId: string; readonly attempts: number; readonly event: FeedEvent }[]> {
  const { rows } = await client.query<FeedEvent & { messageId: string; attempts: number }>(
    `select d.message_id as "messageId", d.attempts, e.order_id as "orderId", o.channel_id as "channelId", o.status, e.key,
            e.type, e.summary, e.cause, e.data, ${iso("e.at")} as at
       from webhook_delivery d
       join order_event e on e.order_id = d.order_id and e.key = d.event_key
       join orders o on o.id = e.order_id
      where d.subscription_id = $1 and d.state = 'again' order by d.first_tried_at limit 100`,
    [subscriptionId],
  );
  return rows.map(({ messageId, attempts, ...event }) => ({ messageId, attempts, event }));
}

/** @returns whether there is such a message that is not waiting anyway */
export async function repeatMessage(
  client: Queryable,
  subscriptionId: string,
  messageId: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update webhook_delivery set state = 'again'
      where subscription_id = $1 and message_id = $2 and state in ('delivered', 'dead', 'again')`,
    [subscriptionId, messageId],
  );
  return rowCount === 1;
}

/** Messages that were delivered long ago are of no use to anybody. */
export async function forgetDeliveries(client: Queryable): Promise<void> {
  await client.query(
    "delete from webhook_delivery where state = 'delivered' and last_tried_at < now() - interval '30 days'",
  );
}

export async function listDeliveries(
  client: Queryable,
  filter: {
    readonly subscriptionId: string;
    readonly state: string | undefined;
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Promise<Page<WebhookDeliveryView>> {
  const { subscriptionId, state, cursor, limit } = filter;
  const [at, messageId] =
    cursor === undefined ? [] : decodeCursor(cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await client.query<WebhookDeliveryView & { micros: string }>(
    `select message_id as "messageId", order_id as "orderId", event_type as type, state, attempts,
            http_status as "httpStatus", problem, ${iso("first_tried_at")} as "firstTriedAt",
            ${iso("last_tried_at")} as "lastTriedAt", (extract(epoch from last_tried_at) * 1000000)::bigint::text as micros
       from webhook_delivery
      where subscription_id = $1 and ($2::text is null or state = $2)
        and ($3::text is null
             or (last_tried_at, message_id) < (timestamptz 'epoch' + $3::bigint * interval '1 microsecond', $4))
      order by last_tried_at desc, message_id desc limit $5`,
    [subscriptionId, state ?? null, at ?? null, messageId ?? null, limit + 1],
  );
  return toPage(
    rows,
    limit,
    ({ micros: _micros, ...delivery }) => delivery,
    (row) => [row.micros, row.messageId],
  );
}

type StoredView = Omit<WebhookSubscriptionView, "version">;

/** @param id null: all of the company */
export async function listWebhooks(
  client: Queryable,
  companyId: string,
  id: string | null,
): Promise<readonly WebhookSubscriptionView[]> {
  const { rows } = await client.query<StoredView & { version: number }>(
    `select s.id, s.name, s.url, s.events, s.channel_id as channel, s.active, s.attempts,
            case when s.former_until > now() then ${iso("s.former_until")} end as "formerSecretCountsUntil",
            ${iso("s.due_at")} as "dueAt", ${iso("s.created_at")} as "createdAt",
            (select count(*)::integer from webhook_delivery d where d.subscription_id = s.id and d.state = 'dead') as dead,
            coalesce((select max(c.version) from setting_change c where c.subject = 'webhook:' || s.id), 1) as version
       from webhook_subscription s where s.company_id = $1 and ($2::text is null or s.id = $2) order by s.id`,
    [companyId, id],
  );
  return rows;
}

/**
 * Seals anew what is sealed under a key that is to go. Each is opened, also those that stay.
 *
 * @returns how many were sealed
 * @throws SealedSecretError where one cannot be opened
 */
export async function sealWebhookSecrets(client: Queryable, box: SecretBox): Promise<number> {
  const { rows } = await client.query<SealedSubscription>(`select ${COLUMNS} from webhook_subscription`);
  let sealed = 0;
  for (const row of rows) {
    const { secret, former } = opened(box, row);
    const isCurrent = [row.sealed, row.formerSealed].every((text) => text === null || box.isCurrent(text));
    if (isCurrent) continue;
    await client.query("update webhook_subscription set secret = $2, former_secret = $3 where id = $1", [
      row.id,
      box.seal(secret, purposeOf(row.id)),
      former === null ? null : box.seal(former.secret, formerPurposeOf(row.id)),
    ]);
    sealed += 1;
  }
  return sealed;
}
