/**
 * One HTTP call to an outside service, with a time-out, read to the end.
 *
 * Owns what every adapter over HTTP shares: no call waits for ever, a body is read only up to a limit, and a
 * call without a usable answer becomes a `ServiceFault`. The meaning of a status or an error body is left to
 * the adapter.
 */
import { inOutgoingSpan } from "../../config/trace.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import { parseJson } from "./vendor-json.ts";

/** The largest reply read, in bytes: labels are the largest documents and take some 100 kB. */
const MAX_REPLY_BYTES = 8 * 1024 * 1024;

export type HttpCall = {
  /** Names the service in faults. */
  readonly service: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Whole call, milliseconds. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more: that is a `network_error`. */
  readonly signal?: AbortSignal;
};

export type HttpReply = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
};

export type JsonReply = {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
};

/**
 * @throws ServiceFault `timeout` or `network_error`, retryable: the service may or may not have seen the
 * call.
 */
export async function callHttp(call: HttpCall): Promise<HttpReply> {
  const attributes = {
    "http.request.method": call.method,
    "server.address": new URL(call.url).hostname,
    "holdfast.service": call.service,
  };
  return inOutgoingSpan(`${call.method} ${call.service}`, attributes, async (headers, span) => {
    const reply = await send(call, headers);
    span?.setAttribute("http.response.status_code", reply.status);
    return reply;
  });
}

async function send(call: HttpCall, traceHeaders: Readonly<Record<string, string>>): Promise<HttpReply> {
  const late = AbortSignal.timeout(call.timeoutMs);
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: { ...call.headers, ...traceHeaders },
      redirect: "error",
      signal: call.signal === undefined ? late : AbortSignal.any([late, call.signal]),
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    return { status: response.status, headers: response.headers, body: await readBody(response) };
  } catch (cause) {
    const timedOut = cause instanceof Error && cause.name === "TimeoutError";
    throw new ServiceFault(
      timedOut
        ? `${call.service} did not answer ${describeCall(call)} within ${call.timeoutMs} ms`
        : `${call.service} gave no usable answer to ${describeCall(call)}`,
      { service: call.service, code: timedOut ? "timeout" : "network_error", retryable: true, cause },
    );
  }
}

/**
 * The same for services that speak JSON.
 *
 * @throws ServiceFault also `unavailable`, retryable, where the body is not JSON: a proxy's error page, a cut
 *   reply.
 */
export async function callJson(call: HttpCall): Promise<JsonReply> {
  return asJson(call, await callHttp(call));
}

/** Reads a reply as JSON. One without a body (204, some 201 and 202) has `undefined`. */
export function asJson(call: HttpCall, reply: HttpReply): JsonReply {
  if (reply.body.byteLength === 0 && reply.status >= 200 && reply.status < 300)
    return { status: reply.status, headers: reply.headers, json: undefined };
  try {
    return {
      status: reply.status,
      headers: reply.headers,
      json: parseJson(Buffer.from(reply.body).toString("utf8")),
    };
  } catch (cause) {
    throw new ServiceFault(
      `${call.service} answered ${describeCall(call)} with ${reply.status} and no JSON`,
      {
        service: call.service,
        code: "unavailable",
        retryable: reply.status >= 500 || reply.status < 400 || reply.status === 429,
        status: reply.status,
        cause,
      },
    );
  }
}

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by the throw cancels the stream.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_REPLY_BYTES) throw new Error(`the reply is larger than ${MAX_REPLY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Method and path: a query or a user name in the URL may hold what logs must not. */
export function describeCall(call: HttpCall): string {
  return `${call.method} ${new URL(call.url).pathname}`;
}
