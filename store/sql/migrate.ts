/**
 * Brings a database to the schema of this version. Migrations are plain SQL files, numbered, applied once,
 * each with a checksum; several processes that start at once take turns on an advisory lock.
 *
 * The lock ends with its connection. A process that was stopped, or whose machine is gone, may still keep it.
 * So waiting for it has an end, and the error then says who has it.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import Postgrator from "postgrator";
import { projectRoot } from "../../config/project-root.ts";
import { isLockTimeout } from "./database-fault.ts";

/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const MIGRATION_LOCK = 7_400_001;

/** Longer than the migrations of a release take; a process that waits has nothing else to do. */
const LOCK_WAIT_MS = 60_000;

/** A connection of the server that holds the lock. Null is what the database's user may not see of others. */
type LockHolder = {
  readonly pid: number;
  readonly applicationName: string | null;
  /** Where it comes from; null: by a socket file. */
  readonly address: string | null;
  readonly connectedAt: Date | null;
  /** PostgreSQL's word for what it does: `active`, `idle`, `idle in transaction`, … */
  readonly state: string | null;
};

/** Another process has the migrations' lock and does not give it back. Nothing was applied. */
export class MigrationsLockedError extends Error {
  override readonly name = "MigrationsLockedError";
  readonly code = "migrations_locked";
  /** Empty where the lock was given back in the last moment. */
  readonly holders: readonly LockHolder[];

  constructor(waitedMs: number, holders: readonly LockHolder[], cause: unknown) {
    const who = holders.length === 0 ? "a connection that has just ended" : holders.map(describe).join("; ");
    super(`the lock of the migrations was not free within ${waitedMs / 1_000} s: ${who} has it`, { cause });
    this.holders = holders;
  }
}

/** Of a database of a former version that holds more than one company (`053.do.one-company.sql`). */
const SEVERAL_COMPANIES = "HF001";

export function isSeveralCompanies(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === SEVERAL_COMPANIES;
}

/** The database has migrations that this version does not know: a newer one has worked on it. */
export class SchemaNewerError extends Error {
  override readonly name = "SchemaNewerError";
  readonly code = "schema_newer";

  /** @param there the last migration of the database @param known the last that this version brings */
  constructor(there: number, known: number) {
    super(`the database has migration ${there}, and this version knows them up to ${known}`);
  }
}

/** There is something to migrate, and the tables are not those of the role that connects. */
export class MigrationsNotOursError extends Error {
  override readonly name = "MigrationsNotOursError";
  readonly code = "migrations_not_ours";

  /** @param there the last migration of the database @param known the last that this version brings */
  constructor(role: string, owner: string, there: number, known: number) {
    super(
      `the database has migration ${there} of ${known}, and its tables are ${owner}'s: ${role} may not migrate them`,
    );
  }
}

const MIGRATIONS = join(projectRoot, "store", "migrations");

/** The number of the last migration that this version brings. */
export function newestMigration(): number {
  return Math.max(...readdirSync(MIGRATIONS).map((name) => Number.parseInt(name, 10) || 0));
}

/**
 * @param options.lockWaitMs milliseconds after which a lock that another process has is waited for no longer
 * @param options.to number of the last migration to apply; absent: the newest
 * @returns the names of the migrations that were applied now, in order.
 * @throws MigrationsLockedError, SchemaNewerError, MigrationsNotOursError
 */
export async function migrate(
  databaseUrl: string,
  { lockWaitMs = LOCK_WAIT_MS, to }: { readonly lockWaitMs?: number; readonly to?: number } = {},
): Promise<readonly string[]> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "holdfast-migrate",
  });
  await client.connect();
  try {
    await takeTurn(client, lockWaitMs);
    await refuseNewer(client);
    await refuseOthers(client, to ?? newestMigration());
    return await applyMigrations(client, to);
  } finally {
    await client.end();
  }
}

/**
 * The same on a connection of the caller's, within its transaction where it has one. Takes no turn: nobody
 * else works on the database.
 *
 * @param to number of the last migration to apply; absent: the newest
 */
export async function applyMigrations(client: pg.Client, to?: number): Promise<readonly string[]> {
  const postgrator = new Postgrator({
    migrationPattern: join(MIGRATIONS, "*.sql"),
    driver: "pg",
    schemaTable: "schema_version",
    execQuery: (query) => client.query(query),
  });
  // What is shown of the archive follows its tables' columns, and would keep them from being changed.
  if ((await versionOf(client)) < (to ?? newestMigration())) await client.query(HIDE_ARCHIVE);
  const applied = await postgrator.migrate(to === undefined ? undefined : String(to));
  if (applied.length > 0 && (await versionOf(client)) >= ARCHIVE_SINCE)
    await client.query("select archive_views()");
  return applied.map((migration) => migration.name);
}

/** The migration that brings the archive of orders, and the function that shows it. */
const ARCHIVE_SINCE = 75;
const HIDE_ARCHIVE = ["archive", "archived", "archive_list"]
  .map((schema) => `drop schema if exists ${schema} cascade`)
  .join("; ");

/** @returns 0 where nothing was migrated yet */
async function versionOf(client: pg.Client): Promise<number> {
  const { rows: tables } = await client.query("select 1 from pg_tables where tablename = 'schema_version'");
  if (tables.length === 0) return 0;
  const { rows } = await client.query<{ version: number }>(
    "select coalesce(max(version), 0)::integer as version from schema_version",
  );
  return rows[0]?.version ?? 0;
}

/** Postgrator takes a database that is ahead for one that is up to date. */
async function refuseNewer(client: pg.Client): Promise<void> {
  const there = await versionOf(client);
  if (there > newestMigration()) throw new SchemaNewerError(there, newestMigration());
}

/** Before anything is tried: the middle of a migration is no place to learn it. */
async function refuseOthers(client: pg.Client, to: number): Promise<void> {
  const { rows: tables } = await client.query<{ role: string; owner: string; ours: boolean }>(
    `select current_user as role, tableowner as owner, pg_has_role(tableowner, 'member') as ours
       from pg_tables where tablename = 'schema_version'`,
  );
  const [table] = tables;
  if (table === undefined || table.ours) return;
  const there = await versionOf(client);
  if (there < to) throw new MigrationsNotOursError(table.role, table.owner, there, to);
}

/** The limit is for the turn alone, not for what a migration itself waits for. */
async function takeTurn(client: pg.Client, lockWaitMs: number): Promise<void> {
  await client.query("select set_config('lock_timeout', $1, false)", [String(lockWaitMs)]);
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  } catch (cause) {
    if (!isLockTimeout(cause)) throw cause;
    throw new MigrationsLockedError(lockWaitMs, await lockHolders(client), cause);
  }
  await client.query("reset lock_timeout");
}

async function lockHolders(client: pg.Client): Promise<readonly LockHolder[]> {
  // The two halves of the lock's number stand in columns of their own.
  const { rows } = await client.query<LockHolder>(
    `select held.pid, application_name as "applicationName", host(client_addr) as address,
            backend_start as "connectedAt", state
     from pg_locks held left join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and classid = 0 and objid = $1 and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())`,
    [MIGRATION_LOCK],
  );
  return rows;
}

function describe({ pid, applicationName, address, connectedAt, state }: LockHolder): string {
  const facts = [
    applicationName ?? "",
    address === null ? "" : `from ${address}`,
    connectedAt === null ? "" : `connected since ${connectedAt.toISOString()}`,
    state ?? "",
  ];
  return `backend ${pid} (${facts.filter((fact) => fact !== "").join(", ")})`;
}
