/**
 * Asks, every minute, about parcels that their carrier has been silent about. Of several processes only
 * one takes each parcel.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { STOP_DEADLINE_MS } from "../../config/limits.ts";
import type { Carrier } from "../../ports/carriers.ts";
import type { Vendor, VendorRoster } from "../../ports/vendor-roster.ts";
import type { OperationContext } from "../context.ts";
import { askAboutSilentParcels } from "../shipping/ask-about-silent-parcels.ts";

const LOOK_MS = 60_000;

type SilentParcelRunner = { stop(): Promise<void> };

export function runSilentParcels(
  context: OperationContext,
  carriers: VendorRoster<Carrier>,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): SilentParcelRunner {
  const record = jobs.of("silent-parcels", LOOK_MS);
  let stopped = false;
  let looking: Promise<unknown> | null = null;
  /** @returns whether it could be asked about all of them */
  const askAt = async (carrier: Vendor<Carrier>): Promise<boolean> => {
    const { provider, account } = carrier;
    try {
      let isMoreDue = true;
      while (isMoreDue && !stopped) {
        const { parcels, recorded, faults, isFull } = await askAboutSilentParcels(context, carrier);
        for (const error of faults)
          logger.warn({ err: error, provider, account }, "a silent parcel could not be asked about");
        if (recorded > 0)
          logger.warn({ provider, account, parcels, recorded }, "the carrier had reports that never came");
        isMoreDue = isFull;
      }
      return true;
    } catch (error) {
      record.failed();
      logger.error({ err: error, provider, account }, "the carrier could not be asked about silent parcels");
      return false;
    }
  };
  // Side by side: one that hangs does not keep the parcels of another waiting.
  const lookOnce = (): void => {
    looking ??= Promise.all(carriers.all.map(askAt)).then((asked) => {
      if (asked.every((isDone) => isDone)) record.done();
      looking = null;
    });
  };
  lookOnce();
  const timer = setInterval(lookOnce, LOOK_MS);
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      // A carrier that hangs does not delay the stop. It is asked again after the next start.
      await Promise.race([looking, pause(STOP_DEADLINE_MS, undefined, { ref: false })]);
    },
  };
}
