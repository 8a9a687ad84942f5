/** The feed of orders: every order's timeline in one sequence, see `store/sql/feed-cursor.ts`. */
import type { FeedEvent } from "../../contract/stream.ts";
import type { Queryable } from "../sql/database.ts";
import { type FeedCursor, type FeedPage, type FeedRow, feedPage } from "../sql/feed-cursor.ts";
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

/** The newest entries of all timelines, newest first, of the caller's channels and places. */
export async function latestEvents(
  database: Queryable,
  bounds: {
    readonly channelId: string | null;
    /** Null: of all. */
    readonly channels: readonly string[] | null;
    readonly locations: readonly string[] | null;
  },
  limit: number,
): Promise<readonly FeedEvent[]> {
  const { rows } = await database.query<FeedEvent>(
    `select event.order_id as "orderId", o.channel_id as "channelId", o.status, event.key, event.type, event.summary,
            event.cause, event.data, ${iso("event.at")} as at
       from order_event event join orders o on o.id = event.order_id
      where ($1::text is null or o.channel_id = $1)
        and ($2::text[] is null or o.channel_id = any($2))
        and ($3::text[] is null or exists (select from fulfillment_order f
              where f.order_id = o.id and f.location_id = any($3)))
      order by event.tx desc, event.id desc limit $4`,
    [bounds.channelId, bounds.channels, bounds.locations, limit],
  );
  return rows;
}
