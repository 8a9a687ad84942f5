/**
 * A place stops serving orders, or serves them again. When it closes, what nobody has picked there yet is
 * given up and comes from elsewhere; what is in totes and parcels already goes on. Repeating it gives up what
 * a crash, or a reservation of the same moment, has left.
 */
import { catalogOf } from "../../store/catalog/catalog.ts";
import {
  locationSubject,
  readLocation,
  readSourcingLocations,
  setLocationActive,
} from "../../store/catalog/locations.ts";
import { fulfillmentOrdersAt } from "../../store/floor/fulfillment.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "../settings/change-setting.ts";
import { giveUp } from "./give-up.ts";

type LocationClosed = {
  readonly status: "done";
  /** Fulfillment orders whose units now come from elsewhere. */
  readonly givenUp: readonly string[];
  /** Those that have begun and still leave from here. */
  readonly goingOn: readonly string[];
};

export async function closeLocation(
  context: OperationContext,
  { locationId, by }: { readonly locationId: string; readonly by: string },
): Promise<LocationClosed | Refusal> {
  const switched = await setActive(context, locationId, false, by);
  if (switched.status === "refused") return switched;
  const givenUp: string[] = [];
  const goingOn: string[] = [];
  for (const fulfillmentOrderId of await fulfillmentOrdersAt(context.database, locationId)) {
    const isGivenUp = await giveUp(context, { fulfillmentOrderId, reason: "location_closed", by });
    (isGivenUp ? givenUp : goingOn).push(fulfillmentOrderId);
  }
  return { status: "done", givenUp, goingOn };
}

export async function openLocation(
  context: OperationContext,
  { locationId, by }: { readonly locationId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  const switched = await setActive(context, locationId, true, by);
  return switched.status === "refused" ? switched : { status: "done" };
}

/** First the row, then sourcing: a process that starts reads the row. */
async function setActive(
  context: OperationContext,
  locationId: string,
  active: boolean,
  by: string,
): Promise<SettingChanged | Refusal> {
  const changed = await changeSetting(context, {
    subject: locationSubject(locationId),
    version: null,
    by,
    read: async (client) => {
      const location = await readLocation(client, locationId);
      return location === undefined
        ? refuse("location_not_found", `There is no location "${locationId}".`)
        : { active: location.active };
    },
    next: () => ({ active }),
    write: (client) => setLocationActive(client, locationId, active),
  });
  if (changed.status === "done") {
    catalogOf(context.database).forgetSettings();
    context.allocator.setLocations(await readSourcingLocations(context.database));
  }
  return changed;
}
