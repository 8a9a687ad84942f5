/**
 * PostgreSQL at its best: all that waits goes as one statement and one transaction. Arrays by unnest. The
 * stock rows are locked in the order of their positions. Running totals in the order of arrival decide which
 * reservations still get units, so that a batch that is only partly covered is only partly refused. Stock
 * changes once for each position; holds are inserted and deleted as sets.
 *
 * The one simplification: after the first refusal for a position within a batch, smaller reservations behind
 * it are refused too.
 */
import pg from "pg";
import { APPLIED, EXPIRES_IN_MS, type OperationBatch, REFUSED, RESERVE } from "../operations.ts";
import type { Driver, System, Variant } from "../system.ts";
import { createHoldTables, holdId, loadStock, readRemaining } from "./postgres-tables.ts";

const APPLY_SQL = `with operation as materialized (
    select ordinal::integer, position, quantity, id
      from unnest($1::integer[], $2::integer[], $3::bigint[]) with ordinality as o (position, quantity, id, ordinal)
  ), known as materialized (
    select id from hold where id = any ($3::bigint[])
  ), wanted as materialized (
    select position from operation union select position from hold where id = any ($4::bigint[])
  ), locked as materialized (
    select stock.position, stock.available from stock join wanted using (position)
      order by stock.position for update of stock
  ), decided as materialized (
    select operation.*,
      sum(operation.quantity) over (partition by position order by ordinal) <= locked.available as granted
      from operation join locked using (position)
      where not exists (select from known where known.id = operation.id)
  ), gone as (
    delete from hold where id = any ($4::bigint[]) returning position, quantity
  ), placed as (
    insert into hold (id, position, quantity, expires_at)
    select id, position, quantity, now() + $5 * interval '1 millisecond' from decided where granted
  ), changed as (
    update stock set available = available + change.units
      from (
        select position, sum(units) as units from (
          select position, -quantity as units from decided where granted
          union all
          select position, quantity from gone
        ) as part group by position
      ) as change
      where stock.position = change.position
  )
  select array_agg(ordinal) as refused from decided where not granted`;

/**
 * Two pipelined batches keep the server busy while the client makes the next; more connections contend for
 * the rows.
 */
const VARIANTS: readonly Variant[] = [256, 1_024, 4_096].flatMap((batch) => [
  { name: `${batch} a batch, 1 connection`, inFlight: 1, batch, connections: 1, quick: batch > 256 },
  {
    name: `${batch} a batch, 1 connection, pipelined`,
    inFlight: 2,
    batch,
    connections: 1,
    quick: batch > 256,
  },
  { name: `${batch} a batch, 2 connections`, inFlight: 2, batch, connections: 2 },
]);

export const postgresBatched: System = {
  name: "postgres-batched",
  title: "PostgreSQL, batched by unnest",
  server: "postgres",
  exact: true,
  note: "One statement and one commit for a whole batch: unnest, running totals, one UPDATE a position.",
  variants: VARIANTS,
  connect: async ({ url }, variant): Promise<Driver> => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const clients = await Promise.all(
      Array.from({ length: variant.connections }, async () => {
        const client = new pg.Client({
          connectionString: url,
          pipeline: variant.inFlight > variant.connections,
        });
        await client.connect();
        return client;
      }),
    );
    return {
      load: async (units) => {
        await createHoldTables(pool);
        await loadStock(pool, units);
      },
      apply: (worker, batch) => applyBatch(clients[worker % clients.length], worker, batch),
      remaining: (positions) => readRemaining(pool, positions),
      close: async () => {
        await Promise.all(clients.map((client) => client.end()));
        await pool.end();
      },
    };
  },
};

async function applyBatch(
  client: pg.Client | undefined,
  worker: number,
  batch: OperationBatch,
): Promise<Uint8Array | null> {
  if (client === undefined) throw new Error("no connection");
  const positions: number[] = [];
  const quantities: number[] = [];
  const ids: number[] = [];
  const released: number[] = [];
  /** Where in the batch the n-th reservation is. */
  const indices: number[] = [];
  for (let index = 0; index < batch.length; index += 1) {
    const id = holdId(worker, batch.number(index));
    if (batch.kind(index) !== RESERVE) {
      released.push(id);
      continue;
    }
    positions.push(batch.position(index));
    quantities.push(batch.quantity(index));
    ids.push(id);
    indices.push(index);
  }
  const { rows } = await client.query<{ refused: number[] | null }>({
    name: "apply",
    text: APPLY_SQL,
    values: [positions, quantities, ids, released, EXPIRES_IN_MS],
  });
  const refused = rows[0]?.refused ?? null;
  if (refused === null) return null;
  const codes = new Uint8Array(batch.length).fill(APPLIED);
  for (const ordinal of refused) codes[indices[ordinal - 1] ?? 0] = REFUSED;
  return codes;
}
