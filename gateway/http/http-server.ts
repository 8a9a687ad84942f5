/**
 * The thin layer over uWebSockets.js: from its callbacks to plain requests and replies, and back.
 *
 * Owns what goes wrong where a native server is used carelessly: request data is copied before anything is
 * awaited, `onAborted` is attached first, nothing is written to a response that is gone, no exception enters
 * native code, a body beyond the limit is refused without being kept, all bodies together are bounded and so
 * are those that one key has announced, and a stop lets begun requests end. Leaves routing to its handler.
 */

import type {
  TemplatedApp,
  us_listen_socket as UwsListenSocket,
  HttpRequest as UwsRequest,
  HttpResponse as UwsResponse,
} from "uWebSockets.js";
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Logger } from "pino";
import {
  BODY_DEADLINE_MS,
  CALLER_WORK,
  MAX_BODIES_BYTES,
  MAX_BODY_BYTES,
  STOP_DEADLINE_MS,
  WORK_RETRY_MS,
} from "../../config/limits.ts";
import { type ClientAddress, isProxyHeader } from "../access/client-address.ts";
import { WorkInHand } from "../access/work-in-hand.ts";
import type { HttpHandler, HttpReply, HttpRequest } from "../wire/http-message.ts";
import { ApiError, problemReply } from "../wire/problem.ts";
import { OWN_POLICY } from "./content-policy.ts";
import { loadNativeServer } from "./native-server.ts";
import { streamBody, writeStream } from "./streamed-body.ts";

/**
 * In PEM form, the certificate with those between it and the authority after it. They have been looked at.
 */
export type TlsFiles = { readonly certFile: string; readonly keyFile: string };

type HttpServer = {
  readonly port: number;
  /** Takes no more connections, lets begun requests end (at most `STOP_DEADLINE_MS`), closes the rest. */
  stop(): Promise<void>;
};

/**
 * Nothing from other sites runs in our pages, and no other site shows them in a frame. A reply may have a
 * policy of its own (`content-policy.ts`).
 */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ["content-security-policy", OWN_POLICY],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  // Nothing of a device is for our pages, nor for what they show in frames.
  [
    "permissions-policy",
    "bluetooth=(), camera=(), display-capture=(), geolocation=(), microphone=(), serial=(), usb=()",
  ],
];

/** For a year, browsers reach a public address that is encrypted in no other way. */
const STRICT_TRANSPORT = "max-age=31536000";

/**
 * uWebSockets' LIBUS_LISTEN_EXCLUSIVE_PORT, which its typings
 * lack: two gateways on one port would share its requests.
 */
const EXCLUSIVE_PORT = 1;

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * @param addRoutes may add WebSocket routes before the server listens
 * @throws where the port is taken
 */
export async function startHttpServer(options: {
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  readonly handler: HttpHandler;
  /** Whether browsers come by https: to us, or to whoever ends TLS in front of us. */
  readonly isSecure?: boolean;
  /** Whether that is so of every host below ours. Only whoever has the domain knows. */
  readonly hstsSubdomains?: boolean;
  /** Files of the certificate by which we speak TLS ourselves; absent: plain HTTP. */
  readonly tls?: TlsFiles | null;
  /** Where a request comes from, past the proxies in front of us; absent: whoever connects is the client. */
  readonly clientAddress?: ClientAddress;
  readonly addRoutes?: (app: TemplatedApp) => void;
  /** Whether the handler reads the body as it comes. Absent: never. */
  readonly isStreamed?: (method: string, path: string) => boolean;
}): Promise<HttpServer> {
  const { logger, clientAddress = (peer: string) => peer } = options;
  const { App, SSLApp, us_listen_socket_close, us_socket_local_port } = await loadNativeServer();
  const app =
    options.tls == null
      ? App()
      : SSLApp({ cert_file_name: options.tls.certFile, key_file_name: options.tls.keyFile });
  const bodies: Bodies = { bytes: 0, announced: new WorkInHand({ ofCaller: CALLER_WORK, ofAll: UNBOUNDED }) };
  const running = new Set<Promise<void>>();
  options.addRoutes?.(app);
  app.any("/*", (res, req) => {
    try {
      const served = serve(res, req, { ...options, clientAddress, bodies }).finally(() =>
        running.delete(served),
      );
      running.add(served);
    } catch (error) {
      logger.error({ err: error }, "a request could not be read");
      res.close();
    }
  });
  const socket = await new Promise<unknown>((resolve) => {
    // The typings lack the form with host and options.
    const listen = app.listen.bind(app) as unknown as (
      host: string,
      port: number,
      listenOptions: number,
      callback: (token: unknown) => void,
    ) => void;
    listen(options.host, options.port, EXCLUSIVE_PORT, resolve);
  });
  if (socket === false) {
    app.close();
    throw Object.assign(new Error(`cannot listen on ${options.host}:${options.port}: is the port in use?`), {
      code: "EADDRINUSE",
      port: options.port,
    });
  }
  const token = socket as UwsListenSocket;
  return {
    port: us_socket_local_port(token),
    stop: async () => {
      us_listen_socket_close(token);
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_DEADLINE_MS);
      });
      await Promise.race([Promise.all(running), deadline]);
      clearTimeout(timer);
      app.close();
    },
  };
}

