/**
 * Calls of Shopify's GraphQL Admin API: the token of the account, and what goes wrong.
 *
 * Shopify answers 200 to nearly everything: what is wrong with a call stands in `errors`, and what the shop
 * will not do in `userErrors` of the answer, which is the caller's to read.
 */
import { ServiceFault } from "../../../../ports/service-fault.ts";
import { type AccessTokens, createAccessTokens, withAccessToken } from "../../../vendor-kit/access-token.ts";
import { faultOf } from "../../../vendor-kit/vendor-faults.ts";
import { callJson, type JsonReply } from "../../../vendor-kit/vendor-http.ts";
import { at, firstText, listAt, numberAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { API_VERSION } from "./documents.ts";

export const SERVICE = "shopify";

export type ShopifyAccount = {
  /** `https://fernweh.myshopify.com` */
  readonly shopUrl: string;
  /** Of an app that was made in the shop's own admin; empty: the app has an id and a secret. */
  readonly accessToken: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeoutMs: number;
  readonly now: () => number;
};

export type ShopifyClient = {
  /** @returns `data` @throws ServiceFault */
  ask(document: string, variables: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Access scopes that the shop has granted the app; null: it does not say. @throws ServiceFault */
  scopes(): Promise<readonly string[] | null>;
};

export function createClient(account: ShopifyAccount): ShopifyClient {
  const { shopUrl, timeoutMs } = account;
  const base = shopUrl.replace(/\/+$/, "");
  const url = `${base}/admin/api/${API_VERSION}/graphql.json`;
  const tokens: AccessTokens =
    account.accessToken === ""
      ? createAccessTokens({ renew: () => grant(account), now: account.now })
      : { current: async () => account.accessToken, renewed: async () => account.accessToken };

  const post = (token: string, body: string): Promise<JsonReply> =>
    callJson({
      service: SERVICE,
      method: "POST",
      url,
      headers: { "content-type": "application/json", "x-shopify-access-token": token },
      body,
      timeoutMs,
    });

  return {
    async ask(document, variables) {
      const what = /(query|mutation) (\w+)/.exec(document)?.[2] ?? "a call";
      const body = JSON.stringify({ query: document, variables });
      const reply = await withAccessToken(
        tokens,
        (token) => post(token, body),
        ({ status }) => status === 401,
      );
      const fault = faultOf(SERVICE, what, reply);
      if (fault !== null) throw fault;
      throwOnErrors(what, reply);
      return at(reply.json, "data");
    },
    async scopes() {
      const get = (token: string): Promise<JsonReply> =>
        callJson({
          service: SERVICE,
          method: "GET",
          url: `${base}/admin/oauth/access_scopes.json`,
          headers: { accept: "application/json", "x-shopify-access-token": token },
          timeoutMs,
        });
      const reply = await withAccessToken(tokens, get, ({ status }) => status === 401);
      const fault = faultOf(SERVICE, "the scopes", reply);
      if (fault?.retryable === true) throw fault;
      const listed = listAt(reply.json, "access_scopes");
      return reply.status === 200 && listed.length > 0 ? listed.map((one) => textAt(one, "handle")) : null;
    },
  };
}

/** Since 2026 apps have no token of their own: they are given one for a day. */
async function grant({ shopUrl, clientId, clientSecret, timeoutMs, now }: ShopifyAccount) {
  const reply = await callJson({
    service: SERVICE,
    method: "POST",
    url: `${shopUrl.replace(/\/+$/, "")}/admin/oauth/access_token`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: "client_credentials",
    }),
    timeoutMs,
  });
  const fault = faultOf(SERVICE, "the token", reply);
  if (fault !== null) throw fault;
  const value = textAt(reply.json, "access_token");
  if (value === "")
    throw new ServiceFault("shopify gave no token for the app's id and secret", {
      service: SERVICE,
      code: "unauthorized",
      retryable: false,
      status: reply.status,
    });
  return { value, expiresAtMs: now() + (numberAt(reply.json, "expires_in") ?? 3_600) * 1_000 };
}

/** A call costs points, and a shop has so many of them a second. */
function throwOnErrors(what: string, reply: JsonReply): void {
  const errors = listAt(reply.json, "errors");
  const [first] = errors;
  if (first === undefined && reply.status < 400) return;
  const code = firstText(textAt(first, "extensions", "code"), "call_refused");
  if (code === "THROTTLED")
    throw new ServiceFault(`shopify has no points left for ${what}`, {
      service: SERVICE,
      code: "rate_limited",
      retryable: true,
      status: reply.status,
      retryAfterMs: pauseOf(reply.json),
    });
  const isLockedOut = code === "ACCESS_DENIED" || code === "SHOP_INACTIVE";
  const isTheirs = code === "INTERNAL_SERVER_ERROR" || code === "TIMEOUT";
  throw new ServiceFault(`shopify did not take ${what}: ${code}`, {
    service: SERVICE,
    code: isLockedOut ? "unauthorized" : isTheirs ? "unavailable" : code.toLowerCase(),
    retryable: isTheirs,
    status: isLockedOut ? 403 : reply.status,
  });
}

function pauseOf(json: unknown): number {
  const cost = (name: string) => numberAt(at(json, "extensions", "cost", "throttleStatus"), name) ?? 0;
  const asked = numberAt(at(json, "extensions", "cost"), "requestedQueryCost") ?? 0;
  const restored = cost("restoreRate");
  return restored > 0
    ? Math.max(100, Math.ceil(((asked - cost("currentlyAvailable")) / restored) * 1_000))
    : 1_000;
}
