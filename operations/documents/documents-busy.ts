/** A full queue is half drawn after so long, in milliseconds. */
const RETRY_MS = 2_000;

/** As many documents wait as may. The caller comes back after `retryAfterMs`. */
export class DocumentsBusyError extends Error {
  readonly code = "documents_busy";
  readonly retryAfterMs = RETRY_MS;

  constructor() {
    super("too many documents wait to be drawn");
    this.name = "DocumentsBusyError";
  }
}
