/**
 * Who is told by webhook what happens: address, filter, sealed secrets, how it goes, and the places in the
 * feeds up to which each has been told. Their messages are in `store/webhooks/`.
 */
import type { SecretBox } from "../../config/secret-box.ts";
import type { WebhookSubscriptionView } from "../../contract/settings/webhooks.ts";
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
  readonly locations: readonly string[] | null;
  /** `key`: messages of one subject one after the other. */
  readonly ordering: "none" | "key";
  readonly active: boolean;
  /** In clear text, the newest first. */
  readonly secret: string;
  readonly former: { readonly secret: string; readonly until: Date } | null;
  /** Up to where it was told, of either feed. */
  readonly places: { readonly orders: FeedCursor; readonly system: FeedCursor };
  /** Tries in a row that were not taken. */
  readonly attempts: number;
  readonly failingSince: Date | null;
  readonly dueAt: Date | null;
  readonly pausedAt: Date | null;
  /** Messages that are still to be delivered, counted up to a bound. */
  readonly open: number;
  /** Whether a range of time is to be told once more. */
  readonly isReplaying: boolean;
};

/** What is set of it. `pausedAt` null: a pause ends. */
export type WebhookSettings = Omit<
  WebhookSubscription,
  "places" | "attempts" | "failingSince" | "dueAt" | "open" | "isReplaying"
>;

type SealedSubscription = Omit<WebhookSubscription, "secret" | "former" | "places"> & {
  readonly sealed: string;
  readonly formerSealed: string | null;
  readonly formerUntil: Date | null;
  readonly tx: string;
  readonly place: string;
  readonly eventsTx: string;
  readonly eventsPlace: string;
};

/** More of them than that are not counted. */
export const MOST_OPEN_COUNTED = 10_000;

const COLUMNS = `id, company_id as "companyId", name, url, events, channel_id as "channelId", locations, ordering, active,
  secret as sealed, former_secret as "formerSealed", former_until as "formerUntil",
  position_tx::text as tx, position_id::text as place, events_tx::text as "eventsTx", events_id::text as "eventsPlace",
  attempts, failing_since as "failingSince", due_at as "dueAt", paused_at as "pausedAt",
  (select count(*)::integer from (select from webhook_delivery d where d.subscription_id = webhook_subscription.id
     and d.state in ('waiting', 'again') limit ${MOST_OPEN_COUNTED}) as counted) as open,
  exists (select from webhook_replay r where r.subscription_id = webhook_subscription.id and r.state = 'running')
    as "isReplaying"`;

export const webhookSubject = (id: string): string => `webhook:${id}`;

const purposeOf = (id: string): string => `secret of the webhook subscription ${id}`;
const formerPurposeOf = (id: string): string => `former ${purposeOf(id)}`;

