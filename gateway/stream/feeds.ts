/** The feeds of the stream: orders' timelines, and changes of stock. */
import { FEED_BATCH } from "../../config/limits.ts";
import {
  compareFeedCursors,
  type FeedCursor,
  type FeedEntry,
  feedEnd,
  readFeed,
} from "../../store/orders/feed.ts";
import type { Database } from "../../store/sql/database.ts";
import {
  coversStockFeed,
  laterStockFeedCursor,
  readStockFeed,
  type StockFeedCursor,
  type StockFeedEntry,
  type StockFeedFilter,
  stockFeedEnd,
} from "../../store/stock/stock-feed.ts";
import type { FeedHub, FeedSource } from "./feed-hub.ts";

type OrderFeedFilter = {
  /** Only this order's entries; null: every order's. */
  readonly orderId: string | null;
  /** Only this channel's entries; null: every channel's. */
  readonly channelId: string | null;
};

export type OrderFeed = FeedHub<FeedEntry, FeedCursor, OrderFeedFilter>;
export type StockFeed = FeedHub<StockFeedEntry, StockFeedCursor, StockFeedFilter>;

/** An entry's ids, times and field names, generously. */
const ORDER_ENTRY_BYTES = 400;
const STOCK_ENTRY_BYTES = 300;

export function orderFeedSource(database: Database): FeedSource<FeedEntry, FeedCursor, OrderFeedFilter> {
  return {
    end: () => feedEnd(database),
    read: (after, filter) =>
      readFeed(database, after, { limit: FEED_BATCH, orderId: filter?.orderId ?? null }),
    matches: (entry, { orderId, channelId }) =>
      (orderId === null || entry.orderId === orderId) &&
      (channelId === null || entry.channelId === channelId),
    isAfter: (entry, cursor) => compareFeedCursors(entry.cursor, cursor) > 0,
    covers: (cursor, other) => compareFeedCursors(cursor, other) >= 0,
    later: (a, b) => (compareFeedCursors(a, b) >= 0 ? a : b),
    placeOf: (entry) => entry.cursor,
    bytesOf: (entry) => ORDER_ENTRY_BYTES + entry.summary.length + JSON.stringify(entry.data).length,
  };
}

export function stockFeedSource(
  database: Database,
): FeedSource<StockFeedEntry, StockFeedCursor, StockFeedFilter> {
  const everything: StockFeedFilter = { skus: null, locations: null };
  return {
    end: () => stockFeedEnd(database),
    read: (after, filter) => readStockFeed(database, after, filter ?? everything, FEED_BATCH),
    matches: (entry, { skus, locations }) =>
      (skus === null || skus.includes(entry.sku)) &&
      (locations === null || locations.includes(entry.locationId)),
    isAfter: (entry, cursor) => entry.sequence > (cursor[entry.shard] ?? 0),
    covers: coversStockFeed,
    later: laterStockFeedCursor,
    // Several positions may have changed in one journal row, so only a whole page ends at a place.
    placeOf: () => null,
    bytesOf: (entry) => STOCK_ENTRY_BYTES + entry.sku.length + entry.locationId.length,
  };
}
