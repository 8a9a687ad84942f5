/** Ecwid's REST API v3, called with the secret token of an app that the store has installed. */
import type { Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createRestClient, type RestClient } from "../../vendor-kit/rest-client.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { firstText, textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "ecwid";
const TIMEOUT_MS = 30_000;

export const VARIABLES = { url: "ECWID_API_URL", store: "ECWID_STORE_ID", token: "ECWID_TOKEN" } as const;

export function createEcwidClient(
  values: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): RestClient {
  const server = (values[VARIABLES.url] ?? "").replace(/\/+$/, "");
  return createRestClient({
    service: SERVICE,
    baseUrl: `${server}/api/v3/${encodeURIComponent(values[VARIABLES.store] ?? "")}`,
    timeoutMs,
    headers: () => ({ authorization: `Bearer ${values[VARIABLES.token] ?? ""}` }),
  });
}

/** A reply that must be 200; null: the store has none such. */
export function found(reply: JsonReply, what: string): unknown {
  if (reply.status === 200) return reply.json;
  if (reply.status === 404) return null;
  const { code, message } = refusalOf(reply);
  throw new ServiceFault(`Ecwid refused to ${what}: ${message}`, {
    service: SERVICE,
    code,
    retryable: false,
    status: reply.status,
  });
}

/** `{errorMessage, errorCode}`, both of which may be missing. */
export function refusalOf(reply: JsonReply): Extract<Told, { readonly status: "refused" }> {
  return {
    status: "refused",
    code: firstText(textAt(reply.json, "errorCode").toLowerCase(), `status_${reply.status}`),
    message: firstText(textAt(reply.json, "errorMessage"), `Ecwid answered ${reply.status}.`),
  };
}
