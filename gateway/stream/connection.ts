/**
 * One connection's conversation: frames in, replies out, credit, and at most one subscription to each feed.
 * Leaves the socket itself to `stream-server.ts`, and how feeds are made to `feed-hub.ts`.
 *
 * V1 Every message that can be identified gets exactly one reply, within `ANSWERED_WITHIN_MS`.
 * V2 A message is refused before any part of it is done, or all of it is done.
 * V3 No connection's messages hold more memory than `CONNECTION_PENDING_BYTES`.
 */
import {
  ANSWERED_WITHIN_MS,
  CATCH_UP_PAUSE_BYTES,
  CONNECTION_CREDIT,
  CONNECTION_PENDING_BYTES,
  MAX_BAD_FRAMES,
  MAX_BODY_BYTES,
  MAX_FRAME_BYTES,
  MAX_FRAME_MESSAGES,
} from "../../config/limits.ts";
import { inCallersSpan, traceOrderInRequest } from "../../config/trace.ts";
import type { ReadMessage } from "../../contract/client-messages.ts";
import type { DeviceEvent } from "../../contract/devices.ts";
import {
  type FeedEvent,
  type ServerMessage,
  type StockChange,
  SUBPROTOCOL_MSGPACK,
} from "../../contract/stream.ts";
import { EngineError } from "../../engine/errors.ts";
import { failpoint } from "../../engine/failpoints.ts";
import type { LaneClient } from "../../engine/lane-client.ts";
import { bringBack } from "../../operations/archive/bring-back.ts";
import { captureOrders } from "../../operations/capture/capture-order.ts";
import { editOrder } from "../../operations/change/edit-order.ts";
import { ChannelStockFollower } from "../../operations/stock/channel-stock.ts";
import { runStockCommands } from "../../operations/stock/run-stock-commands.ts";
import { archivedOrders } from "../../store/archive/archive-reader.ts";
import type { DeviceFeedEntry } from "../../store/floor/device-events.ts";
import type { FeedEntry } from "../../store/orders/feed.ts";
import { placesOf } from "../../store/orders/order-places.ts";
import { hasOrder } from "../../store/orders/order-views.ts";
import { formatFeedCursor, parseFeedCursor } from "../../store/sql/feed-cursor.ts";
import {
  formatStockFeedCursor,
  parseStockFeedCursor,
  type StockFeedEntry,
} from "../../store/stock/stock-feed.ts";
import {
  type Principal,
  requireOneOf,
  requirePermission,
  requireStockPermissions,
} from "../access/authentication.ts";
import { type Permission, STOCK_COMMANDS_SOME } from "../access/permissions.ts";
import { boundsOf, isBound, requireWithin } from "../access/within.ts";
import { giverFor } from "../http/giver.ts";
import { withoutPersonalData } from "../http/personal-data.ts";
import type { Services } from "../http/route.ts";
import { callerFrom, type Origin } from "../http/security-events.ts";
import { checkChannelDocument } from "../wire/bounded-json.ts";
import { executeOnKnownPositions } from "../wire/known-positions.ts";
import { ApiError, describeError, logFailure } from "../wire/problem.ts";
import { readStockCommands } from "../wire/stock-commands.ts";
import type { Codec } from "./codec.ts";
import type { FairQueue } from "./fair-queue.ts";
import type { FeedHub } from "./feed-hub.ts";
import type { DeviceFeed, NodeFeed, OrderFeed, StockFeed } from "./feeds.ts";
import { laneOf, readLaneOperations } from "./lane-operations.ts";
import { messageIdOf, readMessage } from "./messages.ts";
import { ReplyDeadlines } from "./reply-deadline.ts";

/** The socket as a connection sees it. Calls on a socket that is gone do nothing. */
export type StreamSocket = {
  send(frames: readonly (string | Buffer)[]): void;
  close(code: number, reason: string): void;
  bufferedBytes(): number;
  whenDrained(): Promise<void>;
};

