/**
 * Orders in PostgreSQL, the usual way at its best: one function call and one transaction for each order, all
 * lines or none. Rows are locked in the order of their positions, so that orders never deadlock. Writes the
 * order and its holds, no more.
 */
import pg from "pg";
import { APPLIED, EXPIRES_IN_MS, type OperationBatch, REFUSED } from "../operations.ts";
import type { Driver, System } from "../system.ts";
import { MAX_ORDER_LINES } from "./holdfast-orders.ts";
import { createHoldTables, holdId, loadStock, readRemaining } from "./postgres-tables.ts";

const SCHEMA_SQL = `
  drop table if exists customer_order;
  create table customer_order (id bigint primary key, placed_at timestamptz not null default now());
  create or replace function place_order(
    order_id bigint, hold_ids bigint[], wanted_positions integer[], wanted_units integer[], expires_in_ms integer
  ) returns void language plpgsql as $$
  declare
    expected integer;
    found integer;
  begin
    insert into customer_order (id) values (order_id);
    perform from stock where position = any (wanted_positions) order by position for update;
    with wanted as (
      select position, sum(units) as units from unnest(wanted_positions, wanted_units) as w (position, units)
        group by position
    ), taken as (
      update stock set available = available - wanted.units from wanted
        where stock.position = wanted.position and stock.available >= wanted.units returning 1
    )
    select (select count(*) from wanted), (select count(*) from taken) into expected, found;
    if found < expected then raise exception 'insufficient stock' using errcode = 'HF001'; end if;
    insert into hold (id, position, quantity, expires_at)
      select id, position, units, now() + expires_in_ms * interval '1 millisecond'
        from unnest(hold_ids, wanted_positions, wanted_units) as line (id, position, units);
  end $$`;

const UNIQUE_VIOLATION = "23505";
const INSUFFICIENT = "HF001";

export const postgresOrders: System = {
  name: "postgres-orders",
  title: "PostgreSQL, orders by a function",
  server: "postgres",
  exact: true,
  orders: true,
  note: "One call and one transaction an order: the order's row, conditional UPDATEs, holds.",
  variants: [8, 16, 32].map((connections) => ({
    name: `pool of ${connections}`,
    inFlight: connections,
    batch: MAX_ORDER_LINES,
    quick: connections === 32,
    connections,
  })),
  connect: async ({ url }, { connections }): Promise<Driver> => {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    return {
      load: async (units) => {
        await createHoldTables(pool);
        await pool.query(SCHEMA_SQL);
        await loadStock(pool, units);
      },
      apply: async (worker, batch) => new Uint8Array(batch.length).fill(await place(pool, worker, batch)),
      remaining: (positions) => readRemaining(pool, positions),
      close: () => pool.end(),
    };
  },
};

async function place(pool: pg.Pool, worker: number, batch: OperationBatch): Promise<number> {
  const lines = Array.from({ length: batch.length }, (_, index) => index);
  try {
    await pool.query({
      name: "place",
      text: "select place_order($1, $2, $3, $4, $5)",
      values: [
        holdId(worker, batch.number(0)),
        lines.map((line) => holdId(worker, batch.number(line))),
        lines.map((line) => batch.position(line)),
        lines.map((line) => batch.quantity(line)),
        EXPIRES_IN_MS,
      ],
    });
    return APPLIED;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    if (error.code === UNIQUE_VIOLATION) return APPLIED;
    if (error.code === INSUFFICIENT) return REFUSED;
    throw error;
  }
}
