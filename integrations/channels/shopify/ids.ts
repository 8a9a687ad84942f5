/**
 * Shopify's ids. The numeric ones exceed 2^53, and programs in between (even Shopify's own published samples)
 * have damaged them. The `admin_graphql_api_id` is text: the number in it is the id.
 */
import { firstText, textAt } from "../../vendor-kit/vendor-json.ts";

/** The order's id, exact: the number in its GraphQL id, else the numeric id as it came. */
export function orderIdIn(document: unknown): string {
  return firstText(gidNumber(textAt(document, "admin_graphql_api_id"), "Order"), textAt(document, "id"));
}

export function gidNumber(gid: string, resource = "\\w+"): string {
  return new RegExp(`^gid://shopify/${resource}/(\\d+)`).exec(gid)?.[1] ?? "";
}
