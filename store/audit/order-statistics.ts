/**
 * The state of many orders, in whole-set queries, so that ten thousand orders take no more queries than ten.
 * Nothing here writes.
 */
import type { Queryable } from "../sql/database.ts";

export type OrderProgressCounts = {
  readonly captured: number;
  readonly shipped: number;
  readonly completed: number;
  readonly cancelled: number;
  /** On hold for another reason than an unmapped SKU or stock that is on its way: a person has to decide. */
  readonly held: number;
  readonly open: number;
};

export async function readProgress(
  database: Queryable,
  orderIds: readonly string[],
): Promise<OrderProgressCounts> {
  const { rows } = await database.query<OrderProgressCounts>(
    `select count(*)::integer as captured,
            count(*) filter (
              where fulfillment_status in ('fulfilled', 'partially_delivered', 'delivered'))::integer as shipped,
            count(*) filter (where status = 'completed')::integer as completed,
            count(*) filter (where status = 'cancelled')::integer as cancelled,
            count(*) filter (where status = 'on_hold')::integer as held,
            count(*) filter (where status = 'open')::integer as open
       from orders where id = any($1)`,
    [orderIds],
  );
  const [progress] = rows;
  if (progress === undefined) throw new Error("counting gave no row");
  return progress;
}

/** Those of these orders that are not there. */
export async function readMissing(
  database: Queryable,
  orderIds: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    "select wanted.id from unnest($1::text[]) as wanted(id) where not exists (select from orders o where o.id = wanted.id)",
    [orderIds],
  );
  return rows.map((row) => row.id);
}

/** Orders that are delivered and paid for: shoppers may send something back. */
export async function readDelivered(
  database: Queryable,
  orderIds: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    "select id from orders where id = any($1) and status = 'completed'",
    [orderIds],
  );
  return rows.map((row) => row.id);
}

export type StuckOrder = { readonly orderId: string; readonly text: string };

/**
 * Orders that have not ended, at most five: what of them is still in the warehouse or on its way, and the
 * last thing that happened (often a mail, which is written beside the steps). Where to look when orders get
 * stuck.
 */
export async function readStuck(
  database: Queryable,
  orderIds: readonly string[],
): Promise<readonly StuckOrder[]> {
  const { rows } = await database.query<StuckOrder>(
    `select orders.id as "orderId", orders.id || ' (waits for: ' || coalesce(work.text, 'its saga') || '; last: '
            || coalesce(event.type, 'nothing') || ')' as text
       from orders
       left join lateral (
         select string_agg(part.text, ', ' order by part.text) as text from (
           select id || ' ' || stage || ' at ' || location_id as text from fulfillment_order
            where order_id = orders.id and status not in ('closed', 'cancelled')
           union all
           select id || ' ' || tracking_status as text from shipment
            where order_id = orders.id and shipped_at is not null and delivered_at is null) part) work on true
       left join lateral (
         select type from order_event where order_id = orders.id order by at desc, id desc limit 1) event on true
      where orders.id = any($1) and orders.status = 'open' order by orders.id limit 5`,
    [orderIds],
  );
  return rows;
}

export type HeldReason = { readonly code: string; readonly orders: number; readonly example: string };

export async function readHeld(
  database: Queryable,
  orderIds: readonly string[],
): Promise<readonly HeldReason[]> {
  const { rows } = await database.query<HeldReason>(
    `select reason->>'code' as code, count(distinct orders.id)::integer as orders, min(reason->>'detail') as example
       from orders, jsonb_array_elements(hold_reasons) reason
      where orders.id = any($1) and status = 'on_hold'
      group by 1 order by 2 desc`,
    [orderIds],
  );
  return rows;
}

export type StageTime = {
  readonly stage: string;
  readonly orders: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
};

/** Pairs of timeline entries; a stage's time runs from the first to the second. */
const STAGES: readonly (readonly [stage: string, from: readonly string[], to: readonly string[]])[] = [
  ["captured → payment", ["order.captured"], ["payment.authorized", "payment.verified"]],
  ["payment → on the floor", ["payment.authorized", "payment.verified"], ["fulfillment.released"]],
  ["on the floor → packed", ["fulfillment.released"], ["fulfillment.packed"]],
  ["packed → shipped", ["fulfillment.packed"], ["shipment.shipped"]],
  ["shipped → delivered", ["shipment.shipped"], ["order.completed"]],
  ["captured → on the floor", ["order.captured"], ["fulfillment.released"]],
  ["captured → delivered", ["order.captured"], ["order.completed"]],
];

