/**
 * Each attempt of a saga's step is a span of its order's trace. The order is in the step's input, so that the
 * workflow itself neither knows of traces nor passes anything on: what is replayed is as it was.
 */
import type { ActivityInterceptorsFactory } from "@temporalio/worker";
import { inOrderSpan, isTracing } from "../../config/trace.ts";

export const traceSteps: ActivityInterceptorsFactory = ({ info }) => {
  if (!isTracing()) return {};
  const { activityType, attempt, workflowExecution, isLocal } = info;
  return {
    inbound: {
      execute: (input, next) => {
        const [first] = input.args as readonly ({ readonly orderId?: unknown } | undefined)[];
        const orderId = typeof first?.orderId === "string" ? first.orderId : null;
        const attributes = {
          "holdfast.step": activityType,
          "holdfast.attempt": attempt,
          "holdfast.saga": info.workflowType ?? "",
          "holdfast.saga_id": workflowExecution?.workflowId ?? "",
          "holdfast.local": isLocal,
        };
        return inOrderSpan(orderId, `saga ${activityType}`, attributes, () => next(input));
      },
    },
  };
};
