/** Of which channel something is, and at which places: for callers who are bound to some. */
import type { Queryable } from "../sql/database.ts";

export type OrderPlaces = {
  readonly channel: string;
  /** Of the order's fulfillment orders, or of the one that was asked for. */
  readonly someLocation: readonly string[];
};

/** What an id may be of, each with its order and, where it is at one place, that place. */
const FOUND_BY = {
  order: "select o.id as order_id, null::text as location_id from orders o where o.id = $1",
  "fulfillment-order": "select order_id, location_id from fulfillment_order where id = $1",
  shipment: `select s.order_id, f.location_id from shipment s
      left join fulfillment_order f on f.id = s.fulfillment_order_id where s.id = $1`,
  return: "select order_id, null::text as location_id from return_authorization where id = $1",
  claim: "select order_id, null::text as location_id from claim where id = $1",
  refund: "select order_id, null::text as location_id from refund where id = $1",
  load: "select order_id, location_id from robot_load where id = $1",
} as const;

/** @returns null where there is nothing of this id */
export async function placesOf(
  database: Queryable,
  what: keyof typeof FOUND_BY,
  id: string,
): Promise<OrderPlaces | null> {
  const { rows } = await database.query<{ channel: string; locations: readonly string[] }>(
    `with found as (${FOUND_BY[what]})
     select o.channel_id as channel,
            case when found.location_id is not null then array[found.location_id]
                 else array(select distinct f.location_id from fulfillment_order f where f.order_id = o.id)
            end as locations
       from found join orders o on o.id = found.order_id`,
    [id],
  );
  const row = rows[0];
  return row === undefined ? null : { channel: row.channel, someLocation: row.locations };
}
