/**
 * A client of `/v1/stream`. Owns what callers see: requests, feeds, lanes. Leaves the connection to `Link`,
 * what is under way to `Outbox`, and where feeds stand to `Feed`.
 *
 * C1 A request resolves once, with its reply, however many connections it took.
 * C2 Nothing is done twice: what is sent again bears the ids that it bore before.
 * C3 A feed's reader gets every entry once.
 */
import type { DeviceEvent } from "../contract/devices.ts";
import type { FeedEvent, SellableStock, StockChange } from "../contract/stream.ts";
import type { NodeEvent } from "../contract/system.ts";
import { CODECS, type Encoding } from "./encoding.ts";
import { type CursorStore, Feed, type FeedDoor, type FeedKind, type FeedMessage } from "./feed.ts";
import { Lane, type LanePosition } from "./lane.ts";
import { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import type { CallerRequest, Reply, ReplyOf, ReplyTo, StreamRequest } from "./requests.ts";
import type { OpenSocket } from "./socket.ts";
import { StreamError } from "./stream-error.ts";

export type StreamOptions = {
  /** Of the system: `https://oms.example`. */
  readonly url: string;
  /** `hf_<id>_<secret>`. Left out in a browser: its session counts, which reads only. */
  readonly key?: string;
  /** Default: json. Lanes need msgpack. */
  readonly encoding?: Encoding;
  /** How long the server may be away, in milliseconds, before every request fails. Default: for ever. */
  readonly patienceMs?: number;
  /** The same for the first connection. Default: it is tried once. */
  readonly firstPatienceMs?: number;
  /** How long a request is sent again that the server refuses for the moment. Default: 60,000. */
  readonly requestPatienceMs?: number;
  /** The longest wait between two tries to connect, in milliseconds. Default: 15,000. */
  readonly mostWaitMs?: number;
  /** After so many milliseconds without a word the server is asked for one. Default: 20,000. */
  readonly silenceMs?: number;
  /** Requests that may wait to be sent, beside those that the server granted. Default: 10,000. */
  readonly mostWaiting?: number;
  /** And their bytes. Default: 64 MiB. */
  readonly mostWaitingBytes?: number;
};

type RequestOptions = {
  /** Gives the request up. What was sent may be done all the same. */
  readonly signal?: AbortSignal;
};

type FeedOptions = {
  /** The cursor after which to begin; null: from now on. */
  readonly after: string | null;
  /** Keeps the acknowledged place; where it has one, the feed begins there in place of `after`. */
  readonly store?: CursorStore;
  /** Entries that wait for their reader before the server is asked for no more. Default: 5,000. */
  readonly mostEntries?: number;
};

const MIB = 1024 * 1024;

export class StreamClient {
  private readonly link: Link;
  private readonly outbox: Outbox;
  private readonly requestPatienceMs: number;
  private readonly encoding: Encoding;
  private readonly feeds = new Map<FeedMessage["type"], Feed<unknown>>();
  /** Counts connections. */
  private connection = 0;
  private isConnected = false;
  private ended: StreamError | null = null;
  private first: { readonly resolve: () => void; readonly reject: (error: StreamError) => void } | null =
    null;

  private constructor(options: StreamOptions, openSocket: OpenSocket) {
    this.encoding = options.encoding ?? "json";
    const codec = CODECS[this.encoding];
    this.requestPatienceMs = options.requestPatienceMs ?? 60_000;
    this.outbox = new Outbox({
      codec,
      mostWaiting: options.mostWaiting ?? 10_000,
      mostWaitingBytes: options.mostWaitingBytes ?? 64 * MIB,
      send: (frame) => this.link.send(frame),
    });
    this.link = new Link(
      {
        address: `${options.url.replace(/^http/, "ws").replace(/\/+$/, "")}/v1/stream`,
        key: options.key ?? null,
        codec,
        openSocket,
        patienceMs: options.patienceMs ?? Number.POSITIVE_INFINITY,
        firstPatienceMs: options.firstPatienceMs ?? 0,
        mostWaitMs: options.mostWaitMs ?? 15_000,
        silenceMs: options.silenceMs ?? 20_000,
      },
      {
        greeted: (hello) => {
          this.connection += 1;
          this.isConnected = true;
          this.first?.resolve();
          this.first = null;
          // Feeds first: they are behind already.
          for (const feed of this.feeds.values()) feed.connected();
          this.outbox.opened(this.connection, hello);
        },
        said: (message) => {
          if (
            message.type === "feed.events" ||
            message.type === "stock.changes" ||
            message.type === "devices.events" ||
            message.type === "nodes.events"
          ) {
            this.feeds.get(message.type)?.said(message);
          } else if (message.type === "error" && message.re === null) {
            this.outbox.unreadable(message);
            this.link.drop();
          } else this.answered(message);
        },
        lost: () => {
          this.isConnected = false;
          for (const feed of this.feeds.values()) feed.lost();
          this.outbox.lost();
        },
        silent: () => {
          this.ask(
            { type: "ping" },
            this.connection,
            () => {},
            () => {},
          );
        },
        failed: (error) => {
          this.isConnected = false;
          this.end(error);
        },
      },
    );
  }

  /**
   * Resolves once the server has said hello.
   *
   * @throws StreamError `unauthenticated`, `unreachable` and others
   */
  static async connect(options: StreamOptions, openSocket: OpenSocket): Promise<StreamClient> {
    const client = new StreamClient(options, openSocket);
    await new Promise<void>((resolve, reject) => {
      client.first = { resolve, reject };
      client.link.open();
    });
    return client;
  }

  /** Requests without an answer. */
  get pending(): number {
    return this.outbox.pending;
  }

  /** Whether there is a connection at this moment. */
  get connected(): boolean {
    return this.isConnected;
  }

  /**
   * Sends a message and resolves with its reply.
   *
   * @throws StreamError where it is refused, given up, or the stream ends; `outcomeUnknown` says whether it may
   *   have been done
   */
  request<const M extends CallerRequest>(message: M, options: RequestOptions = {}): Promise<ReplyOf<M>> {
    return new Promise((resolve, reject) => {
      this.outbox.add({
        message,
        bound: null,
        patienceMs: this.requestPatienceMs,
        signal: options.signal,
        // The server answers each message by the reply of its type.
        done: (reply) => resolve(reply as ReplyOf<M>),
        failed: reject,
      });
    });
  }

  /**
   * Resolves when there is room for more requests. Whoever waits for it before each has a bounded number of
   * them in memory, however slow the server is.
   */
  room(): Promise<void> {
    return this.outbox.room();
  }

  /**
   * Sends everything that `messages` yields, as fast as the server takes it and no faster, and yields the
   * replies in the same order.
   *
   * @param mostUnderWay how many may be under way
   */
  async *requestAll<const M extends CallerRequest>(
    messages: Iterable<M> | AsyncIterable<M>,
    mostUnderWay = 1_024,
  ): AsyncGenerator<ReplyOf<M>, void, undefined> {
    const underWay: Promise<ReplyOf<M>>[] = [];
    for await (const message of messages) {
      await this.room();
      const reply = this.request(message);
      // Whoever stops reading hears of no failure, and nothing else does.
      reply.catch(() => {});
      underWay.push(reply);
      const [oldest] = underWay;
      if (oldest !== undefined && underWay.length >= mostUnderWay) {
        yield await oldest;
        await underWay.shift();
      }
    }
    for (const reply of underWay) yield await reply;
  }

  /** What happens to orders: of all that the key may see, or of one. */
  orderEvents(options: FeedOptions & { readonly order?: string }): Promise<Feed<FeedEvent>> {
    const { order } = options;
    return this.follow<FeedEvent>(options, {
      events: "feed.events",
      subscribe: (after) => ({ type: "feed.subscribe", after, ...(order === undefined ? {} : { order }) }),
      unsubscribe: { type: "feed.unsubscribe" },
      entriesOf: (message) => (message.type === "feed.events" ? message.events : []),
    });
  }

  /** Positions with their newest numbers, as they change; `after: "0"`: every position first. */
  stockChanges(
    options: FeedOptions & { readonly skus?: readonly string[]; readonly locations?: readonly string[] },
  ): Promise<Feed<StockChange>> {
    const { skus, locations } = options;
    return this.follow<StockChange>(options, {
      events: "stock.changes",
      subscribe: (after) => ({
        type: "stock.subscribe",
        after,
        ...(skus === undefined ? {} : { skus }),
        ...(locations === undefined ? {} : { locations }),
      }),
      unsubscribe: { type: "stock.unsubscribe" },
      entriesOf: (message) => (message.type === "stock.changes" ? message.positions : []),
    });
  }

  /**
   * What a channel may sell of each SKU, as it changes; `after: "0"`: of every SKU first. Put the numbers in
   * the place of what is known of the SKU.
   */
  channelStock(
    options: FeedOptions & { readonly channel: string; readonly skus?: readonly string[] },
  ): Promise<Feed<SellableStock>> {
    const { channel, skus } = options;
    return this.follow<SellableStock>(options, {
      events: "stock.changes",
      subscribe: (after) => ({
        type: "stock.subscribe",
        after,
        channel,
        ...(skus === undefined ? {} : { skus }),
      }),
      unsubscribe: { type: "stock.unsubscribe" },
      entriesOf: (message) => (message.type === "stock.changes" ? (message.sellable ?? []) : []),
    });
  }

  /** What happens to devices. */
  deviceEvents(
    options: FeedOptions & {
      readonly devices?: readonly string[];
      readonly locations?: readonly string[];
      readonly kinds?: readonly DeviceEvent["kind"][];
    },
  ): Promise<Feed<DeviceEvent>> {
    const { devices, locations, kinds } = options;
    return this.follow<DeviceEvent>(options, {
      events: "devices.events",
      subscribe: (after) => ({
        type: "devices.subscribe",
        after,
        ...(devices === undefined ? {} : { devices }),
        ...(locations === undefined ? {} : { locations }),
        ...(kinds === undefined ? {} : { kinds }),
      }),
      unsubscribe: { type: "devices.unsubscribe" },
      entriesOf: (message) => (message.type === "devices.events" ? message.events : []),
    });
  }

  /** What happens to the processes of the system, and who takes which shard. */
  nodeEvents(
    options: FeedOptions & { readonly kinds?: readonly NodeEvent["kind"][] },
  ): Promise<Feed<NodeEvent>> {
    const { kinds } = options;
    return this.follow<NodeEvent>(options, {
      events: "nodes.events",
      subscribe: (after) => ({ type: "nodes.subscribe", after, ...(kinds === undefined ? {} : { kinds }) }),
      unsubscribe: { type: "nodes.unsubscribe" },
      entriesOf: (message) => (message.type === "nodes.events" ? message.events : []),
    });
  }

  /**
   * A lane of reservations at these positions (1 to 4,096).
   *
   * @throws StreamError `unsupported_subprotocol` where the encoding is json
   */
  lane(name: string, positions: readonly LanePosition[]): Lane {
    if (this.encoding !== "msgpack") {
      throw new StreamError("unsupported_subprotocol", "Lanes consist of bytes, which JSON has none of.");
    }
    return new Lane(
      {
        openPositions: (wanted) =>
          new Promise((resolve, reject) => {
            this.ask(
              { type: "positions.open", positions: wanted },
              null,
              (reply, connection) => {
                if (reply.type === "positions.opened") resolve({ handles: reply.handles, connection });
              },
              reject,
            );
          }),
        applyOn: (connection, message) =>
          new Promise((resolve, reject) => {
            this.ask(message, connection, (reply) => resolve(reply as ReplyTo<"lane.apply">), reject);
          }),
        isCurrent: (connection) => this.isConnected && this.connection === connection,
        leave: (connection) => {
          if (this.isConnected && this.connection === connection) this.link.drop();
        },
      },
      name,
      positions,
    );
  }

  /** Resolves when every request has had its answer. */
  drained(): Promise<void> {
    return this.outbox.empty();
  }

  /** Ends the connection, feeds, and requests without an answer; resolves once it is closed. */
  async close(): Promise<void> {
    if (this.ended === null) this.end(new StreamError("stream_closed", "The stream was closed."));
    await this.link.close();
  }

  private async follow<Entry>(options: FeedOptions, kind: FeedKind<Entry>): Promise<Feed<Entry>> {
    const store = options.store ?? null;
    const after = (await store?.load()) ?? options.after;
    if (this.ended !== null) throw this.ended;
    if (this.feeds.has(kind.events)) {
      throw new StreamError("feed_open", `This stream follows ${kind.events} already.`);
    }
    const door: FeedDoor = {
      connection: () => (this.isConnected ? this.connection : null),
      ask: (connection, message, done, failed) =>
        this.outbox.add({ message, bound: connection, patienceMs: Number.POSITIVE_INFINITY, done, failed }),
      closed: () => {
        if (this.feeds.get(kind.events) === (feed as Feed<unknown> | undefined))
          this.feeds.delete(kind.events);
      },
    };
    const feed = new Feed(kind, door, {
      after,
      store,
      ...(options.mostEntries === undefined ? {} : { mostEntries: options.mostEntries }),
    });
    this.feeds.set(kind.events, feed);
    await feed.begin();
    return feed;
  }

  private ask(
    message: StreamRequest,
    bound: number | null,
    done: (reply: Reply, connection: number) => void,
    failed: (error: StreamError) => void,
  ): void {
    this.outbox.add({ message, bound, patienceMs: this.requestPatienceMs, done, failed });
  }

  private answered(
    reply: Reply | Extract<Parameters<Outbox["answered"]>[0], { readonly type: "error" }>,
  ): void {
    if (reply.type !== "error") this.link.progressed();
    this.outbox.answered(reply);
  }

  private end(error: StreamError): void {
    this.ended = error;
    this.first?.reject(error);
    this.first = null;
    for (const feed of [...this.feeds.values()]) {
      // A stream that its owner closes ends feeds; one that fails has them fail.
      if (error.code === "stream_closed") void feed.close();
      else feed.fail(error);
    }
    this.outbox.close(error);
  }
}
