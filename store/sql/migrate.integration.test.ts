import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { MigrationsLockedError, migrate, newestMigration, SchemaNewerError } from "./migrate.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.close());

test("migrating an up-to-date database applies nothing", async () => {
  expect(await migrate(store.url)).toEqual([]);
});

test("a database on which a newer version has worked is refused, and nothing of it is changed", async () => {
  const ahead = await createTestDatabase();
  await ahead.database.query("insert into schema_version (version, name) values ($1, 'of-tomorrow')", [
    newestMigration() + 1,
  ]);
  const error: unknown = await migrate(ahead.url).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(SchemaNewerError);
  expect(error).toMatchObject({
    code: "schema_newer",
    message: `the database has migration ${newestMigration() + 1}, and this version knows them up to ${newestMigration()}`,
  });
  await ahead.close();
});

test("processes that migrate at the same time take turns", async () => {
  const results = await Promise.all([migrate(store.url), migrate(store.url), migrate(store.url)]);
  expect(results).toEqual([[], [], []]);
});

test("a lock that another process does not give back is not waited for without end, and its holder is named", async () => {
  const holder = new pg.Client({ connectionString: store.url, application_name: "stands-still" });
  await holder.connect();
  // The same number of another database is another lock.
  const elsewhere = await createTestDatabase();
  await elsewhere.database.query("select pg_advisory_lock(7400001)");
  const { rows } = await holder.query<{ pid: number }>(
    "select pg_backend_pid() as pid, pg_advisory_lock(7400001)",
  );
  const pid = rows[0]?.pid ?? 0;

  const error: unknown = await migrate(store.url, { lockWaitMs: 200 }).catch((fault: unknown) => fault);

  expect(error).toBeInstanceOf(MigrationsLockedError);
  expect(error).toMatchObject({
    code: "migrations_locked",
    holders: [{ pid, applicationName: "stands-still", address: "127.0.0.1", state: "idle" }],
  });
  expect(String(error)).toMatch(
    new RegExp(
      `not free within 0.2 s: backend ${pid} \\(stands-still, from 127.0.0.1, connected since 20\\S+Z, idle\\)`,
    ),
  );
  await holder.end();
  expect(await migrate(store.url, { lockWaitMs: 20_000 })).toEqual([]);
  await elsewhere.close();
});
