/**
 * The WebSocket side of the gateway: admits connections to `/v1/stream`, hands their frames to `Connection`, and sees to
 * their end. Owns everything that touches uWebSockets' sockets; leaves what messages mean to `connection.ts`.
 */
import type { TemplatedApp, WebSocket } from "uWebSockets.js";
import {
  MAX_BACKPRESSURE_BYTES,
  MAX_CONNECTIONS,
  MAX_FRAME_BYTES,
  MAX_RUNNING_MESSAGES,
  MAX_RUNNING_PER_CHANNEL,
  MAX_TRANSPORT_FRAME_BYTES,
  REVALIDATE_MS,
  STOP_DEADLINE_MS,
  WEBSOCKET_IDLE_SECONDS,
} from "../../config/limits.ts";
import {
  authenticate,
  type Credential,
  isOwnOrigin,
  type Principal,
  presentedCredential,
} from "../authentication.ts";
import { copyRequest, type HttpRequest, writeReply } from "../http-server.ts";
import { ApiError, describeError, problemReply } from "../problem.ts";
import type { Services } from "../route.ts";
import { type Codec, chooseCodec } from "./codec.ts";
import { Connection, type StreamSocket } from "./connection.ts";
import { FairQueue } from "./fair-queue.ts";
import { FeedHub } from "./feed-hub.ts";

type SocketData = {
  readonly principal: Principal;
  readonly credential: Credential;
  readonly codec: Codec;
  connection: Connection | null;
  /** Wakes whoever waits for the socket to drain. */
  onDrain: (() => void)[];
};

export type StreamServer = {
  addRoutes(app: TemplatedApp): void;
  /** Takes no new messages, lets those in work be answered, and closes every connection with 1012. */
  stop(): Promise<void>;
};

/** Close codes of RFC 6455 and its registry. */
const POLICY_VIOLATION = 1008;
const SERVICE_RESTART = 1012;

