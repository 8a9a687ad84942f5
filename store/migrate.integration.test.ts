import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../test-support/postgres.ts";
import { migrate } from "./migrate.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.close());

test("migrating an up-to-date database applies nothing", async () => {
  expect(await migrate(store.url)).toEqual([]);
});

test("processes that migrate at the same time take turns", async () => {
  const results = await Promise.all([migrate(store.url), migrate(store.url), migrate(store.url)]);
  expect(results).toEqual([[], [], []]);
});
