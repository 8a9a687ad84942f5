/**
 * What is set while the system runs counts in every process at once: whoever changes it tells the database's
 * listeners, and each process reads again what it keeps a copy of. Now and then it does so without being
 * told.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import type { VendorDesk } from "../../ports/vendor-desk.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { readSourcingLocations } from "../../store/catalog/locations.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import { readKits } from "../../store/stock/kits.ts";
import type { OperationContext } from "../context.ts";
import { followSourcingRules } from "../settings/change-sourcing-rules.ts";

const READ_AGAIN_MS = 30_000;

/** @param accounts absent: accounts at vendors do not change while this process runs */
export function followSettings(
  context: OperationContext,
  logger: Logger,
  accounts?: Pick<VendorDesk, "follow">,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("settings", READ_AGAIN_MS);
  const { allocator, database } = context;
  return startListener({
    database,
    channel: "settings",
    everyMs: READ_AGAIN_MS,
    work: async () => {
      catalogOf(database).forgetSettings();
      allocator.setLocations(await readSourcingLocations(database));
      allocator.setKits(await readKits(database));
      await followSourcingRules(context);
      await accounts?.follow();
      return false;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "what was set elsewhere could not be read");
    },
  });
}
