/**
 * How an activity fails. Temporal repeats an operating fault (time-out, connection lost, engine busy) with
 * the same key. What repeating cannot cure becomes a failure that is not retried, and the saga asks a person.
 * A defect of our own is repeated as well: it shows in Temporal and in the timeline, and the saga goes on
 * once the defect is fixed.
 */
import { ApplicationFailure } from "@temporalio/common";
import { EngineError } from "../../engine/errors.ts";
import { ServiceFault } from "../../ports/service-fault.ts";

/** A step that knows that it cannot go on, and says why by a stable code. */
class StepFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A step that cannot succeed as things are: a record is missing, or the stock is not what the order says. */
export class StepImpossible extends StepFailure {
  override readonly name = "StepImpossible";
}

/** A step that needs what another step is about to write. It is repeated until it can go on. */
export class StepTooEarly extends StepFailure {
  override readonly name = "StepTooEarly";
}

export function translateFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  if (cause instanceof ServiceFault)
    return failure(cause, `${cause.service}.${cause.code}`, { nonRetryable: !cause.retryable });
  if (cause instanceof StepFailure)
    return failure(cause, cause.code, { nonRetryable: cause instanceof StepImpossible });
  if (cause instanceof EngineError)
    return failure(
      cause,
      cause.code,
      cause.retryAfterMs === undefined ? {} : { nextRetryDelay: cause.retryAfterMs },
    );
  return failure(cause, cause.name, {});
}

function failure(
  cause: Error,
  type: string,
  options: { readonly nonRetryable?: boolean; readonly nextRetryDelay?: number },
): ApplicationFailure {
  return ApplicationFailure.create({ message: cause.message, type, cause, ...options });
}
