/** The table of docs/personal-data.md says of every column that can hold a text what of a person is in it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store?.close());

/** `table.column` of each row of the document's table: | `table` | `column`, … | … | */
function named(): readonly string[] {
  const text = readFileSync(join(projectRoot, "docs", "personal-data.md"), "utf8");
  return text.split("\n").flatMap((line) => {
    const [, table, columns] = /^\| `([a-z_]+)` \| (`[a-z0-9_]+`(?:, `[a-z0-9_]+`)*) \|/.exec(line) ?? [];
    return table === undefined || columns === undefined
      ? []
      : [...columns.matchAll(/`([a-z0-9_]+)`/g)].map(([, column]) => `${table}.${column}`);
  });
}

test("every column that can hold a text is in the table, once, and nothing else is", async () => {
  const { rows } = await store.database.query<{ name: string }>(
    `select c.table_name || '.' || c.column_name as name
       from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.table_name <> 'schema_version'
        and c.data_type in ('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY')
      order by c.table_name, c.ordinal_position`,
  );
  const places = rows.map(({ name }) => name);
  expect([...named()].sort()).toEqual([...places].sort());
});
