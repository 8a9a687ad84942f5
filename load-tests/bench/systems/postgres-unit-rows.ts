/**
 * PostgreSQL with one row for each unit and SKIP LOCKED, so that buyers of one SKU do not wait for each
 * other. The unit rows of a position are what can be sold; a reservation deletes as many of them as it takes.
 */
import pg from "pg";
import { APPLIED, EXPIRES_IN_MS, type OperationBatch, REFUSED, RESERVE } from "../operations.ts";
import type { Driver, System } from "../system.ts";
import { holdId } from "./postgres-tables.ts";

/** A reservation that finds too few units raises, and so takes none. */
const SCHEMA_SQL = `
  drop table if exists unit, hold;
  create table unit (position integer not null);
  create index unit_position on unit (position);
  create table hold (
    id          bigint primary key,
    position    integer not null,
    quantity    integer not null,
    expires_at  timestamptz not null
  );
  create or replace function reserve(wanted_position integer, wanted integer, hold_id bigint, expires_in_ms integer)
  returns void language plpgsql as $$
  declare found integer;
  begin
    insert into hold values (hold_id, wanted_position, wanted, now() + expires_in_ms * interval '1 millisecond');
    delete from unit where ctid = any (array(
      select ctid from unit where position = wanted_position limit wanted for update skip locked
    ));
    get diagnostics found = row_count;
    if found < wanted then raise exception 'insufficient stock' using errcode = 'HF001'; end if;
  end $$;
  create or replace function release(hold_id bigint) returns void language plpgsql as $$
  begin
    with gone as (delete from hold where id = hold_id returning position, quantity)
    insert into unit select position from gone, generate_series(1, gone.quantity);
  end $$`;

const UNIQUE_VIOLATION = "23505";
const INSUFFICIENT = "HF001";

/**
 * Rows of the hot SKU: more than a run sells. With rows for the whole stock of a million positions it would
 * be a different table.
 */
const UNITS_OF_HOT = 400_000;

export const postgresUnitRows: System = {
  name: "postgres-unit-rows",
  title: "PostgreSQL, SKIP LOCKED unit rows",
  server: "postgres",
  exact: true,
  note: `One row a unit, deleted by the reservation that takes it; ${UNITS_OF_HOT.toLocaleString("en")} rows of the hot SKU.`,
  variants: [8, 16, 32].map((connections) => ({
    name: `pool of ${connections}`,
    inFlight: connections,
    batch: 1,
    connections,
  })),
  connect: async ({ url }, { connections }): Promise<Driver> => {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    let missing = new Int32Array(0);
    return {
      load: async (units) => {
        await pool.query(SCHEMA_SQL);
        // Units without a row are neither sold nor lost: to the audit they are left.
        missing = Int32Array.from(units);
        for (const position of [0, units.length - 1]) {
          const rows = Math.min(units[position] ?? 0, UNITS_OF_HOT);
          missing[position] = (units[position] ?? 0) - rows;
          await pool.query("insert into unit select $1::integer from generate_series(1, $2::integer)", [
            position,
            rows,
          ]);
        }
        await pool.query("vacuum analyze unit");
        await pool.query("checkpoint");
      },
      apply: async (worker, batch) => Uint8Array.of(await applyOne(pool, worker, batch)),
      remaining: async (positions) => {
        const remaining = missing.slice(0, positions);
        const { rows } = await pool.query<{ position: number; units: number }>(
          "select position, count(*)::integer as units from unit group by position",
        );
        for (const { position, units } of rows) remaining[position] = (remaining[position] ?? 0) + units;
        return remaining;
      },
      close: () => pool.end(),
    };
  },
};

async function applyOne(pool: pg.Pool, worker: number, batch: OperationBatch): Promise<number> {
  const id = holdId(worker, batch.number(0));
  try {
    if (batch.kind(0) === RESERVE) {
      await pool.query({
        name: "reserve",
        text: "select reserve($1, $2, $3, $4)",
        values: [batch.position(0), batch.quantity(0), id, EXPIRES_IN_MS],
      });
    } else {
      await pool.query({ name: "release", text: "select release($1)", values: [id] });
    }
    return APPLIED;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    if (error.code === UNIQUE_VIOLATION) return APPLIED;
    if (error.code === INSUFFICIENT) return REFUSED;
    throw error;
  }
}
