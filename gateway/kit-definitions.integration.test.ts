/** Kits over REST: what one of them is picked as, from the next order on and in every process. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kit } from "../engine/allocator-client.ts";
import { followSettings } from "../operations/standing/follow-settings.ts";
import { lockSetting } from "../store/settings/setting-changes.ts";
import { inTransaction, openDatabase } from "../store/sql/database.ts";
import { replaceKit } from "../store/stock/kits.ts";
import {
  addProducts,
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
  await addProducts(world.database, "SET", "BODY", "LENS", "STRAP", "A", "B");
  const commands = ["BODY", "LENS", "STRAP"].map((sku) => ({
    type: "receive" as const,
    commandId: `kit-${sku}`,
    atMs: Date.now(),
    cause: "test",
    sku,
    locationId: "east",
    quantity: 20,
  }));
  await world.engine.client.execute(commands);
  await world.engine.projected();
});
afterAll(() => world.close());

const saidOf = ({ status, json }: Reply) => [status, json.code];
const part = (sku: string, quantity = 1) => ({ sku, quantity });
const define = (sku: string, ...components: readonly object[]) =>
  world.call("POST", `/v1/products/${sku}/components`, {
    json: { components },
    headers: { "idempotency-key": crypto.randomUUID() },
  });

let serial = 0;
async function order(): Promise<readonly string[]> {
  serial += 1;
  const lines = [{ sku: "SET", quantity: 1, unitPrice: "19.99" }];
  const reply = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder(`kit-${serial}`, { lines }),
    headers: { "idempotency-key": crypto.randomUUID() },
  });
  return held(reply.json.order);
}

async function held(orderId: string): Promise<readonly string[]> {
  const { rows } = await world.database.query<{ units: string }>(
    "select quantity || ' ' || sku as units from order_hold where order_id = $1 order by sku",
    [orderId],
  );
  return rows.map(({ units }) => units);
}

test("an order is reserved as the kit is defined when it comes, and keeps that", async () => {
  const set = await define("SET", part("BODY"), part("LENS", 2));
  expect([set.status, set.json], set.text).toEqual([
    200,
    { sku: "SET", components: [part("BODY"), part("LENS", 2)] },
  ]);
  expect(await order()).toEqual(["1 BODY", "2 LENS"]);
  await define("SET", part("BODY"), part("STRAP"));
  expect(await order()).toEqual(["1 BODY", "1 STRAP"]);
  expect(await held("web-kit-1")).toEqual(["1 BODY", "2 LENS"]);
  const { json } = await world.call("GET", "/v1/products?q=SET");
  expect(json.items).toMatchObject([{ sku: "SET", components: [part("BODY"), part("STRAP")] }]);
  const changes = (await world.call("GET", "/v1/setting-changes")).json.items;
  expect(changes[0]).toMatchObject({ subject: "kit:SET", version: 3 });
});

test("what could not be picked is refused by name, and changes nothing", async () => {
  await world.call("POST", "/v1/products/BODY/substitutes", { json: { substitutes: ["B"] } });
  const before = { ...(await world.counts()), idempotency_key: 0 };
  for (const [sku, ...components] of [
    ["A", part("A")],
    ["A", part("BODY"), part("BODY", 2)],
    // A kit in a kit, from either side; stock of its own; what it would be sent in the place of.
    ["A", part("SET")],
    ["BODY", part("LENS")],
    ["TEE-1", part("LENS")],
    ["B", part("BODY")],
  ] as const)
    expect([sku, saidOf(await define(sku, ...components))]).toEqual([sku, [422, "invalid_kit"]]);
  expect(saidOf(await define("A", part("NOBODY")))).toEqual([404, "product_not_found"]);
  expect(saidOf(await define("NOBODY", part("BODY")))).toEqual([404, "product_not_found"]);
  expect(saidOf(await define("A", part("BODY", 0)))).toEqual([400, "invalid_request"]);
  expect({ ...(await world.counts()), idempotency_key: 0 }).toEqual(before);
});

test("of two kits that would contain each other, defined at the same time, one is refused", async () => {
  const replies = await Promise.all([define("A", part("B")), define("B", part("A"))]);
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 422]);
  for (const sku of ["A", "B"]) expect((await define(sku)).status).toBe(200);
});

test("a product does not get a kit in its place that somebody makes of it at the same time", async () => {
  const substitutes = await inTransaction(world.database, async (client) => {
    await lockSetting(client, "kits");
    await replaceKit(client, { sku: "A", components: [part("B")] });
    const asked = world.call("POST", "/v1/products/B/substitutes", { json: { substitutes: ["A"] } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { asked };
  });
  expect(saidOf(await substitutes.asked)).toEqual([422, "invalid_substitutes"]);
  expect((await define("A")).status).toBe(200);
});

test("every process follows, and a kit without parts is a product like any other", async () => {
  const { options } = world.database as unknown as { options: { connectionString: string } };
  const elsewhere = openDatabase(options.connectionString, { maxConnections: 2 });
  let known: readonly Kit[] = [];
  const allocator = {
    setLocations: () => {},
    setSourcingRules: () => {},
    setKits: (kits: readonly Kit[]) => {
      known = kits;
    },
  } as unknown as typeof world.engine.client;
  const following = followSettings(
    { database: elsewhere, allocator, parcelLimit: () => null, now: Date.now },
    { error: () => {} } as never,
  );
  try {
    await expect.poll(() => known.map(({ sku }) => sku), { timeout: 3_000 }).toEqual(["SET"]);
    await define("SET");
    await expect.poll(() => known, { timeout: 3_000 }).toEqual([]);
  } finally {
    await following.stop();
    await elsewhere.end();
  }
  expect((await world.call("GET", "/v1/products?q=SET")).json.items[0]).not.toHaveProperty("components");
});
