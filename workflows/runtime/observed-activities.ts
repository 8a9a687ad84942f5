/**
 * The sagas' activities, each attempt of each step timed, and a span of its order's trace: also those steps
 * that one activity does one after the other. The order is in every step's input, so that the workflow itself
 * neither knows of traces nor passes anything on: what is replayed is as it was.
 */
import { Context } from "@temporalio/activity";
import { inOrderSpan, isTracing } from "../../config/trace.ts";
import type { SagaDependencies } from "../activities/dependencies.ts";
import { createSagaActivities, type SagaActivities } from "../all-activities.ts";
import type { SagaMeter } from "./saga-meter.ts";

export function observedActivities(dependencies: SagaDependencies, meter: SagaMeter): SagaActivities {
  const { goOn, ...steps } = createSagaActivities(dependencies, (each) => observed(each, meter));
  return { ...steps, ...observed({ goOn }, meter) };
}

type Step = (input: { readonly orderId?: unknown }) => Promise<unknown>;

function observed<Steps extends object>(steps: Steps, meter: SagaMeter): Steps {
  const observe =
    (name: string, run: Step): Step =>
    (input) => {
      const measured = () => meter.measure(name, () => run(input));
      const { orderId } = input;
      if (!isTracing() || typeof orderId !== "string") return measured();
      const { attempt, workflowExecution, workflowType } = Context.current().info;
      const attributes = {
        "holdfast.step": name,
        "holdfast.attempt": attempt,
        "holdfast.saga": workflowType ?? "",
        "holdfast.saga_id": workflowExecution?.workflowId ?? "",
      };
      return inOrderSpan(orderId, `saga ${name}`, attributes, measured);
    };
  return Object.fromEntries(
    Object.entries(steps).map(([name, run]) => [name, observe(name, run as Step)]),
  ) as unknown as Steps;
}
