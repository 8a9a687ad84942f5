/**
 * The read model of the journal: every movement of every bucket, and the buckets that they add up to.
 *
 * Filled by the engine's projector only, in journal order; a cursor a shard moves in the same transaction as
 * the rows, so that each journal row is projected exactly once.
 */
import type { Queryable } from "../sql/database.ts";

export type StockMovement = {
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

/** The last journal row of a shard that is projected; locks the cursor until the transaction ends. */
export async function lockProjection(transaction: Queryable, shard: number): Promise<number> {
  await transaction.query(
    "insert into journal_projection (shard, sequence) values ($1, 0) on conflict do nothing",
    [shard],
  );
  const { rows } = await transaction.query<{ sequence: number }>(
    "select sequence from journal_projection where shard = $1 for update",
    [shard],
  );
  return rows[0]?.sequence ?? 0;
}

/** Writes movements, adds them to the positions and moves the cursor. The caller holds the cursor's lock. */
export async function projectMovements(
  transaction: Queryable,
  shard: number,
  movements: readonly StockMovement[],
  toSequence: number,
): Promise<void> {
  if (movements.length > 0) {
    await transaction.query({
      name: "project-movements",
      text: `insert into stock_movement (shard, sequence, entry, sku, location_id, kind, on_hand, reserved, allocated,
           picked, unavailable, safety_stock, incoming, fenced, hold_id, cause, reason, pool, lot, reference, at)
         select $1, sequence, entry, sku, location_id, kind, on_hand, reserved, allocated, picked, unavailable,
           safety_stock, incoming, fenced, hold_id, cause, reason, pool, lot, reference, to_timestamp(at_ms / 1000)
         from unnest($2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[],
             $9::integer[], $10::integer[], $11::integer[], $12::integer[], $13::integer[], $14::integer[],
             $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::double precision[])
           as movement (sequence, entry, sku, location_id, kind, on_hand, reserved, allocated, picked, unavailable,
             safety_stock, incoming, fenced, hold_id, cause, reason, pool, lot, reference, at_ms)`,
      values: [
        shard,
        movements.map((movement) => movement.sequence),
        movements.map((movement) => movement.entry),
        movements.map((movement) => movement.sku),
        movements.map((movement) => movement.locationId),
        movements.map((movement) => movement.kind),
        movements.map((movement) => movement.onHand),
        movements.map((movement) => movement.reserved),
        movements.map((movement) => movement.allocated),
        movements.map((movement) => movement.picked),
        movements.map((movement) => movement.unavailable),
        movements.map((movement) => movement.safetyStock),
        movements.map((movement) => movement.incoming),
        movements.map((movement) => movement.fenced),
        movements.map((movement) => movement.holdId),
        movements.map((movement) => movement.cause),
        movements.map((movement) => movement.reason),
        movements.map((movement) => movement.pool),
        movements.map((movement) => movement.lot),
        movements.map((movement) => movement.reference),
        movements.map((movement) => movement.atMs),
      ],
    });
    await addToPositions(transaction, shard, movements);
  }
  await transaction.query("update journal_projection set sequence = $2 where shard = $1", [
    shard,
    toSequence,
  ]);
}

async function addToPositions(
  transaction: Queryable,
  shard: number,
  movements: readonly StockMovement[],
): Promise<void> {
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
  await transaction.query({
    name: "project-positions",
    text: `insert into stock_position (sku, location_id, on_hand, reserved, allocated, picked, unavailable,
         safety_stock, incoming, fenced, updated_at, sequence, shard)
       select sku, location_id, on_hand, reserved, allocated, picked, unavailable, safety_stock, incoming, fenced,
         to_timestamp(at_ms / 1000), sequence, $13
       from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[],
           $8::integer[], $9::integer[], $10::integer[], $11::double precision[], $12::bigint[])
         as change (sku, location_id, on_hand, reserved, allocated, picked, unavailable, safety_stock, incoming,
           fenced, at_ms, sequence)
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
         shard = excluded.shard`,
    values: [
      rows.map((row) => row.sku),
      rows.map((row) => row.locationId),
      rows.map((row) => row.onHand),
      rows.map((row) => row.reserved),
      rows.map((row) => row.allocated),
      rows.map((row) => row.picked),
      rows.map((row) => row.unavailable),
      rows.map((row) => row.safetyStock),
      rows.map((row) => row.incoming),
      rows.map((row) => row.fenced),
      rows.map((row) => row.atMs),
      rows.map((row) => row.sequence),
      shard,
    ],
  });
}
