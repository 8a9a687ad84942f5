/**
 * A connection for copying whole tables: values have one form as text, whatever server and settings they come
 * from, and nothing ends a copy because it takes long.
 */
import pg from "pg";

/** What the form of values depends on, and what may end or thin out a copy. */
const SESSION = [
  "set datestyle = 'ISO, YMD'",
  "set intervalstyle = 'iso_8601'",
  "set timezone = 'UTC'",
  "set extra_float_digits = 1",
  "set bytea_output = 'hex'",
  "set statement_timeout = 0",
  "set idle_in_transaction_session_timeout = 0",
  // A table is read from its beginning, so that equal tables give equal bytes.
  "set synchronize_seqscans = off",
  // Rows that this user may not see are an error, and are not left out without a word.
  "set row_security = off",
];

export async function openCopySession(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "holdfast-backup",
    client_encoding: "UTF8",
    keepAlive: true,
  });
  client.on("error", () => {});
  await client.connect();
  for (const statement of SESSION) await client.query(statement);
  return client;
}

/** A table as a copy names it. */
export type CopiedTable = {
  readonly name: string;
  /** In the order in which a row has them; without those that the database works out by itself. */
  readonly columns: readonly string[];
};

/** `"name" ("column", …)` */
export function tableWithColumns({ name, columns }: CopiedTable): string {
  return `${pg.escapeIdentifier(name)} (${columns.map((column) => pg.escapeIdentifier(column)).join(", ")})`;
}
