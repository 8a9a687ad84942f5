/**
 * Looks every few seconds whether orders have waited long enough for others of their customer, and whether
 * parcels that orders share are packed, or are to be shared no longer.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import type { OperationContext } from "../context.ts";
import { combineByRule, reviewCombinedParcels } from "../fulfillment/combine-orders.ts";
import { everyWhile } from "./every-while.ts";

/** Somebody stands at the packing table and waits for the label. */
const LOOK_MS = 2_000;

export function runCombinedParcels(
  context: OperationContext,
  logger: Logger,
  jobLog: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const job = "combined-parcels";
  const failure = "parcels that orders share could not be reviewed";
  return everyWhile({ job, everyMs: LOOK_MS, jobLog, logger, failure }, async () => {
    const made = await combineByRule(context);
    if (made > 0) logger.info({ parcels: made }, "orders of one customer leave together");
    const changed = await reviewCombinedParcels(context);
    if (changed > 0) logger.info({ parcels: changed }, "orders leave on their own after all");
  });
}
