/**
 * Opens fulfillment orders whose day has come, within a minute, and reminds sagas of what they are to tell
 * the stock. Of several processes one does each.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import type { OperationContext } from "../context.ts";
import { remindOfStockErrands } from "../fulfillment/remind-of-stock-errands.ts";
import { openDueParts } from "../fulfillment/schedule-part.ts";
import { everyWhile } from "./every-while.ts";

const LOOK_MS = 60_000;

export function runScheduledParts(
  context: OperationContext,
  logger: Logger,
  jobLog: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const job = "scheduled-parts";
  const failure = "scheduled fulfillment orders could not be opened";
  return everyWhile({ job, everyMs: LOOK_MS, jobLog, logger, failure }, async () => {
    while ((await openDueParts(context)) > 0) logger.info("scheduled fulfillment orders were opened");
    const reminded = await remindOfStockErrands(context);
    if (reminded > 0) logger.warn({ orders: reminded }, "stock was not told of changes: sagas are reminded");
  });
}
