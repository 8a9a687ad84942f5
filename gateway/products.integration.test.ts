/** Products over REST: added, read, changed; what is wrong changes nothing, and who did it is recorded. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const GLASSES = {
  sku: "GLASSES",
  name: "Aviator sunglasses",
  weightGrams: 100,
  priceMinor: 8_999,
  currency: "EUR",
  hsCode: "900410",
  originCountry: "IT",
  gtin: "9521234990017",
};

const send = (method: "POST" | "PATCH", path: string, json: unknown) =>
  world.call(method, path, { json, headers: { "idempotency-key": crypto.randomUUID() } });

test("a product is added with the usual size, read, and changed field by field", async () => {
  const created = await send("POST", "/v1/products", GLASSES);
  const known = { ...GLASSES, gtin: "09521234990017", lengthMm: 200, widthMm: 150, heightMm: 100 };
  expect([created.status, created.json]).toMatchObject([201, { ...known, tagged: true, check: null }]);
  expect((await world.call("GET", "/v1/products/GLASSES")).json).toEqual(created.json);

  const changed = await send("PATCH", "/v1/products/GLASSES", { weightGrams: 120, heightMm: 60 });
  const wanted = { ...created.json, weightGrams: 120, heightMm: 60 };
  expect([changed.status, changed.json]).toEqual([200, wanted]);
  expect((await send("PATCH", "/v1/products/GLASSES", { weightGrams: 120 })).json).toEqual(wanted);

  const { rows } = await world.database.query<{ act: string; before: object | null; after: object }>(
    "select act, before, after from audit_entry where subject = 'product:GLASSES' order by position",
  );
  expect(rows.map(({ act }) => act)).toEqual(["product.created", "product.changed"]);
  expect(rows[1]).toMatchObject({
    before: { weightGrams: 100, heightMm: 100 },
    after: { weightGrams: 120, heightMm: 60 },
  });
});

test.each<[string, object, string]>([
  ["a GTIN whose last digit is wrong", { gtin: "9521234990016" }, "invalid_product"],
  ["a country that there is not", { originCountry: "XX" }, "invalid_product"],
  ["a currency that there is not", { currency: "ABC", priceMinor: 1 }, "invalid_product"],
  ["a weight of nothing", { weightGrams: 0 }, "invalid_request"],
  ["another SKU", { sku: "OTHER" }, "invalid_request"],
])("%s is refused and changes nothing", async (_what, change, code) => {
  await send("POST", "/v1/products", GLASSES);
  const before = (await world.call("GET", "/v1/products/GLASSES")).json;
  expect((await send("PATCH", "/v1/products/GLASSES", change)).json).toMatchObject({ code });
  expect((await world.call("GET", "/v1/products/GLASSES")).json).toEqual(before);
});

test("what is not in the catalog is not found", async () => {
  expect((await world.call("GET", "/v1/products/NONE")).status).toBe(404);
  expect((await send("PATCH", "/v1/products/NONE", { name: "x" })).json).toMatchObject({
    code: "product_not_found",
  });
});
