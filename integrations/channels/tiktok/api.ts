/**
 * Calls of TikTok Shop's open API: each is signed over the exact bytes that go out, and an answer of 200 is an
 * error where its `code` is not 0.
 */
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createAccessTokens, withAccessToken } from "../../vendor-kit/access-token.ts";
import { faultOf } from "../../vendor-kit/vendor-faults.ts";
import { callJson, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import { at, firstText, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { signRequest } from "./signature.ts";

export const SERVICE = "tiktok";

export type TiktokAccount = {
  /** `https://open-api.tiktokglobalshop.com`, without a slash at its end. */
  readonly baseUrl: string;
  /** Of tokens: another host than the API's. */
  readonly authUrl: string;
  readonly appKey: string;
  readonly appSecret: string;
  readonly refreshToken: string;
  readonly shopCipher: string;
};

export type Asked = {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** What is asked of the application rather than of the shop takes no `shop_cipher`. */
  readonly isOfApp?: boolean;
};

export type TiktokAnswer =
  | { readonly status: "ok"; readonly data: unknown }
  | { readonly status: "refused"; readonly code: string; readonly message: string };

/** @throws ServiceFault */
export type Ask = (asked: Asked) => Promise<TiktokAnswer>;

/** TikTok says nothing of when to come again; it counts by the second. */
const WAIT_MS = 1_000;

export function createTiktokApi(
  account: TiktokAccount,
  { timeoutMs, now }: { readonly timeoutMs: number; readonly now: () => number },
): Ask {
  const tokens = createAccessTokens({ renew: () => logIn(account, timeoutMs, now), now });

  function send(
    { method = "GET", path, query = {}, body, isOfApp }: Asked,
    token: string,
  ): Promise<JsonReply> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const parameters: Record<string, string> = {
      ...query,
      app_key: account.appKey,
      timestamp: String(Math.floor(now() / 1_000)),
      ...(isOfApp === true ? {} : { shop_cipher: account.shopCipher }),
    };
    const sign = signRequest(account.appSecret, path, parameters, text);
    return callJson({
      service: SERVICE,
      method,
      url: `${account.baseUrl}${path}?${new URLSearchParams({ ...parameters, sign }).toString()}`,
      headers: { "x-tts-access-token": token, "content-type": "application/json" },
      ...(text === "" ? {} : { body: text }),
      timeoutMs,
    });
  }

  return async (asked) => {
    const what = asked.path.replace(/\/\d{6,}(?=\/|$)/g, "/{id}");
    const reply = await withAccessToken(tokens, (token) => send(asked, token), isTokenRefused);
    const fault = faultOf(SERVICE, what, reply, reply.status === 429 ? WAIT_MS : null);
    if (fault !== null) throw fault;
    const code = textAt(reply.json, "code");
    if (reply.status < 300 && code === "0") return { status: "ok", data: at(reply.json, "data") };
    const message = firstText(
      textAt(reply.json, "message").slice(0, 500),
      `TikTok Shop answered with ${reply.status} and no reason.`,
    );
    if (isTokenRefused(reply))
      throw problem("unauthorized", false, `TikTok Shop does not allow this account ${what}`);
    if (/too many requests|rate limit|request limit/i.test(message))
      throw problem("rate_limited", true, `TikTok Shop answered ${what} with ${code}`);
    if (/internal|system error|timed? ?out|try again/i.test(message))
      throw problem("unavailable", true, `TikTok Shop answered ${what} with ${code}`);
    return { status: "refused", code: firstText(code, `status_${reply.status}`), message };
  };
}

function problem(code: string, retryable: boolean, message: string): ServiceFault {
  const retryAfterMs = code === "rate_limited" ? WAIT_MS : null;
  return new ServiceFault(message, { service: SERVICE, code, retryable, retryAfterMs });
}

/** 105 and what begins with it: the token is none, or no longer one. */
function isTokenRefused(reply: JsonReply): boolean {
  return reply.status === 401 || /^105\d*$/.test(textAt(reply.json, "code"));
}

async function logIn(account: TiktokAccount, timeoutMs: number, now: () => number) {
  // TikTok wants the secret in the query; no log and no error holds one.
  const query = new URLSearchParams({
    app_key: account.appKey,
    app_secret: account.appSecret,
    refresh_token: account.refreshToken,
    grant_type: "refresh_token",
  });
  const reply = await callJson({
    service: SERVICE,
    method: "GET",
    url: `${account.authUrl}/api/v2/token/refresh?${query.toString()}`,
    headers: { accept: "application/json" },
    timeoutMs,
  });
  const fault = faultOf(SERVICE, "the login", reply);
  if (fault?.retryable === true) throw fault;
  const value = textAt(reply.json, "data", "access_token");
  if (textAt(reply.json, "code") !== "0" || value === "") {
    const code = firstText(textAt(reply.json, "code"), String(reply.status));
    throw problem("unauthorized", false, `TikTok Shop does not let the application in (${code})`);
  }
  // A moment in seconds, though its name says a span; a span is taken, too.
  const said = numberAt(reply.json, "data", "access_token_expire_in") ?? 3_600;
  return { value, expiresAtMs: said > 1_000_000_000 ? said * 1_000 : now() + said * 1_000 };
}

/** @throws ServiceFault where the request itself is wrong: that is ours to mend */
export function dataOf(answer: TiktokAnswer, what: string): unknown {
  if (answer.status === "ok") return answer.data;
  throw problem("request_refused", false, `TikTok Shop refused ${what}: ${answer.code}: ${answer.message}`);
}
