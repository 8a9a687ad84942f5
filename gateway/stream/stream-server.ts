/**
 * The WebSocket side of the gateway: admits connections to `/v1/stream`, hands their frames to `Connection`,
 * and ends them. Owns everything that touches uWebSockets' sockets. Leaves the meaning of messages to
 * `connection.ts`.
 */
import type { TemplatedApp, WebSocket } from "uWebSockets.js";
import {
  DRAIN_CHECK_MS,
  MAX_BACKPRESSURE_BYTES,
  MAX_CONNECTIONS,
  MAX_FRAME_BYTES,
  MAX_RUNNING_MESSAGES,
  MAX_RUNNING_PER_CHANNEL,
  MAX_TRANSPORT_FRAME_BYTES,
  MESSAGE_ANSWERED_WITHIN_MS,
  REVALIDATE_MS,
  STOP_DEADLINE_MS,
  WEBSOCKET_IDLE_SECONDS,
} from "../../config/limits.ts";
import type { ServerMessage } from "../../contract/stream.ts";
import { looksLikeApiKey } from "../../store/access/api-keys.ts";
import { startListener } from "../../store/sql/listener.ts";
import {
  authenticate,
  type Credential,
  isOwnOrigin,
  type Principal,
  presentedAs,
  presentedCredential,
  sameRights,
} from "../access/authentication.ts";
import { countedAs } from "../access/client-address.ts";
import { copyRequest, writeReply } from "../http/http-server.ts";
import { requireKnownHost } from "../http/known-host.ts";
import type { Services } from "../http/route.ts";
import { callerFrom, type Origin } from "../http/security-events.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { ApiError, type Described, describeError, logFailure, problemReply } from "../wire/problem.ts";
import { statusOf } from "../wire/status-codes.ts";
import { type Codec, chooseCodec } from "./codec.ts";
import { Connection, type StreamSocket } from "./connection.ts";
import { FairQueue } from "./fair-queue.ts";
import { FeedHub } from "./feed-hub.ts";
import { deviceFeedSource, nodeFeedSource, orderFeedSource, stockFeedSource } from "./feeds.ts";

type SocketData = {
  readonly credential: Credential;
  readonly origin: Origin;
  readonly codec: Codec;
  /** Null until the credential has been checked. */
  connection: Connection | null;
  /** Frames that came before that. */
  early: { readonly bytes: Buffer; readonly isBinary: boolean }[];
  /** Wakes what waits for the socket to drain. */
  onDrain: (() => void)[];
};

type StreamServer = {
  addRoutes(app: TemplatedApp): void;
  /** Takes no new messages, lets those in work be answered, and closes every connection with 1012. */
  stop(): Promise<void>;
};

/** Close codes of RFC 6455 and its registry. */
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;

