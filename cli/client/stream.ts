/**
 * A connector's side of `/v1/stream`: as many messages under way as the server grants credit for, gathered
 * into frames, each answered exactly once.
 *
 * S1. A message is done only when its reply has come. After a reconnect all others are sent again. Captures
 *     and commands are idempotent, so a reply that was lost does no harm.
 * S2. At most `credit` messages are unanswered at any time.
 * S3. The feed resumes after its last cursor, so that no event is missed or seen twice.
 */
import { WebSocket } from "ws";
import {
  type ClientMessage,
  type FeedEvent,
  type ServerMessage,
  SUBPROTOCOL_JSON,
} from "../../contract/stream.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import type { Access } from "./credentials.ts";

/** How long the server may be gone before we give up; a restart takes some 10 s. */
const RECONNECT_PATIENCE_MS = 60_000;
const RECONNECT_DELAY_MS = 250;
/** In one frame. The server also limits a frame in bytes (hello.maxFrameBytes). */
const MESSAGES_PER_FRAME = 256;

type WithoutId<M> = M extends { readonly id: string } ? Omit<M, "id"> : never;
type StreamRequest = WithoutId<ClientMessage>;
type Reply = Exclude<ServerMessage, { readonly type: "hello" | "feed.events" }>;

type Pending = {
  readonly id: string;
  readonly text: string;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
};

export class StreamClient {
  private readonly access: Access;
  private socket: WebSocket | null = null;
  private credit = 0;
  private maxFrameBytes = 0;
  private nextId = 1;
  /** Not yet sent on the present connection, oldest first. */
  private waiting: Pending[] = [];
  private readonly unanswered = new Map<string, Pending>();
  /** Refused because of overload. Each is sent again after the time that the server named. */
  private readonly delayed = new Set<Pending>();
  private flushScheduled = false;
  private closed = false;
  private subscription: { readonly order?: string } = {};
  private feed: { cursor: string | null; readonly onEvents: (events: readonly FeedEvent[]) => void } | null =
    null;

  private constructor(access: Access) {
    this.access = access;
  }

  /** Resolves once the server has said hello. */
  static async open(access: Access): Promise<StreamClient> {
    const client = new StreamClient(access);
    await client.connect();
    return client;
  }

  /** Number of messages that wait for a reply. */
  get pending(): number {
    return this.waiting.length + this.unanswered.size + this.delayed.size;
  }

