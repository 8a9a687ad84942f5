/**
 * One connection's conversation: frames in, replies out, credit. Leaves the socket itself to
 * `stream-server.ts`, and what it subscribes to to `feed-subscriptions.ts`.
 *
 * V1 Every message that can be identified gets exactly one reply, within `MESSAGE_ANSWERED_WITHIN_MS`.
 * V2 A message is refused before any part of it is done, or all of it is done.
 * V3 No connection's messages hold more memory than `CONNECTION_PENDING_BYTES`.
 */
import {
  CONNECTION_CREDIT,
  CONNECTION_PENDING_BYTES,
  MAX_BAD_FRAMES,
  MAX_BODY_BYTES,
  MAX_FRAME_BYTES,
  MAX_FRAME_MESSAGES,
  MESSAGE_ANSWERED_WITHIN_MS,
} from "../../config/limits.ts";
import { inCallersSpan, traceOrderInRequest } from "../../config/trace.ts";
import type { ReadMessage } from "../../contract/client-messages.ts";
import { type ServerMessage, SUBPROTOCOL_MSGPACK } from "../../contract/stream.ts";
import { EngineError } from "../../engine/errors.ts";
import { failpoint } from "../../engine/failpoints.ts";
import type { LaneClient } from "../../engine/lane-client.ts";
import { bringBack } from "../../operations/archive/bring-back.ts";
import { captureOrders } from "../../operations/capture/capture-order.ts";
import { editOrder } from "../../operations/change/edit-order.ts";
import { runStockCommands } from "../../operations/stock/run-stock-commands.ts";
import { archivedOrders } from "../../store/archive/archive-reader.ts";
import { hasOrder } from "../../store/orders/order-views.ts";
import {
  type Principal,
  requireOneOf,
  requirePermission,
  requireStockPermissions,
} from "../access/authentication.ts";
import { type Permission, STOCK_COMMANDS_SOME } from "../access/permissions.ts";
import { giverFor } from "../http/giver.ts";
import type { Services } from "../http/route.ts";
import { callerFrom, type Origin } from "../http/security-events.ts";
import { checkChannelDocument } from "../wire/bounded-json.ts";
import { executeOnKnownPositions } from "../wire/known-positions.ts";
import { ApiError, describeError, logFailure } from "../wire/problem.ts";
import { readStockCommands } from "../wire/stock-commands.ts";
import type { Codec } from "./codec.ts";
import type { FairQueue } from "./fair-queue.ts";
import { FeedSubscriptions, ownLocations } from "./feed-subscriptions.ts";
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

/** Messages that may leave an outcome to wonder about. */
const CHANGES: ReadonlySet<ReadMessage["type"]> = new Set<ReadMessage["type"]>([
  "order.capture",
  "order.change",
  "stock.execute",
  "lane.apply",
]);
const LATE = { retryAfterMs: 1_000 };

export class Connection {
  private readonly socket: StreamSocket;
  private readonly codec: Codec;
  private readonly principal: Principal;
  private readonly origin: Origin;
  private readonly services: Services;
  private readonly queue: FairQueue;
  /** Its own: handles are of this connection. */
  private readonly lanes: LaneClient;
  private open = true;
  private refusing = false;
  private unanswered = 0;
  private unansweredBytes = 0;
  private badFrames = 0;
  private outbox: ServerMessage[] = [];
  private flushScheduled = false;
  private readonly subscriptions: FeedSubscriptions;
  private readonly deadlines = new ReplyDeadlines<ReadMessage>(MESSAGE_ANSWERED_WITHIN_MS, (message) =>
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
    const { orderFeed: orders, stockFeed: stock, deviceFeed: devices, nodeFeed: nodes } = options;
    this.subscriptions = new FeedSubscriptions(
      {
        principal: this.principal,
        services: this.services,
        socket: this.socket,
        isOpen: () => this.open,
        isGivenUp: (message) => this.givenUp.has(message),
        send: (message) => this.send(message),
        reply: (message, reply) => this.reply(message, reply),
        flush: () => this.flush(),
      },
      { orders, stock, devices, nodes },
    );
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
    this.subscriptions.endAll();
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
        const locations = ownLocations(this.principal, message.locations);
        const scope = {
          ...(locations === null ? {} : { locationIds: locations }),
          ...(pool === undefined ? {} : { pool }),
        };
        const available = await Promise.all(skus.map((sku) => this.services.allocator.available(sku, scope)));
        this.reply(message, { re: message.id, type: "stock.available", available });
        return;
      }
      case "feed.subscribe":
      case "feed.unsubscribe":
      case "stock.subscribe":
      case "stock.unsubscribe":
      case "devices.subscribe":
      case "devices.unsubscribe":
      case "nodes.subscribe":
      case "nodes.unsubscribe":
        await this.subscriptions.answer(message);
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
   * Its handles are of an engine that has ended. Were it kept open, one that the client still has could come
   * to name another position.
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

/** Only what is said of orders is traced: of other messages there are too many, and they are over at once. */
function traced(
  { type, traceparent }: { readonly type: string; readonly traceparent?: string },
  work: () => Promise<void>,
): Promise<void> {
  return inCallersSpan(`stream ${type}`, { traceparent }, { "messaging.operation.name": type }, work);
}
