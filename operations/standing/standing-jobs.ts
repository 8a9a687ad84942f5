/**
 * What the system does by itself. Nobody asks for it and nobody waits for it. Each job has its own file; here
 * those are started and stopped together of which one process does all.
 *
 * Beside them two jobs belong to a process itself: what was set elsewhere is read in each
 * (`follow-settings.ts`), and orders that wait for stock are tried again where the engine says what came
 * (`short-orders.ts`).
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import type { Carrier } from "../../ports/carriers.ts";
import type { VendorRoster } from "../../ports/vendor-roster.ts";
import type { OperationContext } from "../context.ts";
import type { PauseTelling } from "../webhooks/tell-of-pause.ts";
import type { WebhookContext } from "../webhooks/webhook-context.ts";
import { type ChannelsContext, runChannels } from "./channels.ts";
import { runCollections } from "./collections.ts";
import { runCombinedParcels } from "./combined-parcels.ts";
import { runDemandFills } from "./demand-fills.ts";
import { runImports } from "./imports.ts";
import { runOrderArchive } from "./order-archive.ts";
import { runPersonalData } from "./personal-data.ts";
import { runRobotLoads } from "./robot-loads.ts";
import { runScheduledParts } from "./scheduled-parts.ts";
import { runShortages } from "./shortages.ts";
import { runSilentParcels } from "./silent-parcels.ts";
import { runWebhooks } from "./webhooks.ts";

type StandingJobs = {
  /** Ends the jobs, and waits for what they are doing. */
  stop(): Promise<void>;
};

export function startStandingJobs(options: {
  readonly context: OperationContext;
  readonly carriers: VendorRoster<Carrier>;
  /** Absent: nobody is told by webhook what happens. */
  readonly webhooks?: Pick<WebhookContext, "box" | "sender"> & { readonly people: PauseTelling };
  /** Absent: no channel is read or told. */
  readonly channels?: Omit<ChannelsContext, "context">;
  readonly logger: Logger;
  /** In which they note when they were done. */
  readonly jobLog?: JobLog;
}): StandingJobs {
  const { context, carriers, logger, jobLog = new JobLog() } = options;
  const jobs = [
    runDemandFills(context, logger.child({ part: "demand-fills" }), jobLog),
    runShortages(context, logger.child({ part: "shortages" }), jobLog),
    runCollections(context, logger.child({ part: "collections" }), jobLog),
    runCombinedParcels(context, logger.child({ part: "combined-parcels" }), jobLog),
    runRobotLoads(context, logger.child({ part: "robot-loads" }), jobLog),
    runPersonalData(context, logger.child({ part: "personal-data" }), undefined, jobLog),
    runImports(context, logger.child({ part: "imports" }), jobLog),
    runOrderArchive(context, logger.child({ part: "order-archive" }), undefined, jobLog),
    runScheduledParts(context, logger.child({ part: "scheduled-parts" }), jobLog),
    ...(options.webhooks === undefined
      ? []
      : [
          runWebhooks(
            { database: context.database, now: context.now, ...options.webhooks },
            logger.child({ part: "webhooks" }),
            jobLog,
            options.webhooks.people,
          ),
        ]),
    ...(options.channels === undefined
      ? []
      : [runChannels({ context, ...options.channels }, logger.child({ part: "channels" }), jobLog)]),
    runSilentParcels(context, carriers, logger.child({ part: "silent-parcels" }), jobLog),
  ];
  return {
    stop: async () => {
      await Promise.all(jobs.map((job) => job.stop()));
    },
  };
}
