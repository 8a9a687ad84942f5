/**
 * A place stops serving orders, or serves them again. When it closes, what nobody has picked there yet is
 * given up and comes from elsewhere; what is in totes and parcels already goes on. Repeating it gives up what
 * a crash, or a reservation of the same moment, has left.
 */
import { readSourcingLocations, setLocationActive } from "../../store/catalog/locations.ts";
import { fulfillmentOrdersAt } from "../../store/floor/fulfillment.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
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
  if (!(await setActive(context, locationId, false)))
    return refuse("location_not_found", `There is no location ${locationId}.`);
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
  locationId: string,
): Promise<{ readonly status: "done" } | Refusal> {
  const isKnown = await setActive(context, locationId, true);
  return isKnown ? { status: "done" } : refuse("location_not_found", `There is no location ${locationId}.`);
}

/** First the row, then sourcing: a process that starts reads the row. */
async function setActive(context: OperationContext, locationId: string, active: boolean): Promise<boolean> {
  const isKnown = await setLocationActive(context.database, locationId, active);
  if (isKnown) context.allocator.setLocations(await readSourcingLocations(context.database));
  return isKnown;
}
