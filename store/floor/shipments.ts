/**
 * Parcels: what a label is bought for, the label itself, and where the parcel is according to the carrier.
 */
import type { Address } from "../../orders/address.ts";
import type { PurchasedLabel, TrackingReport, TrackingStatus } from "../../ports/carriers.ts";
import { reportInWords } from "../../ports/parcel-progress.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import { recordQuotes } from "../orders/timeline.ts";
import { type Sealer, sealerOf } from "../personal-data/vault.ts";
import { batchedByDatabase } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";

const HOUR_MS = 3_600_000;
/** Carriers scan about once a day: a parcel without a report for so long has gone quiet. */
const SILENT_PARCEL_MS = 24 * HOUR_MS;
/**
 * Where a backup was restored, the carrier may have said everything already, to the machine that is lost. The
 * time that a carrier takes to answer for a new label.
 */
const SILENT_AFTER_RESTORE_MS = 60_000;
/** How long after a restore that may be: what was lost was under way for no longer. */
const RESTORED_LATELY = `exists (select from saga_home where run > 0 and since > now() - interval '2 days')`;
/** Between two questions to the carrier about the same parcel. */
const ASK_AGAIN_MS = 6 * HOUR_MS;
/** After this time since it left, the carrier is not asked any more. */
const FORGOTTEN_PARCEL_MS = 60 * 24 * HOUR_MS;

/** A fulfillment order leaves in one parcel. */
export function outboundShipmentId(fulfillmentOrderId: string): string {
  return `${fulfillmentOrderId}-S1`;
}

/** Weight and size of a parcel of these goods are worked out from the catalog. */
export type PackedItem = {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly weightGrams: number;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly priceMinor: number;
  readonly currency: string;
  readonly hsCode: string;
  readonly originCountry: string;
};

export async function readPackedItems(
  client: Queryable,
  goods: readonly { readonly sku: string; readonly quantity: number }[],
): Promise<readonly PackedItem[]> {
  const { rows } = await client.query<PackedItem>(
    `select p.sku, p.name, g.quantity, p.weight_grams as "weightGrams", p.length_mm as "lengthMm",
       p.width_mm as "widthMm", p.height_mm as "heightMm", p.price_minor as "priceMinor", p.currency,
       p.hs_code as "hsCode", p.origin_country as "originCountry"
     from (select sku, sum(quantity)::integer as quantity
           from unnest($1::text[], $2::integer[]) as u(sku, quantity) group by sku) g
     join product p on p.sku = g.sku order by p.sku`,
    [goods.map((item) => item.sku), goods.map((item) => item.quantity)],
  );
  return rows;
}

export async function readLocationAddress(
  client: Queryable,
  locationId: string,
): Promise<Address | undefined> {
  const { rows } = await client.query<{ address: Address }>("select address from location where id = $1", [
    locationId,
  ]);
  return rows[0]?.address;
}

/** With the carrier's account that rated the parcel, which is the one that sells its label. */
export type LabelPurchase = VendorAccount & {
  readonly key: string;
  readonly shipmentId: string;
  readonly carrierShipmentId: string;
  readonly rateId: string;
  readonly weightGrams: number;
};

const PURCHASE = `key, carrier_provider as provider, carrier_account as account, shipment_id as "shipmentId", carrier_shipment_id as "carrierShipmentId", rate_id as "rateId",
  weight_grams as "weightGrams"`;

export async function readLabelPurchase(client: Queryable, key: string): Promise<LabelPurchase | undefined> {
  const { rows } = await client.query<LabelPurchase>(
    `select ${PURCHASE} from label_purchase where key = $1`,
    [key],
  );
  return rows[0];
}

