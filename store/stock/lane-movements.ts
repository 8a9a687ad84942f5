/**
 * The movements of reservation lanes. They name positions by ordinal, as the journal does; names are
 * looked up here, where every position that has ever moved is a row.
 */
import { numberArray, textArray } from "../sql/array-literal.ts";
import type { Queryable } from "../sql/database.ts";

/** The sum of lane operations of one kind, of one lane, on one position, in one journal row. */
export type LaneMovement = {
  readonly sequence: number;
  /** Place of the movement within its journal row, from 0. */
  readonly entry: number;
  readonly ordinal: number;
  readonly kind: "lane-reserved" | "lane-released" | "lane-expired";
  readonly lane: string;
  readonly reserved: number;
  /** The lowest and the highest number among them. */
  readonly first: number;
  readonly last: number;
  readonly atMs: number;
};

/**
 * Gives positions that have none yet their ordinals, shard by shard in the order given: the one in which the
 * shard created them. The caller holds the locks of the shards' cursors.
 */
export async function numberPositions(
  transaction: Queryable,
  positions: readonly { readonly sku: string; readonly locationId: string }[],
): Promise<void> {
  if (positions.length === 0) return;
  await transaction.query({
    name: "number-positions",
    text: `with fresh as (
         select p.shard, p.sku, p.location_id,
             row_number() over (partition by p.shard order by min(named.place)) - 1 as place
           from unnest($1::text[], $2::text[]) with ordinality as named (sku, location_id, place)
           join stock_position p on p.sku = named.sku and p.location_id = named.location_id
          where p.ordinal is null
          group by p.shard, p.sku, p.location_id
       ), numbered as (
         update stock_position p set ordinal = cursor.positions + fresh.place
           from fresh, journal_projection cursor
          where cursor.shard = fresh.shard and p.sku = fresh.sku and p.location_id = fresh.location_id
       )
       update journal_projection c set positions = positions + counted.more
         from (select shard, count(*) as more from fresh group by shard) counted where c.shard = counted.shard`,
    values: [positions.map(({ sku }) => sku), positions.map(({ locationId }) => locationId)],
  });
}

/**
 * Writes the movements and adds them to their positions. Fails where one of them names a position that is not
 * known.
 */
export async function projectLaneMovements(
  transaction: Queryable,
  shard: number,
  movements: readonly LaneMovement[],
): Promise<void> {
  if (movements.length === 0) return;
  const { rows } = await transaction.query<{ written: number }>({
    name: "project-lane-movements",
    text: `with movement as (
         select p.sku, p.location_id, m.*
           from unnest($2::bigint[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::integer[],
               $9::double precision[])
             as m (sequence, entry, ordinal, kind, lane, reference, reserved, at_ms)
           join stock_position p on p.shard = $1 and p.ordinal = m.ordinal
       ), written as (
         insert into stock_movement (shard, sequence, entry, sku, location_id, kind, on_hand, reserved, allocated,
             picked, unavailable, safety_stock, hold_id, cause, reference, at)
         select $1, sequence, entry, sku, location_id, kind, 0, reserved, 0, 0, 0, 0, lane, 'lane:' || lane, reference,
             to_timestamp(at_ms / 1000)
           from movement
         returning 1
       ), changed as (
         update stock_position p set reserved = p.reserved + change.reserved, sequence = change.sequence,
             updated_at = greatest(p.updated_at, to_timestamp(change.at_ms / 1000))
           from (select sku, location_id, sum(reserved) as reserved, max(sequence) as sequence, max(at_ms) as at_ms
                   from movement group by sku, location_id) change
          where p.sku = change.sku and p.location_id = change.location_id
       )
       select count(*)::integer as written from written`,
    values: [
      shard,
      numberArray(movements, (movement) => movement.sequence),
      numberArray(movements, (movement) => movement.entry),
      numberArray(movements, (movement) => movement.ordinal),
      textArray(movements, (movement) => movement.kind),
      textArray(movements, (movement) => movement.lane),
      textArray(movements, referenceOf),
      numberArray(movements, (movement) => movement.reserved),
      numberArray(movements, (movement) => movement.atMs),
    ],
  });
  const written = rows[0]?.written ?? 0;
  if (written !== movements.length) {
    throw new Error(`${movements.length - written} lane movements of shard ${shard} name no known position`);
  }
}

function referenceOf({ lane, first, last }: LaneMovement): string {
  return first === last ? `${lane}/${first}` : `${lane}/${first}-${last}`;
}
