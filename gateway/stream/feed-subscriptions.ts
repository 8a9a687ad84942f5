/**
 * A connection's subscriptions: at most one to each feed, begun, replaced and ended as the client says.
 * Leaves the conversation to `connection.ts`, and how feeds are made to `feed-hub.ts`.
 *
 * F1 Nothing of a feed is sent before its subscription is confirmed, nor after it has ended.
 * F2 A client that reads slowly gets no more than its socket can hold; the feed waits for it.
 */
import { CATCH_UP_PAUSE_BYTES } from "../../config/limits.ts";
import type { ReadMessage } from "../../contract/client-messages.ts";
import type { DeviceEvent } from "../../contract/devices.ts";
import type { FeedEvent, ServerMessage, StockChange } from "../../contract/stream.ts";
import { ChannelStockFollower } from "../../operations/stock/channel-stock.ts";
import type { DeviceFeedEntry } from "../../store/floor/device-events.ts";
import type { FeedEntry } from "../../store/orders/feed.ts";
import { placesOf } from "../../store/orders/order-places.ts";
import { formatFeedCursor, parseFeedCursor } from "../../store/sql/feed-cursor.ts";
import {
  formatStockFeedCursor,
  parseStockFeedCursor,
  type StockFeedEntry,
} from "../../store/stock/stock-feed.ts";
import { type Principal, requirePermission } from "../access/authentication.ts";
import { boundsOf, isBound, requireWithin } from "../access/within.ts";
import { withoutPersonalData } from "../http/personal-data.ts";
import type { Services } from "../http/route.ts";
import { ApiError, logFailure } from "../wire/problem.ts";
import type { FeedHub } from "./feed-hub.ts";
import type { DeviceFeed, NodeFeed, OrderFeed, StockFeed } from "./feeds.ts";

const TRY_AGAIN_LATER = 1013;

/** How late it is noticed at most that what decides about a channel's stock has changed. */
const CHANNEL_RULES_MS = 2_000;

type FeedName = "orders" | "stock" | "devices" | "nodes";

export type Feeds = {
  readonly orders: OrderFeed;
  readonly stock: StockFeed;
  readonly devices: DeviceFeed;
  readonly nodes: NodeFeed;
};

/** The connection, as its subscriptions use it. */
export type SubscribersLine = {
  readonly principal: Principal;
  readonly services: Services;
  readonly socket: {
    close(code: number, reason: string): void;
    bufferedBytes(): number;
    whenDrained(): Promise<void>;
  };
  isOpen(): boolean;
  /** The message was refused when its time was up: what is done for it now nobody expects. */
  isGivenUp(message: ReadMessage): boolean;
  send(message: ServerMessage): void;
  reply(message: ReadMessage, reply: ServerMessage): void;
  /** Sends what waits. */
  flush(): void;
};

/** What is said of subscriptions. */
export type SubscriptionMessage = Extract<
  ReadMessage,
  { type: `${"feed" | "stock" | "devices" | "nodes"}.${"subscribe" | "unsubscribe"}` }
>;

export class FeedSubscriptions {
  private readonly line: SubscribersLine;
  private readonly feeds: Feeds;
  private readonly ends = new Map<FeedName, () => void>();

  constructor(line: SubscribersLine, feeds: Feeds) {
    this.line = line;
    this.feeds = feeds;
  }

  /** The socket is gone. */
  endAll(): void {
    for (const name of [...this.ends.keys()]) this.end(name);
  }

  async answer(message: SubscriptionMessage): Promise<void> {
    switch (message.type) {
      case "feed.subscribe":
        return this.toOrders(message);
      case "stock.subscribe":
        return this.toStock(message);
      case "devices.subscribe":
        return this.toDevices(message);
      case "nodes.subscribe":
        return this.toNodes(message);
      case "feed.unsubscribe":
        this.end("orders");
        this.line.reply(message, { re: message.id, type: "feed.unsubscribed" });
        return;
      case "stock.unsubscribe":
        this.end("stock");
        this.line.reply(message, { re: message.id, type: "stock.unsubscribed" });
        return;
      case "devices.unsubscribe":
        this.end("devices");
        this.line.reply(message, { re: message.id, type: "devices.unsubscribed" });
        return;
      case "nodes.unsubscribe":
        this.end("nodes");
        this.line.reply(message, { re: message.id, type: "nodes.unsubscribed" });
        return;
      default: {
        const unreachable: never = message;
        return unreachable;
      }
    }
  }

