/**
 * Before any test that needs servers: builds what worker threads and child processes run, and starts the
 * servers that all files share. Each file has its own part of them, so that files can run side by side:
 * - in PostgreSQL a database, cloned from a migrated template. What is claimed of the death of our own
 *   processes needs no `fsync`, and this server outlives all of them: a test that has PostgreSQL die, or whole
 *   systems, starts one of its own, with `fsync`;
 * - in Temporal a namespace.
 *
 * PostgreSQL is started as `holdfast start` does it, because the exit hook of the package's own class would
 * end a failed run with status 0. A run that is broken off takes its server and its folder with it.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freePort } from "../../cli/embedded/free-port.ts";
import { startPostgres } from "../../cli/embedded/postgres.ts";
import { ProcessBook } from "../../cli/embedded/processes.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { discardDataFolder } from "../servers/data-folder.ts";
import { runAsAdmin, withDatabase } from "../servers/postgres-admin.ts";
import { startTemporal } from "../servers/temporal-server.ts";
import { buildProgram } from "./build-program.ts";
import { onceARun } from "./once-a-run.ts";

type SharedPostgres = { readonly url: string; stop(): Promise<void> };

const PASSWORD = "holdfast";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  buildProgram();
  const [postgres, temporal] = await onceARun("servers", () =>
    Promise.all([startSharedPostgres(), startTemporal()]),
  );
  project.provide("postgresUrl", postgres.url);
  project.provide("temporalAddress", temporal.address);
  return () =>
    onceARun("servers' end", async () => void (await Promise.all([postgres.stop(), temporal.stop()])));
}

async function startSharedPostgres(): Promise<SharedPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-pg-"));
  const discard = (): void => discardDataFolder(folder);
  process.once("exit", discard);
  const server = await startPostgres({
    dataFolder: folder,
    port: await freePort(),
    password: PASSWORD,
    book: new ProcessBook(folder),
    // Several files at a time, several processes with a pool each, and the pools of the tests themselves.
    maxConnections: 400,
    settings: {
      // The databases of files that are through stay until the end: nobody needs them vacuumed.
      autovacuum: "off",
      fsync: "off",
      full_page_writes: "off",
      // Thousands of connections are opened, each with the password below.
      scram_iterations: "1",
    },
    onCrash: () => process.stderr.write("the tests' PostgreSQL has ended by itself\n"),
    progress: () => {},
  });
  await runAsAdmin(server.url, `alter role holdfast password '${PASSWORD}'`);
  await runAsAdmin(server.url, "create database holdfast_template");
  await migrate(withDatabase(server.url, "holdfast_template"));
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      discard();
      process.off("exit", discard);
    },
  };
}