const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;

/** How late it is noticed at most that what decides about a channel's stock has changed. */
const CHANNEL_RULES_MS = 2_000;

/** Messages that may leave an outcome to wonder about. */
const CHANGES: ReadonlySet<ReadMessage["type"]> = new Set<ReadMessage["type"]>([
  "order.capture",
  "order.change",
  "stock.execute",
  "lane.apply",
]);
const LATE = { retryAfterMs: 1_000 };

type FeedName = "orders" | "stock" | "devices" | "nodes";

export class Connection {
  private readonly socket: StreamSocket;
  private readonly codec: Codec;
  private readonly principal: Principal;
  private readonly origin: Origin;
  private readonly services: Services;
  private readonly queue: FairQueue;
  private readonly orderFeed: OrderFeed;
  private readonly stockFeed: StockFeed;
  private readonly deviceFeed: DeviceFeed;
  private readonly nodeFeed: NodeFeed;
  /** Its own: handles are of this connection. */
  private readonly lanes: LaneClient;
  private open = true;
  private refusing = false;
  private unanswered = 0;
  private unansweredBytes = 0;
  private badFrames = 0;
  private outbox: ServerMessage[] = [];
  private flushScheduled = false;
  private readonly feedEnds = new Map<FeedName, () => void>();
  private readonly deadlines = new ReplyDeadlines<ReadMessage>(ANSWERED_WITHIN_MS, (message) =>
    this.giveUp(message),
  );
  /** Messages of which something may have been done. */
  private readonly begun = new WeakSet<ReadMessage>();
  /** Messages that were refused when their time was up. */
  private readonly givenUp = new WeakSet<ReadMessage>();

  constructor(options: {
    readonly socket: StreamSocket;
    readonly codec: Codec;
    readonly principal: Principal;
    /** The request that opened the connection. */
    readonly origin: Origin;
    readonly services: Services;
    readonly queue: FairQueue;
    readonly orderFeed: OrderFeed;
    readonly stockFeed: StockFeed;
    readonly deviceFeed: DeviceFeed;
    readonly nodeFeed: NodeFeed;
  }) {
    this.socket = options.socket;
    this.codec = options.codec;
    this.principal = options.principal;
    this.origin = options.origin;
    const { operations } = options.services;
    const caller = callerFrom(options.origin, options.principal);
    this.services = { ...options.services, operations: { ...operations, caller } };
    this.lanes = options.services.allocator.laneDoor();
    this.queue = options.queue;
    this.orderFeed = options.orderFeed;
    this.stockFeed = options.stockFeed;
    this.deviceFeed = options.deviceFeed;
    this.nodeFeed = options.nodeFeed;
  }

  greet(maxFrameBytes: number): void {
    this.send({
      type: "hello",
      server: "holdfast",
      protocol: 1,
      credit: CONNECTION_CREDIT,
      creditBytes: CONNECTION_PENDING_BYTES,
      maxFrameBytes,
    });
  }

  receive(bytes: Buffer, isBinary: boolean): void {
    if (!this.open) return;
    failpoint("gateway-message-read");
    let messages: readonly unknown[];
    try {
      messages = this.readFrame(bytes, isBinary);
    } catch (error) {
      this.refuse(null, "frame", error);
      this.countBadFrame();
      return;
    }
    const bytesEach = Math.ceil(bytes.length / messages.length);
    let bad = false;
    for (const value of messages) {
      const id = messageIdOf(value);
      let message: ReadMessage;
      try {
        message = readMessage(value);
      } catch (error) {
        this.refuse(id, "message", error);
        bad = true;
        continue;
      }
      this.accept(message, bytesEach);
    }
    if (bad) this.countBadFrame();
    // A sender whose messages are understood may get one wrong now and then.
    else this.badFrames = 0;
  }

  /** Whose connection it is, as was found when it began. */
  get holder(): Principal {
    return this.principal;
  }

