/**
 * The door to PostgreSQL: one pool a process, and transactions that end.
 *
 * A connection can die silently: its peer is gone, and no FIN will ever come. A statement on it fails after
 * `silentAfterMs`, and the connection is thrown away; without that limit every such death would take one of
 * the pool's connections for good. Waiting for a connection has a limit, too. What such errors look like is
 * in `database-fault.ts`.
 *
 * Sealed personal data arrives in clear, see `sealed-results.ts`. bigint columns arrive as numbers (no
 * counter here comes near 2^53), dates as `YYYY-MM-DD` text, timestamps as `Date`.
 */
import pg from "pg";
import { isSilence } from "./database-fault.ts";
import { prepareStatements } from "./prepared-statements.ts";
import { isOf, openResults, sealedTypes } from "./sealed-results.ts";

const INT8 = 20;
const DATE = 1082;
pg.types.setTypeParser(INT8, Number);
pg.types.setTypeParser(DATE, (text) => text);

export type Database = pg.Pool;
export type DatabaseClient = pg.PoolClient;
/** Whatever can run a query: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.PoolClient, "query">;
/** What a writer within the engine's commit may use. */
export type Transaction = {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
};

/** Keeps a process from writing by connections of its own once another has taken its work over. */
export type ConnectionFence = {
  /** Of the connections, as the server shows them. */
  readonly name: string;
  /** Asked on each new connection, before anybody has it: whether the work is still this process's. */
  admit(client: Queryable): Promise<boolean>;
};

/** Far longer than any statement of ours takes, even on a disk that stalls for seconds. */
const SILENT_AFTER_MS = 30_000;

/**
 * A limit for a server that accepts a connection and never speaks, and for statements that keep the whole
 * pool.
 */
const CONNECT_WITHIN_MS = 30_000;

const IDLE_AFTER_MS = 10_000;

/** The engine gives writers its own client; its type promises less, for disks that are none. */
export function queryable(transaction: Transaction): Queryable {
  return transaction as Queryable;
}

export function openDatabase(
  url: string,
  options: {
    readonly maxConnections?: number;
    readonly name?: string;
    /** Milliseconds after which a statement without an answer fails. Default 30,000. */
    readonly silentAfterMs?: number;
    /** Milliseconds after which waiting for a connection, a free one or a new one, fails. Default 30,000. */
    readonly connectWithinMs?: number;
    /** Milliseconds after which a connection that nobody uses is closed. Default 10,000. */
    readonly idleAfterMs?: number;
    /** Absent: nobody else does the same work. */
    readonly fence?: ConnectionFence;
  } = {},
): Database {
  const { fence } = options;
  const pool = new pg.Pool({
    types: sealedTypes(url),
    connectionString: url,
    max: options.maxConnections ?? 10,
    application_name: fence?.name ?? options.name ?? "holdfast",
    ...(fence === undefined ? {} : { verify: verifierOf(fence) }),
    connectionTimeoutMillis: options.connectWithinMs ?? CONNECT_WITHIN_MS,
    query_timeout: options.silentAfterMs ?? SILENT_AFTER_MS,
    idleTimeoutMillis: options.idleAfterMs ?? IDLE_AFTER_MS,
    keepAlive: true,
  });
  isOf(pool, url);
  // An idle connection that breaks is replaced by the pool on next use; without a listener it would end the
  // process.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    // So would one that is ended between two statements of who holds it. The next statement tells.
    client.on("error", () => {});
    prepareStatements(client);
    openResults(url, client);
  });
  return pool;
}

/** Another process does the work of these connections now. */
export class FencedConnectionError extends Error {
  override readonly name = "FencedConnectionError";

  constructor(name: string) {
    super(`${name} is no longer this process's work`);
  }
}

function verifierOf({ name, admit }: ConnectionFence): NonNullable<pg.PoolConfig["verify"]> {
  return (client, done) => {
    admit(client).then((isAdmitted) => (isAdmitted ? done() : done(new FencedConnectionError(name))), done);
  };
}

/** Connections of a pool. */
export type PoolFigures = {
  /** How many it opens at most. */
  readonly size: number;
  readonly inUse: number;
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
};

export function poolFigures(database: Database): PoolFigures {
  const { totalCount, idleCount, waitingCount, options } = database;
  return { size: options.max, inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

/** Rejects where the database does not answer. */
export async function probe(database: Queryable): Promise<void> {
  await database.query("select 1");
}

/**
 * Runs `work` in one transaction; any throw rolls back and is passed on. A client whose connection broke is
 * discarded.
 */
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
    // On a connection that has fallen silent a rollback would wait as long again, in vain. The server rolls
    // back by itself once the connection is gone.
    if (isSilence(error)) broken = error;
    else {
      await client.query("rollback").catch((rollbackError: Error) => {
        broken = rollbackError;
      });
    }
    throw error;
  } finally {
    client.release(broken);
  }
}
