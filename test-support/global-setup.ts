/**
 * Before any test: build without type check, which is `npm run check`'s work (worker threads and child processes run `dist/`), start PostgreSQL, migrate the template that
 * each test's database is cloned from. `fsync` stays on: what the tests say about durability is to be true.
 *
 * The server is started as `holdfast start` does it, because the exit hook of the package's own class ends a failed run
 * with status 0. A run that is broken off takes its server and its folder with it.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freePort } from "../cli/embedded/free-port.ts";
import { startPostgres } from "../cli/embedded/postgres.ts";
import { ProcessBook } from "../cli/embedded/processes.ts";
import { migrate } from "../store/sql/migrate.ts";
import { buildProgram } from "./build-program.ts";
import { discardDataFolder } from "./data-folder.ts";
import { runAsAdmin, withDatabase } from "./postgres-admin.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  buildProgram();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-pg-"));
  const discard = (): void => discardDataFolder(folder);
  process.once("exit", discard);
  const server = await startPostgres({
    dataFolder: folder,
    port: await freePort(),
    password: "holdfast",
    book: new ProcessBook(folder),
    // Several processes with a pool each, and the pools of the test itself.
    maxConnections: 200,
    onCrash: () => process.stderr.write("the tests' PostgreSQL has ended by itself\n"),
    progress: () => {},
  });
  await runAsAdmin(server.url, "create database holdfast_template");
  await migrate(withDatabase(server.url, "holdfast_template"));
  project.provide("postgresUrl", server.url);
  return async () => {
    await server.stop();
    discard();
    process.off("exit", discard);
  };
}
