/** Square's API, called with an access token of the seller's, at a pinned version. */
import type { Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createRestClient, type RestClient } from "../../vendor-kit/rest-client.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "square";
const TIMEOUT_MS = 30_000;
const VERSION = "2025-08-20";

export const VARIABLES = {
  url: "SQUARE_API_URL",
  token: "SQUARE_ACCESS_TOKEN",
  location: "SQUARE_LOCATION_ID",
} as const;

export function createSquareClient(
  values: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): RestClient {
  return createRestClient({
    service: SERVICE,
    baseUrl: values[VARIABLES.url] ?? "",
    timeoutMs,
    headers: () => ({
      authorization: `Bearer ${values[VARIABLES.token] ?? ""}`,
      "square-version": VERSION,
    }),
  });
}

/** A reply that must be 200; null: there is none such. */
export function found(reply: JsonReply, what: string): unknown {
  if (reply.status === 200) return reply.json;
  if (reply.status === 404) return null;
  const { code, message } = refusalOf(reply);
  throw new ServiceFault(`Square refused to ${what}: ${code}, ${message}`, {
    service: SERVICE,
    code,
    retryable: false,
    status: reply.status,
  });
}

/** `{errors: [{category, code, detail, field}]}`. */
export function refusalOf(reply: JsonReply): Extract<Told, { readonly status: "refused" }> {
  const [first] = listAt(reply.json, "errors");
  const code = textAt(first, "code").toLowerCase();
  return {
    status: "refused",
    code: code === "" ? `status_${reply.status}` : code,
    message: firstText(textAt(first, "detail"), code, `Square answered ${reply.status}.`),
  };
}

/** Ids of Square's have letters, digits, dashes and underscores; what has others is none of them. */
export function isId(text: string): boolean {
  return /^[\w-]{1,192}$/.test(text);
}
