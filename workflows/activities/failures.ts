/**
 * How an activity fails. An operating fault (time-out, connection lost, engine busy) is repeated by Temporal with the
 * same key; what repeating cannot cure becomes a failure that is not to be retried, and the saga asks a person.
 */
import { ApplicationFailure } from "@temporalio/common";
import { EngineError } from "../../engine/errors.ts";
import { ServiceFault } from "../../ports/service-fault.ts";

/** A step that cannot succeed as things are: a record is missing, or the stock is not what the order says. */
export class StepImpossible extends Error {
  override readonly name = "StepImpossible";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** SQLSTATE classes of data that does not fit: repeating the statement cannot help. */
const PERMANENT_SQLSTATE = /^(22|23|42)/;

export function translateFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  if (cause instanceof ServiceFault)
    return failure(cause, `${cause.service}.${cause.code}`, { nonRetryable: !cause.retryable });
  if (cause instanceof StepImpossible) return failure(cause, cause.code, { nonRetryable: true });
  if (cause instanceof EngineError)
    return failure(
      cause,
      cause.code,
      cause.retryAfterMs === undefined ? {} : { nextRetryDelay: cause.retryAfterMs },
    );
  const sqlState = (cause as { readonly code?: unknown }).code;
  if (typeof sqlState === "string" && /^[0-9A-Z]{5}$/.test(sqlState))
    return failure(cause, `sqlstate_${sqlState}`, { nonRetryable: PERMANENT_SQLSTATE.test(sqlState) });
  return failure(cause, cause.name, {});
}

function failure(
  cause: Error,
  type: string,
  options: { readonly nonRetryable?: boolean; readonly nextRetryDelay?: number },
): ApplicationFailure {
  return ApplicationFailure.create({ message: cause.message, type, cause, ...options });
}
