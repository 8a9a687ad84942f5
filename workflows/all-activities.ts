/**
 * All activities of all sagas: their steps, and the one that does several. Each takes one argument with the
 * order's id, is idempotent by a key made of that id and the step, and fails as `failures.ts` says.
 */
import { Context } from "@temporalio/activity";
import { recordEntry } from "../store/orders/timeline.ts";
import { boundedAtOnce } from "./activities/at-once.ts";
import type { SagaDependencies } from "./activities/dependencies.ts";
import { translateFailure } from "./activities/failures.ts";
import { createGoOn } from "./order/activities/go-on.ts";
import { createInventoryActivities } from "./order/activities/inventory.ts";
import { createNoticeActivities } from "./order/activities/notices.ts";
import { createOrderStateActivities } from "./order/activities/order-state.ts";
import { createPaymentActivities } from "./order/activities/payment.ts";
import { createShippingActivities } from "./order/activities/shipping.ts";
import { createClaimActivities } from "./refund/activities/claims.ts";
import { createRefundActivities } from "./refund/activities/refunds.ts";
import { createReturnActivities } from "./return/activities/returns.ts";

/** Each does one thing. */
export type SagaSteps = ReturnType<typeof createOrderStateActivities> &
  ReturnType<typeof createInventoryActivities> &
  ReturnType<typeof createPaymentActivities> &
  ReturnType<typeof createShippingActivities> &
  ReturnType<typeof createNoticeActivities> &
  ReturnType<typeof createRefundActivities> &
  ReturnType<typeof createClaimActivities> &
  ReturnType<typeof createReturnActivities>;

export type SagaActivities = SagaSteps & ReturnType<typeof createGoOn>;

/** The attempt after which the timeline says that a step keeps failing: some ten seconds after the first. */
const ATTEMPTS_UNTIL_REPORTED = 5;

/** What sagas try at once, before it becomes a regular activity. */
const TRIED_AT_ONCE = ["authorizePayment", "adjustPayment", "buyLabel"] as const;

/** @param around what is put around each step */
export function createSagaActivities(
  dependencies: SagaDependencies,
  around: (steps: SagaSteps) => SagaSteps = (steps) => steps,
): SagaActivities {
  return withGoOn(around(boundedAtOnce(withFailures(dependencies, allSteps(dependencies)), TRIED_AT_ONCE)));
}

/** Adds the step that does several of them. */
export function withGoOn(steps: SagaSteps): SagaActivities {
  return { ...steps, ...createGoOn(steps) };
}

/** The steps as they are: a failure is the error that caused it. */
export function allSteps(dependencies: SagaDependencies): SagaSteps {
  return Object.assign(
    createOrderStateActivities(dependencies),
    createInventoryActivities(dependencies),
    createPaymentActivities(dependencies),
    Object.assign(
      createShippingActivities(dependencies),
      createNoticeActivities(dependencies),
      createRefundActivities(dependencies),
      createClaimActivities(dependencies),
      createReturnActivities(dependencies),
    ),
  );
}

type AnyActivity = (input: never) => Promise<unknown>;

function withFailures<A extends Readonly<Record<keyof A, AnyActivity>>>(
  dependencies: SagaDependencies,
  activities: A,
): A {
  const wrap =
    (name: string, run: AnyActivity) =>
    async (input: never): Promise<unknown> => {
      try {
        return await run(input);
      } catch (error) {
        const failure = translateFailure(error);
        const { orderId } = input as { readonly orderId: string };
        const { attempt } = Context.current().info;
        dependencies.logger.warn({ err: error, orderId, step: name, attempt }, "saga step failed");
        if (attempt === ATTEMPTS_UNTIL_REPORTED)
          await reportStruggle(dependencies, orderId, name, failure.message);
        throw failure;
      }
    };
  return Object.fromEntries(
    Object.entries<AnyActivity>(activities).map(([name, run]) => [name, wrap(name, run)]),
  ) as unknown as A;
}

/**
 * So that a person sees the wait. Where this entry cannot be written, the failure of the step itself counts.
 */
async function reportStruggle(
  { database, logger }: SagaDependencies,
  orderId: string,
  step: string,
  detail: string,
): Promise<void> {
  try {
    await recordEntry(database, {
      orderId,
      key: `struggling:${step}:${Context.current().info.activityId}`,
      type: "saga.step_failing",
      summary: `A step keeps failing and is being repeated (${step}): ${detail}`,
      cause: `saga:${step}`,
    });
  } catch (error) {
    logger.warn({ err: error, orderId, step }, "failing step not reported");
  }
}
