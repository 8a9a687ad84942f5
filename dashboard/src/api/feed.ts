/**
 * The live feeds over `/v1/stream`, of orders and of devices: one WebSocket for the whole application, opened
 * with the first watcher and closed with the last. Owns the connection, its resumption and its scope; leaves
 * the meaning of events to the watchers.
 *
 * R1: after a reconnect a feed resumes after the last cursor it has seen, so no event is missed.
 * R2: where resuming is impossible (the cursor is too old, or the scope has changed) watchers are told to
 *   reload.
 * R3: the subscription is narrowed to one order while all watchers want only that order.
 */
import { signal } from "@preact/signals";
import type { DeviceEvent } from "../../../contract/devices.ts";
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

type DeviceWatcher = {
  readonly onEvents: (events: readonly DeviceEvent[]) => void;
  /** Events may have been missed: load again. */
  readonly onGap: () => void;
};

const watchers = new Set<Watcher>();
const deviceWatchers = new Set<DeviceWatcher>();
let socket: WebSocket | null = null;
let greeted = false;
let cursor: string | null = null;
let subscribedOrder: string | undefined;
let subscribed = false;
let deviceCursor: string | null = null;
let devicesSubscribed = false;
/** The message that subscribed to devices, by which a refusal of it is known. */
let devicesRequest = "";
let nextId = 1;
let retryMs = FIRST_RETRY_MS;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setInterval> | undefined;
let heardAt = 0;

/** @returns stops watching. */
export function watchFeed(watcher: Watcher): () => void {
  return watch(watchers, watcher);
}

/** @returns stops watching. */
export function watchDevices(watcher: DeviceWatcher): () => void {
  return watch(deviceWatchers, watcher);
}

function watch<T>(among: Set<T>, watcher: T): () => void {
  among.add(watcher);
  settle();
  return () => {
    among.delete(watcher);
    // A page change removes one watcher and adds the next in the same task: decide when that is over.
    queueMicrotask(settle);
  };
}

/** Brings connection and subscription in line with what the watchers want now. */
function settle(): void {
  if (isUnwatched()) {
    close();
    return;
  }
  if (socket === null) {
    if (retryTimer === undefined) open();
    return;
  }
  if (!greeted) return;
  settleOrders();
  settleDevices();
}

function isUnwatched(): boolean {
  return watchers.size === 0 && deviceWatchers.size === 0;
}

function settleOrders(): void {
  const isWanted = watchers.size > 0;
  if (subscribed === isWanted && (!isWanted || wantedOrder() === subscribedOrder)) return;
  if (subscribed) {
    send({ type: "feed.unsubscribe" });
    subscribed = false;
    cursor = null;
  }
  if (isWanted) subscribe();
}

function settleDevices(): void {
  const isWanted = deviceWatchers.size > 0;
  if (devicesSubscribed === isWanted) return;
  if (isWanted) subscribeToDevices();
  else {
    send({ type: "devices.unsubscribe" });
    devicesSubscribed = false;
    deviceCursor = null;
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
    greeted = false;
    subscribed = false;
    devicesSubscribed = false;
    clearInterval(silenceTimer);
    if (isUnwatched()) return;
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
  greeted = false;
  subscribed = false;
  devicesSubscribed = false;
  cursor = null;
  deviceCursor = null;
  feedState.value = "off";
  closing?.close();
}

function receive(message: ServerMessage): void {
  switch (message.type) {
    case "hello":
      greeted = true;
      settle();
      return;
    case "feed.subscribed":
      if (cursor === null) {
        cursor = message.cursor;
        // What happened between a page's first load and this moment is in no event.
        for (const watcher of [...watchers]) watcher.onGap();
      }
      isLive();
      return;
    case "devices.subscribed":
      if (deviceCursor === null) {
        deviceCursor = message.cursor;
        for (const watcher of [...deviceWatchers]) watcher.onGap();
      }
      isLive();
      return;
    case "devices.events":
      // The last of what nobody watches any more.
      if (!devicesSubscribed) return;
      deviceCursor = message.cursor;
      for (const watcher of [...deviceWatchers]) watcher.onEvents(message.events);
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
      // Whoever may not follow all orders has the pages as they were loaded, and no connection to wait for.
      if (message.code === "outside_role" || message.code === "forbidden") feedState.value = "off";
      // A cursor that the server no longer has: start from now and let the pages load again.
      if (!message.code.includes("cursor")) return;
      if (message.re === devicesRequest) {
        deviceCursor = null;
        subscribeToDevices();
      } else if (cursor !== null) {
        cursor = null;
        subscribe();
      }
      return;
    default:
      return;
  }
}

function isLive(): void {
  retryMs = FIRST_RETRY_MS;
  feedState.value = "live";
}

function subscribeToDevices(): void {
  devicesSubscribed = true;
  devicesRequest = send({ type: "devices.subscribe", after: deviceCursor });
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

/** @returns the id under which it was sent */
function send(message: WithoutId<ClientMessage>): string {
  const id = String(nextId++);
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ id, ...message }));
  return id;
}
