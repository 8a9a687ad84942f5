/**
 * Looks for units that robots have and no fulfillment order does, as soon as one is told of and every few
 * seconds, and tells the stock: on each start, too, what a stopped process left.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { ROBOT_LOAD_CHANNEL } from "../../store/floor/robot-loads.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import type { OperationContext } from "../context.ts";
import { tellOfLoads } from "../floor/robot-loads.ts";

const LOOK_AGAIN_MS = 3_000;

export function runRobotLoads(
  context: OperationContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("robot-loads", LOOK_AGAIN_MS);
  return startListener({
    database: context.database,
    channel: ROBOT_LOAD_CHANNEL,
    everyMs: LOOK_AGAIN_MS,
    work: async () => {
      const adrift = await tellOfLoads(context);
      if (adrift > 0) logger.warn({ loads: adrift }, "units that robots took are no order's any more");
      return false;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "loads of robots could not be looked at");
    },
  });
}
