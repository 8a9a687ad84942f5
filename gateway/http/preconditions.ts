/**
 * `If-Match` (RFC 9110, 13.1.1): a change is made of what its caller has seen, or not at all.
 *
 * What a request changes is what can be read at its address, or at the nearest one above it: the order of
 * `POST /v1/orders/{id}/cancel`. The tag is the one of that `GET`, as the same caller gets it. A list is what a
 * request changes only where it is removed as a whole: what is added to one was not in it to be seen.
 *
 * P1 Nothing is done where the tag is not the current one: `precondition_failed`.
 * P2 Where the body names a `version`, the tag stands for it: the version of what was seen goes on to the
 *    change, which holds it against the row that it writes. A body without either is `precondition_required`.
 * P3 Elsewhere the changes of one thing that name a tag are made one after the other, whichever process they
 *    come to (`store/access/one-at-a-time.ts`). What comes without a tag, or from a saga or a device, is held
 *    by the operation's own rules only.
 */
import { createHash } from "node:crypto";
import type { TSchema } from "typebox";
import { ApiError } from "../wire/problem.ts";
import type { Route } from "./route.ts";

type Properties = {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
};

/** @returns by route of a change, the one that reads what it changes; none for what makes something new */
export function resourcesOf(table: readonly Route[]): ReadonlyMap<Route, Route> {
  const reads = table.filter(isReadOf);
  const lists = new Map(reads.filter(isList).map((route) => [route.path, route] as const));
  const readable = new Map(
    reads.filter((route) => !isList(route)).map((route) => [route.path, route] as const),
  );
  const found = new Map<Route, Route>();
  for (const route of table) {
    if (route.method === "GET") continue;
    const removed = route.method === "DELETE" ? lists.get(route.path) : undefined;
    if (removed !== undefined) {
      found.set(route, removed);
      continue;
    }
    const segments = route.path.split("/");
    for (let length = segments.length; length > 2; length -= 1) {
      const resource = readable.get(segments.slice(0, length).join("/"));
      if (resource === undefined) continue;
      found.set(route, resource);
      break;
    }
  }
  return found;
}

/** Nothing that needs a question. */
function isReadOf({ method, path, reply, query }: Route): boolean {
  if (method !== "GET" || reply === null || !path.startsWith("/v1/")) return false;
  return ((query as Properties | null)?.required ?? []).length === 0;
}

function isList({ reply }: Route): boolean {
  return (reply as Properties | null)?.properties?.["items"] !== undefined;
}

/** Whether a body of the route has to say which version it was made from. */
export function namesVersion({ body, raw }: Pick<Route, "body" | "raw">): boolean {
  return !raw && ((body as (TSchema & Properties) | null)?.required?.includes("version") ?? false);
}

/** The tag is made of the bytes themselves, so it changes with everything that the view shows. */
export function etagOf(body: string, part = ""): string {
  const hash = (text: string, length: number) =>
    createHash("sha256").update(text).digest("base64url").slice(0, length);
  // A part of what is there is another representation; its tag still says which state it is of.
  return `"${hash(body, 27)}${part === "" ? "" : `.${hash(part, 8)}`}"`;
}

/** @throws ApiError `precondition_failed` where none of the tags is of the current state */
export function requireMatch(ifMatch: string, current: string, address: string): void {
  const state = (tag: string) => tag.trim().replace(/\.[\w-]{8}"$/, '"');
  // By strong comparison: a weak tag matches nothing.
  if (ifMatch.trim() === "*" || ifMatch.split(",").some((tag) => state(tag) === current)) return;
  // What a proxy that compresses makes of a tag: to read again would not help its receiver.
  const isWeak = ifMatch.includes("W/");
  throw new ApiError(
    "precondition_failed",
    isWeak
      ? `If-Match is compared strongly, and a weak tag matches nothing; expected the ETag of ${address} without W/, for example ${current}`
      : `If-Match names another state than the current one, which is ${current}. Read ${address} again, and send its ETag.`,
    { headers: { etag: current } },
  );
}

/** Bodies that came without a version, with a tag in its place. */
const LACKING = new WeakSet<object>();

/**
 * Lets a tag stand for a version that the body leaves out, for as long as it takes to look.
 *
 * @throws ApiError `precondition_required` where there is neither
 */
export function standInForVersion(body: unknown, ifMatch: string | undefined): void {
  if (typeof body !== "object" || body === null || Array.isArray(body) || "version" in body) return;
  if (ifMatch === undefined) {
    throw new ApiError(
      "precondition_required",
      "Say what you have seen: If-Match with the ETag of a read of the same address, such as " +
        'If-Match: "Yx3…", or its version in the body, such as {"version": 3}.',
    );
  }
  Object.assign(body, { version: 1 });
  LACKING.add(body);
}

/** Puts the version of what was seen into a body that came without. */
export function fillVersion(body: unknown, seen: unknown): void {
  if (typeof body !== "object" || body === null || !LACKING.has(body)) return;
  Object.assign(body, { version: (seen as { readonly version?: number }).version });
}
