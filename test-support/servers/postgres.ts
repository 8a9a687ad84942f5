/**
 * A real PostgreSQL for tests: one embedded server for each test run (started on first use by the global
 * set-up), one new, migrated database for each caller, cloned from a template.
 */
import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { passingSecretBox } from "../../config/secret-box.ts";
import { attachVault, PersonVault } from "../../store/personal-data/vault.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { runAsAdmin, withDatabase } from "./postgres-admin.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Superuser URL of the run's server. */
    readonly postgresUrl: string;
  }
}

export type TestDatabase = {
  readonly url: string;
  readonly database: Database;
  /**
   * Closes the pool. The database stays until the run's server goes: to drop it is a checkpoint, for which
   * the commits of all other files would wait.
   */
  close(): Promise<void>;
};

/**
 * @param options.isUsed false: no process has worked on it, so that one with keys of its own may be the
 *   first. Default: its personal data is sealed, under the tests' key
 */
export async function createTestDatabase({ isUsed = true } = {}): Promise<TestDatabase> {
  const adminUrl = inject("postgresUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await runAsAdmin(adminUrl, `create database ${name} template holdfast_template`);
  const url = withDatabase(adminUrl, name);
  const database = openDatabase(url);
  if (isUsed) attachVault(database, await PersonVault.open(database, passingSecretBox()));
  return {
    url,
    database,
    close: () => database.end(),
  };
}
