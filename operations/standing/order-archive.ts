/** Moves finished orders into the archive. Of several processes one does it at a time. */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { archiveFinished } from "../archive/archive-finished.ts";
import type { OperationContext } from "../context.ts";
import { alone } from "./alone.ts";
import { everyWhile } from "./every-while.ts";

const LOOK_MS = 10 * 60_000;
/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const LOCK = 7_400_069;

export function runOrderArchive(
  context: OperationContext,
  logger: Logger,
  everyMs: number = LOOK_MS,
  jobLog: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const job = "order-archive";
  return everyWhile(
    { job, everyMs, jobLog, logger, failure: "finished orders could not be archived" },
    (isStopped) =>
      alone(context, LOCK, async () => {
        const done = await archiveFinished(context, isStopped);
        if (done.archived > 0) logger.info(done, "finished orders were archived");
      }),
  );
}
