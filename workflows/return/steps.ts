/** The steps of a return's saga: its own, and those that the order's activities do for it. */
import type { createOrderStateActivities } from "../order/activities/order-state.ts";
import type { createShippingActivities } from "../order/activities/shipping.ts";
import type { createRefundActivities } from "../refund/activities/refunds.ts";
import { internalSteps, outsideSteps } from "../saga/steps.ts";
import type { createReturnActivities } from "./activities/returns.ts";

export { sendNotice } from "../order/steps.ts";

export const internal = internalSteps<
  ReturnType<typeof createReturnActivities> &
    Pick<ReturnType<typeof createOrderStateActivities>, "reportFailedUndo">
>();

export const outside = outsideSteps<
  Pick<ReturnType<typeof createShippingActivities>, "buyReturnLabel" | "voidReturnLabel"> &
    Pick<ReturnType<typeof createRefundActivities>, "refundReturn" | "refundInspection">
>();
