/**
 * Which units a portal saw packed, by the serial on their tags. A unit counts as gone until its fulfillment
 * order is cancelled or the shopper has sent some of its SKU back. Then it is on our shelves again, and may
 * be packed again.
 */
import type { Queryable } from "../sql/database.ts";

export type TaggedUnit = { readonly sku: string; readonly serial: string };

/** Units that have been packed for another fulfillment order and are not back. */
export async function unitsPackedElsewhere(
  client: Queryable,
  fulfillmentOrderId: string,
  units: readonly TaggedUnit[],
): Promise<readonly (TaggedUnit & { readonly fulfillmentOrderId: string })[]> {
  if (units.length === 0) return [];
  const { rows } = await client.query<TaggedUnit & { fulfillmentOrderId: string }>(
    `select u.sku, u.serial, u.fulfillment_order_id as "fulfillmentOrderId"
     from packed_unit u join fulfillment_order f on f.id = u.fulfillment_order_id
     where (u.sku, u.serial) in (select * from unnest($2::text[], $3::text[]))
       and f.id <> $1 and f.status <> 'cancelled'
       and not exists (select from return_authorization a join return_line r on r.return_id = a.id
                       where a.order_id = f.order_id and r.sku = u.sku and r.received > 0)
     order by u.sku, u.serial`,
    [fulfillmentOrderId, units.map((unit) => unit.sku), units.map((unit) => unit.serial)],
  );
  return rows;
}

export async function recordPackedUnits(
  client: Queryable,
  fulfillmentOrderId: string,
  units: readonly TaggedUnit[],
): Promise<void> {
  if (units.length === 0) return;
  await client.query(
    `insert into packed_unit (fulfillment_order_id, sku, serial)
     select $1, sku, serial from unnest($2::text[], $3::text[]) as u(sku, serial) order by sku, serial
     on conflict (sku, serial) do update
       set fulfillment_order_id = excluded.fulfillment_order_id, packed_at = excluded.packed_at`,
    [fulfillmentOrderId, units.map((unit) => unit.sku), units.map((unit) => unit.serial)],
  );
}

/**
 * Locks these units: waits until no other transaction decides about them, and keeps others waiting until this
 * one ends.
 */
export async function lockUnits(client: Queryable, units: readonly TaggedUnit[]): Promise<void> {
  if (units.length === 0) return;
  await client.query(
    `select pg_advisory_xact_lock(number)
     from (select distinct hashtextextended('packed_unit ' || sku || ' ' || serial, 0) as number
           from unnest($1::text[], $2::text[]) as u(sku, serial) order by 1) locks`,
    [units.map((unit) => unit.sku), units.map((unit) => unit.serial)],
  );
}
