/**
 * Keeps one connection alive: opens it, waits for the server's hello, notices when it is gone or silent, and
 * opens the next after a while. Knows nothing of requests and feeds, which `StreamClient` has.
 *
 * K1 There is never more than one connection.
 * K2 What cannot get better by waiting ends it for good: a key that is not valid, a server that speaks another
 *    protocol. Everything else is tried again.
 */
import type { ServerMessage } from "../contract/stream.ts";
import { type BackOff, backOff } from "./back-off.ts";
import type { Codec, Encoded } from "./encoding.ts";
import type { OpenSocket, Socket, SocketEnd } from "./socket.ts";
import { StreamError } from "./stream-error.ts";

export type Hello = Extract<ServerMessage, { readonly type: "hello" }>;
type Said = Exclude<ServerMessage, Hello>;

/** From the first byte to the server's hello. */
const HELLO_MS = 15_000;
/** A connection that lived as long has worked; the next failure is a first one. */
const WORKED_MS = 5_000;
const POLICY_VIOLATION = 1008;
const FIRST_WAIT_MS = 250;

export type LinkOptions = {
  readonly address: string;
  readonly key: string | null;
  readonly codec: Codec;
  readonly openSocket: OpenSocket;
  /** How long the server may be away before the link gives up; before its first hello, and afterwards. */
  readonly firstPatienceMs: number;
  readonly patienceMs: number;
  readonly mostWaitMs: number;
  /** A connection is asked for a sign of life after so long, and given up after one and a half times of it. */
  readonly silenceMs: number;
};

export type LinkEvents = {
  greeted(hello: Hello): void;
  said(message: Said): void;
  /** The connection is gone; the next is on its way. */
  lost(): void;
  /** Asks the server for a sign of life. */
  silent(): void;
  /** There will be no other connection. */
  failed(error: StreamError): void;
};

export class Link {
  private readonly options: LinkOptions;
  private readonly events: LinkEvents;
  private readonly waits: BackOff;
  private socket: Socket | null = null;
  private greetedAt: number | null = null;
  private heardAt = 0;
  private awaySince = Date.now();
  private wasGreeted = false;
  /** The last error that was told before a hello, which says more than how the connection ended. */
  private refusal: Extract<Said, { readonly type: "error" }> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private over = false;
  private whenClosed: (() => void) | null = null;

  constructor(options: LinkOptions, events: LinkEvents) {
    this.options = options;
    this.events = events;
    this.waits = backOff(FIRST_WAIT_MS, options.mostWaitMs);
  }

  open(): void {
    const { address, codec, key } = this.options;
    this.refusal = null;
    let socket: Socket | null = null;
    const isCurrent = () => socket === null || this.socket === socket;
    socket = this.options.openSocket(
      address,
      { subprotocol: codec.subprotocol, key },
      {
        frame: (frame) => {
          if (isCurrent()) this.read(frame);
        },
        ended: (end) => {
          if (isCurrent()) this.ended(end);
        },
      },
    );
    this.socket = socket;
    this.heardAt = Date.now();
    this.watch();
  }

  /** Whether messages may be sent. */
  get isOpen(): boolean {
    return this.greetedAt !== null;
  }

  send(frame: Encoded): void {
    this.socket?.send(frame);
  }

  /** The connection has proved useful. */
  progressed(): void {
    this.waits.reset();
  }

  /** Gives the present connection up; the next is opened. */
  drop(): void {
    this.socket?.drop();
  }

  /** Resolves once the connection is closed. */
  close(): Promise<void> {
    this.over = true;
    clearTimeout(this.timer);
    const { socket } = this;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.whenClosed = resolve;
      if (this.greetedAt === null) {
        socket.drop();
        return;
      }
      socket.close();
      // A server that is gone never says goodbye.
      this.timer = setTimeout(() => socket.drop(), 2_000);
    });
  }

  private read(frame: Encoded): void {
    this.heardAt = Date.now();
    let messages: readonly ServerMessage[];
    try {
      messages = this.options.codec.decode(frame);
    } catch {
      // Damaged on its way, or not Holdfast: what was lost is asked for over another connection.
      this.drop();
      return;
    }
    for (const message of messages) {
      if (this.over) return;
      if (message.type === "hello") this.greet(message);
      else if (this.greetedAt !== null) this.events.said(message);
      else if (message.type === "error") this.refusal = message;
    }
  }

  private greet(hello: Hello): void {
    if (this.greetedAt !== null) return;
    if (hello.protocol !== 1) {
      this.fail(new StreamError("unexpected_reply", `The server speaks protocol ${String(hello.protocol)}.`));
      return;
    }
    this.greetedAt = Date.now();
    this.wasGreeted = true;
    this.events.greeted(hello);
  }

  private ended(end: SocketEnd): void {
    clearTimeout(this.timer);
    this.socket = null;
    const since = this.greetedAt;
    this.greetedAt = null;
    if (this.over) {
      this.whenClosed?.();
      return;
    }
    if (since !== null) {
      this.awaySince = Date.now();
      if (Date.now() - since >= WORKED_MS) this.waits.reset();
      this.events.lost();
    }
    const why = this.errorOf(end);
    if (isFinal(end)) {
      this.fail(why);
      return;
    }
    const waitMs = this.waits.next(this.refusal?.retryAfterMs ?? end.refusal?.retryAfterMs);
    const { patienceMs, firstPatienceMs } = this.options;
    if (Date.now() + waitMs - this.awaySince > (this.wasGreeted ? patienceMs : firstPatienceMs)) {
      this.fail(why);
      return;
    }
    this.timer = setTimeout(() => this.open(), waitMs);
  }

  private errorOf(end: SocketEnd): StreamError {
    if (this.refusal !== null) {
      const { code, detail, retryAfterMs } = this.refusal;
      return new StreamError(code, detail, { retryAfterMs });
    }
    if (end.refusal !== null && end.refusal.code !== null) {
      const { code, detail, retryAfterMs, status } = end.refusal;
      return new StreamError(code, detail ?? `HTTP ${status}`, { retryAfterMs });
    }
    const { address } = this.options;
    const about = [end.code, end.reason].filter((part) => part !== "").join(" ");
    if (end.code === POLICY_VIOLATION && end.reason !== "") {
      return new StreamError(end.reason, `${address} closed the connection.`);
    }
    return new StreamError("unreachable", `${address} does not answer (${about}).`);
  }

  private fail(error: StreamError): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.socket?.drop();
    this.socket = null;
    this.greetedAt = null;
    this.events.failed(error);
  }

  /** A connection may be gone without a word: a cable, a sleeping laptop, a proxy that has forgotten it. */
  private watch(): void {
    clearTimeout(this.timer);
    const { silenceMs } = this.options;
    this.timer = setTimeout(() => {
      const silentFor = Date.now() - this.heardAt;
      if (this.greetedAt === null ? silentFor >= HELLO_MS : silentFor >= 1.5 * silenceMs) {
        this.drop();
        return;
      }
      if (this.greetedAt !== null && silentFor >= silenceMs) this.events.silent();
      this.watch();
    }, silenceMs / 4);
  }
}

function isFinal({ code, refusal }: SocketEnd): boolean {
  if (code === POLICY_VIOLATION) return true;
  if (refusal === null) return false;
  // Too many of us, or not now: that passes. Everything else of 400 is about the request, which stays the same.
  return refusal.status >= 400 && refusal.status < 500 && refusal.status !== 408 && refusal.status !== 429;
}
