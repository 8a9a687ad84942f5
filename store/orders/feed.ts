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
  return feedPage(
    rows,
    after,
    options.limit,
    ({ horizon: _horizon, tx: _tx, id: _id, ...event }, cursor) => ({
      ...event,
      cursor,
    }),
  );
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
