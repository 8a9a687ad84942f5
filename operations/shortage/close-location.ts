/**
 * A place stops serving orders, or serves them again. When it closes, what nobody has picked there yet is
 * given up and comes from elsewhere; what is in totes and parcels already goes on. Repeating it gives up what
 * a crash, or a reservation of the same moment, has left.
 */
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { readSourcingLocations, setLocationActive } from "../../store/catalog/locations.ts";
import { fulfillmentOrdersAt } from "../../store/floor/fulfillment.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
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
  if (!(await setActive(context, locationId, false, by)))
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
  by: string,
): Promise<{ readonly status: "done" } | Refusal> {
  const isKnown = await setActive(context, locationId, true, by);
  return isKnown ? { status: "done" } : refuse("location_not_found", `There is no location ${locationId}.`);
}

/** First the row, then sourcing: a process that starts reads the row. */
async function setActive(
  context: OperationContext,
  locationId: string,
  active: boolean,
  by: string,
): Promise<boolean> {
  const isKnown = await inTransaction(context.database, async (client) => {
    if (!(await setLocationActive(client, locationId, active))) return false;
    await recordAudit(client, callerIn(context, by), {
      act: active ? "location.opened" : "location.closed",
      subject: `location:${locationId}`,
    });
    return true;
  });
  if (isKnown) context.allocator.setLocations(await readSourcingLocations(context.database));
  return isKnown;
}
