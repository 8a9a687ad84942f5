/** The numbers of the start page, all of one moment. Days are those of the company's time zone. */
import type { Overview } from "../../contract/system.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

/** @param timeZone IANA name */
export async function readOverview(database: Queryable, timeZone: string): Promise<Overview> {
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
       (select count(*)::int from device) as devices,
       (select jsonb_agg(jsonb_build_object('at', ${iso("minute.at")}, 'captured', coalesce(captured.orders, 0),
            'shipped', coalesce(shipped.orders, 0)) order by minute.at)
          from minute left join captured on captured.at = minute.at left join shipped on shipped.at = minute.at)
         as "perMinute"`,
    [timeZone],
  );
  const row = rows[0];
  if (row === undefined) throw new Error("the overview came back empty");
  return row;
}
