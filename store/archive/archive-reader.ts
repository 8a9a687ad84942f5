/**
 * The archive as a database to read from: the same statements as on the busy tables, which find archived rows
 * beside them.
 *
 * A reader has connections of its own, so that nothing that is set for it is left on another's. It writes
 * nothing of an order: a view of both takes no rows. What its views are is said in `archive_views()`
 * (075.do.order-archive.sql).
 */
import type pg from "pg";
import { type Database, openDatabase, type Queryable } from "../sql/database.ts";
import { isOf } from "../sql/sealed-results.ts";

/** Who looks into the archive waits for one of these. */
const CONNECTIONS = 3;

const pools = new WeakMap<Database, Database>();

function poolOf(database: Database): Database {
  let pool = pools.get(database);
  if (pool === undefined) {
    const { connectionString } = database.options;
    if (connectionString === undefined) throw new Error("the database has no address");
    const opened = openDatabase(connectionString, { maxConnections: CONNECTIONS, name: "holdfast archive" });
    pools.set(database, opened);
    pool = opened;
    // It ends with the database that it was opened beside.
    const end = database.end.bind(database) as () => Promise<void>;
    database.end = (async () => {
      await opened.end();
      await end();
    }) as typeof database.end;
  }
  return pool;
}

const LOOK_INTO = `select set_config('search_path', $1, false), set_config('holdfast.archived', $2, false),
  set_config('holdfast.archived_months', $3, false)`;

/**
 * Reads these archived orders beside all that are not, and with them what replaced them, where that is
 * archived, too.
 *
 * @returns null where none of them is in the archive
 */
export async function archivedOrders(
  database: Database,
  orderIds: readonly string[],
): Promise<Database | null> {
  const { rows } = await database.query<{ id: string; month: string }>(
    `with asked as (
       select order_id, month from archived_order where order_id = any($1)
     )
     select order_id as id, month from asked
     union
     -- named as \`replacementIds\` in orders/order-identity.ts does
     select a.order_id, a.month from archived_order a where a.order_id in (
       select n.name || '-X1' from archived_name n join asked using (order_id) where n.kind in ('return', 'claim'))`,
    [orderIds],
  );
  if (rows.length === 0) return null;
  const months = [...new Set(rows.map(({ month }) => month))];
  return reader(database, [ORDERS, rows.map(({ id }) => id).join(" "), months.join(" ")]);
}

/**
 * From here on this transaction reads the order beside all that is not archived, wherever it is. It still sees
 * the moment that it began to read.
 */
export async function beginReadingArchive(client: Queryable, orderId: string): Promise<void> {
  await client.query(
    `select set_config('search_path', $2, true), set_config('holdfast.archived', $1, true),
       set_config('holdfast.archived_months',
         coalesce((select month::text from archived_order where order_id = $1), ''), true)`,
    [orderId, ORDERS],
  );
}

/** @see beginReadingArchive */
export async function endReadingArchive(client: Queryable): Promise<void> {
  await client.query("set local search_path to default");
}

const ORDERS = "archive, public";

/** Reads all archived orders, and no others, as far as lists and searches ask. */
export function archivedList(database: Database): Database {
  return reader(database, ["archive_list, public", "", ""]);
}

function reader(database: Database, looksInto: readonly string[]): Database {
  const connect = async (): Promise<pg.PoolClient> => {
    const client = await poolOf(database).connect();
    try {
      await client.query(LOOK_INTO, [...looksInto]);
      return client;
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
  };
  const query = async (...request: Parameters<Queryable["query"]>): Promise<unknown> => {
    const client = await connect();
    try {
      return await client.query(...request);
    } finally {
      client.release();
    }
  };
  const reading = new Proxy(database, {
    get: (target, name) => {
      if (name === "connect") return connect;
      if (name === "query") return query;
      return Reflect.get(target, name) as unknown;
    },
  });
  // By its address sealed values are opened.
  isOf(reading, database.options.connectionString ?? "");
  return reading;
}
