/**
 * Orders as staff and integrators read them. Each view is one statement, so that what it shows is one moment.
 * `channelId` narrows every read to one channel for a caller that may see only that one.
 */
import type { FulfillmentOrderView, WaitingFulfillmentOrder } from "../../contract/fulfillment.ts";
import type { OrderSummary, OrderView, TimelineEntry } from "../../contract/orders.ts";
import type { Page } from "../../contract/shapes.ts";
import { isCollected } from "../../orders/fulfillment/collection.ts";
import { type ActionFacts, holds, supportedActions } from "../../orders/fulfillment-order.ts";
import type { HoldReason, OrderDocument, PaymentStatus } from "../../orders/order.ts";
import { sumsOf } from "../../orders/order-amounts.ts";
import { isSettled } from "../../orders/order-status.ts";
import { costOf, earnedOf, priceOf } from "../../orders/payment/charging.ts";
import { type MoneyFacts, missingOf } from "../../orders/payment/order-completion.ts";
import { shownCode } from "../../orders/store-credit.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import {
  FULFILLMENT_ORDER_JSON,
  fromMicroseconds,
  iso,
  localDay,
  microseconds,
  RETURN_JSON,
  SHIPMENT_JSON,
} from "../sql/view-sql.ts";
import { moneyFactsOf, type StoredMoney, storedMoneyJson } from "./money-facts.ts";
import { type OrderProgress, PROGRESS_LINES_JSON } from "./order-progress.ts";

/** Of the rows `o` of `orders`. */
export const SUMMARY_COLUMNS = `o.id, o.channel_id as "channelId", o.external_number as "externalNumber", o.status,
  o.payment_status as "paymentStatus", o.fulfillment_status as "fulfillmentStatus",
  o.return_status as "returnStatus", o.hold_reasons as "holdReasons", o.customer_name as "customerName",
  o.currency, o.total_minor as "totalMinor", o.exponent, o.unit_count as "unitCount",
  ${iso("o.placed_at")} as "placedAt", ${iso("o.captured_at")} as "capturedAt", ${iso("o.updated_at")} as "updatedAt",
  o.ship_by as "shipBy", o.deliver_by as "deliverBy"`;

/** What may be done with it is said in `withActions`. */
type FulfillmentOrderRow = Omit<FulfillmentOrderView, "supportedActions" | "holdReasons">;

type OrderRow = OrderSummary &
  Pick<
    OrderView,
    "document" | "sourcing" | "lines" | "shipments" | "doneElsewhere" | "payment" | "returns" | "notices"
  > & {
    readonly progress: OrderProgress["lines"];
    readonly storedMoney: StoredMoney;
    readonly fulfillmentOrders: readonly FulfillmentOrderRow[];
  };

