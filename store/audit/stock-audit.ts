/**
 * Stock as different records have it, for an audit to compare: the read model's positions, the sums of their
 * movements, and what orders and returns say of the same units. Whole-set queries, which only an audit should
 * run.
 */
import type { Queryable } from "../sql/database.ts";

type AuditedPosition = {
  readonly sku: string;
  readonly locationId: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
};

export type UnitCounts = {
  readonly onHand: number;
  readonly received: number;
  readonly shipped: number;
  readonly returned: number;
  readonly corrected: number;
};

/** Each position as the read model has it. */
export async function readPositions(database: Queryable): Promise<readonly AuditedPosition[]> {
  const { rows } = await database.query<AuditedPosition>(
    `select sku, location_id as "locationId", on_hand as "onHand", reserved, allocated, picked, unavailable,
            safety_stock as "safetyStock" from stock_position`,
  );
  return rows;
}

/** Each position as its movements add up. */
export async function readMovementSums(database: Queryable): Promise<readonly AuditedPosition[]> {
  const { rows } = await database.query<AuditedPosition>(
    `select sku, location_id as "locationId", sum(on_hand)::integer as "onHand", sum(reserved)::integer as reserved,
            sum(allocated)::integer as allocated, sum(picked)::integer as picked,
            sum(unavailable)::integer as unavailable, sum(safety_stock)::integer as "safetyStock"
       from stock_movement group by sku, location_id`,
  );
  return rows;
}

type UnitMismatch = {
  readonly sku: string;
  readonly movedOut: number;
  readonly ordersShipped: number;
  readonly movedBack: number;
  readonly ordersReturned: number;
};

/** SKUs where other units left or came back by the movements than by the orders' lines, at most 20. */
export async function readUnitMismatches(database: Queryable): Promise<readonly UnitMismatch[]> {
  const { rows } = await database.query<UnitMismatch>(
    `with stock as (
       select sku,
              -coalesce(sum(on_hand) filter (where kind = 'stock-shipped'), 0)::integer as shipped,
              coalesce(sum(on_hand) filter (where kind = 'stock-returned'), 0)::integer as returned
         from stock_movement group by sku),
     ordered as (
       select sku, sum(shipped)::integer as shipped from order_line where sku is not null group by sku),
     returned as (
       select line.sku, sum(line.received)::integer as returned
         from return_line line join return_authorization ra on ra.id = line.return_id
        where ra.status = 'refunded' and line.disposition in ('restocked', 'damaged') group by line.sku)
     select sku, coalesce(stock.shipped, 0) as "movedOut", coalesce(ordered.shipped, 0) as "ordersShipped",
            coalesce(stock.returned, 0) as "movedBack", coalesce(returned.returned, 0) as "ordersReturned"
       from stock full join ordered using (sku) full join returned using (sku)
      where coalesce(stock.shipped, 0) <> coalesce(ordered.shipped, 0)
         or coalesce(stock.returned, 0) <> coalesce(returned.returned, 0)
      order by sku limit 20`,
  );
  return rows;
}

/**
 * SKUs of which stock holds more or fewer units for orders than those orders wait for, at most 20. Orders on
 * hold may wait without stock.
 */
export async function readPromiseMismatches(
  database: Queryable,
): Promise<readonly { readonly sku: string; readonly held: number; readonly wanted: number }[]> {
  const { rows } = await database.query<{ sku: string; held: number; wanted: number }>(
    `with held as (
       select sku, sum(reserved + allocated + picked)::integer as units from stock_position group by sku),
     wanted as (
       select line.sku,
              sum(line.ordered - line.cancelled - line.shipped)::integer as most,
              coalesce(sum(line.ordered - line.cancelled - line.shipped)
                filter (where orders.status = 'open'), 0)::integer as least
         from order_line line join orders on orders.id = line.order_id
        where orders.status in ('open', 'on_hold') and line.sku is not null group by line.sku)
     select sku, coalesce(held.units, 0) as held, coalesce(wanted.least, 0) as wanted
       from held full join wanted using (sku)
      where coalesce(held.units, 0) > coalesce(wanted.most, 0) or coalesce(held.units, 0) < coalesce(wanted.least, 0)
      order by sku limit 20`,
  );
  return rows;
}

/** All units, by how they came and went. */
export async function readUnits(database: Queryable): Promise<UnitCounts> {
  const { rows } = await database.query<UnitCounts>(
    `select coalesce(sum(on_hand), 0)::integer as "onHand",
            coalesce(sum(on_hand) filter (where kind = 'stock-received'), 0)::integer as received,
            -coalesce(sum(on_hand) filter (where kind = 'stock-shipped'), 0)::integer as shipped,
            coalesce(sum(on_hand) filter (where kind = 'stock-returned'), 0)::integer as returned,
            coalesce(sum(on_hand) filter (
              where kind not in ('stock-received', 'stock-shipped', 'stock-returned')), 0)::integer as corrected
       from stock_movement`,
  );
  const [units] = rows;
  if (units === undefined) throw new Error("counting gave no row");
  return units;
}
