/** What an order would come to before it is sent, and that its capture says the same. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { demandFillWriter } from "../store/stock/demand-fills.ts";
import { insertKits, readKits } from "../store/stock/kits.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
  const { database, engine } = world;
  await database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, 'acme', name, 300, 1999, 'USD', '610910', 'PT', gtin
       from (values ('LAST', 'The last one', '00614141000081'), ('SET', 'Tea set', '00614141000098')) as item (sku, name, gtin)`,
  );
  await insertKits(database, [
    {
      sku: "SET",
      components: [
        { sku: "MUG-1", quantity: 4 },
        { sku: "LAST", quantity: 1 },
      ],
    },
  ]);
  engine.client.setKits(await readKits(database));
  engine.client.recordFills(demandFillWriter);
  await engine.client.execute([
    {
      type: "receive",
      commandId: "stock:LAST",
      atMs: Date.now(),
      cause: "opening stock",
      sku: "LAST",
      locationId: "east",
      quantity: 2,
    },
  ]);
});

afterAll(() => world?.close());

const address = {
  name: "Ada",
  line1: "1 Main Street",
  city: "New York",
  region: "NY",
  postalCode: "10001",
  country: "US",
};
const whole = {
  currency: "USD",
  customer: { name: "Ada" },
  paymentMethod: "pm_card_visa",
  shippingAddress: address,
};

const quote = (json: object) => world.call("POST", "/v1/orders/quote?channel=web", { json });
const capture = (id: string, json: object) =>
  world.call("POST", "/v1/orders?channel=web", { json: { id, ...json }, headers: { "idempotency-key": id } });

test("lines get the catalog's price, the stock by location, and the days that capture then promises", async () => {
  const before = await world.counts();
  const asked = await quote({ ...whole, lines: [{ sku: "TEE-1", quantity: 2 }], shippingPrice: "5.00" });
  expect(asked.status).toBe(200);
  expect(asked.json).toMatchObject({
    outcome: "accepted",
    problem: null,
    lines: [
      {
        sku: "TEE-1",
        name: "T-shirt",
        listPriceMinor: 1999,
        available: 100_000,
        stock: [{ locationId: "east", locationName: "East", units: 100_000 }],
        from: [{ locationId: "east", units: 2 }],
        missing: 0,
      },
    ],
    sums: { exponent: 2, linesMinor: 3998, shippingMinor: 500, totalMinor: 4498 },
  });
  expect(await world.counts()).toEqual(before);
  const sent = await capture("q-1", {
    ...whole,
    lines: [{ sku: "TEE-1", quantity: 2, unitPrice: "19.99" }],
    shippingPrice: "5.00",
  });
  expect(sent.json.promise).toEqual(asked.json.promise);
});

test("a draft without customer and address tells what is missing, and prices and stock all the same", async () => {
  const asked = await quote({ currency: "USD", lines: [{ sku: "TEE-1", quantity: 1 }] });
  expect(asked.json).toMatchObject({
    outcome: "refused",
    problem: { code: "address_missing" },
    lines: [{ available: 100_000 - 2, listPriceMinor: 1999 }],
  });
  const partial = await quote({
    currency: "USD",
    lines: [{ sku: "TEE-1", quantity: 1 }],
    shippingAddress: { city: "New York" },
  });
  expect(partial.json.problem).toMatchObject({ code: "address_missing" });
});

test("what is short is told with the units that are missing, and what the channel does then", async () => {
  const lines = [{ sku: "LAST", quantity: 3 }];
  const refused = await quote({ ...whole, lines });
  expect(refused.json).toMatchObject({
    outcome: "refused",
    problem: { code: "insufficient_stock" },
    lines: [{ available: 2, missing: 1, missingAt: null, queued: 0 }],
    promise: null,
  });
  const sent = await capture("q-2", { ...whole, lines: [{ ...lines[0], unitPrice: "1.00" }] });
  expect([sent.status, sent.json.code]).toEqual([409, "insufficient_stock"]);
  const queued = await quote({ ...whole, lines, allocation: "ship_available_backorder_rest" });
  expect(queued.json).toMatchObject({
    outcome: "held",
    holdReasons: [{ code: "backordered" }],
    lines: [{ missing: 1, queued: 1, from: [{ locationId: "east", units: 2 }] }],
  });
});

test("a kit is counted by its components, here and wherever stock is asked for", async () => {
  const asked = await quote({ ...whole, lines: [{ sku: "SET", quantity: 1 }] });
  expect(asked.json.lines).toMatchObject([
    { sku: "SET", available: 2, missing: 0, from: [{ locationId: "east", units: 1 }] },
  ]);
  const read = await world.call("GET", "/v1/stock/SET/available");
  expect(read.json).toEqual({ sku: "SET", available: 2, byLocation: [{ locationId: "east", available: 2 }] });
  const stream = await world.connect();
  stream.send({ id: "1", type: "stock.available", skus: ["SET", "MUG-1", "NOBODY"] });
  expect((await stream.reply("1")).available).toEqual([2, 100_000, null]);
});

test("amounts and counts that are in doubt are refused as capture refuses them, and nothing is added up", async () => {
  const asked = await quote({ ...whole, lines: [{ sku: "TEE-1", quantity: 100_001 }] });
  const sent = await capture("q-4", {
    ...whole,
    lines: [{ sku: "TEE-1", quantity: 100_001, unitPrice: "1.00" }],
  });
  expect([asked.status, asked.json.code]).toEqual([sent.status, sent.json.code]);
  expect(asked.json.code).toBe("invalid_quantity");
});

test("a line that is not in the catalog, and a price in another currency, are said to be so", async () => {
  const asked = await quote({ ...whole, lines: [{ sku: "NOBODY", quantity: 1 }] });
  expect(asked.json).toMatchObject({
    outcome: "held",
    holdReasons: [{ code: "unknown_sku" }],
    lines: [{ sku: null, available: null, listPriceMinor: null, stock: [] }],
  });
  const euros = await quote({ ...whole, currency: "EUR", lines: [{ sku: "TEE-1", quantity: 1 }] });
  expect(euros.json.lines[0].listPriceMinor).toBeNull();
});

test("an order that is held as it is sent reserves nothing until it is released", async () => {
  const lines = [{ sku: "MUG-1", quantity: 1, unitPrice: "1.00" }];
  const hold = { reason: "The customer calls back." };
  expect((await quote({ ...whole, lines, hold })).json).toMatchObject({
    outcome: "held",
    holdReasons: [{ code: "put_by_staff", detail: hold.reason }],
  });
  const sent = await capture("q-3", { ...whole, lines, hold });
  expect(sent.json).toMatchObject({ outcome: "held", holdReasons: [{ code: "put_by_staff" }] });
  const available = async () => (await world.call("GET", "/v1/stock/MUG-1/available")).json.available;
  expect(await available()).toBe(100_000);
  const released = await world.call("POST", `/v1/orders/${sent.json.order}/release-hold`, { json: {} });
  expect([released.status, released.json.status]).toEqual([200, "done"]);
  expect(await available()).toBe(99_999);
});

test("orders of a channel that has its own format are quoted nowhere, and a scanned GTIN finds its product", async () => {
  const other = await world.call("POST", "/v1/orders/quote?channel=shopify", {
    json: { ...whole, lines: [{ sku: "TEE-1", quantity: 1 }] },
  });
  expect([other.status, other.json.code]).toEqual([422, "channel_kind_other"]);
  for (const q of ["614141000012", "00614141000012"]) {
    const found = await world.call("GET", `/v1/products?q=${q}`);
    expect(found.json.items.map(({ sku }: { sku: string }) => sku)).toEqual(["TEE-1"]);
  }
});

test("who may not capture may not ask, and a key of another channel asks for its own", async () => {
  const body = { ...whole, lines: [{ sku: "TEE-1", quantity: 1 }] };
  const reader = await world.key(["orders:read"]);
  const denied = await world.call("POST", "/v1/orders/quote?channel=web", {
    json: body,
    headers: { authorization: `Bearer ${reader}` },
  });
  expect([denied.status, denied.json.code]).toEqual([403, "forbidden"]);
  const bound = await world.key(["orders:write"], "web");
  const elsewhere = await world.call("POST", "/v1/orders/quote?channel=closed", {
    json: body,
    headers: { authorization: `Bearer ${bound}` },
  });
  expect(elsewhere.json.code).toBe("channel_forbidden");
});