  /** From now on every message is refused with `stopping`. Those under way are still answered. */
  refuseMore(): void {
    this.refusing = true;
  }

  /** The socket is gone. */
  closed(): void {
    this.open = false;
    this.outbox = [];
    this.deadlines.stop();
    for (const name of [...this.feedEnds.keys()]) this.endFeed(name);
  }

  /** Sends what waits, in as few frames as possible. */
  flush(): void {
    this.flushScheduled = false;
    if (!this.open || this.outbox.length === 0) return;
    const messages = this.outbox;
    this.outbox = [];
    failpoint("gateway-before-reply");
    this.socket.send(this.codec.encode(messages));
  }

  private readFrame(bytes: Buffer, isBinary: boolean): readonly unknown[] {
    if (isBinary !== this.codec.binary) {
      throw new ApiError(
        "malformed_frame",
        `${this.codec.subprotocol} has ${isBinary ? "text" : "binary"} frames.`,
      );
    }
    if (bytes.length > MAX_FRAME_BYTES) {
      throw new ApiError("frame_too_large", `A frame has at most ${MAX_FRAME_BYTES} bytes.`);
    }
    const value = this.codec.decode(bytes);
    if (!Array.isArray(value)) return [value];
    if (value.length === 0) throw new ApiError("malformed_frame", "The frame holds no message.");
    if (value.length > MAX_FRAME_MESSAGES) {
      throw new ApiError("too_many_messages", `A frame holds at most ${MAX_FRAME_MESSAGES} messages.`);
    }
    return value;
  }

  private accept(message: ReadMessage, bytes: number): void {
    if (this.refusing) {
      this.refuse(message.id, message.type, new ApiError("stopping", "The server is stopping."));
      return;
    }
    if (
      this.unanswered >= CONNECTION_CREDIT ||
      (this.unanswered > 0 && this.unansweredBytes + bytes > CONNECTION_PENDING_BYTES)
    ) {
      const detail = `At most ${CONNECTION_CREDIT} messages and ${CONNECTION_PENDING_BYTES} bytes may be unanswered.`;
      this.refuse(message.id, message.type, new ApiError("credit_exceeded", detail));
      return;
    }
    this.unanswered += 1;
    this.unansweredBytes += bytes;
    this.deadlines.owe(message);
    this.queue.add(this.senderOf(message), async () => {
      try {
        // A client that is gone is owed no reply. What has not begun need not begin: it was never
        // acknowledged, or was refused when its time was up.
        if (!this.deadlines.isOwed(message)) return;
        this.begun.add(message);
        await this.answer(message);
      } catch (error) {
        if (this.deadlines.settle(message)) this.refuse(message.id, message.type, error);
        else logFailure(this.services.logger, error, { type: message.type }, "a message failed late");
      } finally {
        this.unanswered -= 1;
        this.unansweredBytes -= bytes;
      }
    });
  }

  /** Its time is up. What it holds of the connection's credit it holds until its work has ended (V3). */
  private giveUp(message: ReadMessage): void {
    const { id, type } = message;
    this.givenUp.add(message);
    const error = !this.begun.has(message)
      ? new EngineError("engine_overloaded", "nothing was done: others were before it all the time", LATE)
      : CHANGES.has(type)
        ? new EngineError(
            "commit_outcome_unknown",
            "no answer came in time: repeat it with the same id",
            LATE,
          )
        : new ApiError("storage_unavailable", "No answer came in time.", LATE);
    this.refuse(id, type, error);
  }

  private senderOf(message: ReadMessage): string {
    return message.type === "order.capture" ? `channel:${message.channel}` : this.principal.by;
  }

