/**
 * PostgreSQL as most shops begin: for each reservation one conditional UPDATE and one INSERT, in one prepared
 * statement over a pool, so in one round trip and one transaction. The primary key of the hold is the
 * idempotency key: a repeat fails as a whole and is answered from the stored hold.
 */
import pg from "pg";
import { APPLIED, EXPIRES_IN_MS, type OperationBatch, REFUSED, RESERVE } from "../operations.ts";
import type { Driver, System } from "../system.ts";
import { createHoldTables, holdId, loadStock, readRemaining } from "./postgres-tables.ts";

export const RESERVE_SQL = `with taken as (
    update stock set available = available - $2 where position = $1 and available >= $2 returning position
  )
  insert into hold (id, position, quantity, expires_at)
  select $3, position, $2, now() + $4 * interval '1 millisecond' from taken`;

const RELEASE_SQL = `with gone as (delete from hold where id = $1 returning position, quantity)
  update stock set available = available + gone.quantity from gone where stock.position = gone.position`;

const UNIQUE_VIOLATION = "23505";

export const postgresNaive: System = {
  name: "postgres-naive",
  title: "PostgreSQL, one UPDATE a reservation",
  server: "postgres",
  exact: true,
  note: "Conditional UPDATE and INSERT of the hold in one prepared statement, one transaction each, over a pool.",
  variants: [8, 16, 32].map((connections) => ({
    name: `pool of ${connections}`,
    inFlight: connections,
    batch: 1,
    connections,
    quick: connections > 8,
  })),
  connect: async ({ url }, { connections }): Promise<Driver> => {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    return {
      load: async (units) => {
        await createHoldTables(pool);
        await loadStock(pool, units);
      },
      apply: async (worker, batch) => Uint8Array.of(await applyOne(pool, worker, batch)),
      remaining: (positions) => readRemaining(pool, positions),
      close: () => pool.end(),
    };
  },
};

async function applyOne(pool: pg.Pool, worker: number, batch: OperationBatch): Promise<number> {
  const id = holdId(worker, batch.number(0));
  if (batch.kind(0) !== RESERVE) {
    await pool.query({ name: "release", text: RELEASE_SQL, values: [id] });
    return APPLIED;
  }
  try {
    const result = await pool.query({
      name: "reserve",
      text: RESERVE_SQL,
      values: [batch.position(0), batch.quantity(0), id, EXPIRES_IN_MS],
    });
    return result.rowCount === 1 ? APPLIED : REFUSED;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION) return APPLIED;
    throw error;
  }
}