/** Method, address, headers and sender, copied while the native request may be read. */
export function copyRequest(
  res: UwsResponse,
  req: UwsRequest,
  clientAddress: ClientAddress,
): Omit<HttpRequest, "body"> {
  const headers: Record<string, string> = Object.create(null);
  req.forEach((name, value) => {
    const isJoined = isProxyHeader(name) || name === "content-length";
    const before = isJoined ? headers[name] : undefined;
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  });
  const givenId = headers["x-request-id"];
  return {
    id: givenId !== undefined && REQUEST_ID.test(givenId) ? givenId : randomUUID(),
    method: req.getMethod().toUpperCase(),
    path: req.getUrl(),
    query: req.getQuery(),
    headers,
    remoteAddress: clientAddress(Buffer.from(res.getRemoteAddressAsText()).toString("latin1"), headers),
  };
}

/** Writes a reply; the caller has made sure that the response is alive. */
export function writeReply(
  res: UwsResponse,
  request: Omit<HttpRequest, "body">,
  reply: HttpReply,
  closeConnection = false,
): void {
  res.cork(() => {
    writeHead(res, request, reply);
    const { body = "" } = reply;
    if (reply.status === 304 || reply.status === 204) {
      res.endWithoutBody();
    } else if (request.method === "HEAD" && !closeConnection) {
      // Not as an argument of the end: the server would wait for as many bytes, and drop the connection at
      // the next request.
      res.writeHeader("content-length", String(Buffer.byteLength(body)));
      res.endWithoutBody();
    } else {
      res.end(request.method === "HEAD" ? "" : body, closeConnection);
    }
  });
}