  private async answer(message: ReadMessage): Promise<void> {
    switch (message.type) {
      case "ping":
        this.reply(message, { re: message.id, type: "pong" });
        return;
      case "order.capture":
        await traced(message, () => this.capture(message));
        return;
      case "order.change":
        await traced(message, () => {
          traceOrderInRequest(message.order);
          return this.change(message);
        });
        return;
      case "stock.execute": {
        const principal = requireOneOf(this.toChange(), STOCK_COMMANDS_SOME);
        const { by } = principal;
        const { operations } = this.services;
        const commands = readStockCommands(message.commands, by, operations.now(), "malformed_message");
        requireStockPermissions(principal, commands);
        const ran = await runStockCommands(operations, { commands, by, isPerson: false }, (known) =>
          executeOnKnownPositions(this.services, known),
        );
        if (ran.status === "refused") throw ApiError.of(ran);
        this.reply(message, { re: message.id, type: "stock.executed", outcomes: ran.outcomes });
        return;
      }
      case "stock.positions": {
        requirePermission(this.principal, "stock.read");
        const positions = await this.services.allocator.positions(message.skus);
        const { locations } = this.principal.within;
        this.reply(message, {
          re: message.id,
          type: "stock.positions",
          positions:
            locations === null ? positions : positions.filter(({ locationId }) => locations.has(locationId)),
        });
        return;
      }
      case "positions.open": {
        this.requireBinary(message.type);
        this.requireToChange("stock.reserve");
        const handles = await this.lanes.openPositions(message.positions);
        this.reply(message, { re: message.id, type: "positions.opened", handles });
        return;
      }
      case "lane.apply": {
        this.requireBinary(message.type);
        const { by } = this.requireToChange("stock.reserve");
        const codes = await this.lanes.applyLane({
          lane: laneOf(by, message.lane),
          operations: readLaneOperations(message.operations),
          atMs: this.services.operations.now(),
        });
        this.reply(message, { re: message.id, type: "lane.applied", codes });
        return;
      }
      case "stock.available": {
        requirePermission(this.principal, "stock.read");
        const { skus, pool } = message;
        const locations = this.ownLocations(message.locations);
        const scope = {
          ...(locations === null ? {} : { locationIds: locations }),
          ...(pool === undefined ? {} : { pool }),
        };
        const available = await Promise.all(skus.map((sku) => this.services.allocator.available(sku, scope)));
        this.reply(message, { re: message.id, type: "stock.available", available });
        return;
      }
      case "feed.subscribe":
        await this.subscribeToOrders(message);
        return;
      case "stock.subscribe":
        await this.subscribeToStock(message);
        return;
      case "stock.unsubscribe":
        this.endFeed("stock");
        this.reply(message, { re: message.id, type: "stock.unsubscribed" });
        return;
      case "feed.unsubscribe":
        this.endFeed("orders");
        this.reply(message, { re: message.id, type: "feed.unsubscribed" });
        return;
      case "devices.subscribe":
        await this.subscribeToDevices(message);
        return;
      case "devices.unsubscribe":
        this.endFeed("devices");
        this.reply(message, { re: message.id, type: "devices.unsubscribed" });
        return;
      case "nodes.subscribe":
        await this.subscribeToNodes(message);
        return;
      case "nodes.unsubscribe":
        this.endFeed("nodes");
        this.reply(message, { re: message.id, type: "nodes.unsubscribed" });
        return;
      default: {
        const unreachable: never = message;
        return unreachable;
      }
    }
  }

  private async capture(message: Extract<ReadMessage, { type: "order.capture" }>): Promise<void> {
    const { channelId } = this.requireToChange("orders.capture");
    if (channelId !== null && channelId !== message.channel) {
      throw new ApiError("channel_forbidden", `The key is bound to the channel ${channelId}.`);
    }
    if (Buffer.byteLength(message.payload) > MAX_BODY_BYTES) {
      throw new ApiError("payload_too_large", `A payload has at most ${MAX_BODY_BYTES} bytes.`);
    }
    checkChannelDocument(message.payload);
    const results = await captureOrders(this.services.operations, {
      channelId: message.channel,
      topic: message.topic ?? null,
      payload: message.payload,
      adapters: this.services.channelAdapters,
      cause: `channel:${message.channel}`,
    });
    this.services.metrics.countCaptured(results);
    this.reply(message, { re: message.id, type: "order.captured", results });
  }

