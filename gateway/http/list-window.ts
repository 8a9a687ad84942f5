/**
 * `limit`, `cursor` and `sort` of lists that their handlers give whole, because they are short: channels,
 * locations, people, keys. Without a limit they are whole still. Long lists are read by page from the store.
 *
 * A cursor names the last item that was shown, and its place in case it is gone: what is added or removed
 * before it neither repeats nor hides another.
 */
import { createHash } from "node:crypto";
import Type, { type TSchema } from "typebox";
import { PAGE_MAX } from "../../config/limits.ts";
import { PageQuery } from "../../contract/shapes.ts";
import { InvalidCursorError } from "../../store/sql/cursor.ts";
import type { Route } from "./route.ts";

type Node = {
  readonly type?: string;
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
};

export type ListWindow = { readonly limit?: number; readonly cursor?: string; readonly sort?: string };

/** Whether the route gives its list whole. */
export function isWholeList({ method, reply, query }: Pick<Route, "method" | "reply" | "query">): boolean {
  const { properties } = (reply ?? {}) as Node;
  const asks = query?.properties ?? {};
  return (
    method === "GET" &&
    properties?.["items"]?.items !== undefined &&
    properties["next"] !== undefined &&
    !("cursor" in asks) &&
    !("limit" in asks)
  );
}

/** Query of a whole list, beside its filters. */
export function windowQuery(reply: TSchema) {
  const names = sortable(reply);
  return {
    ...PageQuery,
    ...(names.length === 0
      ? {}
      : {
          sort: Type.Optional(
            Type.Unsafe<string>({
              type: "string",
              enum: names.flatMap((name) => [name, `-${name}`]),
              description: "By this field; with `-` from its end.",
            }),
          ),
        }),
  };
}

/** Fields of an item that are one text, number or truth. */
function sortable(reply: TSchema): readonly string[] {
  const item = (reply as Node).properties?.["items"]?.items;
  const isPlain = (node: Node): boolean =>
    node.anyOf === undefined
      ? ["string", "integer", "number", "boolean", "null"].includes(node.type ?? "") ||
        node.const !== undefined
      : node.anyOf.every(isPlain);
  return Object.entries(item?.properties ?? {})
    .filter(([, node]) => isPlain(node))
    .map(([name]) => name);
}

/** @throws InvalidCursorError */
export function windowOf(json: unknown, { limit, cursor, sort }: ListWindow): unknown {
  if (limit === undefined && cursor === undefined && sort === undefined) return json;
  const page = json as { readonly items: readonly Readonly<Record<string, unknown>>[] };
  const items = sort === undefined ? page.items : sorted(page.items, sort);
  const from = cursor === undefined ? 0 : placeAfter(items, cursor, sort);
  const shown = items.slice(from, from + (limit ?? PAGE_MAX));
  const last = shown.at(-1);
  const isEnd = last === undefined || from + shown.length >= items.length;
  return { ...page, items: shown, next: isEnd ? null : cursorOf(last, from + shown.length, sort) };
}

function sorted<T extends Readonly<Record<string, unknown>>>(
  items: readonly T[],
  sort: string,
): readonly T[] {
  const isFromEnd = sort.startsWith("-");
  const name = isFromEnd ? sort.slice(1) : sort;
  // Stable: equal ones stay in the list's own order. What has no value is last, either way.
  return items.toSorted((one, other) => {
    const [a, b] = [one[name] ?? null, other[name] ?? null];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const order =
      typeof a === "string" && typeof b === "string" ? (a < b ? -1 : a > b ? 1 : 0) : Number(a) - Number(b);
    return isFromEnd ? -order : order;
  });
}

/** An item begins with what names it; where one of these fields changes, its place counts. */
function identityOf(item: Readonly<Record<string, unknown>>): string {
  const identity = Object.values(item).slice(0, 4);
  return createHash("sha256").update(JSON.stringify(identity)).digest("base64url").slice(0, 16);
}

function cursorOf(last: Readonly<Record<string, unknown>>, place: number, sort: string | undefined): string {
  return Buffer.from(JSON.stringify([sort ?? "", identityOf(last), place])).toString("base64url");
}

function placeAfter(
  items: readonly Readonly<Record<string, unknown>>[],
  cursor: string,
  sort: string | undefined,
): number {
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw new InvalidCursorError();
  }
  const [order, identity, place] = Array.isArray(given) ? given : [];
  if (typeof identity !== "string" || !Number.isSafeInteger(place) || place < 0)
    throw new InvalidCursorError();
  if (order !== (sort ?? "")) throw new InvalidCursorError();
  const at = items.findIndex((item) => identityOf(item) === identity);
  return at >= 0 ? at + 1 : Math.min(place, items.length);
}
