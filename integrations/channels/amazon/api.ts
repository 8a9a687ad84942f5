/**
 * Calls of Amazon's Selling Partner API: its tokens, its limits, and what its errors are to whoever calls.
 *
 * Two tokens: Login with Amazon gives one for an hour against the refresh token that the seller granted; v0
 * shows buyers and addresses only to a restricted one, which is had with the first. An expired token is
 * answered 403, as a missing right is: it is renewed once, and what is refused then is a right.
 */
import { ServiceFault } from "../../../ports/service-fault.ts";
import { type AccessTokens, createAccessTokens, withAccessToken } from "../../vendor-kit/access-token.ts";
import { faultOf } from "../../vendor-kit/vendor-faults.ts";
import { callJson, type HttpCall, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import { firstText, listAt, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { createPace, type Operation } from "./pace.ts";

export const SERVICE = "amazon";
const USER_AGENT = "Holdfast (Language=TypeScript)";

export type AmazonAccount = {
  /** Of the seller's region, e.g. `https://sellingpartnerapi-na.amazon.com`. */
  readonly endpoint: string;
  /** Login with Amazon's address for tokens. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly sellerId: string;
  readonly marketplaceIds: readonly string[];
};

export type Asked = {
  readonly operation: Operation;
  readonly method?: HttpCall["method"];
  readonly path: string;
  /** Lists are written with commas between. */
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** Shows the buyer and the address, in v0. */
  readonly isRestricted?: boolean;
};

export type AmazonApi = {
  readonly account: AmazonAccount;
  readonly timeoutMs: number;
  readonly now: () => number;
  /**
   * An answer of Amazon's with a status below 500 other than 401, 403, 408 and 429.
   *
   * @throws ServiceFault
   */
  ask(asked: Asked): Promise<JsonReply>;
};

export function createAmazonApi(
  account: AmazonAccount,
  options: { readonly timeoutMs: number; readonly now: () => number },
): AmazonApi {
  const { timeoutMs, now } = options;
  const pace = createPace();
  const login = createAccessTokens({ renew: () => logIn(account, timeoutMs, now), now });
  const restricted = createAccessTokens({ renew: () => restrictedToken(call, now), now });

  async function call(asked: Asked, tokens: AccessTokens): Promise<JsonReply> {
    const reply = await withAccessToken(tokens, (token) => send(asked, token), isTokenRefused);
    // Amazon does not say when to come again: a token of the operation's is there after so long.
    const pauseMs = reply.status === 429 ? pace.intervalMs(asked.operation) : null;
    const fault = faultOf(SERVICE, asked.operation, reply, pauseMs);
    if (fault === null) return reply;
    throw fault.code === "unauthorized" ? accountFault(asked.operation, reply) : fault;
  }

  async function send(asked: Asked, token: string): Promise<JsonReply> {
    await pace.turn(asked.operation);
    const reply = await callJson({
      service: SERVICE,
      method: asked.method ?? "GET",
      url: `${account.endpoint}${asked.path}${queryOf(asked.query ?? {})}`,
      headers: {
        "x-amz-access-token": token,
        "user-agent": USER_AGENT,
        accept: "application/json",
        ...(asked.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      timeoutMs,
    });
    pace.told(asked.operation, reply.headers);
    return reply;
  }

  return {
    account,
    timeoutMs,
    now,
    ask: (asked) => call(asked, asked.isRestricted === true ? restricted : login),
  };

  function restrictedToken(
    ask: (asked: Asked, tokens: AccessTokens) => Promise<JsonReply>,
    clock: () => number,
  ) {
    return askForRestrictedToken((asked) => ask(asked, login), clock);
  }
}

async function logIn(account: AmazonAccount, timeoutMs: number, now: () => number) {
  const reply = await callJson({
    service: SERVICE,
    method: "POST",
    url: account.tokenUrl,
    headers: { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" },
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: account.refreshToken,
      client_id: account.clientId,
      client_secret: account.clientSecret,
    }).toString(),
    timeoutMs,
  });
  const fault = faultOf(SERVICE, "the login", reply);
  if (fault?.retryable) throw fault;
  const value = textAt(reply.json, "access_token");
  if (reply.status !== 200 || value === "") {
    const code = firstText(textAt(reply.json, "error"), String(reply.status));
    throw new ServiceFault(`Amazon does not let the application in (${code})`, {
      service: SERVICE,
      code: "unauthorized",
      retryable: false,
      status: reply.status,
    });
  }
  return { value, expiresAtMs: now() + (numberAt(reply.json, "expires_in") ?? 3_600) * 1_000 };
}

/** Of v0, for the operations that show people. */
async function askForRestrictedToken(ask: (asked: Asked) => Promise<JsonReply>, now: () => number) {
  const people = ["buyerInfo", "shippingAddress"];
  const reply = await ask({
    operation: "createRestrictedDataToken",
    method: "POST",
    path: "/tokens/2021-03-01/restrictedDataToken",
    body: {
      restrictedResources: [
        { method: "GET", path: "/orders/v0/orders", dataElements: people },
        { method: "GET", path: "/orders/v0/orders/{orderId}", dataElements: people },
        { method: "GET", path: "/orders/v0/orders/{orderId}/orderItems", dataElements: ["buyerInfo"] },
      ],
    },
  });
  const value = textAt(reply.json, "restrictedDataToken");
  if (value === "") throw accountFault("createRestrictedDataToken", reply);
  return { value, expiresAtMs: now() + (numberAt(reply.json, "expiresIn") ?? 3_600) * 1_000 };
}

/** Only an expired token speaks of tokens; a right that is missing has no details. */
function isTokenRefused(reply: JsonReply): boolean {
  if (reply.status === 401) return true;
  return reply.status === 403 && /token/i.test(textAt(listAt(reply.json, "errors")[0], "details"));
}

function accountFault(operation: string, reply: JsonReply): ServiceFault {
  const { code } = errorOf(reply);
  return new ServiceFault(`Amazon does not allow this account ${operation} (${code})`, {
    service: SERVICE,
    code: "unauthorized",
    retryable: false,
    status: reply.status,
  });
}

/** The first error of an answer, in Amazon's words, which are for people and hold no secret. */
export function errorOf(reply: JsonReply): { readonly code: string; readonly message: string } {
  const [error] = listAt(reply.json, "errors");
  return {
    code: firstText(textAt(error, "code"), `status_${reply.status}`),
    message: firstText(
      textAt(error, "message").slice(0, 500),
      `Amazon answered with ${reply.status} and no reason.`,
    ),
  };
}

function queryOf(query: NonNullable<Asked["query"]>): string {
  const given = Object.entries(query).flatMap(([name, value]) => {
    const text = typeof value === "string" || value === undefined ? value : value.join(",");
    return text === undefined || text === "" ? [] : [`${name}=${encodeURIComponent(text)}`];
  });
  return given.length === 0 ? "" : `?${given.join("&")}`;
}
