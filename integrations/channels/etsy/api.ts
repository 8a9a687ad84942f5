/** Etsy's Open API v3: an app's keystring and an access token of the shop's owner on every call. */
import type { Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { createAccessTokens } from "../../vendor-kit/access-token.ts";
import { createRestClient, type RestClient } from "../../vendor-kit/rest-client.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { firstText, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "etsy";
const TIMEOUT_MS = 30_000;

export const VARIABLES = {
  url: "ETSY_API_URL",
  shop: "ETSY_SHOP_ID",
  key: "ETSY_KEYSTRING",
  refresh: "ETSY_REFRESH_TOKEN",
  soldOut: "ETSY_SOLD_OUT",
} as const;

export type EtsyClient = {
  readonly call: RestClient;
  readonly shopId: string;
  /** Path of the shop. */
  readonly shop: string;
  /** Whether a listing without any stock is made inactive, and active again when it has some. */
  readonly takesOffline: boolean;
};

export function createEtsyClient(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions,
): EtsyClient {
  const baseUrl = values[VARIABLES.url] ?? "";
  const key = values[VARIABLES.key] ?? "";
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const now = options.now ?? Date.now;
  let refreshToken = values[VARIABLES.refresh] ?? "";
  const login = createRestClient({ service: SERVICE, baseUrl, timeoutMs, headers: () => ({}) });
  const tokens = createAccessTokens({
    now,
    async renew() {
      const reply = await login({
        method: "POST",
        path: "/v3/public/oauth/token",
        // Of `keystring:shared secret`, which newer apps have, the client's id is the first.
        form: {
          grant_type: "refresh_token",
          client_id: key.split(":")[0] ?? "",
          refresh_token: refreshToken,
        },
      });
      const value = textAt(reply.json, "access_token");
      if (reply.status !== 200 || value === "")
        throw new ServiceFault(`Etsy gives no access token: ${textAt(reply.json, "error")}`, {
          service: SERVICE,
          code: "unauthorized",
          retryable: false,
          status: reply.status,
        });
      const next = textAt(reply.json, "refresh_token");
      if (next !== "" && next !== refreshToken) {
        refreshToken = next;
        await options.keep?.({ [VARIABLES.refresh]: next });
      }
      return { value, expiresAtMs: now() + (numberAt(reply.json, "expires_in") ?? 3_600) * 1_000 };
    },
  });
  const shopId = values[VARIABLES.shop] ?? "";
  return {
    call: createRestClient({
      service: SERVICE,
      baseUrl,
      timeoutMs,
      tokens,
      headers: (token) => ({ "x-api-key": key, authorization: `Bearer ${token}` }),
    }),
    shopId,
    shop: `/v3/application/shops/${encodeURIComponent(shopId)}`,
    takesOffline: values[VARIABLES.soldOut] !== "keep",
  };
}

/** A reply that must be 200 or 201; null: there is none such. */
export function found(reply: JsonReply, what: string): unknown {
  if (reply.status === 200 || reply.status === 201) return reply.json;
  if (reply.status === 404) return null;
  const { code, message } = refusalOf(reply);
  throw new ServiceFault(`Etsy refused to ${what}: ${message}`, {
    service: SERVICE,
    code,
    retryable: false,
    status: reply.status,
  });
}

/** `{error, error_description}`. */
export function refusalOf(reply: JsonReply): Extract<Told, { readonly status: "refused" }> {
  const message = firstText(
    textAt(reply.json, "error_description"),
    textAt(reply.json, "error"),
    `Etsy answered ${reply.status}.`,
  );
  return { status: "refused", code: `status_${reply.status}`, message };
}
