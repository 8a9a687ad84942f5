/** Headers that follow from who asked and what was asked, whatever the answer: limits, and ends of life. */
import type { Allowance } from "../access/token-buckets.ts";
import type { Deprecation, Route } from "./route.ts";

/** The limit that a request was counted against. */
export type Counted = { readonly buckets: Allowance; readonly name: string };

/**
 * By draft-ietf-httpapi-ratelimit-headers: `q` requests in `w` seconds; `r` of them are left, and after `t`
 * seconds all of them are there again.
 */
export function rateLimitHeaders(
  { buckets, name }: Counted,
  nowMs: number,
): Readonly<Record<string, string>> {
  const { quota, windowSeconds } = buckets;
  const { left, fullInSeconds } = buckets.look(name, nowMs);
  return {
    "ratelimit-policy": `"requests";q=${quota};w=${windowSeconds}`,
    ratelimit: `"requests";r=${left};t=${fullInSeconds}`,
  };
}

/** RFC 9745 and RFC 8594: since when an operation is deprecated, when it goes, and what is there instead. */
export function deprecationHeaders({
  deprecated,
}: Pick<Route, "deprecated">): Readonly<Record<string, string>> {
  return deprecated === null ? {} : headersOf(deprecated);
}

function headersOf({ since, sunset, instead }: Deprecation): Readonly<Record<string, string>> {
  return {
    deprecation: `@${Date.parse(`${since}T00:00:00Z`) / 1_000}`,
    ...(sunset === null ? {} : { sunset: new Date(`${sunset}T00:00:00Z`).toUTCString() }),
    link: `</docs>; rel="deprecation"; type="text/html", <${instead}>; rel="successor-version"`,
  };
}
