/** Stock as people read it, from the engine's projection: positions, and why each number is what it is. */
import type { Page } from "../../contract/shapes.ts";
import type { StockExplanation, StockMovement, StockRow, StockSort } from "../../contract/stock.ts";
import { readScannedCode } from "../../orders/returns/scanned-code.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, decodeCursor, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { parameters } from "../sql/parameters.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { containing, fromMicroseconds, iso, microseconds } from "../sql/view-sql.ts";

const STOCK_ROW = `p.sku, coalesce(product.name, p.sku) as name, p.location_id as "locationId",
  coalesce(location.name, p.location_id) as "locationName", p.on_hand as "onHand", p.reserved, p.allocated, p.picked,
  p.unavailable, p.safety_stock as "safetyStock", p.incoming, p.fenced,
  p.on_hand - p.reserved - p.allocated - p.picked - p.unavailable - p.safety_stock - p.fenced as "availableToPromise"`;

const STOCK_FROM = `stock_position p
  left join product on product.sku = p.sku left join location on location.id = p.location_id`;

/** What is free to promise, as `STOCK_ROW` has it. */
const AVAILABLE =
  "(p.on_hand - p.reserved - p.allocated - p.picked - p.unavailable - p.safety_stock - p.fenced)";

/** By what else than SKU and location positions are sorted. */
const SORTS: Readonly<
  Record<Exclude<StockSort, "sku">, { readonly by: string; readonly direction: "asc" | "desc" }>
> = {
  available: { by: AVAILABLE, direction: "asc" },
  "-available": { by: AVAILABLE, direction: "desc" },
  "-on-hand": { by: "p.on_hand", direction: "desc" },
};

const CURSOR_UNITS = /^-?\d{1,15}$/;