export async function readStageTimes(
  database: Queryable,
  orderIds: readonly string[],
): Promise<readonly StageTime[]> {
  const times: StageTime[] = [];
  for (const [stage, from, to] of STAGES) {
    const { rows } = await database.query<Omit<StageTime, "stage">>(
      `with span as (
         select order_id,
                min(at) filter (where type = any($2)) as began,
                max(at) filter (where type = any($3)) as ended
           from order_event where order_id = any($1) and type = any($2 || $3) group by order_id)
       select count(*)::integer as orders,
              coalesce(percentile_cont(0.5) within group (order by extract(epoch from ended - began)) * 1000, 0)::float as "p50Ms",
              coalesce(percentile_cont(0.95) within group (order by extract(epoch from ended - began)) * 1000, 0)::float as "p95Ms"
         from span where began is not null and ended >= began`,
      [orderIds, from, to],
    );
    const [row] = rows;
    if (row !== undefined && row.orders > 0) {
      times.push({ stage, orders: row.orders, p50Ms: Math.round(row.p50Ms), p95Ms: Math.round(row.p95Ms) });
    }
  }
  return times;
}

/** When all of an order was on the floor, in milliseconds since 1970; orders that are not there are left out. */
export async function readReleaseTimes(
  database: Queryable,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.query<{ orderId: string; releasedAt: Date }>(
    `select order_id as "orderId", max(at) as "releasedAt" from order_event
      where order_id = any($1) and type = 'fulfillment.released' group by order_id`,
    [orderIds],
  );
  return new Map(rows.map(({ orderId, releasedAt }) => [orderId, releasedAt.getTime()]));
}

export type OrderTotals = {
  readonly orders: number;
  readonly shipped: number;
  readonly delivered: number;
  readonly cancelled: number;
  readonly unitsShipped: number;
  readonly returns: number;
  readonly returnsRefunded: number;
};

export async function readTotals(database: Queryable, orderIds: readonly string[]): Promise<OrderTotals> {
  const { rows } = await database.query<OrderTotals>(
    `select (select count(*) from orders where id = any($1))::integer as orders,
            (select count(distinct order_id) from shipment
              where order_id = any($1) and return_id is null and shipped_at is not null)::integer as shipped,
            (select count(*) from orders where id = any($1) and fulfillment_status = 'delivered')::integer as delivered,
            (select count(*) from orders where id = any($1) and status = 'cancelled')::integer as cancelled,
            (select coalesce(sum(shipped), 0) from order_line where order_id = any($1))::integer as "unitsShipped",
            (select count(*) from return_authorization where order_id = any($1))::integer as returns,
            (select count(*) from return_authorization
              where order_id = any($1) and status = 'refunded')::integer as "returnsRefunded"`,
    [orderIds],
  );
  const [totals] = rows;
  if (totals === undefined) throw new Error("counting gave no row");
  return totals;
}

/** How often what is not plain happened to the orders, in orders unless it says otherwise. */
export type Happenings = {
  readonly changed: number;
  readonly partlyCancelled: number;
  readonly shippedByOthers: number;
  readonly withoutParcel: number;
  readonly collected: number;
  readonly paidAtTheDoor: number;
  readonly fellShort: number;
  readonly exchanged: number;
  /** Returns. */
  readonly inPieces: number;
};

export async function readHappenings(database: Queryable, orderIds: readonly string[]): Promise<Happenings> {
  const { rows } = await database.query<Happenings>(
    `with day as (select * from orders where id = any($1)),
     line as (
       select l.order_id, sum(l.cancelled) as cancelled, sum(l.shipped) as shipped,
              sum(l.fulfilled_elsewhere) filter (where l.fulfilled_by <> 'us') as others
         from order_line l where l.order_id = any($1) group by l.order_id)
     select (select count(*) from day where revision > 1)::integer as changed,
            (select count(*) from line join day on day.id = line.order_id
              where cancelled > 0 and status = 'completed')::integer as "partlyCancelled",
            (select count(*) from line where others > 0)::integer as "shippedByOthers",
            (select count(*) from line join day on day.id = line.order_id
              where shipped = 0 and coalesce(others, 0) = 0 and status = 'completed')::integer as "withoutParcel",
            (select count(distinct order_id) from shipment
              where order_id = any($1) and carrier_provider = 'store')::integer as collected,
            (select count(*) from day where document->>'paymentBy' = 'on_delivery'
              and payment_status = 'paid')::integer as "paidAtTheDoor",
            (select count(distinct order_id) from shortage where order_id = any($1))::integer as "fellShort",
            (select count(*) from order_event
              where order_id = any($1) and type = 'return.exchanged')::integer as exchanged,
            (select count(*) from (
               select i.return_id from return_inspection i join return_authorization ra on ra.id = i.return_id
                where ra.order_id = any($1) group by i.return_id having count(*) > 1) pieces)::integer as "inPieces"`,
    [orderIds],
  );
  const [happenings] = rows;
  if (happenings === undefined) throw new Error("counting gave no row");
  return happenings;
}
