/**
 * What happens beside orders (domain_event). Triggers write what happens to the catalog, to places and to
 * devices, in the transaction in which it happens; here is what they cannot: changes of stock, and what the
 * system does itself.
 *
 * E1 Stock is told from the feed of stock, and only as long as somebody wants to be told of it. How far that
 *    is and the events themselves are one commit: nothing is left out and nothing is told twice.
 */
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";
import {
  formatStockFeedCursor,
  parseStockFeedCursor,
  readStockFeed,
  stockFeedEnd,
} from "../stock/stock-feed.ts";

const EVERYTHING = { skus: null, locations: null } as const;
const BATCH = 500;

export type NewDomainEvent = {
  readonly type: string;
  readonly subject: string;
  readonly locationId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** Absent: now. */
  readonly at?: string;
};

export async function writeDomainEvents(client: Queryable, events: readonly NewDomainEvent[]): Promise<void> {
  await client.query(
    `insert into domain_event (type, subject, location_id, data, at)
     select e.type, e.subject, e."locationId", e.data, coalesce(e.at, now())
       from rows from (jsonb_to_recordset($1)
         as (type text, subject text, "locationId" text, data jsonb, at timestamptz)) with ordinality
         as e(type, subject, "locationId", data, at, nth)
      order by e.nth`,
    [JSON.stringify(events)],
  );
}

/**
 * Makes events of the stock positions that have changed.
 *
 * @param isWanted false: nobody wants to be told of stock, and where it was is forgotten
 * @returns whether there is more at once
 */
export function tellOfStock(database: Database, isWanted: boolean): Promise<boolean> {
  return inTransaction(database, async (client) => {
    if (!isWanted) {
      await client.query("delete from webhook_stock_place");
      return false;
    }
    const { rows } = await client.query<{ cursor: string }>(
      "select cursor from webhook_stock_place for update",
    );
    const after = parseStockFeedCursor(rows[0]?.cursor ?? "");
    if (after === null) {
      await client.query(
        "insert into webhook_stock_place (cursor) values ($1) on conflict (only_row) do update set cursor = excluded.cursor",
        [formatStockFeedCursor(await stockFeedEnd(client))],
      );
      return false;
    }
    const page = await readStockFeed(client, after, EVERYTHING, BATCH);
    const cursor = formatStockFeedCursor(page.cursor);
    if (cursor !== rows[0]?.cursor)
      await client.query("update webhook_stock_place set cursor = $1", [cursor]);
    if (page.entries.length > 0)
      await writeDomainEvents(
        client,
        page.entries.map(({ shard: _shard, sequence: _sequence, at, ...position }) => ({
          type: "stock_position.changed",
          subject: position.sku,
          locationId: position.locationId,
          data: position,
          at,
        })),
      );
    return page.more;
  });
}

/** They are kept to be told and to be told once more, not as books. */
export async function forgetDomainEvents(client: Queryable, days: number): Promise<void> {
  await client.query("delete from domain_event where at < now() - $1 * interval '1 day'", [days]);
}
