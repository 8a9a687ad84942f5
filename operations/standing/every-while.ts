/** A look at what is due, at once and every while. One at a time: a look that takes longer leaves out the next. */
import type { Logger } from "pino";
import type { JobLog } from "../../config/job-log.ts";

export type EveryWhile = {
  /** By which the job is known in the figures. */
  readonly job: string;
  readonly everyMs: number;
  readonly jobLog: JobLog;
  readonly logger: Logger;
  /** What is said where a look fails; the next one comes all the same. */
  readonly failure: string;
};

/**
 * @param look resolves with false where there was nothing to do here, since another process does it
 * @returns `stop` resolves once no look goes on; a long one asks `isStopped` now and then
 */
export function everyWhile(
  { job, everyMs, jobLog, logger, failure }: EveryWhile,
  look: (isStopped: () => boolean) => Promise<unknown>,
): { stop(): Promise<void> } {
  const record = jobLog.of(job, everyMs);
  let stopped = false;
  let looking: Promise<void> | null = null;
  const lookOnce = async (): Promise<void> => {
    try {
      const isDone = await look(() => stopped);
      if (isDone !== false) record.done();
    } catch (error) {
      record.failed();
      logger.error({ err: error }, failure);
    } finally {
      looking = null;
    }
  };
  const lookNext = (): void => {
    looking ??= lookOnce();
  };
  lookNext();
  const timer = setInterval(lookNext, everyMs);
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}
