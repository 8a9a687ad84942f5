/**
 * Opens fulfillment orders whose day has come, within a minute, and reminds sagas of what they are to tell
 * the stock. Of several processes one does each.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import type { OperationContext } from "../context.ts";
import { remindOfStockErrands } from "../fulfillment/remind-of-stock-errands.ts";
import { openDueParts } from "../fulfillment/schedule-part.ts";

const LOOK_MS = 60_000;

export function runScheduledParts(
  context: OperationContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const record = jobs.of("scheduled-parts", LOOK_MS);
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      while ((await openDueParts(context)) > 0) logger.info("scheduled fulfillment orders were opened");
      const reminded = await remindOfStockErrands(context);
      if (reminded > 0)
        logger.warn({ orders: reminded }, "stock was not told of changes: sagas are reminded");
      record.done();
    } catch (error) {
      record.failed();
      logger.error({ err: error }, "scheduled fulfillment orders could not be opened");
    }
  };
  const lookNext = (): void => {
    looking = looking.then(look);
  };
  lookNext();
  const timer = setInterval(lookNext, LOOK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
