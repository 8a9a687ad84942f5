/**
 * How sagas call their activities.
 *
 * Steps inside Holdfast (database, engine) run as local activities: they cost the Temporal server nothing but a marker.
 * Calls to the outside run as regular activities, so that a call that keeps failing is seen, with its last error, among
 * the pending activities of Temporal's UI. Neither gives up by itself: an operating fault is repeated with the same
 * key, and what repeating cannot cure comes back as a refusal or as a failure that is not to be retried.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  rootCause,
} from "@temporalio/workflow";
import type { HoldCode } from "../orders/order.ts";
import type { InternalActivities, OutsideActivities } from "./activities/activities.ts";

export const internal = proxyLocalActivities<InternalActivities>({
  startToCloseTimeout: "30 seconds",
  // Beyond this the wait becomes a durable timer, so that a workflow task is never held open for long.
  localRetryThreshold: "5 seconds",
  retry: { initialInterval: "200 milliseconds", maximumInterval: "30 seconds" },
});

export const outside = proxyActivities<OutsideActivities>({
  startToCloseTimeout: "60 seconds",
  retry: { initialInterval: "1 second", maximumInterval: "60 seconds" },
});

/** A business refusal that a person has to look at: which hold it puts the order on, and why. */
export type StepRefusal = {
  readonly status: "refused";
  readonly holdCode: HoldCode;
  readonly detail: string;
};

/** Reads a failure that is not to be retried as a refusal; passes every other error on. */
export function refusalOf(error: unknown, holdCode: HoldCode): StepRefusal {
  if (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.nonRetryable === true
  )
    return { status: "refused", holdCode, detail: rootCause(error) ?? error.message };
  throw error;
}
