/**
 * What belongs to an order is told to the archive, and what it shows has every column of what it is made of.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let store: TestDatabase;

beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store?.close());

const query = async <Row>(text: string): Promise<readonly Row[]> =>
  (await store.database.query(text)).rows as Row[];

/** Not of one order: places, channels and goods. */
const NOT_OF_ORDERS = ["combined_parcel", "device", "location", "product"];

test("every table that refers to rows of an order is one of its parts", async () => {
  const parts = new Set(
    (await query<{ name: string }>("select name from order_part")).map(({ name }) => name),
  );
  const references = await query<{ from: string; to: string }>(
    `select conrelid::regclass::text as "from", confrelid::regclass::text as "to" from pg_constraint
      where contype = 'f'`,
  );
  for (const { from, to } of references)
    if (parts.has(to)) expect([...parts], `${from} refers to ${to}`).toContain(from);
  expect(references.filter(({ to }) => parts.has(to)).length).toBeGreaterThan(30);
  for (const table of NOT_OF_ORDERS) expect(parts.has(table)).toBe(false);
});

test("every table with an order's id in it is a part, or is said to stay", async () => {
  const found = await query<{ name: string }>(
    `select table_name as name from information_schema.columns
      where table_schema = 'public' and column_name = 'order_id' and table_name not like 'archived%'
        and table_name not in (select name from order_part) order by 1`,
  );
  // The keys of its people; the company's books; what providers told; what is told to others.
  expect(found.map(({ name }) => name)).toEqual([
    "channel_difference",
    "channel_telling",
    "channel_units_given_up",
    "invoice",
    "order_person",
    "payment_event",
    "store_credit_entry",
    "webhook_delivery",
  ]);
});

test("references that are checked when an order leaves have an index", async () => {
  const slow = await query<{ name: string }>(
    `select k.conname as name from pg_constraint k
      where k.contype = 'f' and k.confrelid::regclass::text in (select name from order_part)
        and not exists (select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = any(k.conkey)
          and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) like '%IS NOT NULL%'))`,
  );
  expect(slow).toEqual([]);
});

test.each(["archived", "archive"])("the views of `%s` have the columns of their tables", async (schema) => {
  const columns = (where: string) =>
    query<{ name: string; columns: readonly string[] }>(
      `select table_name as name, array_agg(column_name::text order by ordinal_position) as columns
         from information_schema.columns where table_schema = '${where}'
          and table_name in (select name from order_part) group by 1 order by 1`,
    );
  expect(await columns(schema)).toEqual(await columns("public"));
});

test("a month has one partition, made by many at once", async () => {
  await Promise.all(
    Array.from({ length: 5 }, () => store.database.query("select archive_partition('2031-02-14')")),
  );
  expect(
    await query(
      `select inhrelid::regclass::text as name, pg_get_expr(relpartbound, pg_class.oid) as bound
         from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = 'archived_document'::regclass`,
    ),
  ).toEqual([
    { name: "archived_document_2031_02", bound: "FOR VALUES FROM ('2031-02-01') TO ('2031-03-01')" },
  ]);
});