  request(message: StreamRequest): Promise<Reply> {
    if (this.closed) return Promise.reject(new Error("the stream is closed"));
    const id = String(this.nextId++);
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, text: JSON.stringify({ id, ...message }), resolve, reject });
      this.scheduleFlush();
    });
  }

  /** Follows the timelines of all orders, or of one, after `cursor` (`null`: from now on). */
  async subscribe(
    options: { readonly after: string | null; readonly order?: string },
    onEvents: (events: readonly FeedEvent[]) => void,
  ): Promise<void> {
    const feed = { cursor: options.after, onEvents };
    this.feed = feed;
    this.subscription = options.order === undefined ? {} : { order: options.order };
    const reply = await this.request({ type: "feed.subscribe", after: options.after, ...this.subscription });
    if (reply.type === "error")
      throw new UserProblem(reply.code, reply.detail, "docs/errors.md explains the code.");
    if (reply.type === "feed.subscribed") feed.cursor ??= reply.cursor;
  }
  /** Ends the connection. Messages without a reply are rejected. */
  close(): void {
    this.closed = true;
    this.socket?.close(1000);
    this.rejectAll(new Error("the stream was closed"));
  }

  private async connect(): Promise<void> {
    const deadline = Date.now() + RECONNECT_PATIENCE_MS;
    const first = this.maxFrameBytes === 0;
    for (;;) {
      try {
        await this.openSocket();
        return;
      } catch (error) {
        if (this.closed) return;
        if (first || error instanceof UserProblem || Date.now() > deadline) {
          throw error instanceof UserProblem ? error : unreachable(this.access.url, error);
        }
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_DELAY_MS));
      }
    }
  }

  private openSocket(): Promise<void> {
    const url = `${this.access.url.replace(/^http/, "ws")}/v1/stream`;
    const socket = new WebSocket(url, SUBPROTOCOL_JSON, {
      headers: { authorization: `Bearer ${this.access.key}` },
      handshakeTimeout: 10_000,
    });
    return new Promise((resolve, reject) => {
      let greeted = false;
      socket.on("unexpected-response", (_, response) => {
        reject(
          response.statusCode === 401 || response.statusCode === 403
            ? new UserProblem(
                "unauthorized",
                `${url} does not accept the key.`,
                "Check --key or HOLDFAST_KEY.",
              )
            : new Error(`HTTP ${response.statusCode}`),
        );
        socket.terminate();
      });
      socket.on("error", reject);
      socket.on("close", (code, reason) => {
        const why = [code, String(reason)].filter((part) => part !== "").join(" ");
        reject(new Error(`the connection was closed before the server's hello: ${why}`));
        if (greeted && this.socket === socket) this.reconnect();
      });
      socket.on("message", (data) => {
        for (const message of parseFrame(String(data))) {
          if (message.type === "hello") {
            greeted = true;
            this.socket = socket;
            this.credit = message.credit;
            this.maxFrameBytes = message.maxFrameBytes;
            resolve();
            this.scheduleFlush();
          } else if (!greeted && message.type === "error" && message.code === "unauthenticated") {
            // A key that has the right form but is not valid is refused after the upgrade, by a message.
            reject(
              new UserProblem(
                "unauthorized",
                `${url} does not accept the key.`,
                "Check --key or HOLDFAST_KEY.",
              ),
            );
          } else this.receive(message);
        }
      });
    });
  }

  private reconnect(): void {
    this.socket = null;
    if (this.closed) return;
    this.waiting = [...this.unanswered.values(), ...this.waiting];
    this.unanswered.clear();
    if (this.feed !== null && this.feed.cursor !== null) {
      const resume = { type: "feed.subscribe", after: this.feed.cursor, ...this.subscription } as const;
      this.request(resume).catch(() => {});
    }
    this.connect().catch((error: Error) => {
      this.closed = true;
      this.rejectAll(error);
    });
  }

  private receive(message: Exclude<ServerMessage, { readonly type: "hello" }>): void {
    if (message.type === "feed.events") {
      if (this.feed === null) return;
      this.feed.cursor = message.cursor;
      this.feed.onEvents(message.events);
      return;
    }
    if (!("re" in message) || message.re === null) return;
    const pending = this.unanswered.get(message.re);
    if (pending === undefined) return;
    this.unanswered.delete(message.re);
    if (message.type === "error" && message.retryAfterMs !== undefined) {
      // Overload is a request to come back later, not an answer.
      this.delayed.add(pending);
      setTimeout(() => {
        if (!this.delayed.delete(pending)) return;
        this.waiting.push(pending);
        this.scheduleFlush();
      }, message.retryAfterMs);
      return;
    }
    pending.resolve(message);
    this.scheduleFlush();
  }

  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const socket = this.socket;
    if (socket === null || socket.readyState !== WebSocket.OPEN) return;
    let next = 0;
    while (next < this.waiting.length && this.unanswered.size < this.credit) {
      const frame: string[] = [];
      let bytes = 2;
      while (next < this.waiting.length && this.unanswered.size < this.credit) {
        const pending = this.waiting[next];
        if (pending === undefined) break;
        const size = Buffer.byteLength(pending.text) + 1;
        if (frame.length > 0 && (frame.length >= MESSAGES_PER_FRAME || bytes + size > this.maxFrameBytes))
          break;
        frame.push(pending.text);
        bytes += size;
        this.unanswered.set(pending.id, pending);
        next += 1;
      }
      socket.send(frame.length === 1 && frame[0] !== undefined ? frame[0] : `[${frame.join(",")}]`);
    }
    if (next > 0) this.waiting = this.waiting.slice(next);
  }

  private rejectAll(error: Error): void {
    const all = [...this.unanswered.values(), ...this.waiting, ...this.delayed];
    this.unanswered.clear();
    this.delayed.clear();
    this.waiting = [];
    for (const pending of all) pending.reject(error);
  }
}

function parseFrame(text: string): readonly ServerMessage[] {
  const parsed: ServerMessage | readonly ServerMessage[] = JSON.parse(text);
  return Array.isArray(parsed) ? parsed : [parsed as ServerMessage];
}

function unreachable(url: string, error: unknown): UserProblem {
  return new UserProblem(
    "unreachable",
    `Holdfast does not answer at ${url} (${reasonOf(error)}).`,
    "Start it with `npm start`, or name another address with --url.",
    { cause: error },
  );
}
