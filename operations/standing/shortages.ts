/**
 * Settles what was missing of orders: on every notification, once at the start for what a stopped process
 * left, and every few seconds in case a notification was lost or a settlement failed.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { SHORTAGE_CHANNEL } from "../../store/orders/shortages.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import type { OperationContext } from "../context.ts";
import { settleShortages } from "../settlement/settle-shortages.ts";

const LOOK_AGAIN_MS = 5_000;
/** Whoever holds an order does so for some milliseconds. */
const BUSY_MS = 100;

export function runShortages(
  context: OperationContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("shortages", LOOK_AGAIN_MS);
  return startListener({
    database: context.database,
    channel: SHORTAGE_CHANNEL,
    everyMs: LOOK_AGAIN_MS,
    work: async () => {
      const { settled, postponed, faults, isMore } = await settleShortages(context);
      if (settled.length > 0) logger.info({ orders: settled.length }, "what was missing is settled");
      for (const error of faults)
        logger.error({ err: error }, "what is missing of an order could not be settled");
      if (postponed.length > 0 && !isMore) await pause(BUSY_MS);
      return isMore || postponed.length > 0;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "what is missing of orders could not be settled");
    },
  });
}
