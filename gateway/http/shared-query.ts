/** What a query may have that is no matter of the handler: fields, and windows of lists that it gives whole. */
import Type, { type TProperties } from "typebox";
import { isWholeList, type ListWindow, windowQuery } from "./list-window.ts";
import type { Route } from "./route.ts";
import { FIELDS } from "./sparse-fields.ts";

export type SharedQuery = ListWindow & { readonly fields?: string };

export function sharedQuery(route: Pick<Route, "method" | "path" | "reply" | "query">): TProperties {
  if (route.method !== "GET" || route.reply === null || !route.path.startsWith("/v1/")) return {};
  return { fields: Type.Optional(FIELDS), ...(isWholeList(route) ? windowQuery(route.reply) : {}) };
}
