/** WooCommerce's REST API v3, called with the consumer key of a shop, and what its errors mean. */

import type { Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createRestClient, type RestClient } from "../../vendor-kit/rest-client.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "woocommerce";
/** A shop with many plugins takes its time. */
const TIMEOUT_MS = 30_000;

export const VARIABLES = {
  url: "WOOCOMMERCE_URL",
  key: "WOOCOMMERCE_CONSUMER_KEY",
  secret: "WOOCOMMERCE_CONSUMER_SECRET",
  refunds: "WOOCOMMERCE_REFUNDS",
} as const;

export function createWoocommerceClient(
  values: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): RestClient {
  const user = `${values[VARIABLES.key] ?? ""}:${values[VARIABLES.secret] ?? ""}`;
  const authorization = `Basic ${Buffer.from(user).toString("base64")}`;
  const shop = (values[VARIABLES.url] ?? "").replace(/\/+$/, "");
  return createRestClient({
    service: SERVICE,
    baseUrl: `${shop}/wp-json/wc/v3`,
    timeoutMs,
    headers: () => ({ authorization }),
  });
}

/** A reply that must be 200 or 201; null: the shop has none such. */
export function found(reply: JsonReply, what: string): unknown {
  if (reply.status === 200 || reply.status === 201) return reply.json;
  if (reply.status === 404) return null;
  const { code, message } = refusalOf(reply);
  throw new ServiceFault(`WooCommerce refused to ${what}: ${code}, ${message}`, {
    service: SERVICE,
    code,
    retryable: false,
    status: reply.status,
  });
}

/** `{code, message, data: {status}}` as a refusal for good. */
export function refusalOf(reply: JsonReply): Extract<Told, { readonly status: "refused" }> {
  const code = textAt(reply.json, "code").replace(/^woocommerce_rest_/, "");
  return {
    status: "refused",
    code: code === "" ? `status_${reply.status}` : code,
    message: textAt(reply.json, "message") || `WooCommerce answered ${reply.status}.`,
  };
}
