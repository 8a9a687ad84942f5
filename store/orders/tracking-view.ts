/**
 * What a shopper may know by the token of the tracking page: this order only, no internal ids, no stock, no
 * cost, no street. The token is 128 random bits and is looked up by a unique index.
 */
import type { TrackingView } from "../../contract/tracking.ts";
import { type LineLedger, returnable } from "../../orders/line-ledger.ts";
import { rescale } from "../../orders/money.ts";
import type { FulfillmentStatus, OrderDocument, OrderStatus } from "../../orders/order.ts";
import { sumsOf } from "../../orders/order-amounts.ts";
import { shopperStatusOf } from "../../orders/order-status.ts";
import { type ReturnRules, returnRules } from "../../orders/returns/return-rules.ts";
import { holderOf } from "../../orders/store-credit.ts";
import type { Queryable } from "../sql/database.ts";
import { iso, localDay, refundStateJson } from "../sql/view-sql.ts";
import { readAwaitedPayment } from "./awaited-payment.ts";
import { readOrderProgress } from "./order-progress.ts";

type TrackingReturn = TrackingView["returns"][number];

type TrackingLine = TrackingView["lines"][number];

type TrackingRow = Omit<
  TrackingView,
  "status" | "lines" | "returns" | "returnMethods" | "storeCreditOffer" | "payment" | "shipTo" | "sums"
> & {
  readonly isUnderWay: boolean;
  readonly document: OrderDocument;
  readonly returnRules: Partial<ReturnRules>;
  readonly orderId: string;
  readonly orderStatus: OrderStatus;
  readonly fulfillmentStatus: FulfillmentStatus;
  readonly lines: readonly (Omit<TrackingLine, "returnable"> &
    Pick<LineLedger, "writtenOff" | "returnRequested" | "returnDismissed">)[];
  readonly returns: readonly (Omit<TrackingReturn, "labelUrl" | "codeUrl"> & {
    readonly hasLabel: boolean;
  })[];
};

/**
 * The order id beside the view is for the server's own use.
 *
 * @param firstStep what a first payment in a currency has to be a multiple of
 */