/** The whole order page. */
export async function readOrderView(
  database: Queryable,
  orderId: string,
  channelId: string | null,
): Promise<OrderView | null> {
  const { rows } = await database.query<OrderRow>(
    `select ${SUMMARY_COLUMNS}, o.document, o.sourcing,
       coalesce(${PROGRESS_LINES_JSON}, '[]') as progress, ${storedMoneyJson("o.id")} as "storedMoney",
       (select coalesce(jsonb_agg(jsonb_build_object('lineId', line.line_id, 'sku', line.sku,
            'channelSku', line.channel_sku, 'title', line.title, 'ordered', line.ordered,
            'cancelled', line.cancelled, 'allocated', line.allocated, 'fulfilled', line.fulfilled,
            'shipped', line.shipped, 'delivered', line.delivered, 'returnRequested', line.return_requested,
            'returnReceived', line.return_received,
            'returnable', greatest(0, line.delivered - line.written_off - line.return_requested + line.return_dismissed), 'unitPriceMinor', line.unit_price_minor,
            'discountMinor', line.discount_minor, 'taxMinor', line.tax_minor, 'shareMinor', line.share_minor,
            'kind', line.kind, 'fulfilledBy', line.fulfilled_by, 'fulfilledElsewhere', line.fulfilled_elsewhere,
            'substituteFor', case when ordered.line_id is not null then jsonb_build_object('lineId', ordered.line_id,
              'sku', ordered.sku, 'title', ordered.title) end)
          order by length(line.line_id), line.line_id), '[]')
          from order_line line
            left join order_line ordered on ordered.order_id = line.order_id and ordered.line_id = line.substitute_for
         where line.order_id = o.id) as lines,
       (select coalesce(jsonb_agg(${FULFILLMENT_ORDER_JSON} order by f.created_at, f.id), '[]')
          from fulfillment_order f join location on location.id = f.location_id
         where f.order_id = o.id) as "fulfillmentOrders",
       (select coalesce(jsonb_agg(${SHIPMENT_JSON} order by shipment.created_at, shipment.id), '[]')
          from shipment where shipment.order_id = o.id and shipment.return_id is null) as shipments,
       (select coalesce(jsonb_agg(jsonb_build_object('lines', h.lines, 'carrier', h.carrier,
            'trackingNumber', h.tracking_number, 'trackingUrl', h.tracking_url, 'by', h.by, 'at', ${iso("h.at")})
            order by h.at, h.key), '[]')
          from done_elsewhere h where h.order_id = o.id) as "doneElsewhere",
       (select jsonb_build_object('provider', payment.provider, 'reference', payment.reference,
            'status', payment.status, 'currency', payment.currency,
            'authorizedMinor', payment.authorized_minor, 'capturedMinor', payment.captured_minor,
            'refundedMinor', payment.refunded_minor,
            'authorizations', (select coalesce(jsonb_agg(jsonb_build_object('key', a.key, 'reference', a.reference,
                 'state', a.state, 'amountMinor', a.amount_minor, 'capturedMinor', a.captured_minor,
                 'refundedMinor', a.refunded_minor) order by a.at, a.key), '[]')
               from payment_authorization a where a.order_id = o.id),
            'disputes', (select coalesce(jsonb_agg(jsonb_build_object('reference', d.reference, 'status', d.status,
                 'amountMinor', d.amount_minor, 'reason', d.reason, 'respondBy', ${iso("d.respond_by")},
                 'openedAt', ${iso("d.opened_at")}) order by d.opened_at, d.reference), '[]')
               from payment_dispute d where d.order_id = o.id),
            'transactions', (select coalesce(jsonb_agg(jsonb_build_object('key', t.key, 'type', t.type,
                 'amountMinor', t.amount_minor, 'status', t.status, 'at', ${iso("t.at")}) order by t.at, t.key), '[]')
               from payment_transaction t where t.order_id = o.id))
          from payment where payment.order_id = o.id) as payment,
       (select coalesce(jsonb_agg(${RETURN_JSON} order by r.requested_at, r.id), '[]')
          from return_authorization r where r.order_id = o.id) as returns,
       (select coalesce(jsonb_agg(jsonb_build_object('key', n.key, 'kind', n.kind, 'recipient', n.recipient,
            'subject', n.subject, 'sentAt', ${iso("n.sent_at")}) order by n.sent_at, n.key), '[]')
          from notification n where n.order_id = o.id) as notices
     from orders o
    where o.id = $1 and ($2::text is null or o.channel_id = $2)`,
    [orderId, channelId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const {
    document,
    sourcing,
    progress,
    storedMoney,
    lines,
    fulfillmentOrders,
    shipments,
    doneElsewhere,
    payment,
    returns,
    notices,
    ...summary
  } = row;
  const { currency, exponent, holdReasons } = summary;
  const paymentStatus = summary.paymentStatus as PaymentStatus;
  const order = { document, currency, exponent, lines: progress, paymentStatus, holdReasons };
  const facts = moneyFactsOf(order, storedMoney);
  const waitsFor = summary.status === "cancelled" ? [] : missingOf(progress, facts);
  return {
    summary,
    document: withoutCode(document),
    lines,
    sourcing,
    fulfillmentOrders: fulfillmentOrders.map((part) =>
      withActions(part, summary.holdReasons, fulfillmentOrders, isCollected(document)),
    ),
    shipments,
    doneElsewhere,
    amounts: amountsOf(facts, storedMoney),
    payment,
    completion: { done: waitsFor.length === 0, waitsFor },
    returns,
    notices,
    supportedActions: orderActions(summary.status, lines),
  };
}

/** The order's sums, and what of its price is paid. */
function amountsOf(facts: MoneyFacts, { storeCredit }: StoredMoney): OrderView["amounts"] {
  const { order, paymentStatus, money, cashTaken } = facts;
  const costMinor = costOf(order);
  const atChannel = isSettled(paymentStatus) && paymentStatus !== "voided" ? priceOf(order) : 0;
  const { paymentBy } = order.document;
  const paidMinor =
    paymentBy === "channel"
      ? atChannel
      : paymentBy === "on_delivery"
        ? cashTaken
        : money.captured + storeCredit;
  return {
    ...sumsOf(order.document),
    costMinor,
    earnedMinor: earnedOf(order),
    paidMinor,
    dueMinor: Math.max(0, costMinor - paidMinor),
  };
}

/** Who has the code of store credit can spend it: a reader sees its last letters. */
function withoutCode(document: OrderDocument): OrderDocument {
  const { storeCredit } = document;
  return storeCredit === undefined
    ? document
    : { ...document, storeCredit: { ...storeCredit, code: shownCode(storeCredit.code) } };
}

/** Entries in the order in which they happened, or the last first (`sort` is `-at`). @returns null where there is no such order */
export async function readTimeline(
  database: Queryable,
  query: {
    readonly orderId: string;
    readonly channelId: string | null;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<TimelineEntry> | null> {
  const order = readingOrder("at", query.sort);
  const [last] = order.placeIn(query.cursor, [/^\d{1,18}$/]);
  const { rows } = await database.query<TimelineEntry & { readonly id: number | null }>(
    `select event.id, event.key, event.type, event.summary, event.cause, event.data, ${iso("event.at")} as at
       from orders o
       left join lateral (select * from order_event where order_id = o.id
                           and ($3::bigint is null or id ${order.further} $3) order by id ${order.direction} limit $4)
            event on true
      where o.id = $1 and ($2::text is null or o.channel_id = $2)
      order by event.id ${order.direction}`,
    [query.orderId, query.channelId, last ?? null, query.limit + 1],
  );
  if (rows.length === 0) return null;
  return toPage(
    rows.filter((row) => row.id !== null),
    query.limit,
    ({ id: _id, ...entry }) => entry,
    (row) => order.placeOf(String(row.id)),
  );
}

/** A pick's place in the queue; before it has one, what was made first comes first. */
const QUEUE_PLACE = "coalesce(f.queue_at, f.created_at)";

/** A tote that robots and conveyors have not moved on for so long is for a person. */
const STUCK_AFTER = "interval '3 minutes'";

/**
 * Where no robot works, people do all of it. Where one does, a person who confirmed would confirm goods
 * that are not there; but what was picked and is stuck, or was left to people by a portal or by the floor,
 * is packed by hand.
 */
const FOR_PEOPLE = `(f.status = 'in_progress' and f.stage not in ('packed', 'labelled', 'shipped')
      and not exists (select from device d where d.location_id = f.location_id and d.kind = 'robot')
    or f.status = 'in_progress' and f.stage = 'ready'
    or f.stage in ('picked', 'conveying', 'verifying') and (f.status = 'on_hold'
        and exists (select from jsonb_array_elements(o.hold_reasons) r where r->>'code' = 'floor_exception'
          and coalesce(r->>'fulfillmentOrderId', f.id) = f.id)
      or f.status = 'in_progress' and exists (select from order_event e
        where e.order_id = f.order_id and e.key = 'left-to-person:' || f.id)
      or f.status = 'in_progress' and f.updated_at < now() - ${STUCK_AFTER}))`;

/** Fulfillment orders, the most urgent first, unless `sort` is `-queueAt`; without `status`, all that are not closed or cancelled. */
export async function listFulfillmentOrders(
  database: Queryable,
  filter: {
    readonly locationId?: string | undefined;
    /** Only those of these channels, at these places; null: all. */
    readonly channels?: readonly string[] | null;
    readonly locations?: readonly string[] | null;
    readonly stage?: string | undefined;
    readonly status?: string | undefined;
    /** Only what people are to pick and pack, or to look at. */
    readonly isForPeople?: boolean;
    /** This one alone, whatever has become of it. */
    readonly id?: string | undefined;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<WaitingFulfillmentOrder>> {
  const order = readingOrder("queueAt", filter.sort);
  const [queueAt, id] = order.placeIn(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await database.query<{
    fulfillmentOrder: FulfillmentOrderRow;
    orderId: string;
    orderNumber: string;
    revision: number;
    channelId: string;
    createdAt: string;
    queueAt: string;
    shipBy: string | null;
    service: string;
    customerName: string;
    delivery: WaitingFulfillmentOrder["delivery"];
    collection: WaitingFulfillmentOrder["collection"];
    position: string;
    holdReasons: readonly HoldReason[];
    parts: readonly FulfillmentOrderRow[];
  }>(
    `select ${FULFILLMENT_ORDER_JSON} as "fulfillmentOrder", f.order_id as "orderId",
            o.external_number as "orderNumber", o.revision, o.channel_id as "channelId", o.hold_reasons as "holdReasons",
            (select jsonb_agg(jsonb_build_object('id', g.id, 'locationId', g.location_id, 'status', g.status,
                'stage', g.stage, 'lines', '[]'::jsonb)) from fulfillment_order g where g.order_id = o.id) as parts,
            ${iso("f.created_at")} as "createdAt", ${iso(QUEUE_PLACE)} as "queueAt", o.ship_by as "shipBy",
            o.document->>'shippingService' as service, o.customer_name as "customerName",
            coalesce(o.document->'delivery'->>'method', 'parcel') as delivery,
            case when kept.ready_at is not null then jsonb_build_object('readyAt', ${iso("kept.ready_at")},
              'until', ${localDay("kept.expires_at", "location")}, 'arrivedAt', ${iso("kept.arrived_at")},
              'arrivalNote', kept.arrival_note) end as collection,
            ${microseconds(QUEUE_PLACE)} as position
       from fulfillment_order f
       join location on location.id = f.location_id
       join orders o on o.id = f.order_id
       left join collection kept on kept.fulfillment_order_id = f.id
      where ($1::text is null or f.location_id = $1)
        and ($2::text is null or f.stage = $2
          -- A person's pick whose confirmation was cut off is still to be done.
          or ($2 = 'waiting' and f.stage = 'picking' and f.status = 'in_progress'
            and not exists (select from floor_task t where t.fulfillment_order_id = f.id)))
        and (f.status = $3 or ($3::text is null and ($10::text is not null or f.status not in ('closed', 'cancelled'))))
        and ($10::text is null or f.id = $10)
        and ($4::text is null or (${QUEUE_PLACE}, f.id) ${order.further} (${fromMicroseconds("$4")}, $5))
        and (not $7 or ${FOR_PEOPLE})
        and ($8::text[] is null or o.channel_id = any($8))
        and ($9::text[] is null or f.location_id = any($9))
      order by ${QUEUE_PLACE} ${order.direction}, f.id ${order.direction}
      limit $6`,
    [
      filter.locationId ?? null,
      filter.stage ?? null,
      filter.status ?? null,
      queueAt ?? null,
      id ?? null,
      filter.limit + 1,
      filter.isForPeople === true,
      filter.channels ?? null,
      filter.locations ?? null,
      filter.id ?? null,
    ],
  );
  return toPage(
    rows,
    filter.limit,
    ({ position: _position, fulfillmentOrder, holdReasons, parts, ...order }) => ({
      ...withActions(
        fulfillmentOrder,
        holdReasons,
        parts,
        isCollected({ delivery: { method: order.delivery } }),
      ),
      ...order,
    }),
    (row) => order.placeOf(row.position, row.fulfillmentOrder.id),
  );
}

/**
 * What a person who packs by hand confirms: every unit of every hold. @returns null where there is no such
 * fulfillment order
 */
export async function readFulfillmentOrderHolds(
  database: Queryable,
  fulfillmentOrderId: string,
): Promise<readonly { readonly holdId: string; readonly quantity: number }[] | null> {
  const { rows } = await database.query<{ holdId: string | null; quantity: number }>(
    `select line.hold_id as "holdId", line.quantity
       from fulfillment_order f left join fulfillment_order_line line on line.fulfillment_order_id = f.id
      where f.id = $1 order by line.hold_id`,
    [fulfillmentOrderId],
  );
  if (rows.length === 0) return null;
  return rows.flatMap(({ holdId, quantity }) => (holdId === null ? [] : [{ holdId, quantity }]));
}

/** Whether there is such an order, of that channel. */
export async function hasOrder(database: Queryable, orderId: string, channelId: string): Promise<boolean> {
  const { rowCount } = await database.query("select from orders where id = $1 and channel_id = $2", [
    orderId,
    channelId,
  ]);
  return rowCount === 1;
}

/** @returns null where there is no such shipment, or none with a label: it was collected */
export async function readLabel(
  database: Queryable,
  shipmentId: string,
): Promise<{ readonly zpl: string; readonly pdf: Buffer } | null> {
  const { rows } = await database.query<{ zpl: string; pdf: Buffer }>(
    "select label_zpl as zpl, label_pdf as pdf from shipment where id = $1 and label_zpl <> ''",
    [shipmentId],
  );
  return rows[0] ?? null;
}

/** @param parts of its order, itself included */
function withActions(
  part: FulfillmentOrderRow,
  holdReasons: readonly HoldReason[],
  parts: readonly ActionFacts[],
  isCollected: boolean,
): FulfillmentOrderView {
  return {
    ...part,
    holdReasons: holdReasons.filter((reason) => holds(reason, part.id)),
    supportedActions: supportedActions(part, holdReasons, parts, isCollected),
  };
}

function orderActions(
  status: string,
  lines: readonly { readonly shipped: number }[],
): OrderView["supportedActions"] {
  const shipped = lines.some((line) => line.shipped > 0);
  if (status === "on_hold") return shipped ? ["hold", "release_hold"] : ["cancel", "hold", "release_hold"];
  if (status === "open") return shipped ? ["hold"] : ["cancel", "hold"];
  return [];
}

/** What the address of the shopper's page holds; null: no such order of this channel. */
export async function readTrackingToken(
  database: Queryable,
  orderId: string,
  channelId: string | null,
): Promise<string | null> {
  const { rows } = await database.query<{ token: string }>(
    "select tracking_token as token from orders where id = $1 and ($2::text is null or channel_id = $2)",
    [orderId, channelId],
  );
  return rows[0]?.token ?? null;
}
