/**
 * The door to PostgreSQL: one pool a process, and transactions that end.
 *
 * bigint columns arrive as numbers (no counter here comes near 2^53), dates as `YYYY-MM-DD` text, timestamps as `Date`.
 */
import pg from "pg";

const INT8 = 20;
const DATE = 1082;
pg.types.setTypeParser(INT8, Number);
pg.types.setTypeParser(DATE, (text) => text);

export type Database = pg.Pool;
export type DatabaseClient = pg.PoolClient;
/** Whatever can run a query: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.PoolClient, "query">;

export function openDatabase(
  url: string,
  options: { readonly maxConnections?: number; readonly name?: string } = {},
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    application_name: options.name ?? "holdfast",
  });
  // An idle connection that breaks is replaced by the pool on next use; without a listener it would end the process.
  pool.on("error", () => {});
  return pool;
}

/** Runs `work` in one transaction; any throw rolls back and is passed on. A client whose connection broke is discarded. */
export async function inTransaction<T>(
  database: Database,
  work: (client: DatabaseClient) => Promise<T>,
): Promise<T> {
  const client = await database.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
