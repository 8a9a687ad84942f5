/**
 * Tells orders about the units they were given while they waited: on every notification, once at the start
 * for what a stopped process left, and every few seconds in case a notification was lost.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import { DEMAND_FILL_CHANNEL } from "../../store/stock/demand-fills.ts";
import type { OperationContext } from "../context.ts";
import { applyDemandFills } from "../holds/apply-demand-fills.ts";

const LOOK_AGAIN_MS = 5_000;

export function runDemandFills(
  context: OperationContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("demand-fills", LOOK_AGAIN_MS);
  return startListener({
    database: context.database,
    channel: DEMAND_FILL_CHANNEL,
    everyMs: LOOK_AGAIN_MS,
    work: async () => {
      const completed = await applyDemandFills(context);
      if (completed.length > 0) logger.info({ orders: completed.length }, "orders go on: their turn came");
      return false;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "orders could not be told of their stock");
    },
  });
}
