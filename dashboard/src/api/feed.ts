/**
 * The live feed over `/v1/stream`: one WebSocket for the whole application, opened with the first watcher and
 * closed with the last. Owns the connection, its resumption and its scope; leaves the meaning of events to
 * the watchers.
 *
 * R1: after a reconnect the feed resumes after the last cursor it has seen, so no event is missed.
 * R2: where resuming is impossible (the cursor is too old, or the scope has changed) watchers are told to
 *   reload.
 * R3: the subscription is narrowed to one order while all watchers want only that order.
 */
import { signal } from "@preact/signals";
import type { ClientMessage, FeedEvent, ServerMessage } from "../../../contract/stream.ts";

/**
 * Same value as the gateway's `SUBPROTOCOL_JSON`. Repeated, because the dashboard imports only types from
 * there.
 */
const SUBPROTOCOL = "holdfast.v1.json";
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** A connection that is silent for this long, though it was pinged, counts as dead. */
const SILENCE_MS = 30_000;

export type FeedState = "off" | "connecting" | "live" | "waiting";

export const feedState = signal<FeedState>("off");

type Watcher = {
  /** Only this order's events; all orders' where absent. */
  readonly order?: string;
  readonly onEvents: (events: readonly FeedEvent[]) => void;
  /** Events may have been missed: load again. */
  readonly onGap: () => void;
};

const watchers = new Set<Watcher>();
let socket: WebSocket | null = null;
let cursor: string | null = null;
let subscribedOrder: string | undefined;
let subscribed = false;
let nextId = 1;
let retryMs = FIRST_RETRY_MS;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setInterval> | undefined;
let heardAt = 0;

/** @returns stops watching. */
export function watchFeed(watcher: Watcher): () => void {
  watchers.add(watcher);
  settle();
  return () => {
    watchers.delete(watcher);
    // A page change removes one watcher and adds the next in the same task: decide when that is over.
    queueMicrotask(settle);
  };
}

/** Brings connection and subscription in line with what the watchers want now. */
function settle(): void {
  if (watchers.size === 0) {
    close();
    return;
  }
  if (socket === null) {
    if (retryTimer === undefined) open();
    return;
  }
  if (subscribed && wantedOrder() !== subscribedOrder) {
    send({ type: "feed.unsubscribe" });
    cursor = null;
    subscribe();
  }
}

function wantedOrder(): string | undefined {
  let wanted: string | undefined;
  for (const watcher of watchers) {
    if (watcher.order === undefined || (wanted !== undefined && watcher.order !== wanted)) return undefined;
    wanted = watcher.order;
  }
  return wanted;
}

function open(): void {
  retryTimer = undefined;
  feedState.value = "connecting";
  const url = new URL("/v1/stream", window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(url, SUBPROTOCOL);
  socket = opened;
  opened.onmessage = ({ data }) => {
    heardAt = Date.now();
    if (typeof data !== "string") return;
    const frame = JSON.parse(data) as ServerMessage | readonly ServerMessage[];
    for (const message of Array.isArray(frame) ? frame : [frame as ServerMessage]) receive(message);
  };
  opened.onclose = () => {
    if (socket !== opened) return;
    socket = null;
    subscribed = false;
    clearInterval(silenceTimer);
    if (watchers.size === 0) return;
    feedState.value = "waiting";
    // Spread out, so that not all browsers return to a restarted gateway at the same moment.
    retryTimer = setTimeout(open, retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  };
  heardAt = Date.now();
  silenceTimer = setInterval(() => {
    if (opened.readyState !== WebSocket.OPEN) return;
    if (Date.now() - heardAt > SILENCE_MS) opened.close();
    else if (Date.now() - heardAt > SILENCE_MS / 2) send({ type: "ping" });
  }, SILENCE_MS / 4);
}

function close(): void {
  clearTimeout(retryTimer);
  clearInterval(silenceTimer);
  retryTimer = undefined;
  const closing = socket;
  socket = null;
  subscribed = false;
  cursor = null;
  feedState.value = "off";
  closing?.close();
}

function receive(message: ServerMessage): void {
  switch (message.type) {
    case "hello":
      subscribe();
      return;
    case "feed.subscribed":
      if (cursor === null) {
        cursor = message.cursor;
        // What happened between a page's first load and this moment is in no event.
        for (const watcher of [...watchers]) watcher.onGap();
      }
      retryMs = FIRST_RETRY_MS;
      feedState.value = "live";
      return;
    case "feed.events":
      cursor = message.cursor;
      for (const watcher of [...watchers]) {
        const events =
          watcher.order === undefined
            ? message.events
            : message.events.filter((event) => event.orderId === watcher.order);
        if (events.length > 0) watcher.onEvents(events);
      }
      return;
    case "error":
      // A cursor that the server no longer has: start from now and let the pages load again.
      if (cursor !== null && message.code.includes("cursor")) {
        cursor = null;
        subscribe();
      }
      return;
    default:
      return;
  }
}

function subscribe(): void {
  subscribedOrder = wantedOrder();
  subscribed = true;
  send({
    type: "feed.subscribe",
    after: cursor,
    ...(subscribedOrder === undefined ? {} : { order: subscribedOrder }),
  });
}

type WithoutId<T> = T extends { readonly id: string } ? Omit<T, "id"> : never;

function send(message: WithoutId<ClientMessage>): void {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ id: String(nextId++), ...message }));
}
