/** The feeds of the stream: orders' timelines, changes of stock, what happens to devices and to nodes. */
import { FEED_BATCH } from "../../config/limits.ts";
import { type NodeFeedEntry, readNodeFeed } from "../../store/figures/node-events.ts";
import { type DeviceFeedEntry, readDeviceFeed } from "../../store/floor/device-events.ts";
import { type FeedEntry, readFeed } from "../../store/orders/feed.ts";
import type { Database } from "../../store/sql/database.ts";
import { compareFeedCursors, type FeedCursor, feedEnd } from "../../store/sql/feed-cursor.ts";
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
  /** Only these channels' entries; null: every channel's. */
  readonly channels: readonly string[] | null;
};

type DeviceFeedFilter = {
  /** `null`: all. */
  readonly devices: readonly string[] | null;
  readonly locations: readonly string[] | null;
  readonly kinds: readonly string[] | null;
};

export type OrderFeed = FeedHub<FeedEntry, FeedCursor, OrderFeedFilter>;
export type StockFeed = FeedHub<StockFeedEntry, StockFeedCursor, StockFeedFilter>;
type NodeFeedFilter = {
  /** `null`: all. */
  readonly kinds: readonly string[] | null;
};

export type NodeFeed = FeedHub<NodeFeedEntry, FeedCursor, NodeFeedFilter>;
export type DeviceFeed = FeedHub<DeviceFeedEntry, FeedCursor, DeviceFeedFilter>;

/** An entry's ids, times and field names, generously. */
const ORDER_ENTRY_BYTES = 400;
const STOCK_ENTRY_BYTES = 300;
const DEVICE_ENTRY_BYTES = 300;

const FEED_ORDER: Pick<
  FeedSource<{ readonly cursor: FeedCursor }, FeedCursor, never>,
  "isAfter" | "covers" | "later" | "placeOf"
> = {
  isAfter: (entry, cursor) => compareFeedCursors(entry.cursor, cursor) > 0,
  covers: (cursor, other) => compareFeedCursors(cursor, other) >= 0,
  later: (a, b) => (compareFeedCursors(a, b) >= 0 ? a : b),
  placeOf: (entry) => entry.cursor,
};

export function orderFeedSource(database: Database): FeedSource<FeedEntry, FeedCursor, OrderFeedFilter> {
  return {
    ...FEED_ORDER,
    end: () => feedEnd(database),
    read: (after, filter) =>
      readFeed(database, after, { limit: FEED_BATCH, orderId: filter?.orderId ?? null }),
    matches: (entry, { orderId, channels }) =>
      (orderId === null || entry.orderId === orderId) &&
      (channels === null || channels.includes(entry.channelId)),
    bytesOf: (entry) => ORDER_ENTRY_BYTES + entry.summary.length + JSON.stringify(entry.data).length,
  };
}

export function deviceFeedSource(
  database: Database,
): FeedSource<DeviceFeedEntry, FeedCursor, DeviceFeedFilter> {
  return {
    ...FEED_ORDER,
    end: () => feedEnd(database),
    // There are few of them: whoever catches up reads all, too.
    read: (after) => readDeviceFeed(database, after, FEED_BATCH),
    matches: ({ deviceId, locationId, kind }, { devices, locations, kinds }) =>
      (devices === null || (deviceId !== null && devices.includes(deviceId))) &&
      (locations === null || (locationId !== null && locations.includes(locationId))) &&
      (kinds === null || kinds.includes(kind)),
    bytesOf: (entry) => DEVICE_ENTRY_BYTES + entry.detail.length,
  };
}

export function nodeFeedSource(database: Database): FeedSource<NodeFeedEntry, FeedCursor, NodeFeedFilter> {
  return {
    ...FEED_ORDER,
    end: () => feedEnd(database),
    // There are few of them: whoever catches up reads all, too.
    read: (after) => readNodeFeed(database, after, FEED_BATCH),
    matches: ({ kind }, { kinds }) => kinds === null || kinds.includes(kind),
    bytesOf: (entry) => DEVICE_ENTRY_BYTES + entry.detail.length,
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
