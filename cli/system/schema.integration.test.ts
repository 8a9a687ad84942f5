import { randomBytes } from "node:crypto";
import { expect, inject, test } from "vitest";
import { openDatabase } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { runAsAdmin, withDatabase } from "../../test-support/servers/postgres-admin.ts";
import { bringSchemaUpToDate } from "./schema.ts";

const LAST_OF_SEVERAL = 52;

test("a database of a former version with two companies is refused by their names, and stays as it is", async () => {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await runAsAdmin(inject("postgresUrl"), `create database ${name}`);
  const url = withDatabase(inject("postgresUrl"), name);
  await migrate(url, { to: LAST_OF_SEVERAL });
  const database = openDatabase(url);
  await database.query(
    "insert into company (id, name, currency) values ('acme', 'Acme', 'USD'), ('bolt', 'Bolt', 'USD')",
  );

  await expect(bringSchemaUpToDate(url)).rejects.toMatchObject({
    code: "several_companies",
    message: expect.stringContaining("Acme (acme), Bolt (bolt)"),
  });

  const { rows } = await database.query("select count(*)::int as companies from company");
  expect(rows).toEqual([{ companies: 2 }]);
  // Where one is left it goes on, and the second one is refused by the table.
  await database.query("delete from company where id = 'bolt'");
  const { value } = await bringSchemaUpToDate(url);
  expect(value).toContain("one-company");
  await expect(
    database.query("insert into company (id, name, currency) values ('bolt', 'Bolt', 'USD')"),
  ).rejects.toMatchObject({ constraint: "company_only_row_key" });
  await database.end();
});
