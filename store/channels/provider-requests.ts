/**
 * What the vendors that run locations for us are asked to send, a row for each fulfillment order there.
 *
 * Q1 A fulfillment order is asked for once at a time. One that was refused or called off is asked for anew
 *    under another key, since providers keep keys for ever.
 * Q2 Whether a request was taken whose answer was lost is not known until it can be seen (`sent_at`): it
 *    counts as asked for, and is not asked for again meanwhile.
 * Q3 While a row is open, its fulfillment order is as one that is being picked: nobody moves or splits it.
 */
import { createHash } from "node:crypto";
import type { Queryable } from "../sql/database.ts";

export type RequestState = "to_ask" | "asked" | "leaving" | "left" | "ended";

export type RequestItem = {
  readonly item: string;
  readonly holdId: string;
  /** As the provider calls it. */
  readonly sku: string;
  readonly quantity: number;
};

export type StoredRequest = {
  readonly fulfillmentOrderId: string;
  readonly orderId: string;
  readonly channelId: string;
  readonly locationId: string;
  readonly round: number;
  readonly key: string | null;
  readonly items: readonly RequestItem[];
  readonly state: RequestState;
  /** Who wants it called off. */
  readonly callOff: string | null;
  readonly callOffAnswer: "called_off" | "too_late" | null;
  readonly packageId: string | null;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly shippedAt: Date | null;
  readonly attempts: number;
  /**
   * Since it was asked for without an answer that says whether it was taken, milliseconds; null: no doubt.
   */
  readonly sentMsAgo: number | null;
  /** Since the provider took the wish to call it off, milliseconds; null: it has no such wish. */
  readonly callOffSentMsAgo: number | null;
  /** Of the fulfillment order. */
  readonly isEnded: boolean;
};

const COLUMNS = `r.fulfillment_order_id as "fulfillmentOrderId", r.order_id as "orderId", r.channel_id as "channelId",
  r.location_id as "locationId", r.round, r.key, r.items, r.state, r.call_off as "callOff",
  r.call_off_answer as "callOffAnswer", r.package_id as "packageId", r.carrier,
  r.tracking_number as "trackingNumber", r.shipped_at as "shippedAt", r.attempts,
  (extract(epoch from now() - r.sent_at) * 1000)::double precision as "sentMsAgo",
  (extract(epoch from now() - r.call_off_sent_at) * 1000)::double precision as "callOffSentMsAgo",
  f.status in ('closed', 'cancelled') as "isEnded"`;

/**
 * Of fulfillment orders that are released now, those at locations that a provider runs: it is asked for them,
 * and nobody on a floor. Their order must be locked.
 *
 * @returns their ids
 */
