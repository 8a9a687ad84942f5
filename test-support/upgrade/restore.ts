/**
 * Puts the fixture that `make-fixture.mjs` has made of a former version into a data folder, as if that
 * version had been killed there: a start of this version then finds it.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import Postgrator from "postgrator";
import { startPostgres } from "../../cli/embedded/postgres.ts";
import { ProcessBook } from "../../cli/embedded/processes.ts";
import { projectRoot } from "../../config/project-root.ts";

type Fixture = {
  readonly commit: string;
  /** The last migration of that version. */
  readonly migration: number;
  /** Base64, by path within the data folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Each table's rows as JSON text. */
  readonly tables: Readonly<Record<string, string>>;
  readonly sequences: Readonly<Record<string, string>>;
};

/** @param port on which PostgreSQL runs for the while */
export async function restoreFormerVersion(commit: string, folder: string, port: number): Promise<void> {
  const file = join(projectRoot, "test-support", "upgrade", `${commit}.json.gz`);
  const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8"));
  for (const [name, content] of Object.entries(fixture.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), Buffer.from(content, "base64"));
  }
  chmodSync(join(folder, "local.json"), 0o600);
  mkdirSync(join(folder, "logs"), { recursive: true });
  const { postgresPassword } = JSON.parse(readFileSync(join(folder, "local.json"), "utf8"));
  const server = await startPostgres({
    dataFolder: folder,
    port,
    password: postgresPassword,
    book: new ProcessBook(folder),
    onCrash: () => {},
    progress: () => {},
  });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await loadRows(client, fixture);
  } finally {
    await client.end();
    await server.stop();
  }
}

async function loadRows(client: pg.Client, fixture: Fixture): Promise<void> {
  const postgrator = new Postgrator({
    migrationPattern: join(projectRoot, "store", "migrations", "*.sql"),
    driver: "pg",
    schemaTable: "schema_version",
    execQuery: (query) => client.query(query),
  });
  await postgrator.migrate(String(fixture.migration));
  // In any order: references are whole again once everything is there.
  await client.query("set session_replication_role = replica");
  for (const [table, rows] of Object.entries(fixture.tables)) {
    await client.query(`delete from "${table}"`);
    await client.query(
      `insert into "${table}" overriding system value select * from json_populate_recordset(null::"${table}", $1)`,
      [rows],
    );
  }
  await client.query("set session_replication_role = origin");
  for (const [sequence, value] of Object.entries(fixture.sequences)) {
    await client.query("select setval($1::regclass, $2)", [`"${sequence}"`, value]);
  }
  // Transactions of another cluster: to this one they are long over.
  await client.query("update order_event set tx = '3'");
}
