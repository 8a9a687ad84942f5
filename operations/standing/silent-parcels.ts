/**
 * Asks, every minute, about parcels that their carrier has been silent about. Of several processes only
 * one takes each parcel.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { STOP_DEADLINE_MS } from "../../config/limits.ts";
import type { Carrier } from "../../ports/carriers.ts";
import type { Vendor } from "../../ports/vendor-roster.ts";
import type { OperationContext } from "../context.ts";
import { askAboutSilentParcels } from "../shipping/ask-about-silent-parcels.ts";

const LOOK_MS = 60_000;

type SilentParcelRunner = { stop(): Promise<void> };

export function runSilentParcels(
  context: OperationContext,
  carrier: Vendor<Carrier>,
  logger: Logger,
): SilentParcelRunner {
  let stopped = false;
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      let isMoreDue = true;
      while (isMoreDue && !stopped) {
        const { parcels, recorded, faults, isFull } = await askAboutSilentParcels(context, carrier);
        for (const error of faults) logger.warn({ err: error }, "a silent parcel could not be asked about");
        if (recorded > 0) logger.warn({ parcels, recorded }, "the carrier had reports that never came");
        isMoreDue = isFull;
      }
    } catch (error) {
      logger.error({ err: error }, "the carrier could not be asked about silent parcels");
    }
  };
  const lookOnce = (): void => {
    looking ??= look().finally(() => {
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
