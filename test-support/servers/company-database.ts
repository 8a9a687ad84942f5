/**
 * Databases of several companies on one server, as docs/go-live.md has them made: each with a role of its
 * own, which may connect to nothing else.
 */
import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { openDatabase } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import type { TestDatabase } from "./postgres.ts";
import { runAsAdmin, withDatabase } from "./postgres-admin.ts";

export type CompanyDatabase = TestDatabase & {
  readonly name: string;
  /** The same login, at another database. */
  urlTo(database: string): string;
};

/** An empty database with a role of the same name. @param name unique on the server; absent: any */
export async function createCompanyRole(
  name = `company_${randomBytes(6).toString("hex")}`,
): Promise<{ readonly name: string; readonly url: string }> {
  const adminUrl = inject("postgresUrl");
  const password = randomBytes(18).toString("base64url");
  for (const statement of [
    `create role ${name} login password '${password}'`,
    `create database ${name} owner ${name}`,
    `revoke connect, temporary on database ${name} from public`,
  ])
    await runAsAdmin(adminUrl, statement);
  const url = new URL(withDatabase(adminUrl, name));
  url.username = name;
  url.password = password;
  return { name, url: url.href };
}

/** The same, migrated by the company's own role. */
export async function createCompanyDatabase(): Promise<CompanyDatabase> {
  const { name, url } = await createCompanyRole();
  await migrate(url);
  const database = openDatabase(url);
  return { name, url, database, urlTo: (other) => withDatabase(url, other), close: () => database.end() };
}
