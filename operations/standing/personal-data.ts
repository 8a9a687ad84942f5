/**
 * Encrypts what former versions have written, and takes out what is kept no longer. Of several processes one
 * does it at a time.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { beginEncrypting, encryptFormer } from "../../store/persons/encrypt-former.ts";
import type { OperationContext } from "../context.ts";
import { keepClean } from "../personal-data/keep-clean.ts";
import { alone } from "./alone.ts";

const LOOK_MS = 10 * 60_000;
/** Orders between two looks whether to stop: well under a second. */
const BATCH = 50;
/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const LOCK = 7_400_058;

export function runPersonalData(
  context: OperationContext,
  logger: Logger,
  lookMs: number = LOOK_MS,
  jobs: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const record = jobs.of("personal-data", lookMs);
  let stopped = false;
  const isStopped = () => stopped;
  const encrypt = async (): Promise<void> => {
    if (!(await beginEncrypting(context.database))) return;
    let encrypted = 0;
    for (;;) {
      const batch = stopped ? null : await encryptFormer(context.database, BATCH);
      if (batch === null) break;
      encrypted += batch;
    }
    if (encrypted > 0) logger.info({ orders: encrypted }, "orders of a former version are encrypted now");
  };
  const look = async (): Promise<void> => {
    try {
      const isMine = await alone(context, LOCK, async () => {
        await encrypt();
        const taken = await keepClean(context, isStopped);
        if (Object.values(taken).some((rows) => rows > 0))
          logger.info(taken, "personal data that is kept no longer was taken out");
      });
      if (isMine) record.done();
      else logger.debug("another process looks after personal data");
    } catch (error) {
      record.failed();
      logger.error({ err: error }, "personal data could not be looked after");
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
