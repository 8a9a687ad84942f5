/** Connected channels as people see them: how each does, what it is told, what it lists, what differs. */
import type {
  BackfillView,
  ChannelConnectionView,
  ChannelListingView,
  ChannelTellingView,
  ComparisonView,
  DifferenceView,
} from "../../contract/settings/channel-accounts.ts";
import type { Page } from "../../contract/shapes.ts";
import { CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { containing, iso } from "../sql/view-sql.ts";

type PageRequest = {
  readonly sort?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
};
const NUMBER = /^\d{1,19}$/;

/** @param channelId null: of all */
export async function listChannelConnections(
  client: Queryable,
  channelId: string | null,
): Promise<readonly ChannelConnectionView[]> {
  const { rows } = await client.query<ChannelConnectionView>(
    `select c.id as channel, c.name, c.kind, c.active and a.active as active, ${iso("p.looked_at")} as "lookedAt",
            ${iso("p.read_to")} as "readTo",
            p.tells, p.shortfalls,
            case when p.problem_code is not null then jsonb_build_object('code', p.problem_code, 'detail', p.problem,
              'since', ${iso("p.problem_at")}) end as problem,
            t.waiting, t.dead, ${iso("t.waiting_since")} as "waitingSince", l.listings, l.unmapped,
            l.waiting as "stockWaiting", l.refused as "stockRefused", ${iso("p.compared_at")} as "comparedAt",
            (select count(*)::integer from channel_difference d where d.channel_id = c.id and d.state = 'raised') as differences
       from channel_account a join channel c on c.id = a.channel_id join channel_progress p on p.channel_id = c.id
       cross join lateral (
         select count(*) filter (where state = 'waiting')::integer as waiting,
                count(*) filter (where state = 'dead')::integer as dead,
                min(made_at) filter (where state = 'waiting') as waiting_since
           from channel_telling where channel_id = c.id and state in ('waiting', 'dead')) t
       cross join lateral (
         select count(*)::integer as listings,
                count(*) filter (where m.sku is null and own.sku is null)::integer as unmapped,
                count(*) filter (where x.wanted is not null and x.wanted is distinct from x.told)::integer as waiting,
                count(*) filter (where x.problem is not null)::integer as refused
           from channel_listing x
           left join sku_mapping m on m.channel_id = x.channel_id and m.channel_sku = x.channel_sku
           left join product own on own.sku = x.channel_sku and own.company_id = c.company_id
          where x.channel_id = c.id and x.seen_at is not null) l
      where $1::text is null or c.id = $1
      order by c.id`,
    [channelId],
  );
  return rows;
}

export async function listTellings(
  client: Queryable,
  filter: PageRequest & {
    readonly channelId?: string | undefined;
    readonly orderId?: string | undefined;
    readonly state?: string | undefined;
  },
): Promise<Page<ChannelTellingView>> {
  const order = readingOrder("-madeAt", filter.sort);
  const [last] = order.placeIn(filter.cursor, [NUMBER]);
  const { rows } = await client.query<ChannelTellingView>(
    `select id::text, channel_id as channel, order_id as "orderId", kind, facts->>'number' as number, state, attempts,
            ${iso("due_at")} as "dueAt", reference, code, problem, reason, ${iso("made_at")} as "madeAt", ${iso("settled_at")} as "settledAt"
       from channel_telling
      where ($1::text is null or channel_id = $1) and ($2::text is null or order_id = $2)
        and ($3::text is null or state = $3) and ($4::bigint is null or id ${order.further} $4)
      order by channel_telling.id ${order.direction} limit $5`,
    [filter.channelId ?? null, filter.orderId ?? null, filter.state ?? null, last ?? null, filter.limit + 1],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row,
    (row) => order.placeOf(row.id),
  );
}

export async function listBackfills(client: Queryable, channelId: string): Promise<Page<BackfillView>> {
  const { rows } = await client.query<BackfillView>(
    `select id::text, ${iso("since")} as since, ${iso("until")} as until, orders, refused,
            ${iso("asked_at")} as "askedAt", ${iso("ended_at")} as "endedAt", problem
       from channel_backfill where channel_id = $1 order by channel_backfill.id desc limit 50`,
    [channelId],
  );
  return { items: rows, next: null };
}

/** Where it is none of a known state, all. */
const LISTING_STATE = {
  all: "true",
  unmapped: "m.sku is null and p.sku is null",
  waiting: "l.wanted is not null and l.wanted is distinct from l.told",
  refused: "l.problem is not null",
} as const;

export async function listListings(
  client: Queryable,
  filter: PageRequest & {
    readonly channelId: string;
    readonly state?: keyof typeof LISTING_STATE | undefined;
    readonly text?: string | undefined;
  },
): Promise<Page<ChannelListingView>> {
  const order = readingOrder("channelSku", filter.sort);
  const [last] = order.placeIn(filter.cursor, [CURSOR_TEXT]);
  const { rows } = await client.query<ChannelListingView>(
    `select l.channel_sku as "channelSku", l.title, l.gtin, coalesce(m.sku, p.sku) as sku,
            coalesce(m.made_by, case when p.sku is not null then 'same_sku' end) as "mappedBy",
            (select jsonb_agg(jsonb_build_object('sku', k.sku, 'quantity', k.quantity) order by k.position)
               from kit_component k where k.kit_sku = coalesce(m.sku, p.sku)) as components,
            l.at_channel as "atChannel", l.wanted, l.told, ${iso("l.told_at")} as "toldAt", l.problem,
            (select count(distinct o.id)::integer from orders o join order_line line on line.order_id = o.id
              where o.channel_id = l.channel_id and o.status = 'on_hold' and line.sku is null
                and line.channel_sku = l.channel_sku) as orders,
            case when coalesce(m.sku, p.sku) is null then
              (select q.sku from product q where q.company_id = c.company_id
                and (lower(q.sku) = lower(l.channel_sku) or q.name = l.title or q.gtin = lpad(l.gtin, 14, '0'))
                order by q.sku limit 1) end as proposal
       from channel_listing l join channel c on c.id = l.channel_id
       left join sku_mapping m on m.channel_id = l.channel_id and m.channel_sku = l.channel_sku
       left join product p on p.sku = l.channel_sku and p.company_id = c.company_id
      where l.channel_id = $1 and l.seen_at is not null and ${LISTING_STATE[filter.state ?? "all"]}
        and ($2::text is null or l.channel_sku ilike $2 or l.title ilike $2)
        and ($3::text is null or l.channel_sku ${order.further} $3)
      order by l.channel_sku ${order.direction} limit $4`,
    [
      filter.channelId,
      filter.text === undefined ? null : containing(filter.text),
      last ?? null,
      filter.limit + 1,
    ],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row,
    (row) => order.placeOf(row.channelSku),
  );
}

export async function listComparisons(client: Queryable, channelId: string): Promise<Page<ComparisonView>> {
  const { rows } = await client.query<ComparisonView>(
    `select c.id::text, ${iso("c.since")} as since, c.asked_by as "askedBy", ${iso("c.asked_at")} as "askedAt",
            ${iso("c.ended_at")} as "endedAt", c.orders, c.listings, c.problem,
            (select count(*)::integer from channel_difference d where d.comparison_id = c.id) as differences
       from channel_comparison c where c.channel_id = $1 order by c.id desc limit 50`,
    [channelId],
  );
  return { items: rows, next: null };
}

export async function listDifferences(
  client: Queryable,
  filter: PageRequest & { readonly channelId: string; readonly state?: string | undefined },
): Promise<Page<DifferenceView>> {
  const order = readingOrder("-foundAt", filter.sort);
  const [last] = order.placeIn(filter.cursor, [NUMBER]);
  const { rows } = await client.query<DifferenceView>(
    `select id::text, kind, subject, line, order_id as "orderId", ours, theirs, cause, state,
            ${iso("found_at")} as "foundAt", ${iso("settled_at")} as "settledAt", reason
       from channel_difference
      where channel_id = $1 and ($2::text is null or state = $2) and ($3::bigint is null or id ${order.further} $3)
      order by channel_difference.id ${order.direction} limit $4`,
    [filter.channelId, filter.state ?? null, last ?? null, filter.limit + 1],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row,
    (row) => order.placeOf(row.id),
  );
}