export function createStreamServer(services: Services): StreamServer {
  const { metrics, logger } = services;
  const queue = new FairQueue({ running: MAX_RUNNING_MESSAGES, perSender: MAX_RUNNING_PER_CHANNEL });
  const orderFeed = new FeedHub(orderFeedSource(services.database), logger);
  const stockFeed = new FeedHub(stockFeedSource(services.database), logger);
  const deviceFeed = new FeedHub(deviceFeedSource(services.database), logger);
  const nodeFeed = new FeedHub(nodeFeedSource(services.database), logger);
  const sockets = new Set<WebSocket<SocketData>>();
  let stopping = false;
  /** How often open connections have been looked at. */
  let looks = 0;
  // The database tells of changed roles, members and keys; that it is looked at now and then as well is for
  // what runs out by itself.
  const revalidation = startListener({
    database: services.database,
    channel: "access",
    everyMs: REVALIDATE_MS,
    work: async () => {
      await revalidate();
      return false;
    },
    onFault: (error) => logFailure(logger, error, {}, "open connections could not be checked again"),
  });

  /**
   * A revoked key or an ended session closes the connections that it opened; other rights than it began with
   * have a connection begin anew, and its feeds resume from their cursors with what may be seen now.
   */
  async function revalidate(): Promise<void> {
    looks += 1;
    for (const socket of [...sockets]) {
      if (!sockets.has(socket)) continue;
      const { credential, connection } = socket.getUserData();
      const principal = await authenticate(services.database, credential, { renew: false });
      if (!sockets.has(socket)) continue;
      if (principal === null) {
        metrics.countCutOff("credential_ended");
        socket.end(POLICY_VIOLATION, "credential_ended");
      } else if (connection !== null && !sameRights(principal, connection.holder)) {
        metrics.countCutOff("rights_changed");
        socket.end(SERVICE_RESTART, "rights_changed");
      }
    }
  }

  /**
   * Checks what can be checked without asking the database, so that a refusal here is an HTTP answer.
   *
   * @throws ApiError where the connection is not admitted
   */
  function admit(request: Omit<HttpRequest, "body">): Pick<SocketData, "credential" | "codec"> {
    requireKnownHost(request.headers["host"], services.hosts);
    if (stopping) throw new ApiError("stopping", "The server is stopping; connect again.");
    if (sockets.size >= MAX_CONNECTIONS) {
      throw new ApiError("too_many_connections", "Connect again later.", { retryAfterMs: 5_000 });
    }
    const wait = services.addressBuckets.take(countedAs(request.remoteAddress), Date.now());
    if (wait > 0) throw new ApiError("rate_limited", "Too many attempts.", { retryAfterMs: wait });
    const offered = (request.headers["sec-websocket-protocol"] ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const codec = chooseCodec(offered);
    if (codec === null) {
      throw new ApiError("unsupported_subprotocol", "Offer holdfast.v1.json or holdfast.v1.msgpack.");
    }
    if (new URLSearchParams(request.query).has("key")) {
      throw new ApiError(
        "key_in_address",
        "Send it as bearer token, or as the subprotocol holdfast.key.<key>, and give it another secret: logs may have this one.",
      );
    }
    const key = keyAmong(offered);
    const credential: Credential | null =
      presentedCredential(request.headers, services.cookies) ??
      (key === null ? null : { kind: "key", secret: key });
    if (credential === null || (credential.kind === "key" && !looksLikeApiKey(credential.secret))) {
      throw new ApiError(
        "unauthenticated",
        "Send an API key as bearer token, or as the subprotocol holdfast.key.<key>; or sign in.",
      );
    }
    if (credential.kind === "session" && !isOwnOrigin(request.headers, services.publicUrl)) {
      throw new ApiError("origin_forbidden", "A signed-in browser connects from Holdfast's own pages only.");
    }
    return { credential, codec };
  }

  /**
   * Checks who has connected. Then greets, or says why not and closes. Nothing that was sent is read before
   * that.
   */
  async function begin(socket: WebSocket<SocketData>): Promise<void> {
    const data = socket.getUserData();
    const { credential, codec, origin } = data;
    let principal: Principal | null;
    let seen: number;
    do {
      // A look that passes while this one is on its way would not see the connection.
      seen = looks;
      principal = await inTime(authenticate(services.database, credential));
    } while (seen !== looks);
    if (principal === null) {
      const caller = callerFrom(origin, null);
      await services.security.refused(caller, "access.unknown", "stream", presentedAs(credential));
    }
    if (!sockets.has(socket)) return;
    if (principal === null || principal.session?.lacksSecondFactor === true || stopping) {
      const code = principal === null ? "unauthenticated" : stopping ? "stopping" : "second_factor_demanded";
      const closeCode = code === "stopping" ? SERVICE_RESTART : POLICY_VIOLATION;
      turnAway(socket, { code, detail: statusOf(code).title }, closeCode);
      return;
    }
    const connection = new Connection({
      socket: streamSocket(socket, codec.binary),
      codec,
      principal,
      origin,
      services,
      queue,
      orderFeed,
      stockFeed,
      deviceFeed,
      nodeFeed,
    });
    data.connection = connection;
    connection.greet(MAX_FRAME_BYTES);
    for (const { bytes, isBinary } of data.early.splice(0)) connection.receive(bytes, isBinary);
  }

  /** Whoever connects is told something as soon as whoever has sent a message. */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new ApiError("storage_unavailable", "No answer came in time.", { retryAfterMs: 1_000 })),
        MESSAGE_ANSWERED_WITHIN_MS,
      );
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }

  /** Says why and closes. */
  function turnAway(socket: WebSocket<SocketData>, described: Described, closeCode: number): void {
    if (!sockets.has(socket)) return;
    const { codec } = socket.getUserData();
    const refusal: ServerMessage = { re: null, type: "error", ...described };
    const door = streamSocket(socket, codec.binary);
    door.send(codec.encode([refusal]));
    door.close(closeCode, described.code);
  }

  /**
   * Keeps a frame that came before the greeting. A client that sends much before it knows its credit is cut
   * off.
   */
  function keepEarly(socket: WebSocket<SocketData>, bytes: Buffer, isBinary: boolean): void {
    const { early } = socket.getUserData();
    early.push({ bytes, isBinary });
    if (early.reduce((sum, frame) => sum + frame.bytes.length, 0) <= MAX_TRANSPORT_FRAME_BYTES) return;
    metrics.countCutOff("too_early");
    socket.end(POLICY_VIOLATION, "too_early");
  }

  /** What a connection may do with its socket. Every call is harmless once the socket is gone. */
  function streamSocket(socket: WebSocket<SocketData>, binary: boolean): StreamSocket {
    return {
      send: (frames) => {
        if (!sockets.has(socket)) return;
        for (const frame of frames) {
          const bytes = typeof frame === "string" ? Buffer.byteLength(frame) : frame.length;
          if (socket.getBufferedAmount() + bytes > MAX_BACKPRESSURE_BYTES) {
            // Never drop what a reader was promised: it is cut off, reconnects and resumes from its cursor.
            metrics.countCutOff("slow_reader");
            socket.close();
            return;
          }
          socket.send(frame, binary);
        }
      },
      close: (code, reason) => {
        if (!sockets.has(socket)) return;
        metrics.countCutOff(reason);
        socket.end(code, reason);
      },
      bufferedBytes: () => (sockets.has(socket) ? socket.getBufferedAmount() : 0),
      whenDrained: () =>
        new Promise((resolve) => {
          if (!sockets.has(socket)) {
            resolve();
            return;
          }
          // uWebSockets has been seen to leave the word out where something else emptied the buffer: who
          // waits looks again after a while.
          const timer = setTimeout(resolve, DRAIN_CHECK_MS);
          socket.getUserData().onDrain.push(() => {
            clearTimeout(timer);
            resolve();
          });
        }),
    };
  }

  function addRoutes(app: TemplatedApp): void {
    app.ws<SocketData>("/v1/stream", {
      maxPayloadLength: MAX_TRANSPORT_FRAME_BYTES,
      // `send` above cuts off before this limit. It is set so that uWebSockets never drops a message by
      // itself.
      maxBackpressure: 2 * MAX_BACKPRESSURE_BYTES,
      closeOnBackpressureLimit: true,
      idleTimeout: WEBSOCKET_IDLE_SECONDS,
      sendPingsAutomatically: true,
      // No per-message deflate: it costs memory for each connection, and frames are small.
      upgrade: (res, req, context) => {
        // In one synchronous step. An upgrade after an await has to be corked; uWebSockets' cork then reads
        // the upgraded socket as if it were still an HTTP response, and sometimes closes it. So the
        // credential is checked afterwards.
        const request = copyRequest(res, req, services.clientAddress);
        try {
          const { credential, codec } = admit(request);
          const data: SocketData = {
            credential,
            origin: { id: request.id, remoteAddress: request.remoteAddress },
            codec,
            connection: null,
            early: [],
            onDrain: [],
          };
          const named = request.headers["sec-websocket-protocol"] !== undefined;
          res.upgrade(
            data,
            request.headers["sec-websocket-key"] ?? "",
            named ? codec.subprotocol : "",
            request.headers["sec-websocket-extensions"] ?? "",
            context,
          );
        } catch (error) {
          const described = describeError(error);
          logFailure(logger, error, { requestId: request.id }, "a connection could not be admitted");
          writeReply(res, request, problemReply(described.code, described.detail, described));
        }
      },
      open: (socket) => {
        sockets.add(socket);
        metrics.connectionOpened();
        begin(socket).catch((error: unknown) => {
          logFailure(logger, error, {}, "a connection could not begin");
          const described = describeError(error);
          turnAway(socket, described, described.code === "internal_error" ? INTERNAL_ERROR : TRY_AGAIN_LATER);
        });
      },
      message: (socket, message, isBinary) => {
        try {
          // The memory of `message` is taken back when this callback returns.
          const bytes = Buffer.from(new Uint8Array(message));
          const { connection } = socket.getUserData();
          if (connection === null) keepEarly(socket, bytes, isBinary);
          else connection.receive(bytes, isBinary);
        } catch (error) {
          logger.error({ err: error }, "a frame could not be handled");
          if (sockets.has(socket)) socket.end(INTERNAL_ERROR, "internal_error");
        }
      },
      drain: (socket) => {
        for (const resolve of socket.getUserData().onDrain.splice(0)) resolve();
      },
      close: (socket) => {
        sockets.delete(socket);
        metrics.connectionClosed();
        const data = socket.getUserData();
        data.connection?.closed();
        for (const resolve of data.onDrain.splice(0)) resolve();
      },
    });
  }

  return {
    addRoutes,
    stop: async () => {
      stopping = true;
      await revalidation.stop();
      for (const socket of sockets) socket.getUserData().connection?.refuseMore();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_DEADLINE_MS);
      });
      await Promise.race([queue.whenIdle(), deadline]);
      clearTimeout(timer);
      await Promise.all([orderFeed.stop(), stockFeed.stop(), deviceFeed.stop(), nodeFeed.stop()]);
      for (const socket of [...sockets]) {
        socket.getUserData().connection?.flush();
        if (sockets.has(socket)) socket.end(SERVICE_RESTART, "stopping");
      }
    },
  };
}

/**
 * Browsers can set no header on a WebSocket, and an address ends up in the logs of everything that passes it
 * on: a key may be offered as a subprotocol. It is not chosen, so that no answer repeats it.
 */
const KEY_SUBPROTOCOL = "holdfast.key.";

function keyAmong(offered: readonly string[]): string | null {
  const found = offered.find((name) => name.startsWith(KEY_SUBPROTOCOL));
  return found === undefined ? null : found.slice(KEY_SUBPROTOCOL.length);
}
