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
import { everyWhile } from "./every-while.ts";

const LOOK_MS = 10 * 60_000;
/** Orders between two looks whether to stop: well under a second. */
const BATCH = 50;
/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const LOCK = 7_400_058;

export function runPersonalData(
  context: OperationContext,
  logger: Logger,
  everyMs: number = LOOK_MS,
  jobLog: JobLog = new JobLog(),
): { stop(): Promise<void> } {
  const encrypt = async (isStopped: () => boolean): Promise<void> => {
    if (!(await beginEncrypting(context.database))) return;
    let encrypted = 0;
    for (;;) {
      const batch = isStopped() ? null : await encryptFormer(context.database, BATCH);
      if (batch === null) break;
      encrypted += batch;
    }
    if (encrypted > 0) logger.info({ orders: encrypted }, "orders of a former version are encrypted now");
  };
  const job = "personal-data";
  return everyWhile(
    { job, everyMs, jobLog, logger, failure: "personal data could not be looked after" },
    (isStopped) =>
      alone(context, LOCK, async () => {
        await encrypt(isStopped);
        const taken = await keepClean(context, isStopped);
        if (Object.values(taken).some((rows) => rows > 0))
          logger.info(taken, "personal data that is kept no longer was taken out");
      }),
  );
}