  private async toOrders(message: Extract<ReadMessage, { type: "feed.subscribe" }>): Promise<void> {
    requirePermission(this.line.principal, "orders.read");
    await this.holdWithin(message.order ?? null);
    const { channelId } = this.line.principal;
    await this.subscribe(message, {
      name: "orders",
      hub: this.feeds.orders,
      after: cursorFrom(message.after, parseFeedCursor),
      filter: {
        orderId: message.order ?? null,
        channels: channelId === null ? boundsOf(this.line.principal).channels : [channelId],
      },
      deliver: (entries, cursor) =>
        this.line.send({
          type: "feed.events",
          cursor: formatFeedCursor(cursor),
          events: this.mayReadPersonalData
            ? entries.map(feedEvent)
            : entries.map((entry) => withoutPersonalData(feedEvent(entry)) as FeedEvent),
        }),
      confirm: (cursor) =>
        this.line.reply(message, {
          re: message.id,
          type: "feed.subscribed",
          cursor: formatFeedCursor(cursor),
        }),
    });
  }

  private async toStock(message: Extract<ReadMessage, { type: "stock.subscribe" }>): Promise<void> {
    requirePermission(this.line.principal, "stock.read");
    if (message.channel !== undefined) {
      await this.toChannelStock(message, message.channel);
      return;
    }
    await this.subscribe(message, {
      name: "stock",
      hub: this.feeds.stock,
      after: cursorFrom(message.after, parseStockFeedCursor),
      filter: { skus: message.skus ?? null, locations: ownLocations(this.line.principal, message.locations) },
      deliver: (entries, cursor) =>
        this.line.send({
          type: "stock.changes",
          cursor: formatStockFeedCursor(cursor),
          positions: entries.map(stockChange),
        }),
      confirm: (cursor) =>
        this.line.reply(message, {
          re: message.id,
          type: "stock.subscribed",
          cursor: formatStockFeedCursor(cursor),
        }),
    });
  }

  /** With what a channel may sell of the SKUs. Where what decides about that changes, all comes anew. */
  private async toChannelStock(
    message: Extract<ReadMessage, { type: "stock.subscribe" }>,
    channel: string,
    isAnew = false,
  ): Promise<void> {
    const { channelId, within } = this.line.principal;
    if (channelId !== null && channelId !== channel)
      throw new ApiError("channel_forbidden", `The key is bound to the channel ${channelId}.`);
    if (isBound(within)) requireWithin(within, { channel });
    const { database, allocator, logger } = this.line.services;
    const context = { database, allocator };
    const follower = await ChannelStockFollower.start(context, channel, message.skus ?? null);
    if (follower === null) throw new ApiError("channel_not_found", `There is no channel "${channel}".`);
    const skus =
      message.skus === undefined ? null : await ChannelStockFollower.positionsOf(database, message.skus);
    let told = Promise.resolve();
    let isOver = false;
    const fail = (error: unknown): void => {
      if (isOver || !this.line.isOpen()) return;
      logFailure(logger, error, { type: message.type }, "a feed subscription failed");
      this.line.socket.close(TRY_AGAIN_LATER, "feed_failed");
    };
    await this.subscribe(message, {
      name: "stock",
      hub: this.feeds.stock,
      after: isAnew ? [] : cursorFrom(message.after, parseStockFeedCursor),
      filter: { skus, locations: message.locations ?? null },
      deliver: (entries, cursor) => {
        // One after the other: the cursors of a feed go up.
        told = told
          .then(async () => {
            const sellable = await follower.sellable(entries.map(({ sku }) => sku));
            if (isOver || !this.line.isOpen()) return;
            this.line.send({
              type: "stock.changes",
              cursor: formatStockFeedCursor(cursor),
              positions: entries.filter(({ sku }) => follower.isWanted(sku)).map(stockChange),
              channel,
              sellable,
            });
          })
          .catch(fail);
      },
      confirm: (cursor) => {
        if (isAnew) return;
        const said = formatStockFeedCursor(cursor);
        this.line.reply(message, { re: message.id, type: "stock.subscribed", cursor: said });
      },
    });
    const end = this.ends.get("stock");
    // Ended already, by the client or with the connection.
    if (end === undefined) return;
    const timer = setInterval(() => {
      follower
        .isOutdated()
        .then(async (isOutdated) => {
          if (isOutdated && !isOver && this.line.isOpen()) await this.toChannelStock(message, channel, true);
        })
        .catch(fail);
    }, CHANNEL_RULES_MS);
    this.ends.set("stock", () => {
      isOver = true;
      clearInterval(timer);
      end();
    });
  }

  private async toDevices(message: Extract<ReadMessage, { type: "devices.subscribe" }>): Promise<void> {
    requirePermission(this.line.principal, "devices.read");
    if (this.line.principal.within.channels !== null) requireWithin(this.line.principal.within, {});
    await this.subscribe(message, {
      name: "devices",
      hub: this.feeds.devices,
      after: cursorFrom(message.after, parseFeedCursor),
      filter: {
        devices: message.devices ?? null,
        locations: ownLocations(this.line.principal, message.locations),
        kinds: message.kinds ?? null,
      },
      deliver: (entries, cursor) =>
        this.line.send({
          type: "devices.events",
          cursor: formatFeedCursor(cursor),
          events: entries.map(deviceEvent),
        }),
      confirm: (cursor) =>
        this.line.reply(message, {
          re: message.id,
          type: "devices.subscribed",
          cursor: formatFeedCursor(cursor),
        }),
    });
  }

