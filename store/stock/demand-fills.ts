/**
 * Units that waiting orders were given, on their way from the engine's commit to the order.
 *
 * The engine writes a row in the very transaction that gives the units, into a table of its own: nothing that
 * holds the order's row can delay or refuse the commit. `operations/holds/apply-demand-fills.ts` takes the
 * rows to their orders.
 */
import type { Queryable, Transaction } from "../sql/database.ts";

export type RecordedFill = {
  /** The reservation that waited. */
  readonly orderId: string;
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly locationId: string;
  /** Units that the hold has more than before. */
  readonly quantity: number;
};

/** Notified with every commit that has fills. */
export const DEMAND_FILL_CHANNEL = "demand_fill";

export const demandFillWriter = {
  name: "demand-fill",
  async write(transaction: Transaction, records: readonly RecordedFill[]): Promise<void> {
    await transaction.query(
      `with written as (
         insert into demand_fill (reservation_id, hold_id, line_id, sku, location_id, quantity)
         select "orderId", "holdId", "lineId", sku, "locationId", quantity
           from rows from (json_to_recordset($1::json) as ("orderId" text, "holdId" text, "lineId" text, sku text,
             "locationId" text, quantity integer))
             with ordinality as f("orderId", "holdId", "lineId", sku, "locationId", quantity, place)
          order by place returning id
       )
       select pg_notify('${DEMAND_FILL_CHANNEL}', '') from written limit 1`,
      [JSON.stringify(records)],
    );
  },
};

/** Reservations with fills that their orders do not know of, oldest first. */
export async function reservationsWithFills(client: Queryable, limit: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select reservation_id as id from demand_fill where applied_at is null
     group by reservation_id order by min(id) limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/**
 * Takes what a reservation was given: no other process gets it, and it counts as applied with this
 * transaction.
 */
export async function takeFills(
  client: Queryable,
  reservationId: string,
): Promise<readonly (RecordedFill & { readonly id: number })[]> {
  const { rows } = await client.query<RecordedFill & { id: number }>(
    `update demand_fill set applied_at = now() where reservation_id = $1 and applied_at is null
     returning id, reservation_id as "orderId", hold_id as "holdId", line_id as "lineId", sku,
       location_id as "locationId", quantity`,
    [reservationId],
  );
  return [...rows].sort((a, b) => a.id - b.id);
}

/** Adds the units to the order's holds. */
export async function addToHolds(
  client: Queryable,
  orderId: string,
  fills: readonly RecordedFill[],
): Promise<void> {
  await client.query(
    `insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity)
     select $1, "holdId", "lineId", sku, "locationId", sum(quantity)
       from json_to_recordset($2::json) as f("holdId" text, "lineId" text, sku text, "locationId" text, quantity integer)
      group by "holdId", "lineId", sku, "locationId"
     on conflict (order_id, hold_id, location_id) do update set quantity = order_hold.quantity + excluded.quantity`,
    [orderId, JSON.stringify(fills)],
  );
}

/** Whether a line of the order is not wholly held. */
export async function isShort(client: Queryable, orderId: string): Promise<boolean> {
  const { rows } = await client.query<{ short: boolean }>(
    `select exists (select from order_line l cross join lateral (
         select coalesce(min(whole), 0) as whole from (
           select sum(h.quantity) / max(h.per_unit) as whole from order_hold h
            where h.order_id = l.order_id and h.line_id = l.line_id group by h.sku) component) held
       where l.order_id = $1 and l.kind = 'goods' and l.fulfilled_by = 'us'
         and l.ordered - l.cancelled - l.fulfilled_elsewhere > held.whole) as short`,
    [orderId],
  );
  return rows[0]?.short ?? false;
}

/** Whether units that the order's reservations queued have not come yet. */
export async function isQueued(client: Queryable, orderId: string): Promise<boolean> {
  const { rows } = await client.query<{ queued: boolean }>(
    `select exists (select from (
         select q.value->>'holdId' as hold_id, sum((q.value->>'quantity')::integer) as units
           from order_event e cross join lateral jsonb_array_elements(e.data->'queued') q
          where e.order_id = $1 and e.type = 'stock.reserved' and e.data ? 'queued' group by 1) queue
        where queue.units > (select coalesce(sum(f.quantity), 0) from demand_fill f
          where f.hold_id = queue.hold_id and f.applied_at is not null)) as queued`,
    [orderId],
  );
  return rows[0]?.queued ?? false;
}

/** Demand that the order's reservations queued, whether or not it still waits. */
export async function readQueuedDemand(
  client: Queryable,
  orderId: string,
): Promise<readonly { readonly holdId: string; readonly lineId: string; readonly sku: string }[]> {
  const { rows } = await client.query<{ holdId: string; lineId: string; sku: string }>(
    `select q.value->>'holdId' as "holdId", q.value->>'lineId' as "lineId", q.value->>'sku' as sku
       from order_event e cross join lateral jsonb_array_elements(e.data->'queued') q
      where e.order_id = $1 and e.type = 'stock.reserved' and e.data ? 'queued'`,
    [orderId],
  );
  return rows;
}

/** Holds with units that the order was given and does not know of yet. */
export async function readUntoldFills(
  client: Queryable,
  orderId: string,
): Promise<
  readonly {
    readonly holdId: string;
    readonly sku: string;
    readonly locationId: string;
    readonly quantity: number;
  }[]
> {
  const { rows } = await client.query<{ holdId: string; sku: string; locationId: string; quantity: number }>(
    `select hold_id as "holdId", sku, location_id as "locationId", sum(quantity)::integer as quantity
       from demand_fill f
      where applied_at is null and (reservation_id = $1 or starts_with(reservation_id, $1 || '#'))
        and not exists (select from order_hold h
          where h.order_id = $1 and h.hold_id = f.hold_id and h.location_id = f.location_id)
      group by hold_id, sku, location_id order by hold_id, location_id`,
    [orderId],
  );
  return rows;
}
