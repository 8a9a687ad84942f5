/** The keys of orders, as they are made, found and kept at hand. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { inTransaction, type Queryable } from "../sql/database.ts";
import { sealerOf } from "./vault.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  await store.database.query("insert into company values ('acme', 'Acme', 'USD')");
  await store.database.query(
    "insert into channel (id, company_id, name, kind) values ('own', 'acme', 'Own site', 'holdfast')",
  );
});
afterAll(() => store?.close());

/** An order that a former version has written. */
async function formerOrder(id: string): Promise<string> {
  await store.database.query(
    `insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
       fulfillment_status, currency, total_minor, exponent, unit_count, customer_name, placed_at, content_hash, document,
       raw_payload, tracking_token)
     values ($1, 'acme', 'own', $1, $1, 'open', 'authorized', 'unfulfilled', 'USD', 0, 2, 1, 'Ann', now(), '', '{}', '', $1)`,
    [id],
  );
  return id;
}

async function nameOf(client: Queryable, id: string): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>(
    "select customer_name as name from orders where id = $1",
    [id],
  );
  return rows[0]?.name;
}

async function seal(client: Queryable, id: string, name: string): Promise<string | undefined> {
  const sealer = await sealerOf(client, id);
  await client.query("update orders set customer_name = $2 where id = $1", [id, sealer.text(name)]);
  return nameOf(client, id);
}

test("a sealer of an order that has its key takes one statement", async () => {
  const id = await formerOrder("known");
  await sealerOf(store.database, id);
  const asked: unknown[] = [];
  await inTransaction(store.database, async (client) => {
    const query = client.query.bind(client) as (...request: readonly unknown[]) => unknown;
    client.query = ((...request: readonly unknown[]) => {
      asked.push(request[0]);
      return query(...request);
    }) as typeof client.query;
    const sealer = await sealerOf(client, id);
    client.query = query as typeof client.query;
    await client.query("update orders set customer_name = $2 where id = $1", [id, sealer.text("Bo")]);
  });
  expect(asked).toEqual([expect.stringMatching(/^select /)]);
  expect(await nameOf(store.database, id)).toBe("Bo");
});

test("a key whose transaction came to nothing is forgotten, and what the next one seals is read", async () => {
  const id = await formerOrder("undone");
  await expect(
    inTransaction(store.database, async (client) => {
      expect(await seal(client, id, "Bo")).toBe("Bo");
      throw new Error("undone");
    }),
  ).rejects.toThrow("undone");
  expect(await inTransaction(store.database, (client) => seal(client, id, "Cy"))).toBe("Cy");
  expect(await nameOf(store.database, id)).toBe("Cy");
});
