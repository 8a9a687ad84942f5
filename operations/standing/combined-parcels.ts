/**
 * Looks every few seconds whether orders have waited long enough for others of their customer, and whether
 * parcels that orders share are packed, or are to be shared no longer.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import type { OperationContext } from "../context.ts";
import { combineByRule, reviewCombinedParcels } from "../fulfillment/combine-orders.ts";

/** Somebody stands at the packing table and waits for the label. */
const LOOK_MS = 2_000;

export function runCombinedParcels(
  context: OperationContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const record = jobs.of("combined-parcels", LOOK_MS);
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      const made = await combineByRule(context);
      if (made > 0) logger.info({ parcels: made }, "orders of one customer leave together");
      const changed = await reviewCombinedParcels(context);
      if (changed > 0) logger.info({ parcels: changed }, "orders leave on their own after all");
      record.done();
    } catch (error) {
      record.failed();
      logger.error({ err: error }, "parcels that orders share could not be reviewed");
    } finally {
      looking = null;
    }
  };
  const timer = setInterval(() => {
    looking ??= look();
  }, LOOK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
