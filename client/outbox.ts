/**
 * Requests on their way: those that wait, those that are sent and not answered, those that the server asked to
 * send later.
 *
 * O1 Every request ends exactly once: with its reply, with an error, or because it was given up.
 * O2 No more is unanswered on a connection than the server granted, in messages and in bytes.
 * O3 What is not answered when a connection ends is sent again over the next, under the same id and with the
 *    same bytes. Commands bear idempotency ids, so that what was done is not done twice.
 * O4 No more waits than `mostWaiting` messages and `mostWaitingBytes`.
 */
import type { ServerMessage } from "../contract/stream.ts";
import type { Codec, Encoded } from "./encoding.ts";
import type { Hello } from "./link.ts";
import type { Reply, StreamRequest } from "./requests.ts";
import { asUnknown, StreamError } from "./stream-error.ts";

/** Where the server does not say how many bytes may be unanswered. */
const CREDIT_BYTES = 8 * 1024 * 1024;
const MESSAGES_PER_FRAME = 256;
/** A frame that cannot be read is answered with an error of no message: one of these is the cause. */
const MOST_UNREADABLE = 3;
/** Wait before a repeat where the server names no time. */
const AGAIN_MS = 500;

/** Refusals that say "not now": the same message, sent later, is answered. */
const AGAIN: ReadonlySet<string> = new Set([
  "commit_outcome_unknown",
  "credit_exceeded",
  "engine_overloaded",
  "engine_stopped",
  "engine_unreachable",
  "shard_elsewhere",
  "shard_unavailable",
  "stopping",
  "storage_unavailable",
]);

export type Ask = {
  readonly message: StreamRequest;
  /** For this connection only: what it names is void on another. Null: for any. */
  readonly bound: number | null;
  /** Milliseconds for which refusals that say "not now" are answered by sending again. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called at once, in the order of the replies. */
  readonly done: (reply: Reply, connection: number) => void;
  readonly failed: (error: StreamError) => void;
};

type Pending = {
  readonly id: string;
  readonly encoded: Encoded;
  readonly bytes: number;
  readonly ask: Ask;
  readonly givesUpAt: number;
  /** Whether it has ever been sent: it may have been done. */
  sent: boolean;
  unreadable: number;
  /** The caller has its end; only the server's reply is still due. */
  over: boolean;
  readonly forget: () => void;
};

export type OutboxOptions = {
  readonly codec: Codec;
  readonly mostWaiting: number;
  readonly mostWaitingBytes: number;
  readonly send: (frame: Encoded) => void;
};

export class Outbox {
  private readonly options: OutboxOptions;
  private nextId = 1;
  private connection: number | null = null;
  private credit = 0;
  private creditBytes = 0;
  private maxFrameBytes = 0;
  /** Not sent on the present connection, oldest first. */
  private waiting: Pending[] = [];
  private waitingBytes = 0;
  private readonly unanswered = new Map<string, Pending>();
  private unansweredBytes = 0;
  private readonly delayed = new Map<Pending, ReturnType<typeof setTimeout>>();
  private flushScheduled = false;
  private ended: StreamError | null = null;
  private roomWanted: (() => void)[] = [];
  private emptyWanted: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  /** Requests without an answer. */
  get pending(): number {
    return this.waiting.length + this.unanswered.size + this.delayed.size;
  }

  add(ask: Ask): void {
    const { mostWaiting, mostWaitingBytes, codec } = this.options;
    if (this.ended !== null) {
      ask.failed(this.ended);
      return;
    }
    if (ask.signal?.aborted === true) {
      ask.failed(new StreamError("aborted", "It was given up before it was sent."));
      return;
    }
    const id = String(this.nextId++);
    const encoded = codec.encode({ id, ...ask.message });
    const bytes = codec.bytesOf(encoded);
    // What is bound to a connection is the client's own: a few, and a caller waits for none of them.
    if (
      ask.bound === null &&
      this.waiting.length > 0 &&
      (this.waiting.length >= mostWaiting || this.waitingBytes + bytes > mostWaitingBytes)
    ) {
      ask.failed(
        new StreamError("too_many_waiting", `${this.waiting.length} requests wait already to be sent.`),
      );
      return;
    }
    const onAbort = () => this.abort(pending);
    const pending: Pending = {
      id,
      encoded,
      bytes,
      ask,
      givesUpAt: Date.now() + ask.patienceMs,
      sent: false,
      unreadable: 0,
      over: false,
      forget: () => ask.signal?.removeEventListener("abort", onAbort),
    };
    ask.signal?.addEventListener("abort", onAbort, { once: true });
    this.wait(pending);
  }

  /** Resolves when there is room for more: at once, or when half of what may wait is sent. */
  room(): Promise<void> {
    if (this.ended !== null || !this.isFull()) return Promise.resolve();
    return new Promise((resolve) => this.roomWanted.push(resolve));
  }