export function createStreamServer(services: Services): StreamServer {
  const { metrics, logger } = services;
  const queue = new FairQueue({ running: MAX_RUNNING_MESSAGES, perLane: MAX_RUNNING_PER_CHANNEL });
  const hub = new FeedHub(services.database, logger);
  const sockets = new Set<WebSocket<SocketData>>();
  let stopping = false;
  let revalidating = false;
  const revalidation = setInterval(() => {
    if (revalidating) return;
    revalidating = true;
    revalidate()
      .catch((error: unknown) => logger.error({ err: error }, "open connections could not be checked again"))
      .finally(() => {
        revalidating = false;
      });
  }, REVALIDATE_MS);
  revalidation.unref();

  /** A revoked key or an ended session closes the connections that it opened. */
  async function revalidate(): Promise<void> {
    for (const socket of [...sockets]) {
      if (!sockets.has(socket)) continue;
      const { credential } = socket.getUserData();
      if ((await authenticate(services.database, credential, { renew: false })) !== null) continue;
      if (sockets.has(socket)) {
        metrics.countCutOff("credential_ended");
        socket.end(POLICY_VIOLATION, "credential_ended");
      }
    }
  }

  /** @throws ApiError where the connection is not admitted */
  async function admit(
    request: Omit<HttpRequest, "body">,
  ): Promise<Omit<SocketData, "connection" | "onDrain">> {
    if (stopping) throw new ApiError("stopping", "The server is stopping; connect again.");
    if (sockets.size >= MAX_CONNECTIONS) {
      throw new ApiError("too_many_connections", "Connect again later.", { retryAfterMs: 5_000 });
    }
    const offered = (request.headers["sec-websocket-protocol"] ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const codec = chooseCodec(offered);
    if (codec === null) {
      throw new ApiError("unsupported_subprotocol", "Offer holdfast.v1.json or holdfast.v1.msgpack.");
    }
    const key = new URLSearchParams(request.query).get("key");
    const credential: Credential | null =
      presentedCredential(request.headers) ?? (key === null ? null : { kind: "key", secret: key });
    const principal = await authenticate(services.database, credential);
    if (credential === null || principal === null) {
      const wait = services.addressBuckets.take(request.remoteAddress, Date.now());
      if (wait > 0) throw new ApiError("rate_limited", "Too many attempts.", { retryAfterMs: wait });
      throw new ApiError("unauthenticated", "Send an API key as bearer token or ?key=, or sign in.");
    }
    if (credential.kind === "session" && !isOwnOrigin(request.headers, services.publicUrl)) {
      throw new ApiError("origin_forbidden", "A signed-in browser connects from Holdfast's own pages only.");
    }
    return { principal, credential, codec };
  }

  /** What a connection may do with its socket. Every call is harmless once the socket is gone. */
  function streamSocket(socket: WebSocket<SocketData>, binary: boolean): StreamSocket {
    return {
      send: (frames) => {
        if (!sockets.has(socket)) return;
        for (const frame of frames) {
          const bytes = typeof frame === "string" ? Buffer.byteLength(frame) : frame.length;
          if (socket.getBufferedAmount() + bytes > MAX_BACKPRESSURE_BYTES) {
            // Never drop what a reader was promised: it reconnects and resumes from its cursor.
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
          if (sockets.has(socket)) socket.getUserData().onDrain.push(resolve);
          else resolve();
        }),
    };
  }

  function addRoutes(app: TemplatedApp): void {
    app.ws<SocketData>("/v1/stream", {
      maxPayloadLength: MAX_TRANSPORT_FRAME_BYTES,
      // `send` above cuts off before this limit; it is set so that uWebSockets never drops a message by itself.
      maxBackpressure: 2 * MAX_BACKPRESSURE_BYTES,
      closeOnBackpressureLimit: true,
      idleTimeout: WEBSOCKET_IDLE_SECONDS,
      sendPingsAutomatically: true,
      // No per-message deflate: it costs memory for each connection, and frames are small.
      upgrade: (res, req, context) => {
        let aborted = false;
        res.onAborted(() => {
          aborted = true;
        });
        const request = copyRequest(res, req);
        const webSocketKey = request.headers["sec-websocket-key"] ?? "";
        const extensions = request.headers["sec-websocket-extensions"] ?? "";
        const namedProtocol = request.headers["sec-websocket-protocol"] !== undefined;
        admit(request)
          .then((admitted) => {
            if (aborted) return;
            const data: SocketData = { ...admitted, connection: null, onDrain: [] };
            res.cork(() => {
              const protocol = namedProtocol ? admitted.codec.subprotocol : "";
              res.upgrade(data, webSocketKey, protocol, extensions, context);
            });
          })
          .catch((error: unknown) => {
            const described = describeError(error);
            if (described.code === "internal_error") {
              logger.error({ err: error, requestId: request.id }, "a connection could not be admitted");
            }
            if (!aborted) writeReply(res, request, problemReply(described.code, described.detail, described));
          });
      },
      open: (socket) => {
        sockets.add(socket);
        metrics.connectionOpened();
        const data = socket.getUserData();
        data.connection = new Connection({
          socket: streamSocket(socket, data.codec.binary),
          codec: data.codec,
          principal: data.principal,
          services,
          queue,
          hub,
        });
        data.connection.greet(MAX_FRAME_BYTES);
      },
      message: (socket, message, isBinary) => {
        try {
          // The memory behind `message` is taken back when this callback returns.
          socket.getUserData().connection?.receive(Buffer.from(new Uint8Array(message)), isBinary);
        } catch (error) {
          logger.error({ err: error }, "a frame could not be handled");
          if (sockets.has(socket)) socket.end(1011, "internal_error");
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
      clearInterval(revalidation);
      for (const socket of sockets) socket.getUserData().connection?.refuseMore();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_DEADLINE_MS);
      });
      await Promise.race([queue.whenIdle(), deadline]);
      clearTimeout(timer);
      await hub.stop();
      for (const socket of [...sockets]) {
        socket.getUserData().connection?.flush();
        if (sockets.has(socket)) socket.end(SERVICE_RESTART, "stopping");
      }
    },
  };
}
