import { EngineError } from "../engine/errors.ts";
import type { Refusal } from "../operations/context.ts";
import type { Problem } from "./api.ts";
import type { HttpReply } from "./http-message.ts";
import { STATUS_CODES_BY_CODE, type StatusCode, statusOf } from "./status-codes.ts";

/** Ends the handling of a request or message with a coded refusal. `detail` is for the caller: facts, no internals. */
export class ApiError extends Error {
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: StatusCode, detail: string, options: { readonly retryAfterMs?: number } = {}) {
    super(detail);
    this.name = "ApiError";
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** An operation's refusal; its code is the operation's own. */
  static of(refusal: Refusal): ApiError {
    return Object.assign(new ApiError("invalid_request", refusal.detail), { code: refusal.code });
  }
}

/** Code, detail and time to wait of anything thrown, fit for a caller's eyes. Faults show nothing but their code. */
export function describeError(error: unknown): {
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
} {
  if (error instanceof ApiError) {
    const { code, message: detail, retryAfterMs } = error;
    return retryAfterMs === undefined ? { code, detail } : { code, detail, retryAfterMs };
  }
  if (error instanceof EngineError && error.code in STATUS_CODES_BY_CODE) {
    const { code, retryAfterMs } = error;
    const detail = statusOf(code).title;
    return retryAfterMs === undefined ? { code, detail } : { code, detail, retryAfterMs };
  }
  return { code: "internal_error", detail: "The server failed; the log has it under the request id." };
}

/** RFC 9457. */
export function problemReply(
  code: string,
  detail: string,
  options: { readonly retryAfterMs?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): HttpReply {
  const { status, title } = statusOf(code);
  const { retryAfterMs } = options;
  const problem: Problem = {
    type: `urn:holdfast:error:${code}`,
    title,
    status,
    code,
    detail,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1000)) }),
      ...options.headers,
    },
    body: JSON.stringify(problem),
  };
}
