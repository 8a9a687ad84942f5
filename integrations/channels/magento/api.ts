/** Magento's REST API V1, called with an integration's access token; searches, and what its errors mean. */
import type { Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createRestClient, type RestClient } from "../../vendor-kit/rest-client.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { at, firstText, isObject, textAt } from "../../vendor-kit/vendor-json.ts";

export const SERVICE = "magento";
/** A shop with many extensions takes its time. */
const TIMEOUT_MS = 60_000;

export const VARIABLES = {
  url: "MAGENTO_URL",
  token: "MAGENTO_ACCESS_TOKEN",
  source: "MAGENTO_SOURCE_CODE",
  stock: "MAGENTO_STOCK_ID",
  refunds: "MAGENTO_REFUNDS",
  invoices: "MAGENTO_INVOICES",
} as const;

export function createMagentoClient(
  values: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): RestClient {
  return createRestClient({
    service: SERVICE,
    baseUrl: `${(values[VARIABLES.url] ?? "").replace(/\/+$/, "")}/rest/all`,
    timeoutMs,
    headers: () => ({ authorization: `Bearer ${values[VARIABLES.token] ?? ""}` }),
  });
}

export type Filter = readonly [field: string, condition: string, value: string | number];

/** Each filter is a group of its own, for groups are joined by AND, and by OR what is within one. */
export function searchOf(
  filters: readonly Filter[],
  sortBy: string,
  pageSize: number,
): Readonly<Record<string, string | number>> {
  const groups = filters.flatMap(([field, condition, value], index) => {
    const filter = `searchCriteria[filterGroups][${index}][filters][0]`;
    return [
      [`${filter}[field]`, field],
      [`${filter}[value]`, value],
      [`${filter}[conditionType]`, condition],
    ] as const;
  });
  return {
    ...Object.fromEntries(groups),
    "searchCriteria[sortOrders][0][field]": sortBy,
    "searchCriteria[sortOrders][0][direction]": "ASC",
    "searchCriteria[pageSize]": pageSize,
    // Always the first: a page behind the last one is the last one again.
    "searchCriteria[currentPage]": 1,
  };
}

/** A reply that must be 200; null: there is none such. */
export function found(reply: JsonReply, what: string): unknown {
  if (reply.status === 200) return reply.json;
  if (reply.status === 404) return null;
  const { code, message } = refusalOf(reply);
  throw new ServiceFault(`Magento refused to ${what}: ${message}`, {
    service: SERVICE,
    code,
    retryable: false,
    status: reply.status,
  });
}

/**
 * `{message: "… %1 … %name", parameters: [value, …], [{name}, …] or {name}}`, with the parameters in their
 * places.
 */
export function refusalOf(reply: JsonReply): Extract<Told, { readonly status: "refused" }> {
  const parameters = at(reply.json, "parameters");
  const named: Readonly<Record<string, unknown>> = Array.isArray(parameters)
    ? Object.assign(
        {},
        ...parameters.map((value, index) => (isObject(value) ? value : { [String(index + 1)]: value })),
      )
    : isObject(parameters)
      ? parameters
      : {};
  const text = textAt(reply.json, "message").replace(/%(\w+)/g, (whole, name: string) =>
    Object.hasOwn(named, name) ? textAt(named, name) : whole,
  );
  const message = firstText(text, `Magento answered ${reply.status}.`);
  return { status: "refused", code: `status_${reply.status}`, message };
}

export function isId(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
