/**
 * Operating faults of the engine, as opposed to refusals, which are values.
 *
 * - `engine_overloaded`: a bounded queue is full; nothing was done; try again after `retryAfterMs`.
 * - `fenced`: the shard belongs to another process now, for good; it did nothing; ask there.
 * - `shard_unavailable`: the shard is being rebuilt, or was lost in this moment; it did nothing; try
 *   again. In a call over several shards, parts in other shards may have been done: repeat it with the same
 *   ids.
 * - `commit_outcome_unknown`: the commit may or may not have happened; ask again with the same id.
 * - `attachment_rejected`: the record that was to commit with the command was refused by its writer (see
 *   `cause`); nothing was done.
 * - `invalid_request`: the request makes no sense, such as an order without lines; nothing was done.
 * - `engine_stopped`: the engine takes no more work; nothing was done.
 * - `layout_mismatch`: the database was laid out with another number of shards; the engine does not start.
 * - `journal_corrupt`: a journal row or snapshot fails its checksum, hash or sequence; the engine does not
 *   start.
 */
export type EngineErrorCode =
  | "engine_overloaded"
  | "fenced"
  | "shard_unavailable"
  | "commit_outcome_unknown"
  | "attachment_rejected"
  | "invalid_request"
  | "engine_stopped"
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
