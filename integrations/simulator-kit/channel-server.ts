/**
 * The HTTP server below every simulator of a channel's API: one on loopback, with its own port.
 *
 * Owns what is alike at all vendors: reading a call, the vendor's rate limit, what goes wrong on purpose, and
 * telling a recorder. Leaves the wire format, who may call, and how a refusal looks to the vendor's folder.
 *
 * S1 A call whose reply is lost has taken effect; one that is lost itself, answered 429 or 503 has not.
 * S2 What the simulator throws is its own fault: it is logged, and the caller gets a 500.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { ChannelSimulatorOptions } from "./channel-simulator.ts";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "./exchange.ts";
import { createServerFaults, type DrawnServerFaults } from "./faults.ts";

const MAX_BODY_BYTES = 8 * 1024 * 1024;

export type ChannelServer = {
  /** `http://127.0.0.1:41234`, without a slash at its end. */
  readonly url: string;
  readonly faults: DrawnServerFaults;
  close(): Promise<void>;
};

export type ChannelServerOptions = Pick<ChannelSimulatorOptions, "logger" | "now" | "onExchange"> & {
  answer(request: SimulatedRequest): SimulatedReply | Promise<SimulatedReply>;
  /** @param waitMs until a call would be let in */
  throttled(request: SimulatedRequest, waitMs: number): SimulatedReply;
  /** Absent: 503 without JSON, as a proxy before the vendor answers. */
  unavailable?(request: SimulatedRequest): SimulatedReply;
  /** Whether a call changes something; absent: all but GET. */
  isWrite?(request: SimulatedRequest): boolean;
  /** Calls a second over a long time, and how many may come at once before; absent: as many as come. */
  readonly limit?: { readonly perSecond: number; readonly burst: number };
};

export async function startChannelServer(options: ChannelServerOptions): Promise<ChannelServer> {
  const faults = createServerFaults();
  const isWrite = options.isWrite ?? (({ method }) => method !== "GET");
  const bucket = options.limit === undefined ? null : createBucket(options.limit);

  async function replyTo(request: SimulatedRequest): Promise<{ reply: SimulatedReply; isLost: boolean }> {
    const waitMs = bucket?.take() ?? 0;
    const fate = faults.draw(isWrite(request));
    if (fate === "request-lost") return { reply: jsonReply(500, null), isLost: true };
    if (waitMs > 0 || fate === "throttled")
      return { reply: options.throttled(request, Math.max(waitMs, 1_000)), isLost: false };
    if (fate === "unavailable")
      return { reply: options.unavailable?.(request) ?? PROXY_ERROR, isLost: false };
    const reply = await options.answer(request);
    options.onExchange?.(request, reply);
    return { reply, isLost: fate === "reply-lost" };
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(message);
    if (request === null) {
      response.writeHead(413).end();
      return;
    }
    const { reply, isLost } = await replyTo(request);
    if (faults.rates.delayMs > 0) await pause(faults.rates.delayMs);
    if (isLost) {
      response.destroy();
      return;
    }
    // The shop's clock, by which callers tell what changed since they began.
    const date = new Date(options.now()).toUTCString();
    response.writeHead(reply.status, { date, ...typeOf(reply), ...reply.headers }).end(reply.body);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      options.logger.error({ err: error, path: message.url?.split("?")[0] }, "a channel's simulator failed");
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const PROXY_ERROR: SimulatedReply = {
  status: 503,
  contentType: "text/html",
  body: "<html><body><h1>503 Service Unavailable</h1></body></html>\n",
};

/** A reply without a body has no type. */
function typeOf(reply: SimulatedReply): Readonly<Record<string, string>> {
  return reply.body.length === 0 ? {} : { "content-type": reply.contentType };
}

async function readRequest(message: IncomingMessage): Promise<SimulatedRequest | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).byteLength;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  const origin = `http://${message.headers.host ?? "localhost"}`;
  const url = new URL(message.url ?? "/", origin);
  return {
    method: message.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, String(value ?? "")]),
    ),
    body: Buffer.concat(chunks),
    origin,
  };
}

/** Counts calls as vendors do: by real time, whatever the shop's clock says. */
function createBucket(limit: { readonly perSecond: number; readonly burst: number }): { take(): number } {
  let tokens = limit.burst;
  let atMs = performance.now();
  return {
    /** @returns 0 where the call is let in, else how long it would have to wait, milliseconds */
    take() {
      const nowMs = performance.now();
      tokens = Math.min(limit.burst, tokens + ((nowMs - atMs) / 1000) * limit.perSecond);
      atMs = nowMs;
      if (tokens < 1) return Math.ceil(((1 - tokens) / limit.perSecond) * 1000);
      tokens -= 1;
      return 0;
    },
  };
}
