/**
 * Stock as different records have it, for an audit to compare: the read model's positions, the sums of their
 * movements, and what orders and returns say of the same units. Whole-set queries, which only an audit should
 * run.
 */
import type { Queryable } from "../sql/database.ts";

export type AuditedPosition = {
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

export type UnitFlow = {
  readonly sku: string;
  /** Units that left and came back by the stock's movements. */
  readonly movedOut: number;
  readonly movedBack: number;
  /** The same by the lines of orders and returns. */
  readonly ordersShipped: number;
  readonly ordersReturned: number;
};

/**
 * The units that a line takes of each SKU: of a kit its components, else its own. Stock counts components,
 * the ledger counts kits.
 */
const PARTS = `part as (
  select order_id, line_id, sku, max(per_unit) as per_unit from order_hold group by order_id, line_id, sku)`;

/** Units that left and came back, of every SKU that ever did. */
export async function readUnitFlows(database: Queryable): Promise<readonly UnitFlow[]> {
  const { rows } = await database.query<UnitFlow>(
    `with ${PARTS},
     stock as (
       select sku,
              -coalesce(sum(on_hand) filter (where kind = 'stock-shipped'), 0)::integer as shipped,
              coalesce(sum(on_hand) filter (where kind = 'stock-returned'), 0)::integer as returned
         from stock_movement group by sku),
     ordered as (
       select coalesce(part.sku, line.sku) as sku, sum(line.shipped * coalesce(part.per_unit, 1))::integer as shipped
         from order_line line left join part on part.order_id = line.order_id and part.line_id = line.line_id
        where line.sku is not null group by 1),
     reclaimed as (
       select coalesce(part.sku, line.sku) as sku,
              sum((line.restocked + line.damaged) * coalesce(part.per_unit, 1))::integer as returned
         from claim_line line join claim on claim.id = line.claim_id
         left join part on part.order_id = claim.order_id and part.line_id = line.line_id group by 1),
     returned as (
       select coalesce(part.sku, piece.sku) as sku, sum(piece.quantity * coalesce(part.per_unit, 1))::integer as returned
         from return_piece piece join return_inspection i on i.id = piece.inspection_id
         join return_authorization ra on ra.id = i.return_id
         left join part on part.order_id = ra.order_id and part.line_id = piece.line_id
        where piece.stocked and piece.disposition <> 'write_off' group by 1)
     select sku, coalesce(stock.shipped, 0) as "movedOut", coalesce(ordered.shipped, 0) as "ordersShipped",
            coalesce(stock.returned, 0) as "movedBack", coalesce(returned.returned, 0) + coalesce(reclaimed.returned, 0) as "ordersReturned"
       from stock full join ordered using (sku) full join returned using (sku) full join reclaimed using (sku)
      where coalesce(stock.shipped, ordered.shipped, stock.returned, returned.returned, 0) <> 0
      order by sku`,
  );
  return rows;
}

export type UnitPromise = {
  readonly sku: string;
  /** Units that stock holds for orders. */
  readonly held: number;
  /** What those orders wait for: orders on hold may wait without stock. */
  readonly least: number;
  readonly most: number;
};

/** Of every SKU that is held or waited for, what stock holds for orders and what these wait for. */
export async function readUnitPromises(database: Queryable): Promise<readonly UnitPromise[]> {
  const { rows } = await database.query<UnitPromise>(
    `with ${PARTS},
     held as (
       select sku, sum(reserved + allocated + picked)::integer as units from stock_position group by sku),
     wanted as (
       select coalesce(part.sku, line.sku) as sku, orders.status,
              (line.ordered - line.cancelled - line.shipped - line.fulfilled_elsewhere)
                * coalesce(part.per_unit, 1) as units
         from order_line line join orders on orders.id = line.order_id
         left join part on part.order_id = line.order_id and part.line_id = line.line_id
        where orders.status in ('open', 'on_hold') and line.sku is not null
          and line.kind = 'goods' and line.fulfilled_by = 'us'),
     waited as (
       select sku, sum(units)::integer as most,
              coalesce(sum(units) filter (where status = 'open'), 0)::integer as least
         from wanted group by sku)
     select sku, coalesce(held.units, 0) as held, coalesce(least, 0) as least, coalesce(most, 0) as most
       from held full join waited using (sku)
      where coalesce(held.units, 0) <> 0 or coalesce(most, 0) <> 0
      order by sku`,
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