function opened(box: SecretBox, row: SealedSubscription): WebhookSubscription {
  const { sealed, formerSealed, formerUntil, tx, place, eventsTx, eventsPlace, ...rest } = row;
  return {
    ...rest,
    secret: box.open(sealed, purposeOf(row.id)),
    former:
      formerSealed === null || formerUntil === null
        ? null
        : { secret: box.open(formerSealed, formerPurposeOf(row.id)), until: formerUntil },
    places: {
      orders: { transaction: BigInt(tx), id: BigInt(place) },
      system: { transaction: BigInt(eventsTx), id: BigInt(eventsPlace) },
    },
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

export type ToldWebhook = {
  readonly id: string;
  readonly events: readonly string[] | null;
  /** Another text whenever something else is set. */
  readonly settings: string;
};

/** Those that are told, with what they want to be told of. */
export async function webhooksTold(client: Queryable): Promise<readonly ToldWebhook[]> {
  const { rows } = await client.query<ToldWebhook>(
    `select id, events,
            md5(row(name, url, events, channel_id, locations, ordering, secret, former_secret)::text) as settings
       from webhook_subscription where active and paused_at is null order by id`,
  );
  return rows;
}

/**
 * Nothing is sent any more until somebody says so.
 *
 * @returns whether it was not paused before
 */
export async function pauseWebhook(
  client: Queryable,
  id: string,
  reason: "failing" | "gone",
): Promise<boolean> {
  const { rowCount } = await client.query(
    "update webhook_subscription set paused_at = now(), pause_reason = $2 where id = $1 and paused_at is null",
    [id, reason],
  );
  return rowCount === 1;
}

export type UntoldPause = {
  readonly id: string;
  readonly companyId: string;
  readonly name: string;
  readonly url: string;
  readonly reason: "failing" | "gone";
  readonly failingSince: Date | null;
};

/** Pauses of which the administrators were not told yet. */
export async function pausesToTell(client: Queryable): Promise<readonly UntoldPause[]> {
  const { rows } = await client.query<UntoldPause>(
    `select id, company_id as "companyId", name, url, pause_reason as reason, failing_since as "failingSince"
       from webhook_subscription where paused_at is not null and pause_told_at is null order by id`,
  );
  return rows;
}

export async function pauseWasTold(client: Queryable, id: string): Promise<void> {
  await client.query("update webhook_subscription set pause_told_at = now() where id = $1", [id]);
}

/** Makes a subscription that is told what happens from now on, or changes what is set of one. */
export async function writeWebhook(
  client: Queryable,
  box: SecretBox,
  webhook: WebhookSettings,
): Promise<void> {
  const {
    id,
    companyId,
    name,
    url,
    events,
    channelId,
    locations,
    ordering,
    active,
    secret,
    former,
    pausedAt,
  } = webhook;
  const end = await feedEnd(client);
  await client.query(
    `insert into webhook_subscription (id, company_id, name, url, events, channel_id, active, secret, former_secret,
                                       former_until, position_tx, position_id, events_tx, events_id, locations, ordering)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::xid8, $12::bigint, $11::text::xid8, $12::bigint, $13, $14)
     on conflict (id) do update
       set name = excluded.name, url = excluded.url, events = excluded.events, channel_id = excluded.channel_id,
           active = excluded.active, secret = excluded.secret, former_secret = excluded.former_secret,
           former_until = excluded.former_until,
           locations = excluded.locations, ordering = excluded.ordering,
           -- What is set anew is tried at once, and by itself.
           due_at = null,
           paused_at = case when $15 then null else webhook_subscription.paused_at end,
           pause_reason = case when $15 then null else webhook_subscription.pause_reason end,
           pause_told_at = case when $15 then null else webhook_subscription.pause_told_at end,
           -- After a pause it has as long as ever.
           failing_since = case when $15 and webhook_subscription.paused_at is not null then null
                                else webhook_subscription.failing_since end,
           attempts = case when $15 and webhook_subscription.paused_at is not null then 0
                           else webhook_subscription.attempts end`,
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
      locations,
      ordering,
      pausedAt === null,
    ],
  );
}

export async function removeWebhook(client: Queryable, id: string): Promise<void> {
  await client.query("delete from webhook_subscription where id = $1", [id]);
}

type StoredView = Omit<WebhookSubscriptionView, "version">;

/** @param id null: all of the company */
export async function listWebhooks(
  client: Queryable,
  companyId: string,
  id: string | null,
): Promise<readonly WebhookSubscriptionView[]> {
  const { rows } = await client.query<StoredView & { version: number }>(
    `select s.id, s.name, s.url, s.events, s.channel_id as channel, s.locations, s.ordering, s.active,
            ${iso("s.paused_at")} as "pausedAt", s.pause_reason as "pauseReason", s.attempts,
            ${iso("s.failing_since")} as "failingSince", case when s.former_until > now() then ${iso("s.former_until")} end as "formerSecretCountsUntil",
            ${iso("s.due_at")} as "dueAt", ${iso("s.created_at")} as "createdAt",
            (select count(*)::integer from webhook_delivery d
              where d.subscription_id = s.id and d.state in ('waiting', 'again')) as waiting,
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
