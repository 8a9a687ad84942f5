/** Stock as people read it, from the engine's projection: positions, and why each number is what it is. */
import type { Page } from "../../contract/shapes.ts";
import type { StockExplanation, StockRow } from "../../contract/stock.ts";
import { CURSOR_TEXT, decodeCursor, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { containing, iso } from "../sql/view-sql.ts";

const STOCK_ROW = `p.sku, coalesce(product.name, p.sku) as name, p.location_id as "locationId",
  coalesce(location.name, p.location_id) as "locationName", p.on_hand as "onHand", p.reserved, p.allocated, p.picked,
  p.unavailable, p.safety_stock as "safetyStock", p.incoming, p.fenced,
  p.on_hand - p.reserved - p.allocated - p.picked - p.unavailable - p.safety_stock - p.fenced as "availableToPromise"`;

const STOCK_FROM = `stock_position p
  left join product on product.sku = p.sku left join location on location.id = p.location_id`;

/** Positions by SKU and location. */
export async function listStock(
  database: Queryable,
  filter: {
    /** Part of the SKU or name. */
    readonly text?: string | undefined;
    readonly locationId?: string | undefined;
    /** Only those at these places; null: all. */
    readonly locations?: readonly string[] | null;
    /** Only those that keep a safety stock. */
    readonly keepsSafetyStock?: boolean;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<StockRow>> {
  const [sku, locationId] =
    filter.cursor === undefined ? [] : decodeCursor(filter.cursor, [CURSOR_TEXT, CURSOR_TEXT]);
  const { rows } = await database.query<StockRow>(
    `select ${STOCK_ROW} from ${STOCK_FROM}
      where ($1::text is null or p.sku ilike $1 or product.name ilike $1)
        and ($2::text is null or p.location_id = $2)
        and ($3::text is null or (p.sku, p.location_id) > ($3, $4))
        and ($6::text[] is null or p.location_id = any($6))${filter.keepsSafetyStock === true ? " and p.safety_stock > 0" : ""}
      order by p.sku, p.location_id limit $5`,
    [
      filter.text === undefined ? null : containing(filter.text),
      filter.locationId ?? null,
      sku ?? null,
      locationId ?? null,
      filter.limit + 1,
      filter.locations ?? null,
    ],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row,
    (row) => [row.sku, row.locationId],
  );
}

/**
 * Why a position's numbers are what they are: its latest movements, newest first, each with the running
 * numbers after it. `reconciles` says that the movements add up to the position's own numbers, and that all
 * holds add up to what is promised. It is decided in the same statement that reads them. Open holds are added
 * by the engine. @returns null where there is no such position
 */
export async function explainStock(
  database: Queryable,
  address: { readonly sku: string; readonly locationId: string; readonly movements: number },
): Promise<Omit<StockExplanation, "holds"> | null> {
  const { rows } = await database.query<StockRow & Pick<StockExplanation, "movements" | "reconciles">>(
    `with movement as (
       select m.*,
              sum(m.on_hand) over running as on_hand_after,
              sum(m.on_hand - m.reserved - m.allocated - m.picked - m.unavailable - m.safety_stock - m.fenced)
                over running as available_after,
              row_number() over (order by m.at desc, m.sequence desc, m.entry desc) as recency
         from stock_movement m where m.sku = $1 and m.location_id = $2
       window running as (order by m.at, m.sequence, m.entry)
     ), hold as (
       select sum(reserved) as reserved, sum(allocated) as allocated, sum(picked) as picked
         from movement where hold_id is not null group by hold_id
     ), held as (
       select coalesce(sum(reserved), 0) as reserved, coalesce(sum(allocated), 0) as allocated,
              coalesce(sum(picked), 0) as picked,
              coalesce(bool_or(reserved < 0 or allocated < 0 or picked < 0), false) as overdrawn
         from hold
     ), total as (
       select coalesce(sum(on_hand), 0) as on_hand, coalesce(sum(reserved), 0) as reserved,
              coalesce(sum(allocated), 0) as allocated, coalesce(sum(picked), 0) as picked,
              coalesce(sum(unavailable), 0) as unavailable, coalesce(sum(safety_stock), 0) as safety_stock,
              coalesce(sum(incoming), 0) as incoming, coalesce(sum(fenced), 0) as fenced
         from movement
     )
     select ${STOCK_ROW},
       (p.on_hand, p.reserved, p.allocated, p.picked, p.unavailable, p.safety_stock, p.incoming, p.fenced) =
         (total.on_hand, total.reserved, total.allocated, total.picked, total.unavailable, total.safety_stock,
          total.incoming, total.fenced)
         and (p.reserved, p.allocated, p.picked) = (held.reserved, held.allocated, held.picked)
         and not held.overdrawn as reconciles,
       (select coalesce(jsonb_agg(jsonb_build_object('at', ${iso("movement.at")}, 'kind', movement.kind,
            'onHand', movement.on_hand, 'reserved', movement.reserved, 'allocated', movement.allocated,
            'picked', movement.picked, 'unavailable', movement.unavailable, 'safetyStock', movement.safety_stock,
            'incoming', movement.incoming, 'fenced', movement.fenced,
            'holdId', movement.hold_id, 'cause', movement.cause, 'reason', movement.reason, 'pool', movement.pool,
            'lot', movement.lot, 'reference', movement.reference,
            'onHandAfter', movement.on_hand_after, 'availableAfter', movement.available_after)
          order by movement.recency), '[]')
          from movement where movement.recency <= $3) as movements
     from ${STOCK_FROM}, total, held
    where p.sku = $1 and p.location_id = $2`,
    [address.sku, address.locationId, address.movements],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { reconciles, movements, ...position } = row;
  return { position, movements, reconciles };
}
