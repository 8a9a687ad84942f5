/** Calls of eBay's REST APIs: a token for two hours against the seller's refresh token, and eBay's errors. */
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createAccessTokens, withAccessToken } from "../../vendor-kit/access-token.ts";
import { faultOf } from "../../vendor-kit/vendor-faults.ts";
import { callJson, type HttpCall, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import { firstText, listAt, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type SigningKey, signatureHeaders } from "./digital-signature.ts";

export const SERVICE = "ebay";

export type EbayAccount = {
  /** `https://api.ebay.com`, without a slash at its end. */
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  /** `EBAY_US`. */
  readonly marketplace: string;
  /** Of listings, e.g. `en-US`: eBay refuses inventory calls without it. */
  readonly language: string;
  /** Of a seller who has to sign what gives money back; null: nothing is signed. */
  readonly signing: SigningKey | null;
};

export type Asked = {
  readonly method?: HttpCall["method"];
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** It gives money back. */
  readonly isSigned?: boolean;
};

/** A host of eBay's, and what a seller has to consent to for it. */
export type Area = {
  /** At the account's address, which is that of `api`. */
  readonly host: "api" | "apiz";
  readonly scopes: readonly string[];
};

export const ORDERS_AND_STOCK: Area = { host: "api", scopes: ["sell.fulfillment", "sell.inventory"] };
/** With a token of its own: one scope that is missing would have eBay refuse the login for all. */
export const PAYMENT_DISPUTES: Area = { host: "apiz", scopes: ["sell.payment.dispute"] };

/** An answer below 500 other than 401, 403, 408 and 429. @throws ServiceFault */
export type Ask = (asked: Asked) => Promise<JsonReply>;

export function createEbayApi(
  account: EbayAccount,
  { timeoutMs, now }: { readonly timeoutMs: number; readonly now: () => number },
  area: Area = ORDERS_AND_STOCK,
): Ask {
  const tokens = createAccessTokens({ renew: () => logIn(account, area, timeoutMs, now), now });
  const baseUrl = account.baseUrl.replace(/^(https?:\/\/)api\./, `$1${area.host}.`);
  return async ({ method = "GET", path, query = {}, body, isSigned = false }) => {
    const text = Object.entries(query)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join("&");
    const url = `${baseUrl}${path}${text === "" ? "" : `?${text}`}`;
    const json = body === undefined ? "" : JSON.stringify(body);
    const send = (token: string) =>
      callJson({
        service: SERVICE,
        method,
        url,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${token}`,
          "x-ebay-c-marketplace-id": account.marketplace,
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-language": account.language }),
          ...(isSigned && account.signing !== null
            ? signatureHeaders(account.signing, { method, url, body: json }, now())
            : {}),
        },
        ...(body === undefined ? {} : { body: json }),
        timeoutMs,
      });
    const reply = await withAccessToken(tokens, send, ({ status }) => status === 401);
    const what = path
      .replace(/\/order\/[^/]+/, "/order/{id}")
      .replace(/\/payment_dispute\/[^/]+/, "/payment_dispute/{id}");
    const fault = faultOf(SERVICE, what, reply, reply.status === 429 ? WAIT_MS : null);
    if (fault !== null) throw fault;
    return reply;
  };
}

/** eBay counts by the day and says nothing of when to come again. */
const WAIT_MS = 5_000;

const SCOPE = "https://api.ebay.com/oauth/api_scope/";

async function logIn(account: EbayAccount, area: Area, timeoutMs: number, now: () => number) {
  const basic = Buffer.from(`${account.clientId}:${account.clientSecret}`).toString("base64");
  const reply = await callJson({
    service: SERVICE,
    method: "POST",
    url: `${account.baseUrl}/identity/v1/oauth2/token`,
    headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: account.refreshToken,
      scope: area.scopes.map((scope) => `${SCOPE}${scope}`).join(" "),
    }).toString(),
    timeoutMs,
  });
  const fault = faultOf(SERVICE, "the login", reply);
  if (fault?.retryable === true) throw fault;
  const value = textAt(reply.json, "access_token");
  if (reply.status !== 200 || value === "") {
    const code = firstText(textAt(reply.json, "error"), String(reply.status));
    throw new ServiceFault(`eBay does not let the application in (${code})`, {
      service: SERVICE,
      code: "unauthorized",
      retryable: false,
      status: reply.status,
    });
  }
  return { value, expiresAtMs: now() + (numberAt(reply.json, "expires_in") ?? 7_200) * 1_000 };
}

/** The first error of an answer, or of one part of it. */
export function errorIn(
  holder: unknown,
  status: number,
): { readonly code: string; readonly message: string } {
  const [error] = listAt(holder, "errors");
  return {
    code: firstText(textAt(error, "errorId"), `status_${status}`),
    message: firstText(
      textAt(error, "longMessage").slice(0, 500),
      textAt(error, "message").slice(0, 500),
      `eBay answered with ${status} and no reason.`,
    ),
  };
}

/** eBay answers 404, and 400 where the id is none of its own. */
export function isUnknown(reply: JsonReply): boolean {
  const { message } = errorIn(reply.json, reply.status);
  return reply.status === 404 || (reply.status === 400 && /invalid order ?id|not found/i.test(message));
}

/** @throws ServiceFault where the request itself is wrong: that is ours to mend */
export function answerOf(reply: JsonReply, what: string): unknown {
  if (reply.status >= 200 && reply.status < 300) return reply.json;
  const { code, message } = errorIn(reply.json, reply.status);
  throw new ServiceFault(`eBay refused ${what}: ${code}: ${message}`, {
    service: SERVICE,
    code: "request_refused",
    retryable: false,
    status: reply.status,
  });
}
