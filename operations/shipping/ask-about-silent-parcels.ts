/**
 * Asks the carrier about parcels that it has been silent about. A carrier repeats a webhook for hours, not
 * for ever: without this job, a webhook that was never taken would leave an order open unnoticed.
 *
 * The carrier's answer is treated like its webhooks (`record-tracking.ts`), and known reports are dropped. A
 * parcel's turn ends before the carrier is asked, so that a crash, or a carrier that does not answer, costs
 * the parcel one turn and no more.
 */
import type { Carrier } from "../../ports/carriers.ts";
import type { Vendor } from "../../ports/vendor-roster.ts";
import { takeSilentParcels } from "../../store/floor/shipments.ts";
import type { OperationContext } from "../context.ts";
import { recordTracking } from "./record-tracking.ts";

/** They are asked about one by one, so that no carrier's rate limit is reached. */
const BATCH = 20;
/**
 * After so many faults in a row, carrier or database count as down. A single parcel that fails is no reason
 * to stop.
 */
const MOST_FAULTS = 3;

type AskedAbout = {
  readonly parcels: number;
  /** Reports that were not known. */
  readonly recorded: number;
  /** What went wrong with single parcels, which wait until their next turn. */
  readonly faults: readonly unknown[];
  /** Whether the batch was full, so that more may be due. */
  readonly isFull: boolean;
};

/**
 * @throws the fault of the carrier or the database that is down; the rest of the batch waits until its next
 *   turn
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
