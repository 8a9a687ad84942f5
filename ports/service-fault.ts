/**
 * How an outside service fails: the one error that every adapter throws. A refusal (declined card,
 * undeliverable address) is never a fault; it is a value of the port's own method.
 */
export class ServiceFault extends Error {
  override readonly name = "ServiceFault";
  /** `stripe`, `easypost`, `smtp`. */
  readonly service: string;
  /** Stable snake_case: `timeout`, `network_error`, `unavailable`, or the service's own code. */
  readonly code: string;
  /**
   * Whether the same call with the same idempotency key may succeed later. Where false, somebody has to
   * change something first: a key, a setting, the request.
   */
  readonly retryable: boolean;
  /** The HTTP or SMTP status, where the service answered at all. */
  readonly status: number | null;
  /** The service's own word about when to come again, in milliseconds from its answer; null: it said none. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    facts: {
      readonly service: string;
      readonly code: string;
      readonly retryable: boolean;
      readonly status?: number | null;
      readonly retryAfterMs?: number | null;
      readonly cause?: unknown;
    },
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.service = facts.service;
    this.code = facts.code;
    this.retryable = facts.retryable;
    this.status = facts.status ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}
