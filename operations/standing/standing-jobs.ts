/**
 * What the system does by itself, in every composition that has an engine and a database: nobody asks for it,
 * and nobody waits for it. Each job has its own file; here they are started and stopped together.
 */
import type { Logger } from "pino";
import type { Carrier } from "../../ports/carriers.ts";
import type { OperationContext } from "../context.ts";
import { runDemandFills } from "./demand-fills.ts";
import { runShortOrders } from "./short-orders.ts";
import { runSilentParcels } from "./silent-parcels.ts";

type StandingJobs = {
  /** Waits for what the jobs are about. */
  stop(): Promise<void>;
};

export function startStandingJobs(options: {
  readonly context: OperationContext;
  readonly carrier: Carrier;
  readonly logger: Logger;
}): StandingJobs {
  const { context, carrier, logger } = options;
  const jobs = [
    runShortOrders(context, logger.child({ part: "short-orders" })),
    runDemandFills(context, logger.child({ part: "demand-fills" })),
    runSilentParcels(context, carrier, logger.child({ part: "silent-parcels" })),
  ];
  return {
    stop: async () => {
      await Promise.all(jobs.map((job) => job.stop()));
    },
  };
}
