/**
 * What a carrier says about our parcels. Carriers repeat reports and send them out of order: a report is
 * taken once, by its id. Every report is kept, but a parcel's status never goes backwards.
 *
 * A carrier may scan a parcel before we have written that it has left. Such a report waits for that:
 * `shipStock` acts on it, so that nothing arrives before it has left, in the timeline, in the mails and in
 * the figures.
 *
 * All that a report changes happens in one transaction, under the order's lock. The report's row is the mark
 * that it happened. What carriers report at once is taken in batches, many parcels in one transaction; where
 * that fails, each parcel has its own. A batch waits for no lock: a parcel whose order somebody is changing
 * has a transaction of its own afterwards.
 */
import { adding } from "../../orders/line-ledger.ts";
import type { TrackingReport, TrackingStatus } from "../../ports/carriers.ts";
import { isBeforeLeaving, progressOf } from "../../ports/parcel-progress.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import {
  addTrackingReports,
  findShipmentsByTracking,
  type ParcelName,
  readParcelLines,
  readShipments,
  recordProgress,
  type Shipment,
} from "../../store/floor/shipments.ts";
import { queueMails } from "../../store/orders/notices.ts";
import {
  changeOrder,
  lockFreeOrders,
  lockOrders,
  type OrderProgress,
  readOrderProgress,
} from "../../store/orders/order-progress.ts";
import { type Sealer, sealersOf } from "../../store/personal-data/vault.ts";
import { lockReturn, setReturnStatus } from "../../store/returns/returns.ts";
import { byDatabase, inBatches } from "../../store/sql/batched.ts";
import { type Database, type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import { bringBack } from "../archive/bring-back.ts";
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

/** What a carrier has said of one parcel. */
type ToldParcel = ParcelName & { readonly reports: readonly TrackingReport[] };

/** Parcels of one transaction: their orders are locked until it ends. */
const PARCELS_AT_ONCE = 30;

export async function recordTracking(
  context: OperationContext,
  carrier: VendorAccount,
  reports: readonly TrackingReport[],
): Promise<RecordedTracking> {
  const numbers = [...new Set(reports.map((report) => report.trackingNumber))];
  const told = numbers.map((trackingNumber) => ({
    carrier,
    trackingNumber,
    reports: reports
      .filter((report) => report.trackingNumber === trackingNumber)
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
  }));
  const taken = await Promise.all(told.map((parcel) => takeParcel(context.database, parcel)));
  const unknown = told.flatMap((parcel, nth) => (taken[nth] === null ? parcel.reports : []));
  const early = unknown.filter((report) => context.now() - Date.parse(report.at) < EARLY_MS);
  const recorded = taken.reduce<number>((sum, added) => sum + (added ?? 0), 0);
  return { status: "done", recorded, unknown: unknown.length, early: early.length };
}

/** How many reports are new; null: the parcel is not ours. */
type Taken = number | null;

async function takeParcel(database: Database, parcel: ToldParcel): Promise<Taken> {
  let taken = await takeAtOnce(database, parcel);
  // Of an archived order, it comes back for what a carrier still says of its parcel.
  if (taken === null && (await bringBack(database, [parcel.trackingNumber], "tracking")))
    taken = await takeAtOnce(database, parcel);
  if (taken !== "busy") return taken;
  return inTransaction(database, async (client) => {
    const [waited] = await takeParcels(client, [parcel], waitForOrders);
    return waited as Taken;
  });
}

const takeAtOnce = byDatabase((database: Database) =>
  inBatches(
    (parcels: readonly ToldParcel[]) =>
      inTransaction(database, (client) => takeParcels(client, parcels, lockFreeOrders)),
    { most: PARCELS_AT_ONCE, apart: true },
  ),
);

async function waitForOrders(client: DatabaseClient, orderIds: readonly string[]) {
  await lockOrders(client, orderIds);
  return new Set(orderIds);
}

/**
 * One transaction for many parcels. Shipments of several orders may share one: what is new is so for all of
 * them.
 *
 * @param lock of these orders, those that are this transaction's now; where one of a parcel's is not, the
 *   parcel is `busy`
 */
async function takeParcels(
  client: DatabaseClient,
  parcels: readonly ToldParcel[],
  lock: (client: DatabaseClient, orderIds: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<readonly (Taken | "busy")[]> {
  const found = await findShipmentsByTracking(client, parcels);
  const locked = await lock(client, [...new Set(found.flat().map(({ orderId }) => orderId))]);
  const ours = parcels.flatMap(({ reports }, nth) => {
    const shipments = found[nth] ?? [];
    const isMine = shipments.length > 0 && shipments.every(({ orderId }) => locked.has(orderId));
    return isMine ? [{ nth, reports, shipments }] : [];
  });
  const unwritten = parcels.map((_parcel, nth) => (found[nth]?.length === 0 ? null : ("busy" as const)));
  if (ours.length === 0) return unwritten;
  const orderIds = [...new Set(ours.flatMap(({ shipments }) => shipments.map(({ orderId }) => orderId)))];
  const sealers = await sealersOf(client, orderIds);
  const added = await addTrackingReports(
    client,
    ours.map(({ shipments, reports }) => ({ orderIds: shipments.map(({ orderId }) => orderId), reports })),
    sealers,
  );
  const fresh = new Map<string, readonly TrackingReport[]>();
  const recorded = new Map<number, number>();
  const counted = new Set<string>();
  for (const [index, { nth, shipments, reports }] of ours.entries()) {
    // A report that two callers bring in one batch was brought by the first.
    const mine = reports.filter(({ trackingNumber, reportId }) => {
      const report = `${trackingNumber}/${reportId}`;
      if (counted.has(report) || added[index]?.has(reportId) !== true) return false;
      counted.add(report);
      return true;
    });
    recorded.set(nth, mine.length);
    for (const { id } of shipments) if (mine.length > 0) fresh.set(id, [...(fresh.get(id) ?? []), ...mine]);
  }
  await moveShipments(client, fresh, sealers);
  return unwritten.map((otherwise, nth) => recorded.get(nth) ?? otherwise);
}

async function moveShipments(
  client: DatabaseClient,
  fresh: ReadonlyMap<string, readonly TrackingReport[]>,
  sealers: ReadonlyMap<string, Sealer>,
): Promise<void> {
  if (fresh.size === 0) return;
  // Read under the lock of their orders.
  const shipments = await readShipments(client, [...fresh.keys()]);
  const progress = [...fresh].flatMap(([id, reports]) => {
    const shipment = shipments.get(id);
    if (shipment === undefined) return [];
    const isHere = shipment.returnId === null && shipment.shippedAt === null;
    const usable = isHere ? reports.filter(isBeforeLeaving) : reports;
    return [{ shipment, reports: progressOf(shipment.trackingStatus, usable) }];
  });
  await recordProgress(client, progress, sealers);
  for (const { shipment, reports } of progress)
    for (const { status } of reports) {
      if (shipment.returnId === null) await moveOrder(client, shipment, status);
      else await moveReturn(client, shipment.returnId, status);
    }
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
  if (status === "out_for_delivery") await queueMails(client, [{ orderId, kind: status, about: id }]);
  if (status !== "delivered") return;
  const ledger = adding(await readParcelLines(client, id), "delivered");
  await changeOrder(client, await readOrder(), { ledger });
  await tellOrderSaga(client, orderId, { key: `delivered:${id}`, type: "delivered", shipmentId: id });
}

async function moveReturn(client: DatabaseClient, returnId: string, status: TrackingStatus): Promise<void> {
  const returned = await lockReturn(client, returnId);
  const moving = status === "in_transit" || status === "out_for_delivery";
  if (returned?.status === "approved" && moving) await setReturnStatus(client, returnId, "in_transit");
}
