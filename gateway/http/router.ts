/** From method and path to a route. Literal segments win over parameters; the table is small and fixed. */
import { MAX_PATH_PARAMETER } from "../../config/limits.ts";
import { ApiError } from "../wire/problem.ts";
import type { Route } from "./route.ts";

type Match = { readonly route: Route; readonly params: Readonly<Record<string, string>> };

type Router = {
  /**
   * @returns null where no route has this path
   * @throws ApiError `method_not_allowed`, `malformed_request`
   */
  match(method: string, path: string): Match | null;
};

export function createRouter(table: readonly Route[]): Router {
  const entries = table.map((route) => ({ route, segments: route.path.split("/").slice(1) }));
  return {
    match: (method, path) => {
      const asked = path.split("/").slice(1);
      const candidates = entries.filter(
        ({ segments }) =>
          segments.length === asked.length &&
          segments.every((segment, at) => isParameter(segment) || segment === asked[at]),
      );
      if (candidates.length === 0) return null;
      const wanted = method === "HEAD" ? "GET" : method;
      const found = candidates
        .filter(({ route }) => route.method === wanted)
        .sort((a, b) => parameterCount(a.segments) - parameterCount(b.segments))[0];
      if (found === undefined) {
        const allowed = [...new Set(candidates.map(({ route }) => route.method))].join(", ");
        throw new ApiError("method_not_allowed", `Allowed here: ${allowed}.`, {
          headers: { allow: allowed },
        });
      }
      return { route: found.route, params: readParams(found.segments, asked) };
    },
  };
}

function isParameter(segment: string): boolean {
  return segment.startsWith("{");
}

function parameterCount(segments: readonly string[]): number {
  return segments.filter(isParameter).length;
}

function readParams(segments: readonly string[], asked: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    if (!isParameter(segment)) continue;
    params[segment.slice(1, -1)] = decodeSegment(asked[at] ?? "");
  }
  return params;
}

function decodeSegment(segment: string): string {
  let value: string;
  try {
    value = decodeURIComponent(segment);
  } catch {
    throw new ApiError("malformed_request", "The path is not valid percent-encoding.");
  }
  // PostgreSQL takes no NUL, and none of our ids is this long.
  if (value === "" || value.length > MAX_PATH_PARAMETER || value.includes("\0")) {
    throw new ApiError("not_found", "There is nothing at this address.");
  }
  return value;
}
