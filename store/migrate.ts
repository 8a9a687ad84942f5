/**
 * Brings a database to the schema of this version. Migrations are plain SQL files, numbered, applied once, each with a
 * checksum; several processes that start at once take turns on an advisory lock.
 */
import { join } from "node:path";
import pg from "pg";
import Postgrator from "postgrator";
import { projectRoot } from "../config/project-root.ts";

/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const MIGRATION_LOCK = 7_400_001;

/** @returns the names of the migrations that were applied now, in order. */
export async function migrate(databaseUrl: string): Promise<readonly string[]> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "holdfast-migrate",
  });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const postgrator = new Postgrator({
      migrationPattern: join(projectRoot, "store", "migrations", "*.sql"),
      driver: "pg",
      schemaTable: "schema_version",
      execQuery: (query) => client.query(query),
    });
    const applied = await postgrator.migrate();
    return applied.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}
