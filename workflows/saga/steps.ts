/**
 * How sagas call their activities. Each saga says in its own `steps.ts` which ones.
 *
 * Steps inside Holdfast (database, engine) run as local activities: they cost the Temporal server nothing but
 * a marker. Calls to the outside run as regular activities, so that a call that keeps failing is seen, with
 * its last error, among the pending activities of Temporal's UI. Neither gives up by itself: an operating
 * fault is repeated with the same key, and what repeating cannot cure comes back as a refusal or as a failure
 * that is not to be retried.
 *
 * Most calls to the outside are answered at once, and then a regular activity is the dearest part of them: it
 * costs three events and a workflow task. So a saga may try once, locally, and leave to the regular activity
 * what was not answered then (`atOnceOrLater`).
 */
import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  rootCause,
  TemporalFailure,
} from "@temporalio/workflow";
import type { HoldCode } from "../../orders/order.ts";
import type { StepRefusal } from "./step-refusal.ts";

export function internalSteps<Activities>() {
  return proxyLocalActivities<Activities>({
    startToCloseTimeout: "30 seconds",
    // Beyond this the wait becomes a durable timer, so that a workflow task is never held open for long.
    localRetryThreshold: "5 seconds",
    retry: { initialInterval: "200 milliseconds", maximumInterval: "30 seconds" },
  });
}

/** Mails are many and quick, and nothing waits for them. */
export function mailSteps<Activities>() {
  return proxyLocalActivities<Activities>({
    startToCloseTimeout: "30 seconds",
    localRetryThreshold: "5 seconds",
    retry: { initialInterval: "1 second", maximumInterval: "5 minutes" },
  });
}

export function outsideSteps<Activities>() {
  return proxyActivities<Activities>({
    startToCloseTimeout: "60 seconds",
    retry: { initialInterval: "1 second", maximumInterval: "60 seconds" },
  });
}

/**
 * For the one try of `atOnceOrLater`. Shorter than what a workflow task may take (10 seconds): a task that is
 * held open for longer has to be renewed at the server.
 */
export function atOnceSteps<Activities>() {
  return proxyLocalActivities<Activities>({
    startToCloseTimeout: "4 seconds",
    retry: { maximumAttempts: 1 },
  });
}

/**
 * @param atOnce one try of the same step with the same key, whose effect may have come though its answer was
 *   lost
 * @throws what repeating cannot cure
 */
export async function atOnceOrLater<T>(atOnce: () => Promise<T>, later: () => Promise<T>): Promise<T> {
  try {
    return await atOnce();
  } catch (error) {
    const failure = error instanceof ActivityFailure ? error.cause : error;
    const isFinal = failure instanceof ApplicationFailure && failure.nonRetryable === true;
    if (isFinal || !(error instanceof TemporalFailure)) throw error;
    return later();
  }
}

/**
 * Reads a step's failure as a refusal: it only gets here where it is not to be retried. Any other error is a
 * defect of the workflow's own code and is passed on, so that the task is repeated once the code is mended.
 *
 * Regular activities wrap their failure in an `ActivityFailure`, local ones do not.
 */
export function refusalOf(error: unknown, holdCode: HoldCode): StepRefusal {
  if (!(error instanceof ActivityFailure || error instanceof ApplicationFailure)) throw error;
  return { status: "refused", holdCode, detail: rootCause(error) ?? error.message };
}
