/**
 * Calls of Walmart's Marketplace API: a token for a quarter of an hour, Walmart's own headers on each call,
 * and what its errors are to whoever calls.
 */
import { randomUUID } from "node:crypto";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createAccessTokens, withAccessToken } from "../../vendor-kit/access-token.ts";
import { faultOf } from "../../vendor-kit/vendor-faults.ts";
import { callJson, type HttpCall, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import { at, firstText, listAt, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "walmart";

export type Market = "us" | "mx" | "ca";

export type WalmartAccount = {
  /** `https://marketplace.walmartapis.com`, without a slash at its end. */
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly market: Market;
  /** Where the seller's own stock is; empty: the account's only node. */
  readonly shipNode: string;
  /** Whose orders are read: `SellerFulfilled`, `WFSFulfilled`, `3PLFulfilled`. */
  readonly nodeTypes: readonly string[];
  /** The sales channel of orders that Walmart's fulfillment centers send for us; empty: they send none. */
  readonly orderChannel: string;
};

export type Asked = {
  readonly method?: HttpCall["method"];
  readonly path: string;
  /** Begins with `?`; Walmart's own cursors go out as they came in. */
  readonly query?: string;
  readonly body?: unknown;
  /** Instead of JSON. */
  readonly raw?: { readonly contentType: string; readonly text: string };
};

/** An answer below 500 other than 401, 403, 408 and 429. @throws ServiceFault */
export type Ask = (asked: Asked) => Promise<JsonReply>;

/** Its calls, and what differs from country to country. */
export type WalmartApi = {
  readonly ask: Ask;
  readonly market: Market;
  /** Whose orders are read. */
  readonly nodeTypes: readonly string[];
  readonly now: () => number;
};

export function createWalmartApi(
  account: WalmartAccount,
  { timeoutMs, now }: { readonly timeoutMs: number; readonly now: () => number },
): WalmartApi {
  const tokens = createAccessTokens({ renew: () => logIn(account, timeoutMs, now), now });

  function send(asked: Asked, token: string): Promise<JsonReply> {
    const { method = "GET", path, query = "", body, raw } = asked;
    const content =
      raw ?? (body === undefined ? undefined : { contentType: JSON_TYPE, text: JSON.stringify(body) });
    return callJson({
      service: SERVICE,
      method,
      url: `${account.baseUrl}${path}${query}`,
      headers: {
        ...headersOf(account),
        "WM_SEC.ACCESS_TOKEN": token,
        // Without it Walmart answers an acknowledgement, which has no body, with 500.
        ...(method === "GET" ? {} : { "content-type": content?.contentType ?? JSON_TYPE }),
      },
      ...(content === undefined ? {} : { body: content.text }),
      timeoutMs,
    });
  }

  const ask: Ask = async (asked) => {
    const reply = await withAccessToken(
      tokens,
      (token) => send(asked, token),
      ({ status }) => status === 401,
    );
    const fault = faultOf(
      SERVICE,
      asked.path.replace(/\/\d+(?=\/|$)/, "/{id}"),
      reply,
      pauseOf(reply, now()),
    );
    if (fault !== null) throw fault;
    return reply;
  };
  return { ask, market: account.market, nodeTypes: account.nodeTypes, now };
}

const JSON_TYPE = "application/json";

function headersOf({ market }: WalmartAccount): Readonly<Record<string, string>> {
  return {
    accept: JSON_TYPE,
    "WM_SVC.NAME": "Walmart Marketplace",
    "WM_QOS.CORRELATION_ID": randomUUID(),
    // Other countries have the global form of the API, which wants its version said.
    ...(market === "us" ? {} : { WM_MARKET: market, WM_GLOBAL_VERSION: "3.1" }),
  };
}

/** Walmart names the moment at which calls are let in again. */
function pauseOf({ status, headers }: JsonReply, nowMs: number): number | null {
  if (status !== 429) return null;
  const at = Number(headers.get("x-next-replenishment-time") ?? headers.get("x-next-replenish-time") ?? "");
  return at > 0 && Number.isFinite(at) ? Math.min(3_600_000, Math.max(1_000, at - nowMs)) : null;
}

async function logIn(account: WalmartAccount, timeoutMs: number, now: () => number) {
  const basic = Buffer.from(`${account.clientId}:${account.clientSecret}`).toString("base64");
  const reply = await callJson({
    service: SERVICE,
    method: "POST",
    url: `${account.baseUrl}/v3/token`,
    headers: {
      ...headersOf(account),
      authorization: `Basic ${basic}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
    timeoutMs,
  });
  const fault = faultOf(SERVICE, "the login", reply, pauseOf(reply, now()));
  if (fault?.retryable === true) throw fault;
  const value = textAt(reply.json, "access_token");
  if (reply.status !== 200 || value === "") {
    throw new ServiceFault(`Walmart does not let the account in (${errorOf(reply).code})`, {
      service: SERVICE,
      code: "unauthorized",
      retryable: false,
      status: reply.status,
    });
  }
  return { value, expiresAtMs: now() + (numberAt(reply.json, "expires_in") ?? 900) * 1_000 };
}

/** The first error of an answer: Walmart nests them in three ways. */
export function errorOf(reply: JsonReply): { readonly code: string; readonly message: string } {
  const errors = [
    ...listAt(reply.json, "errors", "error"),
    ...listAt(reply.json, "errors"),
    ...listAt(reply.json, "error"),
  ];
  const [error] = errors.length > 0 ? errors : [at(reply.json, "errors")];
  return {
    code: firstText(textAt(error, "code"), `status_${reply.status}`),
    message: firstText(
      textAt(error, "description").slice(0, 500),
      textAt(error, "info").slice(0, 500),
      `Walmart answered with ${reply.status} and no reason.`,
    ),
  };
}

export function isUnknown(reply: JsonReply): boolean {
  return (
    reply.status === 404 || (reply.status === 400 && /not found|does not exist/i.test(errorOf(reply).message))
  );
}

/** @throws ServiceFault where the request itself is wrong: that is ours to mend */
export function answerOf(reply: JsonReply, what: string): unknown {
  if (reply.status >= 200 && reply.status < 300) return reply.json;
  const { code, message } = errorOf(reply);
  throw new ServiceFault(`Walmart refused ${what}: ${code}: ${message}`, {
    service: SERVICE,
    code: "request_refused",
    retryable: false,
    status: reply.status,
  });
}