  private async change(message: Extract<ReadMessage, { type: "order.change" }>): Promise<void> {
    const principal = this.requireToChange("orders.change");
    const { by, channelId } = principal;
    const { order: orderId, key, change } = message;
    const { database, operations } = this.services;
    if (channelId !== null && !(await hasOrder(database, orderId, channelId))) {
      const archive = await archivedOrders(database, [orderId]);
      if (archive === null || !(await hasOrder(archive, orderId, channelId)))
        throw new ApiError("order_not_found", `There is no order ${orderId}.`);
    }
    const giver = await giverFor(this.services, principal);
    const edit = () => editOrder(operations, { ...change, orderId, by, key: `${by}:${key}`, giver });
    let changed = await edit();
    if (changed.status === "refused" && changed.code === "order_not_found")
      if (await bringBack(database, [orderId])) changed = await edit();
    if (changed.status === "refused") throw ApiError.of(changed);
    this.reply(message, { re: message.id, type: "order.changed", ...changed });
  }

  private async subscribeToOrders(message: Extract<ReadMessage, { type: "feed.subscribe" }>): Promise<void> {
    requirePermission(this.principal, "orders.read");
    await this.holdWithin(message.order ?? null);
    const { channelId } = this.principal;
    await this.subscribe(message, {
      name: "orders",
      hub: this.orderFeed,
      after: cursorFrom(message.after, parseFeedCursor),
      filter: {
        orderId: message.order ?? null,
        channels: channelId === null ? boundsOf(this.principal).channels : [channelId],
      },
      deliver: (entries, cursor) =>
        this.send({
          type: "feed.events",
          cursor: formatFeedCursor(cursor),
          events: this.mayReadPersonalData
            ? entries.map(feedEvent)
            : entries.map((entry) => withoutPersonalData(feedEvent(entry)) as FeedEvent),
        }),
      confirm: (cursor) =>
        this.reply(message, { re: message.id, type: "feed.subscribed", cursor: formatFeedCursor(cursor) }),
    });
  }

  private async subscribeToStock(message: Extract<ReadMessage, { type: "stock.subscribe" }>): Promise<void> {
    requirePermission(this.principal, "stock.read");
    if (message.channel !== undefined) {
      await this.subscribeToChannelStock(message, message.channel);
      return;
    }
    await this.subscribe(message, {
      name: "stock",
      hub: this.stockFeed,
      after: cursorFrom(message.after, parseStockFeedCursor),
      filter: { skus: message.skus ?? null, locations: this.ownLocations(message.locations) },
      deliver: (entries, cursor) =>
        this.send({
          type: "stock.changes",
          cursor: formatStockFeedCursor(cursor),
          positions: entries.map(stockChange),
        }),
      confirm: (cursor) =>
        this.reply(message, {
          re: message.id,
          type: "stock.subscribed",
          cursor: formatStockFeedCursor(cursor),
        }),
    });
  }

