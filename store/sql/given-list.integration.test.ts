import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import {
  findParcelLines,
  findShipment,
  findShipmentsByTracking,
  recordProgress,
} from "../floor/shipments.ts";
import { findOrderAtWork } from "../floor/work-facts.ts";
import { wasNoticeSent } from "../orders/notices.ts";
import { findOrderProgress, lockFreeOrders, lockOrders } from "../orders/order-progress.ts";
import { findKnownOrder } from "../orders/orders.ts";
import { finishOutbox } from "../outbox.ts";
import { openDatabase } from "./database.ts";
import { givenList } from "./given-list.ts";

/** PostgreSQL tries a plan for these values so often before it may keep one for all. */
const TRIED = 5;

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.close());

test("what is asked about every order by lists of keys is planned once a connection, however often it is asked", async () => {
  const database = openDatabase(testDatabase.url, { maxConnections: 1 });
  onTestFinished(() => database.end());
  const carrier = { provider: "easypost", account: "main" };
  for (let nth = 0; nth < 4 * TRIED; nth += 1) {
    const id = `nobody-${nth}`;
    await findOrderProgress(database, id);
    await findKnownOrder(database, id);
    await lockFreeOrders(database, [id]);
    await lockOrders(database, [id]);
    await findShipment(database, id);
    await findShipmentsByTracking(database, [{ trackingNumber: id, carrier }]);
    await findParcelLines(database, id);
    await wasNoticeSent(database, id);
    await finishOutbox(database, [{ id: -nth, note: null }]);
    await findOrderAtWork(database, id);
    await recordProgress(database, [{ shipment: { id } as never, reports: [] }], new Map());
  }
  const client = await database.connect();
  try {
    const { rows } = await client.query<{ statement: string; custom: number; generic: number }>(
      `select statement, custom_plans::integer as custom, generic_plans::integer as generic
         from pg_prepared_statements where custom_plans + generic_plans > 3 * ${TRIED}`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(11);
    expect(rows.filter(({ custom }) => custom > TRIED)).toEqual([]);
  } finally {
    client.release();
  }
});

test("finds what the list has, in any number, none among them", async () => {
  const { database } = testDatabase;
  const text = `select word from (values ('a'), ('b'), ('c')) as w(word) where word = any(${givenList("$1")}) order by word`;
  const found = async (list: readonly string[]) =>
    (await database.query<{ word: string }>(text, [list])).rows.map(({ word }) => word);
  expect(await found([])).toEqual([]);
  expect(await found(["c", "a", "c", "{b}"])).toEqual(["a", "c"]);
});
