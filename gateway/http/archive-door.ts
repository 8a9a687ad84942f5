/**
 * What a request names and the busy tables do not have may be in the archive: there the request is answered
 * again. Who only reads, reads it where it is; who changes something has it brought back.
 *
 * It is asked only where an answer would be "there is none", so that it costs nothing else.
 */
import { bringBack } from "../../operations/archive/bring-back.ts";
import { archivedOrders } from "../../store/archive/archive-reader.ts";
import { findArchived } from "../../store/archive/archived-names.ts";
import type { Database } from "../../store/sql/database.ts";
import { ApiError } from "../wire/problem.ts";
import { statusOf } from "../wire/status-codes.ts";
import type { Answer, Call, Route } from "./route.ts";

/** Routes whose parameters name an order or something of it. */
const ABOUT_ORDERS =
  /^\/v1\/(orders|returns|refunds|claims|fulfillment-orders|shipments|track|packing-slips)\b/;

/** PostgreSQL: a row refers to one that has left meanwhile. */
const FOREIGN_KEY_VIOLATION = "23503";

/** Whether there was nothing of what was asked for. */
export function isMissing(error: unknown): boolean {
  if (error instanceof ApiError) return statusOf(error.code).status === 404;
  return error instanceof Error && "code" in error && error.code === FOREIGN_KEY_VIOLATION;
}

/** The same of an answer: a list of what an order has, and there is nothing in it. */
export function isEmpty(route: Route, call: Call<unknown, unknown>, answer: Answer<unknown>): boolean {
  if (route.method !== "GET" || !("json" in answer) || namesOf(route, call).length === 0) return false;
  const { json } = answer;
  const items = typeof json === "object" && json !== null && "items" in json ? json.items : undefined;
  return Array.isArray(items) && items.length === 0;
}

/**
 * The call as it reads the archive, beside all else.
 *
 * @returns null: what it names is not there
 */
export async function readingArchive<Q, B>(
  route: Route,
  call: Call<Q, B>,
  database: Database,
): Promise<Call<Q, B> | null> {
  const orders = await findArchived(database, namesOf(route, call));
  const reader = orders.length === 0 ? null : await archivedOrders(database, orders);
  if (reader === null) return null;
  const { services } = call;
  return {
    ...call,
    // A spread would read it, and a body is read once.
    body: call.body,
    services: {
      ...services,
      database: reader,
      operations: { ...services.operations, database: reader },
    },
  };
}

/** @returns whether anything came back */
export function broughtBack(
  route: Route,
  call: Call<unknown, unknown>,
  database: Database,
): Promise<boolean> {
  return bringBack(database, namesOf(route, call));
}

function namesOf(route: Route, { params, query }: Call<unknown, unknown>): readonly string[] {
  if (!ABOUT_ORDERS.test(route.path)) return [];
  const { order } = (query ?? {}) as { readonly order?: unknown };
  return [...Object.values(params), ...(typeof order === "string" ? [order] : [])];
}