  /** Resolves when every request has had its answer. */
  empty(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptyWanted.push(resolve));
  }

  /** @param connection names it among the others of this stream */
  opened(connection: number, { credit, creditBytes, maxFrameBytes }: Hello): void {
    this.connection = connection;
    this.credit = credit;
    // A frame of an array weighs a few bytes more than its messages.
    this.creditBytes = (creditBytes ?? CREDIT_BYTES) - 64 * 1024;
    this.maxFrameBytes = maxFrameBytes;
    this.flush();
  }

  lost(): void {
    this.connection = null;
    const again: Pending[] = [];
    for (const pending of this.unanswered.values()) {
      if (pending.over) continue;
      if (pending.ask.bound === null) again.push(pending);
      else this.fail(pending, new StreamError("connection_lost", "The connection ended."));
    }
    this.unanswered.clear();
    this.unansweredBytes = 0;
    this.waiting = [...again, ...this.waiting];
    this.waitingBytes = this.waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    this.settle();
  }

  answered(reply: Reply | Extract<ServerMessage, { readonly type: "error" }>): void {
    if (reply.re === null) return;
    const pending = this.unanswered.get(reply.re);
    // A reply that came twice, or to what was sent by somebody else.
    if (pending === undefined) return;
    this.unanswered.delete(reply.re);
    this.unansweredBytes -= pending.bytes;
    if (!pending.over) {
      if (reply.type === "error") this.refused(pending, reply);
      else {
        this.end(pending);
        pending.ask.done(reply, this.connection ?? 0);
      }
    }
    this.scheduleFlush();
    this.settle();
  }

  /**
   * The server could not read a frame, and no reply will come to what was in it. Called before the connection
   * is given up, which sends everything again; what is unreadable again and again is refused.
   */
  unreadable(error: Extract<ServerMessage, { readonly type: "error" }>): void {
    for (const pending of this.unanswered.values()) {
      pending.unreadable += 1;
      if (pending.unreadable >= MOST_UNREADABLE && !pending.over) {
        this.fail(pending, new StreamError(error.code, error.detail));
      }
    }
  }

  /** Ends everything that has no answer, now and from now on. */
  close(error: StreamError): void {
    this.ended = error;
    const all = [...this.unanswered.values(), ...this.waiting, ...this.delayed.keys()];
    this.unanswered.clear();
    for (const timer of this.delayed.values()) clearTimeout(timer);
    this.delayed.clear();
    this.waiting = [];
    this.waitingBytes = 0;
    for (const pending of all) if (!pending.over) this.fail(pending, error);
    this.settle();
  }

  private refused(pending: Pending, reply: Extract<ServerMessage, { readonly type: "error" }>): void {
    const { code, detail, retryAfterMs } = reply;
    if (retryAfterMs !== undefined || AGAIN.has(code)) {
      const asked = retryAfterMs ?? AGAIN_MS;
      // A little later than asked for, by chance: others were asked the same.
      const waitMs = asked * (1 + Math.random() / 4);
      if (Date.now() + waitMs <= pending.givesUpAt) {
        this.delayed.set(
          pending,
          setTimeout(() => {
            this.delayed.delete(pending);
            this.wait(pending);
          }, waitMs),
        );
        return;
      }
    }
    this.end(pending);
    const outcomeUnknown = code === "commit_outcome_unknown" || code === "storage_unavailable";
    pending.ask.failed(new StreamError(code, detail, { retryAfterMs, outcomeUnknown }));
  }

  private abort(pending: Pending): void {
    if (pending.over) return;
    this.waiting = this.waiting.filter((each) => each !== pending);
    this.waitingBytes = this.waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    clearTimeout(this.delayed.get(pending));
    this.delayed.delete(pending);
    this.fail(pending, new StreamError("aborted", "It was given up by its caller."));
    this.settle();
  }

  private wait(pending: Pending): void {
    this.waiting.push(pending);
    this.waitingBytes += pending.bytes;
    this.scheduleFlush();
  }

  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    // Requests of one turn leave in one frame.
    queueMicrotask(() => {
      this.flushScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const { connection, maxFrameBytes } = this;
    if (connection === null) return;
    let next = 0;
    let frame: Encoded[] = [];
    let frameBytes = 0;
    const leave = () => {
      if (frame.length > 0) this.options.send(this.options.codec.join(frame));
      frame = [];
      frameBytes = 0;
    };
    while (next < this.waiting.length) {
      const pending = this.waiting[next];
      if (pending === undefined || !this.mayBeSent(pending)) break;
      next += 1;
      this.waitingBytes -= pending.bytes;
      if (pending.ask.bound !== null && pending.ask.bound !== connection) {
        this.fail(pending, new StreamError("connection_lost", "The connection ended."));
        continue;
      }
      // In an array it has a comma or a head beside it.
      if (pending.bytes + 4 > maxFrameBytes) {
        const detail = `The message has ${pending.bytes} bytes, and a frame ${maxFrameBytes} at most.`;
        this.fail(pending, new StreamError("frame_too_large", detail));
        continue;
      }
      if (frame.length >= MESSAGES_PER_FRAME || frameBytes + pending.bytes + 4 > maxFrameBytes) leave();
      frame.push(pending.encoded);
      frameBytes += pending.bytes + 1;
      pending.sent = true;
      this.unanswered.set(pending.id, pending);
      this.unansweredBytes += pending.bytes;
    }
    if (next > 0) this.waiting = this.waiting.slice(next);
    leave();
    this.settle();
  }

  private mayBeSent({ bytes }: Pending): boolean {
    if (this.unanswered.size === 0) return true;
    return this.unanswered.size < this.credit && this.unansweredBytes + bytes <= this.creditBytes;
  }

  private isFull(): boolean {
    const { mostWaiting, mostWaitingBytes } = this.options;
    return this.waiting.length * 2 >= mostWaiting || this.waitingBytes * 2 >= mostWaitingBytes;
  }

  private end(pending: Pending): void {
    pending.over = true;
    pending.forget();
  }

  private fail(pending: Pending, error: StreamError): void {
    this.end(pending);
    pending.ask.failed(pending.sent ? asUnknown(error) : error);
  }

  /** Tells those who wait for room or for the end. */
  private settle(): void {
    if (this.roomWanted.length > 0 && (this.ended !== null || !this.isFull())) {
      for (const resolve of this.roomWanted.splice(0)) resolve();
    }
    if (this.emptyWanted.length > 0 && this.pending === 0) {
      for (const resolve of this.emptyWanted.splice(0)) resolve();
    }
  }
}
