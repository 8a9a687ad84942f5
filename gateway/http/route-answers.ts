/**
 * All that a route can answer: what its handler does (`gateway/routes/route-answers.ts`), and what follows
 * from its kind, such as 401 where it needs a caller. `/openapi.json` and the tests of the edge go by it.
 */
import { leadsToFactor } from "../access/second-factor-demand.ts";
import { STATUS_CODES_BY_CODE, type StatusCode } from "../wire/status-codes.ts";
import { isWholeList } from "./list-window.ts";
import { namesVersion } from "./preconditions.ts";
import type { Route, RouteWhereabouts } from "./route.ts";

/** By `METHOD path`: statuses and media types of what is no refusal, and the codes of refusals. */
export type RouteAnswers = Readonly<
  Record<
    string,
    {
      readonly statuses: readonly number[];
      readonly types: readonly string[];
      readonly codes: readonly StatusCode[];
    }
  >
>;

export type Answers = {
  /** Of what is no refusal. */
  readonly statuses: readonly number[];
  /** Media types of these. */
  readonly types: readonly string[];
  /** Of refusals, by their status, in ascending order. */
  readonly refusals: ReadonlyMap<number, readonly StatusCode[]>;
};

/** Of the server itself, before a route is found, and of a database or process that fails. */
const OF_EVERY_REQUEST: readonly StatusCode[] = [
  "body_timeout",
  "gateway_busy",
  "host_unknown",
  "internal_error",
  "invalid_request",
  "malformed_request",
  "payload_too_large",
];
/** Of a request that is looked at by who sends it. */
const OF_EVERY_ROUTE: readonly StatusCode[] = [
  "answer_late",
  "caller_busy",
  "rate_limited",
  "setup_needed",
  "storage_unavailable",
];
const OF_CALLERS: readonly StatusCode[] = ["unauthenticated"];
const OF_BODIES: readonly StatusCode[] = ["structure_too_complex", "unsupported_media_type"];
const OF_CONDITIONS: readonly StatusCode[] = ["precondition_failed"];
const OF_KEYS: readonly StatusCode[] = ["idempotency_in_flight", "idempotency_key_reused"];

/**
 * @param whereabouts says whether callers who are bound to places or channels are refused
 * @param resource reads what it changes, for `If-Match`, and may refuse to; null: it changes nothing that can
 *   be read
 * @throws Error where nothing is said about the route
 */
export function answersOf(
  route: Route,
  answers: RouteAnswers,
  whereabouts: RouteWhereabouts,
  resource: Route | null = null,
): Answers {
  const name = `${route.method} ${route.path}`;
  const own = answers[name];
  if (own === undefined)
    throw new Error(`nothing says what ${name} answers: gateway/routes/route-answers.ts`);
  const { access } = route;
  const needsCaller = access.kind !== "public";
  const about = whereabouts.get(name) ?? "company";
  const codes: readonly StatusCode[] = [
    ...own.codes,
    ...OF_EVERY_REQUEST,
    ...(route.path.startsWith("/v1/") || needsCaller ? OF_EVERY_ROUTE : []),
    ...(needsCaller ? OF_CALLERS : []),
    ...(needsCaller && !leadsToFactor(name) ? (["second_factor_demanded"] as const) : []),
    ...(needsCaller && access.kind !== "known" ? (["forbidden"] as const) : []),
    ...(needsCaller && route.method !== "GET" ? (["origin_forbidden"] as const) : []),
    ...(route.proof === null ? [] : (["reauthentication_needed"] as const)),
    ...(needsCaller && about !== "anything" && about !== "filtered" ? (["outside_role"] as const) : []),
    ...(route.proof === null ? [] : (["reauthentication_needed"] as const)),
    ...(route.body === null ? [] : OF_BODIES),
    ...(isWholeList(route) ? (["invalid_cursor"] as const) : []),
    ...(route.path.includes("{") ? (["not_found"] as const) : []),
    ...(resource === null ? [] : [...OF_CONDITIONS, ...(answers[`GET ${resource.path}`]?.codes ?? [])]),
    ...(resource !== null && namesVersion(route) ? (["precondition_required"] as const) : []),
    ...(route.idempotency === "accepted" || route.idempotency === "required" ? OF_KEYS : []),
    ...(route.idempotency === "required" || route.idempotency === "each"
      ? (["idempotency_key_missing"] as const)
      : []),
  ];
  return {
    statuses:
      route.method === "GET" && own.types.includes("application/json")
        ? [...own.statuses, 304]
        : own.statuses,
    types: own.types,
    refusals: byStatus(codes),
  };
}

/** Codes by their status, both in ascending order, each once. */
export function byStatus(codes: readonly StatusCode[]): ReadonlyMap<number, readonly StatusCode[]> {
  const grouped = new Map<number, StatusCode[]>();
  const statusOf = (code: StatusCode): number => STATUS_CODES_BY_CODE[code].status;
  for (const code of [...new Set(codes)].sort((a, b) => statusOf(a) - statusOf(b) || (a < b ? -1 : 1))) {
    grouped.set(statusOf(code), [...(grouped.get(statusOf(code)) ?? []), code]);
  }
  return grouped;
}