export async function readTracking(
  database: Queryable,
  token: string,
  firstStep: (currency: string) => number = () => 1,
) {
  const { rows } = await database.query<TrackingRow>(
    `select o.id as "orderId", o.external_number as "orderNumber", company.name as "shopName",
       o.status as "orderStatus", o.status in ('open', 'on_hold') as "isUnderWay", o.fulfillment_status as "fulfillmentStatus",
       ${iso("o.placed_at")} as "placedAt", o.deliver_by as "deliverBy",
       o.currency, o.exponent, o.total_minor as "totalMinor",
       case when o.document->'delivery'->>'method' in ('pickup', 'curbside') then (select jsonb_build_object(
         'place', coalesce(l.name, o.document->'delivery'->>'place', ''),
         'street', concat_ws(', ', l.address->>'line1', l.address->>'city'),
         'curbside', o.document->'delivery'->>'method' = 'curbside', 'until', ${localDay("c.expires_at", "l")},
         'arrived', c.arrived_at is not null, 'collected', c.collected_at is not null)
         from (select 1) one left join location l on l.id = o.document->'delivery'->>'locationId'
         left join lateral (select * from collection where order_id = o.id and expired_at is null
           order by ready_at desc limit 1) c on true) end as collection,
       (select coalesce(jsonb_agg(jsonb_build_object('lineId', line.line_id, 'title', line.title, 'insteadOf', wanted.title,
            'insteadOfLine', line.substitute_for,
            'ordered', line.ordered - line.cancelled, 'shipped', line.shipped, 'delivered', line.delivered,
            'writtenOff', line.written_off, 'returnRequested', line.return_requested,
            'returnDismissed', line.return_dismissed, 'unitPriceMinor', line.unit_price_minor)
          order by length(line.line_id), line.line_id), '[]')
          from order_line line
            left join order_line wanted on wanted.order_id = line.order_id and wanted.line_id = line.substitute_for
         where line.order_id = o.id) as lines,
       (select coalesce(jsonb_agg(jsonb_build_object('carrier', shipment.carrier,
            'trackingNumber', shipment.tracking_number, 'status', shipment.tracking_status,
            'reports', (select coalesce(jsonb_agg(jsonb_build_object('status', report.status,
                 'message', report.message, 'place', report.place, 'at', ${iso("report.at")})
                 order by report.at, report.report_id), '[]')
               from tracking_report report where report.tracking_number = shipment.tracking_number))
          order by shipment.created_at, shipment.id), '[]')
          from shipment where shipment.order_id = o.id and shipment.return_id is null
            and shipment.carrier_provider <> 'store') as parcels,
       (select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'status', r.status, 'reason', r.reason,
            'refundMinor', r.refund_minor, 'refund', ${refundStateJson("refund.return_id = r.id")},
            'method', r.method, 'refundTo', r.refund_to, 'decision', case when r.status = 'declined' then r.decision end,
            'cancellable', r.status in ('requested', 'approved') and not exists (
              select from return_line l where l.return_id = r.id and l.received + l.dismissed > 0),
            'hasLabel', exists (select from shipment where shipment.return_id = r.id))
          order by r.requested_at, r.id), '[]')
          from return_authorization r where r.order_id = o.id) as returns,
       channel.return_rules as "returnRules",
       o.document,
       (select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'name', l.name, 'city', l.address->>'city')
          order by l.priority, l.id), '[]')
          from location l where l.company_id = o.company_id and l.kind = 'store' and l.active) as "returnStores",
       (select coalesce(jsonb_agg(${refundStateJson("refund.id = given.id")} order by given.requested_at, given.id), '[]')
          from refund given where given.order_id = o.id and given.return_id is null and given.amount_minor > 0
            and given.status in ('pending', 'due_at_channel', 'confirmed_by_channel', 'done')) as refunds
     from orders o join company on company.id = o.company_id join channel on channel.id = o.channel_id
    where o.tracking_token = $1`,
    [token],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const {
    orderId,
    orderStatus,
    fulfillmentStatus,
    lines,
    returnRules: own,
    document,
    isUnderWay,
    ...rest
  } = row;
  const rules = returnRules(own);
  const isOffered = rules.offerStoreCredit && document.paymentBy !== "channel" && holderOf(document) !== null;
  const storeCreditOffer = isOffered ? { bonusPercent: rules.storeCreditBonusPercent } : null;
  const returnMethods = rules.methods.filter((method) => method !== "store" || rest.returnStores.length > 0);
  const status = shopperStatusOf({
    status: orderStatus,
    fulfillmentStatus,
    lines,
    anyParcelOutForDelivery: rest.parcels.some((parcel) => parcel.status === "out_for_delivery"),
  });
  const order = isUnderWay ? await readOrderProgress(database, orderId) : undefined;
  const payment =
    order === undefined ? null : await readAwaitedPayment(database, order, firstStep(rest.currency));
  return {
    orderId,
    view: {
      ...rest,
      sums: shownSums(document),
      shipTo: shownAddress(document),
      payment,
      returnMethods,
      storeCreditOffer,
      lines: lines.map(shownLine),
      status,
    },
  };
}

function shownSums(document: OrderDocument): TrackingView["sums"] {
  const { exponent, lines, shipping, discounts } = sumsOf(document);
  const charges = [...(document.charges ?? []), ...document.lines.flatMap((line) => line.charges ?? [])];
  return {
    goodsMinor: lines,
    discountMinor: discounts,
    charges: charges.map(({ kind, name, amount }) => ({
      name: name === kind ? kind.replaceAll("_", " ") : name,
      amountMinor: rescale(amount, exponent),
    })),
    shippingMinor: shipping,
    taxMinor: rescale(document.tax, exponent),
    taxesIncluded: document.taxesIncluded === true,
  };
}

/** Enough to know the place by, and no street. */
function shownAddress({ shippingAddress: to }: TrackingRow["document"]): TrackingView["shipTo"] {
  return to === null || to === undefined ? null : { name: to.name, city: to.city, country: to.country };
}

/** The label of a return of the order that `token` opens; null where there is none. */
export async function readReturnLabel(
  database: Queryable,
  token: string,
  returnId: string,
): Promise<Buffer | null> {
  const { rows } = await database.query<{ pdf: Buffer }>(
    `select shipment.label_pdf as pdf
       from orders o
       join return_authorization r on r.order_id = o.id
       join shipment on shipment.return_id = r.id
      where o.tracking_token = $1 and r.id = $2
      order by shipment.created_at desc limit 1`,
    [token, returnId],
  );
  return rows[0]?.pdf ?? null;
}

/** What the counter scans for a return: its parcel's tracking number. */
export async function readReturnCode(
  database: Queryable,
  token: string,
  returnId: string,
): Promise<string | null> {
  const { rows } = await database.query<{ code: string }>(
    `select shipment.tracking_number as code
       from orders o
       join return_authorization r on r.order_id = o.id
       join shipment on shipment.return_id = r.id
      where o.tracking_token = $1 and r.id = $2 and r.method = 'qr_code'
      order by shipment.created_at desc limit 1`,
    [token, returnId],
  );
  return rows[0]?.code ?? null;
}

function shownLine(line: TrackingRow["lines"][number]): TrackingLine {
  const {
    writtenOff: _writtenOff,
    returnRequested: _requested,
    returnDismissed: _dismissed,
    ...shown
  } = line;
  return { ...shown, returnable: returnable(line) };
}
