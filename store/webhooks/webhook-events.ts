/**
 * What webhooks tell of, as two feeds of one shape: entries of orders' timelines (`orders`), and what happens
 * beside orders (`system`, the table domain_event). Each has places of its own (`store/sql/feed-cursor.ts`).
 */
import type { WebhookSource } from "../../contract/settings/webhook-events.ts";
import { type FeedEntry, readFeed } from "../orders/feed.ts";
import type { Queryable } from "../sql/database.ts";
import { type FeedCursor, type FeedPage, type FeedRow, feedPage } from "../sql/feed-cursor.ts";
import { iso } from "../sql/view-sql.ts";

export type WebhookEvent = {
  readonly source: WebhookSource;
  readonly cursor: FeedCursor;
  readonly type: string;
  /** By which messages are kept in order: an order, a SKU, a place, a device. */
  readonly subject: string;
  /** Null: it is of no order. */
  readonly orderId: string | null;
  /** Names it among those of its order, or of its source. */
  readonly key: string;
  readonly channelId: string | null;
  readonly locationId: string | null;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
};

type DomainEventRow = {
  readonly type: string;
  readonly subject: string;
  readonly locationId: string | null;
  readonly channelId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: string;
};

export async function readWebhookEvents(
  client: Queryable,
  source: WebhookSource,
  after: FeedCursor,
  limit: number,
): Promise<FeedPage<WebhookEvent>> {
  if (source === "orders") {
    const { entries, ...page } = await readFeed(client, after, { limit });
    return { ...page, entries: entries.map(ofOrder) };
  }
  const { rows } = await client.query<FeedRow<DomainEventRow>>(
    `with horizon as materialized (select feed_horizon() as xmin)
     select horizon.xmin::text as horizon, e.tx::text as tx, e.id::text as id, e.type, e.subject,
            e.location_id as "locationId", e.channel_id as "channelId", e.data, ${iso("e.at")} as at
       from horizon
       left join lateral (
         select * from domain_event
          where (tx, id) > ($1::text::xid8, $2::bigint) and tx < horizon.xmin
          order by tx, id limit $3) e on true
      order by e.tx, e.id`,
    [after.transaction.toString(), after.id.toString(), limit],
  );
  return feedPage(rows, after, limit, ({ horizon: _horizon, tx: _tx, id, ...event }, cursor) => ({
    ...event,
    source: "system" as const,
    orderId: null,
    key: id,
    cursor,
  }));
}

export function ofOrder(entry: FeedEntry): WebhookEvent {
  const { orderId, channelId, status, key, type, summary, cause, data, at, cursor } = entry;
  return {
    source: "orders",
    cursor,
    type,
    subject: orderId,
    orderId,
    key,
    channelId,
    locationId: null,
    at,
    data: {
      orderId,
      channelId,
      status,
      key,
      summary,
      cause,
      ...(Object.keys(data).length === 0 ? {} : { details: data }),
    },
  };
}

const TABLES = { orders: "order_event", system: "domain_event" } as const;

/**
 * A place before everything that happened at `at` or later: transactions begin about in the order of their
 * numbers, so it is looked for by halves. `slackMs` before it is given, for those that took long to commit.
 */
export async function placeBefore(
  client: Queryable,
  source: WebhookSource,
  at: Date,
  slackMs: number,
): Promise<FeedCursor> {
  const table = TABLES[source];
  const { rows } = await client.query<{ first: string | null; last: string | null }>(
    `select min(tx::text::bigint)::text as first, max(tx::text::bigint)::text as last from (
       (select tx from ${table} order by tx, id limit 1) union all (select tx from ${table} order by tx desc, id desc limit 1)) as ends`,
  );
  const before = new Date(at.getTime() - slackMs);
  let low = BigInt(rows[0]?.first ?? "0");
  let high = BigInt(rows[0]?.last ?? "0");
  // All of `low` and before is older than what is looked for, or there is nothing before.
  while (low < high) {
    const middle = (low + high) / 2n;
    const { rows: found } = await client.query<{ tx: string; isBefore: boolean }>(
      `select tx::text as tx, at < $2 as "isBefore" from ${table}
        where tx >= $1::text::xid8 order by ${table}.tx, ${table}.id limit 1`,
      [middle.toString(), before],
    );
    const [row] = found;
    if (row?.isBefore === true) low = BigInt(row.tx) + 1n;
    else high = middle;
  }
  return { transaction: low > 0n ? low - 1n : 0n, id: 2n ** 62n };
}
