/**
 * The PostgreSQL of a run: one server, with a migrated database that each process of the run has a copy of.
 *
 * Losing its last commits with the machine does no harm to a database that nobody reads afterwards. Its
 * statements are short and many: a socket costs less than TCP for each, and one plan serves all.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../store/sql/migrate.ts";
import { DatabaseServer } from "../faults/database-server.ts";

const TEMPLATE = "order_model";

export type OwnServer = {
  /** Of the server's first database; `ownDatabase` takes it. */
  readonly url: string;
  stop(): Promise<void>;
};

export async function startOwnServer(): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-order-model-"));
  await chmod(folder, 0o711);
  // PostgreSQL, which may run as another user, makes its socket there.
  const sockets = join(folder, "sockets");
  mkdirSync(sockets);
  await chmod(sockets, 0o1777);
  const server = await DatabaseServer.start(folder, {
    unix_socket_directories: sockets,
    synchronous_commit: "off",
    fsync: "off",
    full_page_writes: "off",
    plan_cache_mode: "force_generic_plan",
    // Short statements, however much PostgreSQL expects of them, are not worth a compiler.
    jit: "off",
    // Messages and refunds come and go by the thousand; an index full of dead ones is read in vain.
    autovacuum_naptime: "20s",
    autovacuum_vacuum_cost_delay: "0",
    // A plan made while a table is small must not read all of it once it is large.
    enable_seqscan: "off",
  });
  const url = server.socketUrl(sockets);
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await run(url, `create database ${TEMPLATE}`);
    await migrate(databaseAt(url, TEMPLATE));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** A migrated database that nobody else has. @returns its address */
export async function ownDatabase(serverUrl: string): Promise<string> {
  const name = `${TEMPLATE}_${randomBytes(6).toString("hex")}`;
  await run(serverUrl, `create database ${name} template ${TEMPLATE} strategy file_copy`);
  return databaseAt(serverUrl, name);
}

function databaseAt(serverUrl: string, name: string): string {
  return serverUrl.replace(/[^/]*$/, name);
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
