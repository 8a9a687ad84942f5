/** A PostgreSQL server as a whole: whether it answers, and whether our database is on it. */
import pg from "pg";

/** How long a server may take to answer. Milliseconds. */
const ANSWERS_WITHIN_MS = 2_000;
/** A database that every server has. */
const MAINTENANCE_DATABASE = "postgres";

export async function serverAnswers(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: withDatabase(url, MAINTENANCE_DATABASE),
    connectionTimeoutMillis: ANSWERS_WITHIN_MS,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Creates the database where it is not there yet. Returns the server's version, e.g. `18.4`. */
export async function ensureDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: withDatabase(url, MAINTENANCE_DATABASE) });
  await client.connect();
  try {
    const found = await client.query("select from pg_database where datname = $1", [name]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
    const version = await client.query<{ server_version: string }>("show server_version");
    return version.rows[0]?.server_version ?? "";
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}
