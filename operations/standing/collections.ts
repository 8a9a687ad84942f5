/**
 * Once a minute: reminds customers of what waits for them in a store, and ends what nobody has collected in
 * time.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import { expireCollections, remindCustomers } from "../collection/due-collections.ts";
import type { OperationContext } from "../context.ts";

const LOOK_MS = 60_000;

export function runCollections(
  context: OperationContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("collections", LOOK_MS);
  return startListener({
    database: context.database,
    channel: "collection_due",
    everyMs: LOOK_MS,
    work: async () => {
      const reminded = await remindCustomers(context);
      const expired = await expireCollections(context);
      if (reminded > 0 || expired.length > 0)
        logger.info({ reminded, expired: expired.length }, "customers were reminded, or did not come");
      return false;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "what waits to be collected could not be looked at");
    },
  });
}
