/**
 * Asks the carrier about parcels that have gone quiet. A carrier repeats a webhook for hours, not for ever:
 * without this, one that was never taken leaves an order open, and nobody would know.
 *
 * What the carrier answers goes the way of its webhooks (`record-tracking.ts`), which drops what is known. A
 * parcel's turn is over before it is asked about: a crash, or a carrier that does not answer, costs it that
 * turn and no more.
 */
import type { Carrier } from "../../ports/carriers.ts";
import type { Vendor } from "../../ports/vendor-roster.ts";
import { takeSilentParcels } from "../../store/floor/shipments.ts";
import type { OperationContext } from "../context.ts";
import { recordTracking } from "./record-tracking.ts";

/** Asked about one after the other, which no carrier's rate limit minds. */
const BATCH = 20;
/**
 * Faults in a row after which carrier or database count as down. One parcel that fails by itself is no reason
 * to stop.
 */
const MOST_FAULTS = 3;

type AskedAbout = {
  readonly parcels: number;
  /** Reports that were not known. */
  readonly recorded: number;
  /** What went wrong with single parcels, which wait for their next turn. */
  readonly faults: readonly unknown[];
  /** Whether the batch was full, so that more may be due. */
  readonly isFull: boolean;
};

/**
 * @throws the fault of the carrier, or of the database, that is down: the rest of the batch waits for its
 * next turn
 */
export async function askAboutSilentParcels(
  context: OperationContext,
  carrier: Vendor<Carrier>,
): Promise<AskedAbout> {
  const parcels = await takeSilentParcels(context.database, carrier, BATCH);
  const faults: unknown[] = [];
  let inARow = 0;
  let recorded = 0;
  for (const carrierShipmentId of parcels) {
    try {
      const reports = await carrier.port.trackingReports({ carrierShipmentId });
      recorded += (await recordTracking(context, carrier, reports)).recorded;
      inARow = 0;
    } catch (error) {
      inARow += 1;
      if (inARow === MOST_FAULTS) throw error;
      faults.push(error);
    }
  }
  return { parcels: parcels.length, recorded, faults, isFull: parcels.length === BATCH };
}
