/**
 * What a caller is told when something goes wrong, over HTTP and over the stream: a code, a sentence, and
 * when to try again. `status-codes.ts` has the codes' HTTP statuses. What went wrong inside is only logged.
 */
import type { Logger } from "pino";
import type { Problem } from "../../contract/shapes.ts";
import { EngineError } from "../../engine/errors.ts";
import { DocumentsBusyError } from "../../operations/documents/documents-busy.ts";
import type { Refusal } from "../../operations/refusal.ts";
import { InvalidCursorError } from "../../store/sql/cursor.ts";
import { isDatabaseFault } from "../../store/sql/database-fault.ts";
import type { HttpReply } from "./http-message.ts";
import { STATUS_CODES_BY_CODE, type StatusCode, statusOf } from "./status-codes.ts";

/** A database that restarts is back within seconds. More frequent tries would only add to its load. */
const STORAGE_RETRY_MS = 2_000;

/**
 * Ends the handling of a request or message with a coded refusal. `detail` is for the caller: facts, nothing
 * internal.
 */
export class ApiError extends Error {
  readonly code: StatusCode;
  readonly retryAfterMs: number | undefined;
  /** What HTTP asks for beside the status, such as `Allow`. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(
    code: StatusCode,
    detail: string,
    options: { readonly retryAfterMs?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.name = "ApiError";
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.headers = options.headers;
  }

  static of(refusal: Refusal): ApiError {
    const { code, detail, retryAfterMs } = refusal;
    return new ApiError(code, detail, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
}

export type Described = {
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

/**
 * Code, detail and time to wait for anything thrown, as a caller may see it. Faults show only their code.
 */
export function describeError(error: unknown): Described {
  if (error instanceof ApiError) {
    const { code, message: detail, retryAfterMs, headers } = error;
    return {
      code,
      detail,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(headers === undefined ? {} : { headers }),
    };
  }
  if (error instanceof EngineError && error.code in STATUS_CODES_BY_CODE) {
    const { code, retryAfterMs } = error;
    const detail = statusOf(code).title;
    return retryAfterMs === undefined ? { code, detail } : { code, detail, retryAfterMs };
  }
  if (error instanceof DocumentsBusyError) {
    const { code, retryAfterMs } = error;
    return { code, detail: statusOf(code).title, retryAfterMs };
  }
  if (error instanceof InvalidCursorError) return { code: error.code, detail: error.message };
  if (isDatabaseFault(error)) {
    const code: StatusCode = "storage_unavailable";
    return { code, detail: statusOf(code).title, retryAfterMs: STORAGE_RETRY_MS };
  }
  return { code: "internal_error", detail: "The server failed; the log has it under the request id." };
}

/**
 * Logs what an operator has to know of something thrown. A refusal is not logged, since it concerns the
 * caller only. A database that is away gets one line without a stack, because every request of that time
 * fails alike. A defect is logged in full.
 */
export function logFailure(
  logger: Logger,
  error: unknown,
  context: Readonly<Record<string, unknown>>,
  text: string,
): void {
  const { code } = describeError(error);
  if (code === "internal_error") logger.error({ err: error, ...context }, text);
  else if (code === "storage_unavailable") logger.warn({ code, reason: reasonOf(error), ...context }, text);
}

/** The message. An error that collects the tries at several addresses has none, so their common code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message !== "" || !("code" in error) ? error.message : String(error.code);
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
      // RFC 9110 wants a challenge; this one makes no browser ask for a password.
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
      ...options.headers,
    },
    body: JSON.stringify(problem),
  };
}