/** Notes what is about to be bought; returns the first note where the key is known. */
export async function beginLabelPurchase(
  client: Queryable,
  orderId: string,
  purchase: LabelPurchase,
): Promise<LabelPurchase> {
  await client.query(
    `insert into label_purchase
       (key, order_id, shipment_id, carrier_provider, carrier_account, carrier_shipment_id, rate_id,
        weight_grams)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [
      purchase.key,
      orderId,
      purchase.shipmentId,
      purchase.provider,
      purchase.account,
      purchase.carrierShipmentId,
      purchase.rateId,
      purchase.weightGrams,
    ],
  );
  return (await readLabelPurchase(client, purchase.key)) ?? purchase;
}

/** Purchases for a shipment that were not voided, whether or not the carrier's answer ever arrived. */
export async function readOpenLabelPurchases(
  client: Queryable,
  shipmentId: string,
): Promise<readonly LabelPurchase[]> {
  const { rows } = await client.query<LabelPurchase>(
    `select ${PURCHASE} from label_purchase where shipment_id = $1 and voided_at is null order by key`,
    [shipmentId],
  );
  return rows;
}

export async function markLabelsVoided(client: Queryable, shipmentId: string): Promise<void> {
  await client.query(
    `with voided as (
       update label_purchase set voided_at = now() where shipment_id = $1 and voided_at is null
     )
     delete from shipment where id = $1 and shipped_at is null`,
    [shipmentId],
  );
}

/** Of a label that was never stored. */
export async function markLabelVoided(client: Queryable, key: string): Promise<void> {
  await client.query("update label_purchase set voided_at = now() where key = $1 and voided_at is null", [
    key,
  ]);
}

/** Stores a bought label; repeating it changes nothing. */
export async function addShipment(
  client: Queryable,
  shipment: VendorAccount & {
    readonly id: string;
    readonly orderId: string;
    readonly fulfillmentOrderId: string | null;
    readonly returnId: string | null;
    readonly weightGrams: number;
    /** The shipment of another order that it goes in one parcel with. */
    readonly sharesLabelOf?: string;
  },
  label: PurchasedLabel,
): Promise<void> {
  const sealer = await sealerOf(client, shipment.orderId);
  await client.query(
    `insert into shipment (id, order_id, fulfillment_order_id, return_id, carrier_provider, carrier_account,
       carrier_shipment_id, carrier, service, tracking_number, cost_minor, currency, weight_grams, label_zpl, label_pdf,
       shares_label_of)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict (id) do nothing`,
    [
      shipment.id,
      shipment.orderId,
      shipment.fulfillmentOrderId,
      shipment.returnId,
      shipment.provider,
      shipment.account,
      label.carrierShipmentId,
      label.carrier,
      label.service,
      label.trackingNumber,
      label.costMinor,
      label.currency,
      shipment.weightGrams,
      label.zpl === "" ? "" : sealer.text(label.zpl),
      sealer.bytes(label.pdf),
      shipment.sharesLabelOf ?? null,
    ],
  );
}

export type Shipment = {
  readonly id: string;
  readonly orderId: string;
  readonly fulfillmentOrderId: string | null;
  readonly returnId: string | null;
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly trackingStatus: TrackingStatus;
  readonly shippedAt: Date | null;
  readonly deliveredAt: Date | null;
};

const SHIPMENT = `id, order_id as "orderId", fulfillment_order_id as "fulfillmentOrderId", return_id as "returnId",
  carrier, service, tracking_number as "trackingNumber", tracking_status as "trackingStatus",
  shipped_at as "shippedAt", delivered_at as "deliveredAt"`;

export async function readShipment(client: Queryable, id: string): Promise<Shipment | undefined> {
  const { rows } = await client.query<Shipment>(`select ${SHIPMENT} from shipment where id = $1`, [id]);
  return rows[0];
}

/** The same outside of a transaction: shipments that are asked for at once are read by one statement. */
export const findShipment = batchedByDatabase((database: Database, ids) => readShipments(database, ids));

/** The parcel has left the building: from now on the carrier is expected to report. */
export async function markShipped(client: Queryable, id: string): Promise<void> {
  await client.query(
    `update shipment set shipped_at = coalesce(shipped_at, now()),
       ask_carrier_at = case when delivered_at is null
         then now() + (case when ${RESTORED_LATELY} then $3 else $2 end)::double precision * interval '1 millisecond' end
     where id = $1`,
    [id, SILENT_PARCEL_MS, SILENT_AFTER_RESTORE_MS],
  );
}

/** Nothing more is expected of whoever carries it. */
export async function forgetShipment(client: Queryable, id: string): Promise<void> {
  await client.query("update shipment set ask_carrier_at = null where id = $1", [id]);
}

/** After a restore: the carriers are asked about everything that is on its way. */
export async function askAboutAllParcels(client: Queryable): Promise<void> {
  await client.query(
    "update shipment set ask_carrier_at = now() where shipped_at is not null and delivered_at is null and return_id is null",
  );
}

/** A parcel as its carrier names it. */
export type ParcelName = { readonly carrier: VendorAccount; readonly trackingNumber: string };

/**
 * What is in each of these parcels, in the order given; nothing where it is not ours, or not with this
 * account of this carrier: it may not report on parcels of other accounts.
 */
export async function findShipmentsByTracking(
  client: Queryable,
  parcels: readonly ParcelName[],
): Promise<readonly (readonly Shipment[])[]> {
  const { rows } = await client.query<Shipment & { readonly nth: number }>({
    name: "shipments-by-tracking",
    text: `select nth::integer, ${SHIPMENT}
       from unnest(${givenList("$1")}, ${givenList("$2")}, ${givenList("$3")})
         with ordinality as told (number, provider, account, nth)
       join shipment on tracking_number = number and carrier_provider = provider and carrier_account = account
      order by nth, order_id, id`,
    values: [
      parcels.map(({ trackingNumber }) => trackingNumber),
      parcels.map(({ carrier }) => carrier.provider),
      parcels.map(({ carrier }) => carrier.account),
    ],
  });
  return parcels.map((_parcel, index) =>
    rows.filter(({ nth }) => nth === index + 1).map(({ nth: _nth, ...shipment }) => shipment),
  );
}

/** Shipments by their ids, those that there are. */
export async function readShipments(
  client: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Shipment>> {
  const { rows } = await client.query<Shipment>({
    name: "read-shipments",
    text: `select ${SHIPMENT} from shipment where id = any(${givenList("$1")})`,
    values: [ids],
  });
  return new Map(rows.map((shipment) => [shipment.id, shipment]));
}

/**
 * Takes up to `limit` outbound parcels without a report for long, the longest overdue first. A parcel that
 * was taken is due again after a while, whoever took it. When it left too long ago, it is left to people.
 *
 * @returns the carrier's ids of their shipments
 */
export async function takeSilentParcels(
  client: Queryable,
  carrier: VendorAccount,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ carrierShipmentId: string }>(
    `update shipment
     set ask_carrier_at = case when shipped_at > now() - $4 * interval '1 millisecond'
                          then now() + $3 * interval '1 millisecond' end
     where id in (select id from shipment where ask_carrier_at <= now() and carrier_provider = $1 and carrier_account = $5
                  order by ask_carrier_at limit $2 for update skip locked)
     returning carrier_shipment_id as "carrierShipmentId"`,
    [carrier.provider, limit, ASK_AGAIN_MS, FORGOTTEN_PARCEL_MS, carrier.account],
  );
  return rows.map((row) => row.carrierShipmentId);
}

/**
 * The carrier's words are kept under the key of one of the parcel's orders, and not at all where one of them
 * was erased.
 *
 * @param parcels each with its orders, at least one; several may share a parcel
 * @returns of each parcel, the ids of the reports that are new
 */
export async function addTrackingReports(
  client: Queryable,
  parcels: readonly { readonly orderIds: readonly string[]; readonly reports: readonly TrackingReport[] }[],
  sealers: ReadonlyMap<string, Sealer>,
): Promise<readonly ReadonlySet<string>[]> {
  const kept = parcels.flatMap(({ orderIds, reports }) => {
    const keys = orderIds.flatMap((id) => sealers.get(id) ?? []);
    const sealer = keys.find(({ isErased }) => isErased) ?? keys[0];
    if (sealer === undefined) throw new Error(`no key was read of ${orderIds.join(", ")}`);
    return reports.map(({ trackingNumber, reportId, status, message, place, at }) => ({
      tracking_number: trackingNumber,
      report_id: reportId,
      status,
      message: sealer.words(message),
      place: sealer.words(place),
      at,
    }));
  });
  const { rows } = await client.query<{ parcel: string; id: string }>({
    name: "add-tracking-reports",
    text: `insert into tracking_report (tracking_number, report_id, status, message, place, at)
     select tracking_number, report_id, status, message, place, at
     from json_to_recordset($1::json)
       as r(tracking_number text, report_id text, status text, message text, place text, at timestamptz)
     on conflict do nothing returning tracking_number as parcel, report_id as id`,
    values: [JSON.stringify(kept)],
  });
  return parcels.map(({ reports }) => {
    const number = reports[0]?.trackingNumber;
    return new Set(rows.filter(({ parcel }) => parcel === number).map(({ id }) => id));
  });
}

/** What has been reported of the parcel so far. */
export async function readTrackingReports(
  client: Queryable,
  trackingNumber: string,
): Promise<readonly TrackingReport[]> {
  const { rows } = await client.query<TrackingReport & { readonly atDate: Date }>(
    `select report_id as "reportId", tracking_number as "trackingNumber", status, message, place, at as "atDate"
     from tracking_report where tracking_number = $1 order by at, report_id`,
    [trackingNumber],
  );
  return rows.map(({ atDate, ...report }) => ({ ...report, at: atDate.toISOString() }));
}

/** What a carrier's reports make of a parcel. */
export type ParcelProgress = {
  readonly shipment: Shipment;
  /**
   * Those that move it on, in their order; see `progressOf`. None: it is only known that the carrier has it.
   */
  readonly reports: readonly TrackingReport[];
};

/**
 * Carriers have reported: the parcels' statuses, and their orders' timelines. A carrier is asked about an
 * outbound parcel only once it goes silent again, and never after it has arrived.
 */
export async function recordProgress(
  client: Queryable,
  progress: readonly ParcelProgress[],
  sealers: ReadonlyMap<string, Sealer>,
): Promise<void> {
  if (progress.length === 0) return;
  await client.query({
    name: "parcel-progress",
    text: `update shipment s set tracking_status = coalesce(told.status, tracking_status),
       delivered_at = coalesce(told.delivered_at, s.delivered_at),
       ask_carrier_at = case when ask_carrier_at is not null and coalesce(told.delivered_at, s.delivered_at) is null
         then now() + $4 * interval '1 millisecond' end
     from unnest(${givenList("$1")}, ${givenList("$2")}, ${givenList("$3", "timestamptz")}) as told (id, status, delivered_at)
     where s.id = told.id`,
    values: [
      progress.map(({ shipment }) => shipment.id),
      progress.map(({ reports }) => reports.at(-1)?.status ?? null),
      progress.map(({ reports }) => reports.find(({ status }) => status === "delivered")?.at ?? null),
      SILENT_PARCEL_MS,
    ],
  });
  const entries = progress.flatMap(({ shipment, reports }) =>
    reports.map((report) => {
      const { id, orderId, returnId, carrier, trackingNumber } = shipment;
      const { status, at } = report;
      return {
        orderId,
        key: `tracking:${id}:${status}`,
        type: returnId === null ? `shipment.${status}` : `return.parcel_${status}`,
        summary: reportInWords(report),
        cause: `carrier:${carrier}`,
        data: { shipmentId: id, trackingNumber, at },
      };
    }),
  );
  await recordQuotes(client, entries, sealers);
}

/** Units of an order line in a parcel. */
type ParcelLine = { readonly lineId: string; readonly quantity: number };

const PARCEL_LINES = `
select "shipmentId", line_id as "lineId", min(whole)::integer as quantity
from (select s.id as "shipmentId", l.line_id, sum(l.picked) / max(l.per_unit) as whole
      from shipment s join fulfillment_order_line l on l.fulfillment_order_id = s.fulfillment_order_id
      where s.id = any(${givenList("$1")}) group by s.id, l.line_id, l.sku) component
group by "shipmentId", line_id having min(whole) > 0`;

async function readLinesOfParcels(
  client: Queryable,
  shipmentIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ParcelLine[]>> {
  const { rows } = await client.query<ParcelLine & { readonly shipmentId: string }>({
    name: "parcel-lines",
    text: PARCEL_LINES,
    values: [shipmentIds],
  });
  return new Map(
    shipmentIds.map((id) => [
      id,
      rows
        .filter(({ shipmentId }) => shipmentId === id)
        .map(({ lineId, quantity }) => ({ lineId, quantity })),
    ]),
  );
}

/** Units in an outbound parcel, by order line; of a kit's line, whole kits. */
export async function readParcelLines(client: Queryable, shipmentId: string): Promise<readonly ParcelLine[]> {
  return (await readLinesOfParcels(client, [shipmentId])).get(shipmentId) ?? [];
}

/** The same outside of a transaction: parcels that are asked for at once are read by one statement. */
export const findParcelLines = batchedByDatabase((database: Database, ids) =>
  readLinesOfParcels(database, ids),
);