  /** With what a channel may sell of the SKUs. Where what decides about that changes, all comes anew. */
  private async subscribeToChannelStock(
    message: Extract<ReadMessage, { type: "stock.subscribe" }>,
    channel: string,
    isAnew = false,
  ): Promise<void> {
    const { channelId, within } = this.principal;
    if (channelId !== null && channelId !== channel)
      throw new ApiError("channel_forbidden", `The key is bound to the channel ${channelId}.`);
    if (isBound(within)) requireWithin(within, { channel });
    const { database, allocator, logger } = this.services;
    const context = { database, allocator };
    const follower = await ChannelStockFollower.start(context, channel, message.skus ?? null);
    if (follower === null) throw new ApiError("channel_not_found", `There is no channel "${channel}".`);
    const skus =
      message.skus === undefined ? null : await ChannelStockFollower.positionsOf(database, message.skus);
    let told = Promise.resolve();
    let isOver = false;
    const fail = (error: unknown): void => {
      if (isOver || !this.open) return;
      logFailure(logger, error, { type: message.type }, "a feed subscription failed");
      this.socket.close(TRY_AGAIN_LATER, "feed_failed");
    };
    await this.subscribe(message, {
      name: "stock",
      hub: this.stockFeed,
      after: isAnew ? [] : cursorFrom(message.after, parseStockFeedCursor),
      filter: { skus, locations: message.locations ?? null },
      deliver: (entries, cursor) => {
        // One after the other: the cursors of a feed go up.
        told = told
          .then(async () => {
            const sellable = await follower.sellable(entries.map(({ sku }) => sku));
            if (isOver || !this.open) return;
            this.send({
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
        this.reply(message, { re: message.id, type: "stock.subscribed", cursor: said });
      },
    });
    const end = this.feedEnds.get("stock");
    // Ended already, by the client or with the connection.
    if (end === undefined) return;
    const timer = setInterval(() => {
      follower
        .isOutdated()
        .then(async (isOutdated) => {
          if (isOutdated && !isOver && this.open) await this.subscribeToChannelStock(message, channel, true);
        })
        .catch(fail);
    }, CHANNEL_RULES_MS);
    this.feedEnds.set("stock", () => {
      isOver = true;
      clearInterval(timer);
      end();
    });
  }

  private async subscribeToDevices(
    message: Extract<ReadMessage, { type: "devices.subscribe" }>,
  ): Promise<void> {
    requirePermission(this.principal, "devices.read");
    if (this.principal.within.channels !== null) requireWithin(this.principal.within, {});
    await this.subscribe(message, {
      name: "devices",
      hub: this.deviceFeed,
      after: cursorFrom(message.after, parseFeedCursor),
      filter: {
        devices: message.devices ?? null,
        locations: this.ownLocations(message.locations),
        kinds: message.kinds ?? null,
      },
      deliver: (entries, cursor) =>
        this.send({
          type: "devices.events",
          cursor: formatFeedCursor(cursor),
          events: entries.map(deviceEvent),
        }),
      confirm: (cursor) =>
        this.reply(message, { re: message.id, type: "devices.subscribed", cursor: formatFeedCursor(cursor) }),
    });
  }

  /** For whoever may see the page *System*. */
  private async subscribeToNodes(message: Extract<ReadMessage, { type: "nodes.subscribe" }>): Promise<void> {
    requirePermission(this.principal, "metrics.read");
    await this.subscribe(message, {
      name: "nodes",
      hub: this.nodeFeed,
      after: cursorFrom(message.after, parseFeedCursor),
      filter: { kinds: message.kinds ?? null },
      deliver: (entries, cursor) =>
        this.send({
          type: "nodes.events",
          cursor: formatFeedCursor(cursor),
          events: entries.map(({ cursor: _cursor, ...event }) => event),
        }),
      confirm: (cursor) =>
        this.reply(message, { re: message.id, type: "nodes.subscribed", cursor: formatFeedCursor(cursor) }),
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
    this.endFeed(feed.name);
    const subscription = await feed.hub.subscribe(
      {
        filter: feed.filter,
        deliver: feed.deliver,
        congested: () => this.socket.bufferedBytes() > CATCH_UP_PAUSE_BYTES,
        writable: async () => {
          // What was just delivered must reach the socket before the socket's backlog can be read.
          this.flush();
          while (this.open && this.socket.bufferedBytes() > CATCH_UP_PAUSE_BYTES) {
            await this.socket.whenDrained();
          }
          return this.open;
        },
        fail: (error) => {
          logFailure(this.services.logger, error, { type: message.type }, "a feed subscription failed");
          this.socket.close(TRY_AGAIN_LATER, "feed_failed");
        },
      },
      feed.after,
    );
    // While the feed was asked, the socket may have closed, the message's time may be up, or this connection
    // may have subscribed anew.
    if (!this.open || this.givenUp.has(message)) {
      subscription.end();
      return;
    }
    this.endFeed(feed.name);
    this.feedEnds.set(feed.name, subscription.end);
    feed.confirm(subscription.cursor);
    subscription.start();
  }

  private get mayReadPersonalData(): boolean {
    return this.principal.permissions.has("personal-data.read");
  }

  /** Of the places that were asked for, or of all, those of whoever asks; null: all. */
  private ownLocations(asked: readonly string[] | undefined): readonly string[] | null {
    const { locations } = this.principal.within;
    if (locations === null) return asked ?? null;
    return asked === undefined ? [...locations] : asked.filter((id) => locations.has(id));
  }

  /**
   * Whoever is bound to places follows the orders that have something there, one by one: an order's entries do
   * not say where they happened.
   */
  private async holdWithin(orderId: string | null): Promise<void> {
    const { within } = this.principal;
    if (!isBound(within)) return;
    if (orderId === null) {
      if (within.locations !== null) requireWithin(within, {});
      return;
    }
    const places = await placesOf(this.services.database, "order", orderId);
    if (places !== null) requireWithin(within, places);
  }

  private endFeed(name: FeedName): void {
    this.feedEnds.get(name)?.();
    this.feedEnds.delete(name);
  }

  /** What consists of bytes has no form in JSON. */
  private requireBinary(type: string): void {
    if (this.codec.binary) return;
    throw new ApiError("unsupported_subprotocol", `${type} is spoken in ${SUBPROTOCOL_MSGPACK} only.`);
  }

  /** The permission to change something. A browser's session can only read here. */
  private requireToChange(permission: Permission): Principal {
    return requirePermission(this.toChange(), permission);
  }

  private toChange(): Principal {
    if (this.principal.staff !== null) {
      throw new ApiError(
        "forbidden",
        "A session reads the stream only; send changes by REST or with an API key.",
      );
    }
    return this.principal;
  }

  private countBadFrame(): void {
    this.badFrames += 1;
    if (this.badFrames < MAX_BAD_FRAMES) return;
    const error = new ApiError(
      "too_many_bad_frames",
      `The connection is closed after ${MAX_BAD_FRAMES} bad frames.`,
    );
    this.refuse(null, "frame", error);
    this.flush();
    this.socket.close(POLICY_VIOLATION, "too_many_bad_frames");
  }

  private refuse(id: string | null, type: string, error: unknown): void {
    const described = describeError(error);
    logFailure(this.services.logger, error, { by: this.principal.by, type }, "a message failed");
    this.services.metrics.countMessage(type, described.code);
    void this.services.security.denied(this.origin, this.principal, `stream ${type}`, error);
    this.send({ re: id, type: "error", ...described });
    if (described.code === "handles_void") this.endWithEngine();
  }

  /**
   * Its handles are of an engine that has ended. Were it kept open, one that the client still has could come to
   * name another position.
   */
  private endWithEngine(): void {
    this.flush();
    this.socket.close(SERVICE_RESTART, "handles_void");
  }

  private reply(message: ReadMessage, reply: ServerMessage): void {
    if (!this.deadlines.settle(message)) return;
    this.services.metrics.countMessage(message.type, "done");
    this.send(reply);
  }

  private send(message: ServerMessage): void {
    if (!this.open) return;
    this.outbox.push(message);
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    // Runs once everything that follows from the promises settled now has run: the replies of one commit
    // leave in one frame.
    process.nextTick(() => this.flush());
  }
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
  if (cursor === null) throw new ApiError("invalid_cursor", "The cursor is not one that this feed gave out.");
  return cursor;
}

/** Only what is said of orders is traced: of other messages there are too many, and they are over at once. */
function traced(
  { type, traceparent }: { readonly type: string; readonly traceparent?: string },
  work: () => Promise<void>,
): Promise<void> {
  return inCallersSpan(`stream ${type}`, { traceparent }, { "messaging.operation.name": type }, work);
}
