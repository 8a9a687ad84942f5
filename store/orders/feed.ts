/** The feed of orders: every order's timeline in one sequence, see `store/sql/feed-cursor.ts`. */
import type { Page } from "../../contract/shapes.ts";
import type { FeedEvent } from "../../contract/stream.ts";
import { toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { type FeedCursor, type FeedPage, type FeedRow, feedPage } from "../sql/feed-cursor.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { iso } from "../sql/view-sql.ts";

/** `status` is the order's when the entry was read. */
export type FeedEntry = FeedEvent & { readonly cursor: FeedCursor };

/** Entries after `after`, of one order where `orderId` is given. */
export async function readFeed(
  database: Queryable,
  after: FeedCursor,
  options: { readonly limit: number; readonly orderId?: string | null },
): Promise<FeedPage<FeedEntry>> {
  const { rows } = await database.query<FeedRow<FeedEvent>>(
    `with horizon as materialized (select feed_horizon() as xmin)
     select horizon.xmin::text as horizon, event.tx::text as tx, event.id::text as id, event.order_id as "orderId",
            o.channel_id as "channelId", o.status, event.key, event.type, event.summary, event.cause, event.data,
            ${iso("event.at")} as at
       from horizon
       left join lateral (
         select * from order_event
          where (tx, id) > ($1::text::xid8, $2::bigint) and tx < horizon.xmin
            and ($4::text is null or order_id = $4)
          order by tx, id limit $3) event on true
       left join orders o on o.id = event.order_id
      order by event.tx, event.id`,
    [after.transaction.toString(), after.id.toString(), options.limit, options.orderId ?? null],
  );
  return feedPage(rows, after, options.limit, entryOf);
}

/** What a channel heeds of the feed. */
export type ChannelsFeedPage = FeedPage<FeedEntry> & {
  /** How many entries were passed, of whomever. */
  readonly passed: number;
};

/**
 * The next `limit` entries after `after`, of which only one channel's of some types are given: what others
 * flood the feed with is passed where it lies.
 *
 * @param wanted `types` by name, or by `prefix`
 */
export async function readFeedOfChannel(
  database: Queryable,
  after: FeedCursor,
  wanted: {
    readonly channelId: string;
    readonly types: readonly string[];
    readonly prefix: string;
    readonly limit: number;
  },
): Promise<ChannelsFeedPage> {
  const { channelId, types, prefix, limit } = wanted;
  const { rows } = await database.query<FeedRow<FeedEvent> & Passed>(
    `with horizon as materialized (select feed_horizon() as xmin),
     page as materialized (
       select event.* from horizon cross join lateral (
         select tx, id, order_id, key, type from order_event
          where (tx, id) > ($1::text::xid8, $2::bigint) and tx < horizon.xmin order by tx, id limit $3) event),
     end_of_page as (select tx, id, count(*) over ()::integer as passed from page order by tx desc, id desc limit 1)
     select horizon.xmin::text as horizon, coalesce(end_of_page.passed, 0) as passed,
            end_of_page.tx::text as "lastTx", end_of_page.id::text as "lastId",
            event.tx::text as tx, event.id::text as id, event.order_id as "orderId", event."channelId", event.status,
            event.key, event.type, event.summary, event.cause, event.data, ${iso("event.at")} as at
       from horizon
       left join end_of_page on true
       left join (
         select full_event.*, o.channel_id as "channelId", o.status from page
           join orders o on o.id = page.order_id and o.channel_id = $4
           join order_event full_event on full_event.order_id = page.order_id and full_event.key = page.key
          where page.type = any($5) or starts_with(page.type, $6)) event on true
      order by event.tx, event.id`,
    [after.transaction.toString(), after.id.toString(), limit, channelId, types, prefix],
  );
  const page = feedPage(rows, after, Number.POSITIVE_INFINITY, entryOf);
  const [first] = rows;
  const passed = first?.passed ?? 0;
  if (first === undefined || passed < limit || first.lastTx === null || first.lastId === null)
    return { ...page, passed };
  const cursor = { transaction: BigInt(first.lastTx), id: BigInt(first.lastId) };
  return { entries: page.entries, cursor, more: true, passed };
}

type Passed = { readonly passed: number; readonly lastTx: string | null; readonly lastId: string | null };

function entryOf(row: FeedRow<FeedEvent> & Partial<Passed>, cursor: FeedCursor): FeedEntry {
  const {
    horizon: _horizon,
    tx: _tx,
    id: _id,
    passed: _passed,
    lastTx: _last,
    lastId: _lastId,
    ...event
  } = row;
  return { ...event, cursor };
}

/** Entries of all timelines, newest first unless `sort` is `at`, of the caller's channels and places. */
export async function listOrderEvents(
  database: Queryable,
  bounds: {
    readonly channelId: string | null;
    /** Null: of all. */
    readonly channels: readonly string[] | null;
    readonly locations: readonly string[] | null;
  },
  page: { readonly sort?: string | undefined; readonly cursor?: string | undefined; readonly limit: number },
): Promise<Page<FeedEvent>> {
  const order = readingOrder("-at", page.sort);
  const [tx, id] = order.placeIn(page.cursor, [/^\d{1,19}$/, /^\d{1,18}$/]);
  const { rows } = await database.query<FeedEvent & { readonly place: readonly [string, string] }>(
    `select array[event.tx::text, event.id::text] as place,
            event.order_id as "orderId", o.channel_id as "channelId", o.status, event.key, event.type, event.summary,
            event.cause, event.data, ${iso("event.at")} as at
       from order_event event join orders o on o.id = event.order_id
      where ($1::text is null or o.channel_id = $1)
        and ($2::text[] is null or o.channel_id = any($2))
        and ($3::text[] is null or exists (select from fulfillment_order f
              where f.order_id = o.id and f.location_id = any($3)))
        and ($5::text is null or (event.tx, event.id) ${order.further} ($5::text::xid8, $6::bigint))
      order by event.tx ${order.direction}, event.id ${order.direction} limit $4`,
    [bounds.channelId, bounds.channels, bounds.locations, page.limit + 1, tx ?? null, id ?? null],
  );
  return toPage(
    rows,
    page.limit,
    ({ place: _place, ...event }) => event,
    ({ place }) => order.placeOf(...place),
  );
}
