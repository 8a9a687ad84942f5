/** The tables of the forms that have one stock row for each position. */
import type pg from "pg";

/** A hold's key, which is its idempotency key: worker and number in one integer. */
export function holdId(worker: number, number: number): number {
  return worker * 4_294_967_296 + number;
}

/** Free space in the pages of `stock` keeps its updates on the page (HOT): the best case for a hot row. */
export async function createStockTable(database: pg.Pool): Promise<void> {
  await database.query(`
    drop table if exists stock;
    create table stock (position integer primary key, available integer not null check (available >= 0))
      with (fillfactor = 50)`);
}

export async function createHoldTables(database: pg.Pool): Promise<void> {
  await createStockTable(database);
  await database.query(`
    drop table if exists hold;
    create table hold (
      id          bigint primary key,
      position    integer not null,
      quantity    integer not null,
      expires_at  timestamptz not null
    )`);
}

const LOAD_ROWS = 100_000;

export async function loadStock(database: pg.Pool, units: Uint32Array): Promise<void> {
  for (let from = 0; from < units.length; from += LOAD_ROWS) {
    const part = Array.from(units.subarray(from, from + LOAD_ROWS));
    await database.query(
      `insert into stock (position, available)
       select $1 + ordinal - 1, units from unnest($2::integer[]) with ordinality as loaded (units, ordinal)`,
      [from, part],
    );
  }
  await database.query("vacuum analyze stock");
  await database.query("checkpoint");
}

export async function readRemaining(database: pg.Pool, positions: number): Promise<Int32Array> {
  const remaining = new Int32Array(positions);
  const { rows } = await database.query<[number, number]>({
    text: "select position, available from stock where position < $1",
    values: [positions],
    rowMode: "array",
  });
  for (const [position, available] of rows) remaining[position] = available;
  return remaining;
}
