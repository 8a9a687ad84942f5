/**
 * Reads a whole database out, as one moment has it, while the system works on it.
 *
 * Owns which tables and numbers make up a database. Leaves files and checksums to `cli/backup/`.
 *
 * One transaction sees one moment, however long the copy takes. It is read only and has no number of its own,
 * so that it holds back no feed.
 */
import type { Readable } from "node:stream";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { type CopiedTable, openCopySession, tableWithColumns } from "./session.ts";

/** Where a sequence stands. */
export type SequenceValue = {
  readonly name: string;
  /** A whole number as text: it may be beyond 2^53. */
  readonly value: string;
  readonly isCalled: boolean;
};

export type DatabaseSnapshot = {
  /** Of this moment. ISO 8601. */
  readonly at: string;
  /** Number of the last migration that was applied. */
  readonly schemaVersion: number;
  /** Of PostgreSQL, e.g. `18.4`. */
  readonly serverVersion: string;
  /** Beyond every number by which feeds are ordered in it. */
  readonly nextTransaction: string;
  readonly companies: readonly string[];
  readonly tables: readonly CopiedTable[];
  /** The rows as PostgreSQL's COPY writes them as text. One table at a time. */
  read(table: CopiedTable): Readable;
  /** Read last: no row that was read has a number beyond them. */
  sequences(): Promise<readonly SequenceValue[]>;
  close(): Promise<void>;
};

/** Keeps what was applied to the schema; a restored database has its own. */
export const SCHEMA_TABLE = "schema_version";

/** @throws where the database has no schema of ours */
export async function openSnapshot(databaseUrl: string): Promise<DatabaseSnapshot> {
  const client = await openCopySession(databaseUrl);
  try {
    await client.query("begin isolation level repeatable read read only");
    const { rows } = await client.query<{
      at: Date;
      schemaVersion: number;
      serverVersion: string;
      nextTransaction: string;
      companies: string[];
    }>(
      `select now() as at, (select max(version) from ${SCHEMA_TABLE})::integer as "schemaVersion",
              current_setting('server_version') as "serverVersion",
              (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + $1::bigint)::text as "nextTransaction",
              array(select id from company order by id) as companies`,
      [await readFeedOffset(client)],
    );
    const [moment] = rows;
    if (moment === undefined) throw new Error("the database does not say what it is");
    const tables = await readTables(client);
    return {
      ...moment,
      at: moment.at.toISOString(),
      tables,
      read: (table) => client.query(copyTo(`copy ${tableWithColumns(table)} to stdout`)),
      sequences: () => readSequences(client),
      close: () => client.end(),
    };
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** What is added to the server's numbers; a schema of before it adds nothing. */
async function readFeedOffset(client: pg.Client): Promise<string> {
  const known = await client.query<{ known: boolean }>(
    "select to_regprocedure('feed_offset()') is not null as known",
  );
  if (known.rows[0]?.known !== true) return "0";
  const { rows } = await client.query<{ offset: string }>(`select feed_offset()::text as "offset"`);
  return rows[0]?.offset ?? "0";
}

/** All tables of the schema but the one that the migrations keep. */
export async function readTables(client: pg.Client): Promise<readonly CopiedTable[]> {
  const { rows } = await client.query<CopiedTable>(
    `select c.relname as name, array(
              select a.attname::text from pg_attribute a
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
               order by a.attnum) as columns
       from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> $1
      order by c.relname collate "C"`,
    [SCHEMA_TABLE],
  );
  return rows;
}

async function readSequences(client: pg.Client): Promise<readonly SequenceValue[]> {
  const { rows } = await client.query<{ name: string; quoted: string }>(
    `select relname as name, oid::regclass::text as quoted from pg_class
      where relnamespace = current_schema()::regnamespace and relkind = 'S' order by relname collate "C"`,
  );
  const values: SequenceValue[] = [];
  for (const { name, quoted } of rows) {
    const found = await client.query<{ value: string; isCalled: boolean }>(
      `select last_value::text as value, is_called as "isCalled" from ${quoted}`,
    );
    const [value] = found.rows;
    if (value !== undefined) values.push({ name, ...value });
  }
  return values;
}
