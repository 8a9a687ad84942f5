/** A WebSocket as the client sees it, in Node and in browsers. */
import type { Encoded } from "./encoding.ts";

export type SocketEnd = {
  /** RFC 6455; 1006 where the connection broke. */
  readonly code: number;
  /** Of the server: one of its codes where it closed the connection. */
  readonly reason: string;
  /** What was answered in place of a WebSocket, where that is told; browsers do not tell. */
  readonly refusal: HttpRefusal | null;
};

export type HttpRefusal = {
  readonly status: number;
  readonly code: string | null;
  readonly detail: string | null;
  readonly retryAfterMs: number | undefined;
};

export type SocketEvents = {
  frame(frame: Encoded): void;
  /** Once; nothing comes afterwards. */
  ended(end: SocketEnd): void;
};

export type Socket = {
  send(frame: Encoded): void;
  /** Says goodbye. */
  close(): void;
  /** Ends it without waiting for the other side, which may be gone. */
  drop(): void;
};

/** @param address `ws://…/v1/stream` or `wss://…` */
export type OpenSocket = (
  address: string,
  options: { readonly subprotocol: string; readonly key: string | null },
  events: SocketEvents,
) => Socket;
