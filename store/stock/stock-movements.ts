/**
 * The read model of the journal: every movement of every bucket, and the buckets that they add up to.
 *
 * Filled by the engine's projector only, in journal order; a cursor a shard moves in the same transaction as
 * the rows, so that each journal row is projected exactly once.
 */
import type { JournalPlace } from "../journal/journal.ts";
import { numberArray, textArray } from "../sql/array-literal.ts";
import type { Queryable } from "../sql/database.ts";

export type StockMovement = {
  readonly shard: number;
  readonly sequence: number;
  /** Place of the movement within its journal row, from 0. */
  readonly entry: number;
  readonly sku: string;
  readonly locationId: string;
  readonly kind: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
  readonly incoming: number;
  readonly fenced: number;
  readonly holdId: string | null;
  readonly cause: string;
  readonly reason: string | null;
  readonly pool: string | null;
  /** One lot, or several with commas between them. */
  readonly lot: string | null;
  readonly reference: string | null;
  readonly atMs: number;
};

/** How far each of these shards is projected, in the order given; locks the cursors until the transaction ends. */
export async function lockProjection(
  transaction: Queryable,
  shards: readonly number[],
): Promise<readonly JournalPlace[]> {
  const cursors = async () => {
    const { rows } = await transaction.query<JournalPlace>({
      name: "lock-projection",
      text: `select shard, sequence as after from journal_projection where shard = any($1) order by shard for update`,
      values: [shards],
    });
    return new Map(rows.map((row) => [row.shard, row]));
  };
  let found = await cursors();
  if (found.size < shards.length) {
    await transaction.query(
      "insert into journal_projection (shard, sequence) select unnest($1::integer[]), 0 on conflict do nothing",
      [shards],
    );
    found = await cursors();
  }
  return shards.map((shard) => found.get(shard) ?? { shard, after: 0 });
}

/** The caller holds the locks of these cursors. */
export async function moveProjection(
  transaction: Queryable,
  reached: ReadonlyMap<number, number>,
): Promise<void> {
  await transaction.query({
    name: "move-projection",
    text: `update journal_projection p set sequence = reached.sequence
             from unnest($1::integer[], $2::bigint[]) as reached (shard, sequence) where p.shard = reached.shard`,
    values: [[...reached.keys()], [...reached.values()]],
  });
}

/**
 * Writes movements and adds them to the positions. The caller holds the locks of their shards' cursors.
 *
 * @returns whether there are positions among them that have no ordinal yet; see `numberPositions`
 */
export async function projectMovements(
  transaction: Queryable,
  movements: readonly StockMovement[],
): Promise<boolean> {
  if (movements.length === 0) return false;
  await transaction.query({
    name: "project-movements",
    text: `insert into stock_movement (shard, sequence, entry, sku, location_id, kind, on_hand, reserved, allocated,
         picked, unavailable, safety_stock, incoming, fenced, hold_id, cause, reason, pool, lot, reference, at)
       select shard, sequence, entry, sku, location_id, kind, on_hand, reserved, allocated, picked, unavailable,
         safety_stock, incoming, fenced, hold_id, cause, reason, pool, lot, reference, to_timestamp(at_ms / 1000)
       from unnest($1::integer[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::integer[],
           $8::integer[], $9::integer[], $10::integer[], $11::integer[], $12::integer[], $13::integer[],
           $14::integer[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
           $21::double precision[])
         as movement (shard, sequence, entry, sku, location_id, kind, on_hand, reserved, allocated, picked,
           unavailable, safety_stock, incoming, fenced, hold_id, cause, reason, pool, lot, reference, at_ms)`,
    values: [
      numberArray(movements, (movement) => movement.shard),
      numberArray(movements, (movement) => movement.sequence),
      numberArray(movements, (movement) => movement.entry),
      textArray(movements, (movement) => movement.sku),
      textArray(movements, (movement) => movement.locationId),
      textArray(movements, (movement) => movement.kind),
      numberArray(movements, (movement) => movement.onHand),
      numberArray(movements, (movement) => movement.reserved),
      numberArray(movements, (movement) => movement.allocated),
      numberArray(movements, (movement) => movement.picked),
      numberArray(movements, (movement) => movement.unavailable),
      numberArray(movements, (movement) => movement.safetyStock),
      numberArray(movements, (movement) => movement.incoming),
      numberArray(movements, (movement) => movement.fenced),
      textArray(movements, (movement) => movement.holdId),
      textArray(movements, (movement) => movement.cause),
      textArray(movements, (movement) => movement.reason),
      textArray(movements, (movement) => movement.pool),
      textArray(movements, (movement) => movement.lot),
      textArray(movements, (movement) => movement.reference),
      numberArray(movements, (movement) => movement.atMs),
    ],
  });
  return addToPositions(transaction, movements);
}

