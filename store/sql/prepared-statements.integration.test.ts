import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { openDatabase } from "./database.ts";

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.close());

test("a statement with parameters is prepared once a connection, whichever way it is asked", async () => {
  // A pool of its own: what made the database has prepared others.
  const database = openDatabase(testDatabase.url, { maxConnections: 1 });
  onTestFinished(() => database.end());
  const client = await database.connect();
  try {
    const text = "select $1::integer + 1 as next";
    for (let number = 1; number <= 3; number += 1) {
      expect((await client.query(text, [number])).rows).toEqual([{ next: number + 1 }]);
      expect((await client.query({ text, values: [number] })).rows).toEqual([{ next: number + 1 }]);
      expect((await client.query({ text }, [number])).rows).toEqual([{ next: number + 1 }]);
    }
    await client.query({ name: "of-its-own", text: "select $1::text as word", values: ["x"] });
    await client.query("select 1; select 2");
    const { rows } = await client.query(
      "select name, statement from pg_prepared_statements order by length(name)",
    );
    expect(rows).toEqual([
      { name: "of-its-own", statement: "select $1::text as word" },
      { name: expect.stringMatching(/^[0-9a-f]{32}$/), statement: text },
    ]);
  } finally {
    client.release();
  }
});

test("a statement that failed works once its cause is gone, on the same connection", async () => {
  const client = await testDatabase.database.connect();
  try {
    const divide = (by: number) => client.query("select 6 / $1::integer as part", [by]);
    await expect(divide(0)).rejects.toMatchObject({ code: "22012" });
    expect((await divide(3)).rows).toEqual([{ part: 2 }]);
    const insert = () => client.query("insert into later (id) values ($1)", [1]);
    await expect(insert()).rejects.toMatchObject({ code: "42P01" });
    await client.query("create table later (id integer)");
    expect((await insert()).rowCount).toBe(1);
    // A table that has grown by a column while the statement was prepared.
    const read = () => client.query("select id from later where id = $1", [1]);
    await read();
    await client.query("alter table later add column more text");
    expect((await read()).rows).toEqual([{ id: 1 }]);
  } finally {
    client.release();
  }
});
