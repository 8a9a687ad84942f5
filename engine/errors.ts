/**
 * Operating faults of the engine, as opposed to refusals, which are values.
 *
 * - `engine_overloaded`: a bounded queue is full; nothing was done; try again after `retryAfterMs`.
 * - `fenced`: the shard belongs to another process now, for good; it did nothing; ask there.
 * - `shard_elsewhere`: another node has the shard, or is about to; this one did nothing; ask there. In a call
 *   over several shards, as with `shard_unavailable`.
 * - `shard_unavailable`: the shard is being rebuilt, or was lost in this moment; it did nothing; try
 *   again. In a call over several shards, parts in other shards may have been done: repeat it with the same
 *   ids.
 * - `commit_outcome_unknown`: the commit may or may not have happened; ask again with the same id.
 * - `attachment_rejected`: the record that was to commit with the command was refused by its writer (see
 *   `cause`); nothing was done.
 * - `invalid_request`: the request makes no sense, such as an order without lines; nothing was done.
 * - `engine_stopped`: the engine takes no more work; nothing was done.
 * - `engine_unreachable`: the engine is in another process, and no request came through to it; nothing was
 *   done; try again after `retryAfterMs`.
 * - `handles_void`: the engine that the handles are of has ended; nothing was done; open the positions again,
 *   over another connection.
 * - `layout_mismatch`: the database was laid out with another number of shards; the engine does not start.
 * - `journal_corrupt`: a journal row or snapshot fails its checksum, hash or sequence; the engine does not
 *   start.
 */
export type EngineErrorCode =
  | "engine_overloaded"
  | "fenced"
  | "shard_elsewhere"
  | "shard_unavailable"
  | "commit_outcome_unknown"
  | "attachment_rejected"
  | "invalid_request"
  | "engine_stopped"
  | "engine_unreachable"
  | "handles_void"
  | "layout_mismatch"
  | "journal_corrupt";

export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;
  /** Milliseconds after which trying again makes sense; absent where it does not. */
  readonly retryAfterMs?: number;

  constructor(
    code: EngineErrorCode,
    message: string,
    options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** An error as plain data, between threads and processes: `code` is an `EngineError`'s, `null` of any other. */
export type PlainFault = {
  readonly code: EngineErrorCode | null;
  readonly message: string;
  readonly retryAfterMs: number | null;
};

export function faultOf(error: unknown): PlainFault {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof EngineError)) return { code: null, message, retryAfterMs: null };
  return { code: error.code, message, retryAfterMs: error.retryAfterMs ?? null };
}

export function errorOf({ code, message, retryAfterMs }: PlainFault): Error {
  if (code === null) return new Error(message);
  return new EngineError(code, message, retryAfterMs === null ? {} : { retryAfterMs });
}

/** Whether a shard is on its way to another engine, or comes back here: soon it is served again. */
export function isMoving(error: unknown): boolean {
  return (
    error instanceof EngineError && (error.code === "shard_elsewhere" || error.code === "shard_unavailable")
  );
}