async function addToPositions(transaction: Queryable, movements: readonly StockMovement[]): Promise<boolean> {
  const sums = new Map<string, { -readonly [K in keyof StockMovement]: StockMovement[K] }>();
  for (const movement of movements) {
    const key = `${movement.sku}\u001f${movement.locationId}`;
    const sum = sums.get(key);
    if (sum === undefined) {
      sums.set(key, { ...movement });
      continue;
    }
    sum.onHand += movement.onHand;
    sum.reserved += movement.reserved;
    sum.allocated += movement.allocated;
    sum.picked += movement.picked;
    sum.unavailable += movement.unavailable;
    sum.safetyStock += movement.safetyStock;
    sum.incoming += movement.incoming;
    sum.fenced += movement.fenced;
    sum.atMs = Math.max(sum.atMs, movement.atMs);
    sum.sequence = movement.sequence;
  }
  const rows = [...sums.values()];
  const { rows: answer } = await transaction.query<{ hasNew: boolean }>({
    name: "project-positions",
    text: `with changed as (
       insert into stock_position (sku, location_id, on_hand, reserved, allocated, picked, unavailable,
         safety_stock, incoming, fenced, updated_at, sequence, shard)
       select sku, location_id, on_hand, reserved, allocated, picked, unavailable, safety_stock, incoming, fenced,
         to_timestamp(at_ms / 1000), sequence, shard
       from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[],
           $8::integer[], $9::integer[], $10::integer[], $11::double precision[], $12::bigint[], $13::integer[])
         as change (sku, location_id, on_hand, reserved, allocated, picked, unavailable, safety_stock, incoming,
           fenced, at_ms, sequence, shard)
       on conflict (sku, location_id) do update set
         on_hand = stock_position.on_hand + excluded.on_hand,
         reserved = stock_position.reserved + excluded.reserved,
         allocated = stock_position.allocated + excluded.allocated,
         picked = stock_position.picked + excluded.picked,
         unavailable = stock_position.unavailable + excluded.unavailable,
         safety_stock = stock_position.safety_stock + excluded.safety_stock,
         incoming = stock_position.incoming + excluded.incoming,
         fenced = stock_position.fenced + excluded.fenced,
         updated_at = greatest(stock_position.updated_at, excluded.updated_at),
         sequence = excluded.sequence,
         shard = excluded.shard
       returning ordinal
     )
     select coalesce(bool_or(ordinal is null), false) as "hasNew" from changed`,
    values: [
      textArray(rows, (row) => row.sku),
      textArray(rows, (row) => row.locationId),
      numberArray(rows, (row) => row.onHand),
      numberArray(rows, (row) => row.reserved),
      numberArray(rows, (row) => row.allocated),
      numberArray(rows, (row) => row.picked),
      numberArray(rows, (row) => row.unavailable),
      numberArray(rows, (row) => row.safetyStock),
      numberArray(rows, (row) => row.incoming),
      numberArray(rows, (row) => row.fenced),
      numberArray(rows, (row) => row.atMs),
      numberArray(rows, (row) => row.sequence),
      numberArray(rows, (row) => row.shard),
    ],
  });
  return answer[0]?.hasNew ?? false;
}
