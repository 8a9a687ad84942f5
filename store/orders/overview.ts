/** The numbers of the start page, all of one moment. Days are those of the company's time zone. */
import type { Overview, OverviewRange, Throughput } from "../../contract/system.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

/** @param company its time zone by its IANA name, and its currency by ISO 4217 */
export async function readOverview(
  database: Queryable,
  company: { readonly timeZone: string; readonly currency: string },
): Promise<Overview> {
  const { rows } = await database.query<Overview>(
    `with today as (select date_trunc('day', now() at time zone $1) at time zone $1 as start),
     minute as (
       select generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()),
                              interval '1 minute') as at
     ), captured as (
       select date_trunc('minute', captured_at) as at, count(*)::int as orders from orders
        where captured_at >= date_trunc('minute', now()) - interval '59 minutes' group by 1
     ), shipped as (
       select date_trunc('minute', shipped_at) as at, count(distinct order_id)::int as orders from shipment
        where return_id is null and shipped_at >= date_trunc('minute', now()) - interval '59 minutes' group by 1
     )
     select
       (select count(*)::int from orders, today where captured_at >= today.start) as "ordersToday",
       (select count(*)::int from orders where status = 'open') as open,
       (select count(*)::int from orders where status = 'on_hold') as "onHold",
       (select count(distinct order_id)::int from shipment, today
         where return_id is null and shipped_at >= today.start) as "shippedToday",
       (select count(distinct order_id)::int from shipment, today
         where return_id is null and delivered_at >= today.start) as "deliveredToday",
       (select count(*)::int from return_authorization
         where status not in ('refunded', 'declined', 'cancelled')) as "returnsOpen",
       (select count(*)::int from device where connection = 'online') as "devicesOnline",
       (select count(*)::int from device) as devices, $1::text as "timeZone",
       $2::text as currency,
       (select jsonb_agg(jsonb_build_object('at', ${iso("minute.at")}, 'captured', coalesce(captured.orders, 0),
            'shipped', coalesce(shipped.orders, 0)) order by minute.at)
          from minute left join captured on captured.at = minute.at left join shipped on shipped.at = minute.at)
         as "perMinute"`,
    [company.timeZone, company.currency],
  );
  const row = rows[0];
  if (row === undefined) throw new Error("the overview came back empty");
  return row;
}

const STEPS: Readonly<Record<OverviewRange, { readonly unit: string; readonly count: number }>> = {
  hour: { unit: "minute", count: 60 },
  day: { unit: "hour", count: 24 },
  month: { unit: "day", count: 30 },
};

/** @param timeZone IANA name, in which hours and days begin */
export async function readThroughput(
  database: Queryable,
  range: OverviewRange,
  timeZone: string,
): Promise<Throughput> {
  const { unit, count } = STEPS[range];
  const { rows } = await database.query<Throughput["points"][number]>(
    `with step as (
       select generate_series(date_trunc($2, now() at time zone $1) - ($3 - 1) * ('1 ' || $2)::interval,
                              date_trunc($2, now() at time zone $1), ('1 ' || $2)::interval) as at
     ), first as (select min(at) at time zone $1 as at from step
     ), captured as (
       select date_trunc($2, captured_at at time zone $1) as at, count(*)::int as orders
         from orders, first where captured_at >= first.at group by 1
     ), shipped as (
       select date_trunc($2, shipped_at at time zone $1) as at, count(distinct order_id)::int as orders
         from shipment, first where return_id is null and shipped_at >= first.at group by 1
     )
     select ${iso("(step.at at time zone $1)")} as at, coalesce(captured.orders, 0) as captured,
            coalesce(shipped.orders, 0) as shipped
       from step left join captured using (at) left join shipped using (at) order by step.at`,
    [timeZone, unit, count],
  );
  return { range, points: rows };
}
