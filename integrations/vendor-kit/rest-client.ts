/**
 * Calls of a channel's REST API: one place for the address, the headers, the token, and which answers are
 * faults.
 *
 * R1 What is thrown names the method and the path, never a query, a header or a body.
 * R2 A token that the vendor refuses is renewed once; the second refusal is a fault.
 */
import { ServiceFault } from "../../ports/service-fault.ts";
import { type AccessTokens, withAccessToken } from "./access-token.ts";
import { faultOf } from "./vendor-faults.ts";
import { asJson, callHttp, describeCall, type HttpCall, type JsonReply } from "./vendor-http.ts";

export type RestCall = {
  readonly method: HttpCall["method"];
  /** From the base address on, with a slash before it. */
  readonly path: string;
  /** Values that are `undefined` are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent form-encoded. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are an answer here although they are faults elsewhere. */
  readonly answers?: (reply: JsonReply) => boolean;
};

export type RestClient = (call: RestCall) => Promise<JsonReply>;

export type RestClientOptions = {
  /** The kind of the channel, as faults name it. */
  readonly service: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** @param token empty where the client has no tokens */
  headers(token: string): Readonly<Record<string, string>>;
  readonly tokens?: AccessTokens;
  /** The vendor's own word about when to come again, milliseconds; absent or null: `Retry-After`. */
  readonly pauseMs?: (headers: Headers) => number | null;
};

export function createRestClient(options: RestClientOptions): RestClient {
  const { service, tokens, timeoutMs } = options;
  const base = options.baseUrl.replace(/\/+$/, "");

  async function send(call: RestCall, token: string): Promise<JsonReply> {
    const http: HttpCall = {
      service,
      method: call.method,
      url: `${base}${call.path}${queryOf(call.query)}`,
      headers: { accept: "application/json", ...options.headers(token), ...typeOf(call), ...call.headers },
      ...bodyOf(call),
      timeoutMs,
    };
    const reply = await callHttp(http);
    const fault = faultOf(service, describeCall(http), reply, options.pauseMs?.(reply.headers) ?? null);
    if (fault === null) return asJson(http, reply);
    if (call.answers === undefined || fault.code === "rate_limited") throw fault;
    let answer: JsonReply;
    try {
      answer = asJson(http, reply);
    } catch {
      throw fault;
    }
    if (call.answers(answer)) return answer;
    throw fault;
  }

  return async (call) => {
    if (tokens === undefined) return send(call, "");
    // A refused token comes as a fault, which is looked at from outside of the second attempt.
    const attempt = async (token: string): Promise<JsonReply | ServiceFault> => {
      try {
        return await send(call, token);
      } catch (error) {
        if (error instanceof ServiceFault && error.status === 401) return error;
        throw error;
      }
    };
    const outcome = await withAccessToken(tokens, attempt, (reply) => reply instanceof ServiceFault);
    if (outcome instanceof ServiceFault) throw outcome;
    return outcome;
  };
}

/** What the vendor answered although nothing allows it; retryable, for a proxy may have made it. */
export function unexpected(service: string, what: string, status: number): ServiceFault {
  return new ServiceFault(`${service} answered ${what} with ${status}, which it should not`, {
    service,
    code: "unexpected_answer",
    retryable: false,
    status,
  });
}

function queryOf(query: RestCall["query"]): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) search.append(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function typeOf(call: RestCall): Readonly<Record<string, string>> {
  if (call.json !== undefined) return { "content-type": "application/json" };
  return call.form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
}

function bodyOf(call: RestCall): { readonly body?: string } {
  if (call.json !== undefined) return { body: JSON.stringify(call.json) };
  return call.form === undefined ? {} : { body: new URLSearchParams(call.form).toString() };
}
