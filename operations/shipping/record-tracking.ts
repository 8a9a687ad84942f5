/**
 * What a carrier says about our parcels. Carriers repeat reports and send them out of order: a report is
 * taken once, by its id. Every report is kept, but a parcel's status never goes backwards.
 *
 * All that a report changes happens in one transaction per order, under the order's lock. The report's row is
 * the mark that it happened.
 */
import { adding } from "../../orders/line-ledger.ts";
import type { TrackingReport, TrackingStatus } from "../../ports/carriers.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import {
  addTrackingReport,
  expectNextReport,
  findShipmentsByTracking,
  readParcelLines,
  readShipment,
  type Shipment,
  setTrackingStatus,
} from "../../store/floor/shipments.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
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

/** How far a parcel is. A status only replaces one of lower rank. */
const RANK: Readonly<Record<TrackingStatus, number>> = {
  unknown: 0,
  pre_transit: 1,
  in_transit: 2,
  available_for_pickup: 3,
  out_for_delivery: 3,
  failure: 4,
  return_to_sender: 5,
  delivered: 6,
};

const SENTENCES: Readonly<Record<TrackingStatus, string>> = {
  unknown: "The carrier reports",
  pre_transit: "The carrier expects the parcel",
  in_transit: "On its way",
  available_for_pickup: "Waiting to be picked up",
  out_for_delivery: "Out for delivery",
  failure: "The carrier could not deliver",
  return_to_sender: "Going back to the sender",
  delivered: "Delivered",
};

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
  const reportsOf = (shipment: Shipment) =>
    reports
      .filter((report) => report.trackingNumber === shipment.trackingNumber)
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  let recorded = 0;
  for (const shipment of shipments)
    recorded += await inTransaction(context.database, (client) =>
      recordOne(client, shipment, reportsOf(shipment)),
    );
  const ours = new Set(shipments.map((shipment) => shipment.trackingNumber));
  const unknown = reports.filter((report) => !ours.has(report.trackingNumber));
  const early = unknown.filter((report) => context.now() - Date.parse(report.at) < EARLY_MS);
  return { status: "done", recorded, unknown: unknown.length, early: early.length };
}

async function recordOne(
  client: DatabaseClient,
  { id, orderId }: Shipment,
  reports: readonly TrackingReport[],
): Promise<number> {
  const order = (await lockOrder(client, orderId)) as OrderProgress;
  let recorded = 0;
  for (const report of reports) {
    if (!(await addTrackingReport(client, report))) continue;
    recorded += 1;
    const shipment = await readShipment(client, id);
    if (shipment === undefined || RANK[report.status] <= RANK[shipment.trackingStatus]) continue;
    await setTrackingStatus(client, id, report.status, report.at);
    const facts = [report.message, report.place].filter((part) => part !== "");
    await recordEntry(client, {
      orderId,
      key: `tracking:${id}:${report.status}`,
      type: shipment.returnId === null ? `shipment.${report.status}` : `return.parcel_${report.status}`,
      summary: `${SENTENCES[report.status]}: ${facts.join(", ")}`,
      cause: `carrier:${shipment.carrier}`,
      data: { shipmentId: id, trackingNumber: report.trackingNumber, at: report.at },
    });
    if (shipment.returnId === null) await moveOrder(client, order, shipment, report.status);
    else await moveReturn(client, shipment.returnId, report.status);
  }
  if (recorded > 0) await expectNextReport(client, id);
  return recorded;
}

async function moveOrder(
  client: DatabaseClient,
  order: OrderProgress,
  shipment: Shipment,
  status: TrackingStatus,
): Promise<void> {
  const { id, orderId } = shipment;
  if (status === "return_to_sender") {
    const by = `carrier:${shipment.carrier}`;
    const claim = { shipmentId: id, kind: "return_to_sender", note: "", by, key: `${id}:return` } as const;
    // Refused where people have claimed all of it before.
    await openInOrder(client, order, shipment, claim);
    return;
  }
  if (status !== "delivered" && status !== "out_for_delivery") return;
  // A parcel can arrive before we have written that it left. `shipStock` then counts it as delivered.
  if (status === "delivered" && shipment.shippedAt !== null) {
    await changeOrder(client, order, { ledger: adding(await readParcelLines(client, id), "delivered") });
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
