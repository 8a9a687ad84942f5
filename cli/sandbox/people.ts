/**
 * The store associate and the supplier's packer. Where no robot works they look at their list, take their
 * time, and confirm what they packed over REST, as a person with a handheld would. Their list holds what is
 * still on the shelves, and what lies picked on the packing table (a short pick that was decided, for
 * example).
 */
import type { Logger } from "pino";
import type { WaitingFulfillmentOrder } from "../../contract/fulfillment.ts";
import type { Page } from "../../contract/shapes.ts";
import type { Access } from "../client/credentials.ts";
import { RequestRefused, RestClient } from "../client/rest.ts";

/** At speed 1: time between two looks at the list, and for one parcel. */
const LOOK_MS = 3_000;
const PACK_MS = 2_000;
const SOONEST_MS = 50;
/** A list is read again no sooner, however fast the day: an empty one costs as much as a full one. */
const SOONEST_LOOK_MS = 500;

/** Where a parcel is before it is packed. What lies on the table comes first. */
const UNPACKED: readonly WaitingFulfillmentOrder["stage"][] = ["picked", "waiting"];

type People = { setSpeed(speed: number): void; stop(): Promise<void> };

export function startPeople(options: {
  readonly access: Access;
  readonly locationIds: readonly string[];
  readonly logger: Logger;
}): People {
  const rest = new RestClient(options.access);
  let speed = 1;
  let stopped = false;
  let wake: () => void = () => {};
  const pause = (milliseconds: number, soonest: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(soonest, milliseconds / speed));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const listOf = async (locationId: string): Promise<readonly WaitingFulfillmentOrder[]> => {
    const lists = await Promise.all(
      UNPACKED.map((stage) => {
        const query = `location=${encodeURIComponent(locationId)}&status=in_progress&stage=${stage}&limit=50`;
        return rest.get<Page<WaitingFulfillmentOrder>>(`/v1/fulfillment-orders?${query}`);
      }),
    );
    return lists.flatMap((list) => list.items);
  };

  const workAt = async (locationId: string): Promise<void> => {
    for (const waiting of await listOf(locationId)) {
      if (stopped) return;
      await pause(PACK_MS, SOONEST_MS);
      try {
        await rest.post(`/v1/fulfillment-orders/${encodeURIComponent(waiting.id)}/pack`, {});
      } catch (error) {
        // It was cancelled or packed by somebody else meanwhile; the next list will show it.
        if (!(error instanceof RequestRefused)) throw error;
        options.logger.warn({ fulfillmentOrder: waiting.id, code: error.code }, "could not pack");
      }
    }
  };

  const shift = (async () => {
    while (!stopped) {
      await pause(LOOK_MS, SOONEST_LOOK_MS);
      for (const locationId of options.locationIds) {
        if (stopped) return;
        await workAt(locationId).catch((error: unknown) => {
          options.logger.debug({ err: error, locationId }, "the list could not be read");
        });
      }
    }
  })();

  return {
    setSpeed: (next) => {
      if (next === speed) return;
      speed = next;
      // A pause that began at another speed may be hours long at this one.
      wake();
    },
    stop: async () => {
      stopped = true;
      wake();
      await shift;
    },
  };
}