  /** For whoever may see the page *System*. */
  private async toNodes(message: Extract<ReadMessage, { type: "nodes.subscribe" }>): Promise<void> {
    requirePermission(this.line.principal, "metrics.read");
    await this.subscribe(message, {
      name: "nodes",
      hub: this.feeds.nodes,
      after: cursorFrom(message.after, parseFeedCursor),
      filter: { kinds: message.kinds ?? null },
      deliver: (entries, cursor) =>
        this.line.send({
          type: "nodes.events",
          cursor: formatFeedCursor(cursor),
          events: entries.map(({ cursor: _cursor, ...event }) => event),
        }),
      confirm: (cursor) =>
        this.line.reply(message, {
          re: message.id,
          type: "nodes.subscribed",
          cursor: formatFeedCursor(cursor),
        }),
    });
  }

  private async subscribe<Entry, Cursor, Filter>(
    message: ReadMessage,
    feed: {
      readonly name: FeedName;
      readonly hub: FeedHub<Entry, Cursor, Filter>;
      readonly after: Cursor | null;
      readonly filter: Filter;
      readonly deliver: (entries: readonly Entry[], cursor: Cursor) => void;
      readonly confirm: (cursor: Cursor) => void;
    },
  ): Promise<void> {
    this.end(feed.name);
    const subscription = await feed.hub.subscribe(
      {
        filter: feed.filter,
        deliver: feed.deliver,
        congested: () => this.line.socket.bufferedBytes() > CATCH_UP_PAUSE_BYTES,
        writable: async () => {
          // What was just delivered must reach the socket before the socket's backlog can be read.
          this.line.flush();
          while (this.line.isOpen() && this.line.socket.bufferedBytes() > CATCH_UP_PAUSE_BYTES) {
            await this.line.socket.whenDrained();
          }
          return this.line.isOpen();
        },
        fail: (error) => {
          logFailure(this.line.services.logger, error, { type: message.type }, "a feed subscription failed");
          this.line.socket.close(TRY_AGAIN_LATER, "feed_failed");
        },
      },
      feed.after,
    );
    // While the feed was asked, the socket may have closed, the message's time may be up, or this connection
    // may have subscribed anew.
    if (!this.line.isOpen() || this.line.isGivenUp(message)) {
      subscription.end();
      return;
    }
    this.end(feed.name);
    this.ends.set(feed.name, subscription.end);
    feed.confirm(subscription.cursor);
    subscription.start();
  }

  private get mayReadPersonalData(): boolean {
    return this.line.principal.permissions.has("personal-data.read");
  }

  /**
   * Whoever is bound to places follows the orders that have something there, one by one: an order's entries
   * do not say where they happened.
   */
  private async holdWithin(orderId: string | null): Promise<void> {
    const { within } = this.line.principal;
    if (!isBound(within)) return;
    if (orderId === null) {
      if (within.locations !== null) requireWithin(within, {});
      return;
    }
    const places = await placesOf(this.line.services.database, "order", orderId);
    if (places !== null) requireWithin(within, places);
  }

  private end(name: FeedName): void {
    this.ends.get(name)?.();
    this.ends.delete(name);
  }
}

/** Of the places that were asked for, or of all, those of whoever asks; null: all. */
export function ownLocations(
  principal: Principal,
  asked: readonly string[] | undefined,
): readonly string[] | null {
  const { locations } = principal.within;
  if (locations === null) return asked ?? null;
  return asked === undefined ? [...locations] : asked.filter((id) => locations.has(id));
}

function feedEvent(entry: FeedEntry): FeedEvent {
  const { cursor: _cursor, ...event } = entry;
  return event;
}

function deviceEvent({ cursor: _cursor, ...event }: DeviceFeedEntry): DeviceEvent {
  return event;
}

function stockChange({ shard: _shard, sequence: _sequence, ...change }: StockFeedEntry): StockChange {
  return change;
}

/** @throws ApiError `invalid_cursor` */
function cursorFrom<Cursor>(text: string | null, parse: (text: string) => Cursor | null): Cursor | null {
  if (text === null) return null;
  const cursor = parse(text);
  if (cursor === null)
    throw new ApiError(
      "invalid_cursor",
      "/after is no cursor of this feed; expected the last `cursor` that it gave out, or null for from now on",
    );
  return cursor;
}
