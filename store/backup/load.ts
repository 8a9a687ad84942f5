/**
 * Fills an empty database with what `read-out.ts` has read, and reads it back before it counts.
 *
 * L1. Only a database without a company is filled: nothing of anybody is overwritten.
 * L2. Everything happens in one transaction, which ends only if every table reads back as it was read out. A
 *     restore that dies leaves the database as it was, and can be repeated.
 * L3. Feeds are ordered by transaction numbers, and a new server begins at small ones: what happens from now
 *     on comes after what has happened.
 * L4. The sagas have no home (`store/saga-home.ts`): whoever works on the database next starts them anew.
 */
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { erasuresAnew, type FormerErasure } from "../personal-data/erasures.ts";
import { forgetSagaHome } from "../saga-home.ts";
import { applyMigrations, migrate, newestMigration } from "../sql/migrate.ts";
import { readTables, SCHEMA_TABLE, type SequenceValue } from "./read-out.ts";
import { type CopiedTable, openCopySession, tableWithColumns } from "./session.ts";

export type { FormerErasure };

/** Nothing was changed, or nothing that counts. */
export class LoadRefusedError extends Error {
  override readonly name = "LoadRefusedError";
  readonly code: "backup_too_new" | "database_not_empty" | "restored_differs";

  constructor(code: LoadRefusedError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export type LoadedTable = CopiedTable & {
  readonly rows: number;
  /** SHA-256 of its rows as COPY writes them as text, in hexadecimal. */
  readonly sha256: string;
};

export type LoadSource = {
  readonly schemaVersion: number;
  readonly nextTransaction: string;
  readonly tables: readonly LoadedTable[];
  readonly sequences: readonly SequenceValue[];
  /**
   * Personal data that was erased since: it is on the list of erasures again, and whoever starts next erases
   * it.
   */
  readonly erasures?: readonly FormerErasure[];
  /** The rows of a table as COPY wrote them. */
  open(table: LoadedTable): Readable;
};

/**
 * Feeds go on so far beyond the copy: who has followed the lost machine's feed further than that has followed
 * it for years.
 */
const LOST_TRANSACTIONS = 1_000_000_000n;

/**
 * @param onProgress told what is being done
 * @throws LoadRefusedError
 */
export async function loadDatabase(
  databaseUrl: string,
  source: LoadSource,
  onProgress: (text: string) => void = () => {},
): Promise<void> {
  const newest = newestMigration();
  if (source.schemaVersion > newest)
    throw new LoadRefusedError(
      "backup_too_new",
      `the backup has schema ${source.schemaVersion}, and this version of Holdfast knows ${newest}`,
    );
  const client = await openCopySession(databaseUrl);
  try {
    await client.query("begin");
    await requireEmpty(client, source.schemaVersion);
    onProgress("schema");
    await applyMigrations(client, source.schemaVersion);
    await fill(client, source, onProgress);
    onProgress("schema of this version");
    await applyMigrations(client);
    await goOnAfter(client, BigInt(source.nextTransaction) + LOST_TRANSACTIONS);
    await forgetSagaHome(client);
    await erasuresAnew(client, source.erasures ?? []);
    await client.query("commit");
    await client.query("analyze");
  } finally {
    await client.end();
  }
}

/**
 * For a database that was restored by other means (a snapshot of its disk, its write-ahead log): its sagas
 * are started anew, and its feeds go on after what was lost, too.
 */
export async function markRestored(databaseUrl: string): Promise<void> {
  await migrate(databaseUrl);
  const client = await openCopySession(databaseUrl);
  try {
    await client.query("begin");
    const { rows } = await client.query<{ last: string }>("select feed_transaction()::text as last");
    await goOnAfter(client, BigInt(rows[0]?.last ?? "0") + LOST_TRANSACTIONS);
    await forgetSagaHome(client);
    await client.query("commit");
  } finally {
    await client.end();
  }
}

/** The database may have the schema, as of a start that came to nothing, and nothing in it. */
async function requireEmpty(client: pg.Client, schemaVersion: number): Promise<void> {
  const tables = (await readTables(client)).map(({ name }) => name);
  const isOurs = tables.includes("company");
  if (!isOurs && tables.length > 0)
    throw new LoadRefusedError(
      "database_not_empty",
      `the database has tables: ${tables.slice(0, 5).join(", ")}`,
    );
  if (!isOurs) return;
  const { rows } = await client.query<{ id: string }>("select id from company limit 1");
  if (rows[0] !== undefined)
    throw new LoadRefusedError("database_not_empty", `the database has the company ${rows[0].id}`);
  const migrated = await client.query<{ version: number | null }>(
    `select max(version)::integer as version from ${SCHEMA_TABLE}`,
  );
  const version = migrated.rows[0]?.version ?? 0;
  if (version > schemaVersion)
    throw new LoadRefusedError(
      "database_not_empty",
      `the database has schema ${version}, which is newer than the backup's ${schemaVersion}: take a new database`,
    );
}

/** What happens from now on comes after this number in every feed. */
async function goOnAfter(client: pg.Client, transaction: bigint): Promise<void> {
  const { rows } = await client.query<{ next: string }>("select pg_current_xact_id()::text as next");
  const offset = transaction - BigInt(rows[0]?.next ?? "0");
  await client.query(
    `create or replace function feed_offset() returns bigint language sql immutable parallel safe
       as 'select ${offset}::bigint'`,
  );
}

async function fill(
  client: pg.Client,
  source: LoadSource,
  onProgress: (text: string) => void,
): Promise<void> {
  // Partitions are made as they are needed.
  for (const { name } of source.tables) {
    const [, year, month] = /^archived_document_(\d{4})_(\d{2})$/.exec(name) ?? [];
    if (year !== undefined) await client.query("select archive_partition($1)", [`${year}-${month}-01`]);
  }
  const known = new Set((await readTables(client)).map(({ name }) => name));
  const unknown = source.tables.filter(({ name }) => !known.has(name));
  if (unknown[0] !== undefined)
    throw new LoadRefusedError(
      "backup_too_new",
      `schema ${source.schemaVersion} of this version of Holdfast has no table ${unknown[0].name}`,
    );
  // Rows come table by table. The references are laid again at the end, and each is checked then.
  const references = await takeReferencesOff(client);
  const all = [...known].map((name) => identifier(name)).join(", ");
  for (const name of known) await client.query(`alter table ${identifier(name)} disable trigger user`);
  await client.query(`truncate ${all}`);
  for (const table of source.tables) {
    onProgress(`${table.name}, ${table.rows} rows`);
    await pipeline(source.open(table), client.query(copyFrom(`copy ${tableWithColumns(table)} from stdin`)));
  }
  for (const { name, value, isCalled } of source.sequences)
    await client.query("select setval($1::regclass, $2::bigint, $3)", [identifier(name), value, isCalled]);
  onProgress("references between tables");
  for (const { table, name, definition } of references)
    await client.query(`alter table ${table} add constraint ${identifier(name)} ${definition}`);
  for (const name of known) await client.query(`alter table ${identifier(name)} enable trigger user`);
  for (const table of source.tables) {
    onProgress(`reading ${table.name} back`);
    const digest = createHash("sha256");
    await pipeline(client.query(copyTo(`copy ${tableWithColumns(table)} to stdout`)), digest);
    if (digest.digest("hex") !== table.sha256)
      throw new LoadRefusedError("restored_differs", `${table.name} does not read back as it was backed up`);
  }
}

async function takeReferencesOff(client: pg.Client) {
  const { rows } = await client.query<{
    readonly table: string;
    readonly name: string;
    readonly definition: string;
  }>(
    `select conrelid::regclass::text as "table", conname as name, pg_get_constraintdef(oid) as definition
       from pg_constraint
      where contype = 'f' and connamespace = current_schema()::regnamespace and conparentid = 0`,
  );
  for (const { table, name } of rows)
    await client.query(`alter table ${table} drop constraint ${identifier(name)}`);
  return rows;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
