/** BigCommerce's REST API, V2 for orders and V3 for the rest, called with a store's access token. */
import type { Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createRestClient, type RestClient } from "../../vendor-kit/rest-client.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { firstText, listAt, objectAt, textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "bigcommerce";
const TIMEOUT_MS = 30_000;

export const VARIABLES = {
  url: "BIGCOMMERCE_API_URL",
  store: "BIGCOMMERCE_STORE_HASH",
  token: "BIGCOMMERCE_ACCESS_TOKEN",
  location: "BIGCOMMERCE_LOCATION_ID",
} as const;

export function createBigcommerceClient(
  values: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): RestClient {
  const url = (values[VARIABLES.url] ?? "").replace(/\/+$/, "");
  return createRestClient({
    service: SERVICE,
    baseUrl: `${url}/stores/${encodeURIComponent(values[VARIABLES.store] ?? "")}`,
    timeoutMs,
    headers: () => ({ "x-auth-token": values[VARIABLES.token] ?? "" }),
    pauseMs: (headers) => {
      const ms = headers.get("x-rate-limit-time-reset-ms") ?? "";
      return /^\d{1,9}$/.test(ms) ? Number(ms) : null;
    },
  });
}

/** A list of V2 or a document of V3; null: there is none such. An empty list of V2 comes as 204. */
export function found(reply: JsonReply, what: string): unknown {
  if (reply.status === 204) return [];
  if (reply.status === 200 || reply.status === 201) return reply.json;
  if (reply.status === 404) return null;
  const { code, message } = refusalOf(reply);
  throw new ServiceFault(`BigCommerce refused to ${what}: ${code}, ${message}`, {
    service: SERVICE,
    code,
    retryable: false,
    status: reply.status,
  });
}

/** V2 answers `[{status, message}]`, V3 problem documents `{status, title, type, errors}`. */
export function refusalOf(reply: JsonReply): Extract<Told, { readonly status: "refused" }> {
  const first: unknown = Array.isArray(reply.json) ? reply.json[0] : reply.json;
  const errors = Object.entries(objectAt(first, "errors") ?? {}).map(
    ([field, text]) => `${field}: ${textAt({ text }, "text")}`,
  );
  const message = firstText(
    [firstText(textAt(first, "title"), textAt(first, "message")), ...errors].filter(Boolean).join("; "),
    `BigCommerce answered ${reply.status}.`,
  );
  return { status: "refused", code: `status_${reply.status}`, message };
}

/** The order, or null where the store has none such; what is no number is none of its ids. */
export async function readOne(call: RestClient, externalId: string): Promise<unknown> {
  if (!/^\d{1,15}$/.test(externalId)) return null;
  return found(await call({ method: "GET", path: `/v2/orders/${externalId}` }), "read an order");
}

export async function readRefunds(call: RestClient, id: string): Promise<readonly unknown[]> {
  const reply = await call({ method: "GET", path: `/v3/orders/${id}/payment_actions/refunds` });
  return listAt(found(reply, "list refunds"), "data");
}
