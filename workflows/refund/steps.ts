/** The steps of a refund's saga. */
import { internalSteps, outsideSteps } from "../saga/steps.ts";
import type { createClaimActivities } from "./activities/claims.ts";
import type { createRefundActivities } from "./activities/refunds.ts";

export { sendNotice } from "../order/steps.ts";

type Refunds = ReturnType<typeof createRefundActivities>;

export const internal = internalSteps<
  Pick<Refunds, "withdrawRefund"> & ReturnType<typeof createClaimActivities>
>();

export const outside = outsideSteps<Pick<Refunds, "payRefund">>();
