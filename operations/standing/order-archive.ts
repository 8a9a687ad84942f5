/** Moves finished orders into the archive. Of several processes one does it at a time. */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { archiveFinished } from "../archive/archive-finished.ts";
import type { OperationContext } from "../context.ts";
import { alone } from "./alone.ts";

const LOOK_MS = 10 * 60_000;
/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const LOCK = 7_400_069;

export function runOrderArchive(
  context: OperationContext,
  logger: Logger,
  lookMs: number = LOOK_MS,
  jobs: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const record = jobs.of("order-archive", lookMs);
  let stopped = false;
  const look = async (): Promise<void> => {
    try {
      const isMine = await alone(context, LOCK, async () => {
        const done = await archiveFinished(context, () => stopped);
        if (done.archived > 0) logger.info(done, "finished orders were archived");
      });
      if (isMine) record.done();
      else logger.debug("another process archives orders");
    } catch (error) {
      record.failed();
      logger.error({ err: error }, "finished orders could not be archived");
    }
  };
  let looking = Promise.resolve();
  const lookNext = (): void => {
    looking = looking.then(look);
  };
  lookNext();
  const timer = setInterval(lookNext, lookMs);
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}