function writeHead(res: UwsResponse, request: Omit<HttpRequest, "body">, reply: HttpReply): void {
  res.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? "Unknown"}`);
  for (const [name, value] of SECURITY_HEADERS)
    if (reply.headers?.[name] === undefined) res.writeHeader(name, value);
  res.writeHeader("x-request-id", request.id);
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.writeHeader(name, value);
}

/** The bodies that are being read, or worked on. */
type Bodies = {
  bytes: number;
  /**
   * By the key that a request shows, right or wrong: who sends more than one caller may is told so by the head
   * of the request, before its body costs the others anything.
   */
  readonly announced: WorkInHand;
};

/** All together are counted as they arrive. */
const UNBOUNDED = { requests: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

async function serve(
  res: UwsResponse,
  req: UwsRequest,
  {
    handler,
    logger,
    bodies,
    clientAddress,
    isSecure = false,
    hstsSubdomains = false,
    isStreamed = () => false,
  }: {
    readonly handler: HttpHandler;
    readonly logger: Logger;
    readonly bodies: Bodies;
    readonly clientAddress: ClientAddress;
    readonly isSecure?: boolean;
    readonly hstsSubdomains?: boolean;
    readonly isStreamed?: (method: string, path: string) => boolean;
  },
): Promise<void> {
  let gone = false;
  const leaving = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    res.onAborted(() => {
      gone = true;
      leaving.abort(new ApiError("caller_gone", "Nobody waits for the answer any more."));
      resolve();
    });
  });
  const request = copyRequest(res, req, clientAddress);
  if (request.headers["content-length"]?.includes(",")) {
    // Whoever passes it on may have read the other one: what follows is not a request of its own. While no
    // answer is begun, the server ends the connection at the next request on it.
    await new Promise((resolve) => setImmediate(resolve));
    const refusal = problemReply("malformed_request", "Content-Length is there twice.");
    if (!gone) writeReply(res, request, refusal, true);
    return;
  }
  const strict = hstsSubdomains ? `${STRICT_TRANSPORT}; includeSubDomains` : STRICT_TRANSPORT;
  const answer = async (reply: HttpReply, close = false): Promise<void> => {
    const headers = isSecure ? { ...reply.headers, "strict-transport-security": strict } : reply.headers;
    const whole = headers === undefined ? reply : { ...reply, headers };
    if (gone) await endUnread(reply);
    else if (reply.stream === undefined) writeReply(res, request, whole, close);
    else await writeStreamed(res, request, { ...whole, stream: reply.stream }, leaving.signal);
  };
  const failed = (error: unknown): HttpReply => {
    logger.error({ err: error, requestId: request.id }, "a request failed");
    return problemReply("internal_error", "The server failed; the log has it under the request id.");
  };
  if (isStreamed(request.method, request.path)) {
    const stream = streamBody(res, leaving.signal);
    const reply = await handler({ ...request, gone: leaving.signal, body: NO_BODY, stream }).catch(failed);
    stream.close();
    await answer(reply);
    return;
  }
  const held = { bytes: 0 };
  const { authorization, "content-length": length = "0" } = request.headers;
  const announced = Number(length) || 0;
  const hand = authorization === undefined ? null : bodies.announced.take(authorization, announced);
  const refusal = announced > MAX_BODY_BYTES ? "too_large" : hand?.full === "caller" ? "caller_busy" : null;
  const body = readBody(res, aborted, bodies, held, refusal);
  let reply: HttpReply;
  let close = false;
  try {
    const read = await body;
    if (read === "gone") return;
    if (read === "too_large") {
      reply = problemReply("payload_too_large", `The limit is ${MAX_BODY_BYTES} bytes.`);
    } else if (read === "too_slow") {
      reply = problemReply("body_timeout", `The body must arrive within ${BODY_DEADLINE_MS} ms.`);
      close = true;
    } else if (read === "caller_busy") {
      reply = problemReply("caller_busy", "Wait for answers before you send more.", {
        retryAfterMs: WORK_RETRY_MS,
      });
    } else if (read === "too_busy") {
      reply = problemReply("gateway_busy", "The bodies of all requests together are too much.", {
        retryAfterMs: WORK_RETRY_MS,
      });
    } else {
      reply = await handler({ ...request, gone: leaving.signal, body: read });
    }
  } catch (error) {
    reply = failed(error);
  } finally {
    bodies.bytes -= held.bytes;
    hand?.done();
  }
  await answer(reply, close).catch((error: unknown) =>
    logger.error({ err: error, requestId: request.id }, "a reply broke off"),
  );
}

const NO_BODY = Buffer.alloc(0);

/** What a reply would have been made of is let go. */
async function endUnread({ stream }: HttpReply): Promise<void> {
  await stream?.[Symbol.asyncIterator]().return?.(undefined);
}

async function writeStreamed(
  res: UwsResponse,
  request: Omit<HttpRequest, "body">,
  reply: HttpReply & { readonly stream: NonNullable<HttpReply["stream"]> },
  gone: AbortSignal,
): Promise<void> {
  if (request.method === "HEAD") {
    await endUnread(reply);
    writeReply(res, request, reply);
    return;
  }
  res.cork(() => writeHead(res, request, reply));
  await writeStream(res, reply.stream, gone);
}

type Unread = "too_large" | "too_slow" | "too_busy" | "caller_busy" | "gone";

/**
 * The body, or why there is none. Bytes beyond the limit are dropped as they come. The refusal is sent at
 * once, but the connection stays open, so that a sender that is still writing can read it.
 *
 * @param all bytes of all bodies
 * @param own what of them this request has; the caller takes it off again
 * @param refusal what its head alone is refused for; null: nothing
 */
function readBody(
  res: UwsResponse,
  aborted: Promise<void>,
  all: Pick<Bodies, "bytes">,
  own: Pick<Bodies, "bytes">,
  refusal: Unread | null,
): Promise<Buffer | Unread> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let settled = false;
    const settle = (result: Buffer | Unread) => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      chunks.length = 0;
      resolve(result);
    };
    const deadline = setTimeout(() => settle("too_slow"), BODY_DEADLINE_MS);
    void aborted.then(() => settle("gone"));
    res.onData((chunk, isLast) => {
      if (settled) return;
      size += chunk.byteLength;
      if (size > MAX_BODY_BYTES) {
        settle("too_large");
        return;
      }
      if (all.bytes + chunk.byteLength > MAX_BODIES_BYTES) {
        settle("too_busy");
        return;
      }
      all.bytes += chunk.byteLength;
      own.bytes += chunk.byteLength;
      // The memory of `chunk` is taken back when this callback returns.
      if (chunk.byteLength > 0) chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (isLast) settle(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    if (refusal !== null) settle(refusal);
  });
}
