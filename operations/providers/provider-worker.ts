/**
 * Works with one provider as long as its channel is connected and runs a location of ours: what it is asked
 * to send, and what lies there. Each goes on by itself.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { ServiceFault } from "../../ports/service-fault.ts";
import { noteChannelProblem } from "../../store/channels/progress.ts";
import { pauseAfter, problemOf } from "../channels/lane.ts";
import type { ProviderLane } from "./provider-lane.ts";
import { readProviderStock } from "./read-stock.ts";
import { workOnRequests } from "./work-on-requests.ts";

const LOOK_MS = 500;
const STOCK_MS = 5 * 60_000;
const MOST_PAUSE_MS = 60_000;

export type ProviderWorker = { stop(): Promise<void> };

export function startProviderWorker(
  options: Omit<ProviderLane, "isEnding"> & {
    readonly logger: Logger;
    /** Between two readings of the stock, milliseconds; absent: five minutes. */
    readonly stockMs?: number;
  },
): ProviderWorker {
  const { logger, stockMs = STOCK_MS, ...parts } = options;
  const ending = new AbortController();
  const lane: ProviderLane = { ...parts, isEnding: () => ending.signal.aborted };
  const { channelId, provider } = lane;

  const goOn = async (work: string, step: () => Promise<number>): Promise<void> => {
    let faults = 0;
    while (!lane.isEnding()) {
      let waitMs = LOOK_MS;
      try {
        waitMs = await step();
        faults = 0;
      } catch (error) {
        if (lane.isEnding()) return;
        const fault = error instanceof ServiceFault ? error : null;
        if (fault === null)
          logger.error({ err: error, channel: channelId, work }, "a provider could not be worked with");
        else await noteChannelProblem(lane.context.database, channelId, problemOf(fault)).catch(() => {});
        waitMs =
          fault === null
            ? Math.min(30_000, 500 * 2 ** faults)
            : Math.min(MOST_PAUSE_MS, pauseAfter(faults, fault));
        faults = Math.min(faults + 1, 10);
      }
      await pause(waitMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  };

  const works = [
    goOn("requests", async () => ((await workOnRequests(lane)) > 0 ? 0 : LOOK_MS)),
    goOn("stock", async () => {
      const read = await readProviderStock(lane);
      for (const { sku, detail } of read?.refused ?? [])
        logger.warn(
          { channel: channelId, provider: provider.name, sku, detail },
          "stock could not be booked",
        );
      return stockMs;
    }),
  ];
  return {
    stop: async () => {
      ending.abort();
      await Promise.all(works);
    },
  };
}