/** Positions by SKU and location, or as it is asked for. */
export async function listStock(
  database: Queryable,
  filter: {
    /** Part of the SKU or name, or the whole GTIN. */
    readonly text?: string | undefined;
    readonly locationId?: string | undefined;
    /** Only those at these places; null: all. */
    readonly locations?: readonly string[] | null;
    /** Only those that keep a safety stock. */
    readonly keepsSafetyStock?: boolean;
    /** Only those of which no more units than that are free to promise. */
    readonly availableAtMost?: number | undefined;
    readonly sort?: StockSort | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<StockRow>> {
  const { sort = "sku", cursor, limit } = filter;
  const { values, add } = parameters();
  const conditions = ["true"];
  const text = filter.text?.trim() ?? "";
  if (text !== "") {
    const part = add(containing(text));
    const { gtin } = readScannedCode(text);
    const byGtin = gtin === null ? "" : ` or product.gtin = ${add(gtin)}`;
    conditions.push(`(p.sku ilike ${part} or product.name ilike ${part}${byGtin})`);
  }
  if (filter.locationId !== undefined) conditions.push(`p.location_id = ${add(filter.locationId)}`);
  if (filter.locations != null) conditions.push(`p.location_id = any(${add(filter.locations)})`);
  if (filter.keepsSafetyStock === true) conditions.push("p.safety_stock > 0");
  if (filter.availableAtMost !== undefined) {
    conditions.push(`${AVAILABLE} <= ${add(filter.availableAtMost)}::bigint`);
  }
  const order = sort === "sku" ? null : SORTS[sort];
  if (cursor !== undefined) {
    const name = new RegExp(`^${sort}$`);
    if (order === null) {
      const [, sku, locationId] = decodeCursor(cursor, [name, CURSOR_TEXT, CURSOR_TEXT]);
      conditions.push(`(p.sku, p.location_id) > (${add(sku)}, ${add(locationId)})`);
    } else {
      const [, units, sku, locationId] = decodeCursor(cursor, [name, CURSOR_UNITS, CURSOR_TEXT, CURSOR_TEXT]);
      const at = `${add(units)}::bigint`;
      conditions.push(`(${order.by} ${order.direction === "asc" ? ">" : "<"} ${at}
        or ${order.by} = ${at} and (p.sku, p.location_id) > (${add(sku)}, ${add(locationId)}))`);
    }
  }
  const { rows } = await database.query<StockRow & { readonly units?: string }>(
    `select ${STOCK_ROW}${order === null ? "" : `, ${order.by}::text as units`} from ${STOCK_FROM}
      where ${conditions.join(" and ")}
      order by ${order === null ? "" : `${order.by} ${order.direction}, `}p.sku, p.location_id
      limit ${add(limit + 1)}`,
    [...values],
  );
  return toPage(
    rows,
    limit,
    ({ units: _units, ...row }) => row,
    ({ units, sku, locationId }) => [sort, ...(units === undefined ? [] : [units]), sku, locationId],
  );
}

/** Movements of the position `$1` at `$2` with what they add up to, each one included. */
const MOVEMENTS = `select m.*,
          sum(m.on_hand) over running as on_hand_after,
          sum(m.on_hand - m.reserved - m.allocated - m.picked - m.unavailable - m.safety_stock - m.fenced)
            over running as available_after,
          row_number() over (order by m.at desc, m.sequence desc, m.entry desc) as recency
     from stock_movement m where m.sku = $1 and m.location_id = $2
   window running as (order by m.at, m.sequence, m.entry)`;

const MOVEMENT_JSON = `jsonb_build_object('at', ${iso("movement.at")}, 'kind', movement.kind,
  'onHand', movement.on_hand, 'reserved', movement.reserved, 'allocated', movement.allocated,
  'picked', movement.picked, 'unavailable', movement.unavailable, 'safetyStock', movement.safety_stock,
  'incoming', movement.incoming, 'fenced', movement.fenced,
  'holdId', movement.hold_id, 'cause', movement.cause, 'reason', movement.reason, 'pool', movement.pool,
  'lot', movement.lot, 'reference', movement.reference,
  'onHandAfter', movement.on_hand_after, 'availableAfter', movement.available_after)`;

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
  const { rows } = await database.query<
    StockRow & Pick<StockExplanation, "movements" | "reconciles" | "expected">
  >(
    `with movement as (${MOVEMENTS}), hold as (
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
     ), expected as (
       select reference, sum(incoming)::int as units, min(at) as since,
              bool_or(kind = 'transfer-announced') as is_transfer
         from movement where reference is not null group by reference having sum(incoming) > 0
     )
     select ${STOCK_ROW},
       (p.on_hand, p.reserved, p.allocated, p.picked, p.unavailable, p.safety_stock, p.incoming, p.fenced) =
         (total.on_hand, total.reserved, total.allocated, total.picked, total.unavailable, total.safety_stock,
          total.incoming, total.fenced)
         and (p.reserved, p.allocated, p.picked) = (held.reserved, held.allocated, held.picked)
         and not held.overdrawn as reconciles,
       (select coalesce(jsonb_agg(jsonb_build_object('reference', e.reference, 'units', e.units,
            'since', ${iso("e.since")}, 'isTransfer', e.is_transfer) order by e.since, e.reference), '[]')
          from expected e) as expected,
       (select coalesce(jsonb_agg(${MOVEMENT_JSON} order by movement.recency), '[]')
          from movement where movement.recency <= $3) as movements
     from ${STOCK_FROM}, total, held
    where p.sku = $1 and p.location_id = $2`,
    [address.sku, address.locationId, address.movements],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { reconciles, movements, expected, ...position } = row;
  return { position, movements, reconciles, expected };
}

/** Movements of a position, newest first unless `sort` is `at`, with the running numbers after each. */
export async function listMovements(
  database: Queryable,
  address: { readonly sku: string; readonly locationId: string },
  page: { readonly sort?: string | undefined; readonly cursor?: string | undefined; readonly limit: number },
): Promise<Page<StockMovement>> {
  const order = readingOrder("-at", page.sort);
  const formats = [CURSOR_MICROSECONDS, /^\d{1,18}$/, /^\d{1,9}$/];
  const [at, sequence, entry] = order.placeIn(page.cursor, formats);
  const { rows } = await database.query<{
    movement: StockMovement;
    at: string;
    sequence: string;
    entry: number;
  }>(
    `with movement as (${MOVEMENTS})
     select ${MOVEMENT_JSON} as movement, ${microseconds("movement.at")} as at, movement.sequence::text as sequence,
            movement.entry
       from movement
      where ($3::text is null
         or (movement.at, movement.sequence, movement.entry) ${order.further} (${fromMicroseconds("$3")}, $4::bigint, $5::int))
      order by movement.recency ${order.direction === "desc" ? "asc" : "desc"} limit $6`,
    [address.sku, address.locationId, at ?? null, sequence ?? null, entry ?? null, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => row.movement,
    (row) => order.placeOf(row.at, row.sequence, String(row.entry)),
  );
}
