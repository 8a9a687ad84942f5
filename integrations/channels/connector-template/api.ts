/** Cornershop's REST API, called with the API key of a shop, and what its errors mean. */
import type { Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createRestClient, type RestClient } from "../../vendor-kit/rest-client.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { firstText, textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "cornershop";
const TIMEOUT_MS = 30_000;

export const VARIABLES = { url: "CORNERSHOP_URL", key: "CORNERSHOP_API_KEY" } as const;

export function createCornershopClient(
  values: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): RestClient {
  return createRestClient({
    service: SERVICE,
    // Fill in: the path that all calls begin with.
    baseUrl: `${(values[VARIABLES.url] ?? "").replace(/\/+$/, "")}/api`,
    timeoutMs,
    // Fill in: how a call says who calls. Tokens that expire: `createAccessTokens`, as Etsy's api.ts does.
    headers: () => ({ authorization: `Bearer ${values[VARIABLES.key] ?? ""}` }),
  });
}

/** A reply that must be 200 or 201; null: the shop has none such. */
export function found(reply: JsonReply, what: string): unknown {
  if (reply.status === 200 || reply.status === 201) return reply.json;
  if (reply.status === 404) return null;
  const { code, message } = refusalOf(reply);
  throw new ServiceFault(`Cornershop refused to ${what}: ${message}`, {
    service: SERVICE,
    code,
    retryable: false,
    status: reply.status,
  });
}

// Fill in: the form of the vendor's errors. Here: {"error": {"code": "…", "message": "…"}}.
export function refusalOf(reply: JsonReply): Extract<Told, { readonly status: "refused" }> {
  return {
    status: "refused",
    code: firstText(textAt(reply.json, "error", "code"), `status_${reply.status}`),
    message: firstText(textAt(reply.json, "error", "message"), `Cornershop answered ${reply.status}.`),
  };
}
