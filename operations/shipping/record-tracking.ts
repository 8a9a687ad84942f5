/**
 * What a carrier says about our parcels. Carriers repeat reports and send them out of order: a report is
 * taken once, by its id. Every report is kept, but a parcel's status never goes backwards.
 *
 * A carrier may scan a parcel before we have written that it has left. Such a report waits for that:
 * `shipStock` acts on it, so that nothing arrives before it has left, in the timeline, in the mails and in
 * the figures.
 *
 * All that a report changes happens in one transaction per order, under the order's lock. The report's row is
 * the mark that it happened.
 */
import { adding } from "../../orders/line-ledger.ts";
import type { TrackingReport, TrackingStatus } from "../../ports/carriers.ts";
import { isBeforeLeaving, progressOf } from "../../ports/parcel-progress.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import {
  addTrackingReports,
  expectNextReport,
  findShipmentsByTracking,
  readParcelLines,
  readShipment,
  recordProgress,
  type Shipment,
} from "../../store/floor/shipments.ts";
import {
  changeOrder,
  lockOrders,
  type OrderProgress,
  readOrderProgress,
} from "../../store/orders/order-progress.ts";
import { lockReturn, setReturnStatus } from "../../store/returns/returns.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OrderMessage } from "../../workflows/messages.ts";
import type { OperationContext } from "../context.ts";
import { openInOrder } from "../refunds/open-claim.ts";
import { tellOrderSaga } from "../tell-saga.ts";

type RecordedTracking = {
  readonly status: "done";
  /** Reports seen for the first time. */
  readonly recorded: number;
  /** Reports about parcels that are not ours, or not with this account of this carrier. */
  readonly unknown: number;
  /**
   * Of the unknown ones, those so fresh that the parcel may still be ours: a carrier can scan a label before
   * its purchase is written here. The caller should bring these reports again.
   */
  readonly early: number;
};

/** Longer than it takes to write a label purchase, even with a restart of this system in between. */
const EARLY_MS = 10 * 60_000;

export async function recordTracking(
  context: OperationContext,
  carrier: VendorAccount,
  reports: readonly TrackingReport[],
): Promise<RecordedTracking> {
  const shipments = await findShipmentsByTracking(
    context.database,
    carrier,
    reports.map((report) => report.trackingNumber),
  );
  const reportsOf = (trackingNumber: string) =>
    reports
      .filter((report) => report.trackingNumber === trackingNumber)
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const ours = new Set(shipments.map((shipment) => shipment.trackingNumber));
  let recorded = 0;
  for (const trackingNumber of ours)
    recorded += await inTransaction(context.database, (client) =>
      recordParcel(
        client,
        shipments.filter((shipment) => shipment.trackingNumber === trackingNumber),
        reportsOf(trackingNumber),
      ),
    );
  const unknown = reports.filter((report) => !ours.has(report.trackingNumber));
  const early = unknown.filter((report) => context.now() - Date.parse(report.at) < EARLY_MS);
  return { status: "done", recorded, unknown: unknown.length, early: early.length };
}

/**
 * One parcel, which shipments of several orders may share: what is new is so for all of them, in one
 * transaction.
 */
async function recordParcel(
  client: DatabaseClient,
  shipments: readonly Shipment[],
  reports: readonly TrackingReport[],
): Promise<number> {
  const [first, ...others] = shipments;
  if (first === undefined) return 0;
  await lockOrders(
    client,
    shipments.map(({ orderId }) => orderId),
  );
  const added = await addTrackingReports(client, [first, ...others], reports);
  const fresh = reports.filter(({ reportId }) => added.has(reportId));
  if (fresh.length > 0) for (const { id } of shipments) await moveShipment(client, id, fresh);
  return added.size;
}

async function moveShipment(
  client: DatabaseClient,
  id: string,
  fresh: readonly TrackingReport[],
): Promise<void> {
  const shipment = await readShipment(client, id);
  if (shipment === undefined) return;
  const isHere = shipment.returnId === null && shipment.shippedAt === null;
  const usable = isHere ? fresh.filter(isBeforeLeaving) : fresh;
  for (const report of progressOf(shipment.trackingStatus, usable)) {
    await recordProgress(client, shipment, report);
    if (shipment.returnId === null) await moveOrder(client, shipment, report.status);
    else await moveReturn(client, shipment.returnId, report.status);
  }
  await expectNextReport(client, id);
}

async function moveOrder(client: DatabaseClient, shipment: Shipment, status: TrackingStatus): Promise<void> {
  const { id, orderId } = shipment;
  // It is locked. Read for each report: the one before may have changed it.
  const readOrder = async () => (await readOrderProgress(client, orderId)) as OrderProgress;
  if (status === "return_to_sender") {
    const by = `carrier:${shipment.carrier}`;
    const claim = { shipmentId: id, kind: "return_to_sender", note: "", by, key: `${id}:return` } as const;
    // Refused where people have claimed all of it before.
    await openInOrder(client, await readOrder(), shipment, claim);
    return;
  }
  if (status !== "delivered" && status !== "out_for_delivery") return;
  if (status === "delivered") {
    const ledger = adding(await readParcelLines(client, id), "delivered");
    await changeOrder(client, await readOrder(), { ledger });
  }
  const message: OrderMessage =
    status === "delivered"
      ? { key: `delivered:${id}`, type: "delivered", shipmentId: id }
      : { key: `out-for-delivery:${id}`, type: "out-for-delivery", shipmentId: id };
  await tellOrderSaga(client, orderId, message);
}

async function moveReturn(client: DatabaseClient, returnId: string, status: TrackingStatus): Promise<void> {
  const returned = await lockReturn(client, returnId);
  const moving = status === "in_transit" || status === "out_for_delivery";
  if (returned?.status === "approved" && moving) await setReturnStatus(client, returnId, "in_transit");
}