export async function askProviders(client: Queryable, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `with asked as (
       insert into provider_request as r (fulfillment_order_id, order_id, channel_id, location_id)
       select f.id, f.order_id, a.channel_id, f.location_id
         from fulfillment_order f join channel_account a on a.runs_location = f.location_id
        where f.id = any($1) and f.status = 'in_progress' and f.stage = 'waiting'
       on conflict (fulfillment_order_id) do update
         set state = 'to_ask', round = r.round + 1, key = null, items = '[]', outcome = null, call_off = null,
             call_off_answer = null, call_off_sent_at = null, sent_at = null, attempts = 0, due_at = now(),
             problem_code = null, problem = null, channel_id = excluded.channel_id, location_id = excluded.location_id, asked_at = null, changed_at = now()
         where r.state = 'ended'
       returning r.fulfillment_order_id as id
     )
     update fulfillment_order f set stage = 'picking', updated_at = now() from asked where f.id = asked.id
     returning f.id`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** The key under which a provider is asked: at most 40 letters, digits and hyphens, another in each round. */
export function providerKey(fulfillmentOrderId: string, round: number): string {
  const plain = fulfillmentOrderId.replace(/[^A-Za-z0-9-]/g, "-");
  const end = round === 1 ? "" : `-${round}`;
  if (plain === fulfillmentOrderId && plain.length + end.length <= 40) return `${plain}${end}`;
  const digest = createHash("sha256").update(fulfillmentOrderId).digest("hex").slice(0, 10);
  return `${plain.slice(-(29 - end.length))}-${digest}${end}`.replace(/^-+/, "");
}

/** Whether the channel's vendor has been asked for what has not come to its end. */
export async function hasOpenRequests(client: Queryable, channelId: string): Promise<boolean> {
  const { rows } = await client.query<{ open: boolean }>(
    "select exists (select from provider_request where channel_id = $1 and state <> 'ended') as open",
    [channelId],
  );
  return rows[0]?.open === true;
}

/** The longest overdue first. */
export async function dueRequests(
  client: Queryable,
  channelId: string,
  limit: number,
): Promise<readonly StoredRequest[]> {
  const { rows } = await client.query<StoredRequest>(
    `select ${COLUMNS} from provider_request r join fulfillment_order f on f.id = r.fulfillment_order_id
      where r.channel_id = $1 and r.state <> 'ended' and r.due_at <= now() order by r.due_at limit $2`,
    [channelId, limit],
  );
  return rows;
}

export async function requestsOf(client: Queryable, orderId: string): Promise<readonly StoredRequest[]> {
  const { rows } = await client.query<StoredRequest>(
    `select ${COLUMNS} from provider_request r join fulfillment_order f on f.id = r.fulfillment_order_id
      where r.order_id = $1 order by r.fulfillment_order_id`,
    [orderId],
  );
  return rows;
}

type RequestChange = {
  readonly state?: RequestState;
  readonly outcome?: "delivered" | "refused" | "called_off" | "forgotten";
  readonly key?: string;
  readonly items?: readonly RequestItem[];
  readonly isAsked?: true;
  /** It is about to be asked for: until an answer comes, nobody knows whether it was. */
  readonly isSent?: boolean;
  /** The provider has taken the wish to call it off. */
  readonly isCallOffSent?: true;
  readonly callOffAnswer?: "called_off" | "too_late";
  readonly package?: {
    readonly id: string;
    readonly carrier: string;
    readonly trackingNumber: string;
    readonly shippedAt: string;
  };
  /** Until it is looked at again, milliseconds. */
  readonly dueInMs?: number;
};

/** Between two looks at one request, however often the provider names it, milliseconds. */
const HURRIED_LOOK_MS = 2_000;
/** One that was named so lately is looked at again after as long at the latest, milliseconds. */
const NAMED_MS = 15_000;

/**
 * The provider says that what was asked under this key has changed. It is looked at now; and since the
 * provider may say so a moment before it shows it, or once more while somebody looks, it is looked at as
 * often as a new one for a while (`named_at`). The pause after a fault stands, however often it is named.
 *
 * @returns whether anything of it is open
 */
export async function hurryRequest(client: Queryable, channelId: string, key: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update provider_request
        set named_at = now(),
            due_at = case when attempts > 0 then due_at
                          else least(due_at, greatest(now(), changed_at + $3 * interval '1 millisecond')) end
      where channel_id = $1 and key = $2 and state <> 'ended'`,
    [channelId, key, HURRIED_LOOK_MS],
  );
  return (rowCount ?? 0) > 0;
}

/** What has happened; what went wrong before is over. */
export async function changeRequest(client: Queryable, id: string, change: RequestChange): Promise<void> {
  const { package: left } = change;
  await client.query(
    `update provider_request
        set state = coalesce($2, state), outcome = coalesce($3, outcome), key = coalesce($4, key),
            items = coalesce($5::jsonb, items), asked_at = case when $6 then coalesce(asked_at, now()) else asked_at end,
            call_off_answer = coalesce($7, call_off_answer),
            package_id = coalesce($8, package_id), carrier = coalesce($9, carrier),
            tracking_number = coalesce($10, tracking_number), shipped_at = coalesce($11::timestamptz, shipped_at),
            due_at = now() + interval '1 millisecond' * case
              when named_at > now() - $15::double precision * interval '1 millisecond'
              then least($12::double precision, $15) else $12::double precision end,
            attempts = 0, problem_code = null, problem = null,
            sent_at = case when $13::boolean then now() when not $13 then null else sent_at end,
            call_off_sent_at = case when $14 then now() else call_off_sent_at end,
            changed_at = now()
      where fulfillment_order_id = $1`,
    [
      id,
      change.state ?? null,
      change.outcome ?? null,
      change.key ?? null,
      change.items === undefined ? null : JSON.stringify(change.items),
      change.isAsked === true,
      change.callOffAnswer ?? null,
      left?.id ?? null,
      left?.carrier ?? null,
      left?.trackingNumber ?? null,
      left === undefined || left.shippedAt === "" ? null : left.shippedAt,
      change.dueInMs ?? 0,
      change.isSent ?? null,
      change.isCallOffSent === true,
      NAMED_MS,
    ],
  );
}

/**
 * An attempt failed: it is tried again later.
 *
 * @param wasTurnedAway the provider has surely not taken it
 */
export async function postponeRequest(
  client: Queryable,
  id: string,
  problem: { readonly code: string; readonly detail: string },
  dueInMs: number,
  wasTurnedAway = false,
): Promise<void> {
  await client.query(
    `update provider_request set attempts = attempts + 1, due_at = now() + $2 * interval '1 millisecond',
       problem_code = $3, problem = $4, sent_at = case when $5 then null else sent_at end
      where fulfillment_order_id = $1`,
    [id, dueInMs, problem.code, problem.detail, wasTurnedAway],
  );
}

/** A package that holds a part of what was asked for has a fulfillment order, and a row, of its own. */
export async function addLeavingRequest(
  client: Queryable,
  of: StoredRequest,
  fulfillmentOrderId: string,
  left: NonNullable<RequestChange["package"]>,
  items: readonly RequestItem[],
): Promise<void> {
  await client.query(
    `insert into provider_request (fulfillment_order_id, order_id, channel_id, location_id, round, key, items, state,
       asked_at) values ($1, $2, $3, $4, $5, $6, $7, 'leaving', now())`,
    [fulfillmentOrderId, of.orderId, of.channelId, of.locationId, of.round, of.key, JSON.stringify(items)],
  );
  await changeRequest(client, fulfillmentOrderId, { package: left });
}

/**
 * Whoever wants the whole order cancelled waits for the providers that were asked to send some of it.
 *
 * @param by who wants it
 * @returns whether there are any
 */
export async function callOffRequests(client: Queryable, orderId: string, by: string): Promise<boolean> {
  const { rows } = await client.query(
    `update provider_request set call_off = $2, call_off_answer = null, call_off_sent_at = null, due_at = now(),
       changed_at = now()
      where order_id = $1 and state in ('to_ask', 'asked') returning 1`,
    [orderId, by],
  );
  return rows.length > 0;
}

/**
 * The order goes on: what was called off of it is asked for anew, and nobody waits for an answer any more.
 */
export async function goOnAsking(client: Queryable, orderId: string): Promise<void> {
  await client.query(
    `update provider_request
        set state = case when call_off_answer = 'called_off' then 'to_ask' else state end,
            round = case when call_off_answer = 'called_off' then round + 1 else round end,
            key = case when call_off_answer = 'called_off' then null else key end,
            outcome = case when call_off_answer = 'called_off' then null else outcome end,
            sent_at = case when call_off_answer = 'called_off' then null else sent_at end,
            call_off = null, call_off_answer = null, call_off_sent_at = null, due_at = now(), changed_at = now()
      where order_id = $1 and call_off is not null`,
    [orderId],
  );
}

/**
 * The order is not cancelled after all, for a reason of our own: what providers have called off for it is
 * asked for anew, where its fulfillment order still waits for them.
 */
export async function askAgainWhatWasCalledOff(client: Queryable, orderId: string): Promise<void> {
  await client.query(
    `update provider_request r
        set state = 'to_ask', round = round + 1, key = null, outcome = null, call_off = null, call_off_answer = null,
            call_off_sent_at = null, sent_at = null, due_at = now(), changed_at = now()
       from fulfillment_order f
      where f.id = r.fulfillment_order_id and r.order_id = $1 and r.outcome = 'called_off'
        and f.status = 'in_progress' and f.stage = 'picking'`,
    [orderId],
  );
}

/** Of our goods, what the provider of the channel may call them: mapped ones, and the same name. */
export async function providerNames(
  client: Queryable,
  channelId: string,
  skus: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ sku: string; name: string }>(
    `select distinct on (wanted.sku) wanted.sku, name.name
       from unnest($2::text[]) as wanted (sku)
       cross join lateral (
         select m.channel_sku as name, true as mapped from sku_mapping m
          where m.channel_id = $1 and m.sku = wanted.sku
         union all select wanted.sku, false) name
       left join provider_stock s on s.channel_id = $1 and s.sku = name.name
      -- What lies there comes first: a mapping may be of goods that lie elsewhere.
      order by wanted.sku, s.sku is null, s.sellable desc, not name.mapped, name.name`,
    [channelId, skus],
  );
  return new Map(rows.map(({ sku, name }) => [sku, name]));
}

export async function writeProviderStock(
  client: Queryable,
  channelId: string,
  stock: readonly { readonly sku: string; readonly sellable: number }[],
): Promise<void> {
  await client.query(
    `insert into provider_stock (channel_id, sku, sellable, read_at)
     select $1, s.sku, s.sellable, now() from json_to_recordset($2::json) as s (sku text, sellable integer)
     on conflict (channel_id, sku) do update set sellable = excluded.sellable, read_at = excluded.read_at`,
    [channelId, JSON.stringify(stock)],
  );
}

export type GoodsAtProvider = {
  readonly sku: string;
  /** May be sold, as the provider says. */
  readonly sellable: number;
  /** Asked for there, and by our books still on hand. */
  readonly outstanding: number;
  /** Something of it was asked for, or has left, so lately that the provider's figure may be older. */
  readonly isMoving: boolean;
};

/**
 * What of our goods lies at the provider, of what it has named since `since`. Kits are no goods, and a name
 * that stands for nothing of ours is left out.
 *
 * @param quietMs how long the provider's figure may lag behind
 */
export async function goodsAtProvider(
  client: Queryable,
  channelId: string,
  locationId: string,
  since: Date,
  quietMs: number,
): Promise<readonly GoodsAtProvider[]> {
  const { rows } = await client.query<GoodsAtProvider>(
    `with named as (
       select coalesce(m.sku, p.sku) as sku, sum(s.sellable)::integer as sellable
         from provider_stock s
         left join sku_mapping m on m.channel_id = s.channel_id and m.channel_sku = s.sku
         left join product p on p.sku = s.sku
        where s.channel_id = $1 and s.read_at >= $3 group by 1
     )
     select n.sku, n.sellable, coalesce(o.units, 0)::integer as outstanding, coalesce(o.moving, false) as "isMoving"
       from named n
       left join lateral (
         select sum(l.quantity) filter (where (r.state in ('asked', 'leaving', 'left')
                    or (r.state = 'to_ask' and r.sent_at is not null))
                  and f.status not in ('closed', 'cancelled')) as units,
                bool_or(r.changed_at > now() - $4 * interval '1 millisecond') as moving
           from provider_request r join fulfillment_order f on f.id = r.fulfillment_order_id
           join fulfillment_order_line l on l.fulfillment_order_id = f.id and l.sku = n.sku
          where r.location_id = $2
            and (r.state <> 'ended' or r.changed_at > now() - $4 * interval '1 millisecond')) o on true
      where n.sku is not null and not exists (select from kit_component k where k.kit_sku = n.sku)
      order by n.sku`,
    [channelId, locationId, since, quietMs],
  );
  return rows;
}
