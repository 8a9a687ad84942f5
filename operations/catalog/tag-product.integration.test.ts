import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../../engine/engine.ts";
import { insertProduct, type NewProduct } from "../../store/catalog/catalog.ts";
import { listProducts } from "../../store/catalog/catalog-views.ts";
import { startStockedEngine } from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { tagProduct } from "./tag-product.ts";

let world: TestDatabase;
let engine: Engine;

beforeAll(async () => {
  world = await createTestDatabase();
  engine = await startStockedEngine(world);
});

afterAll(async () => {
  await engine.stop();
  await world.close();
});

const TIN: NewProduct = {
  sku: "TIN",
  name: "A tin",
  weightGrams: 100,
  priceMinor: 100,
  currency: "EUR",
  hsCode: "731021",
  originCountry: "DE",
  gtin: "09521234000013",
};

const isTagged = async (sku: string) =>
  (await listProducts(world.database, { text: sku, limit: 1 })).items[0]?.tagged;

test("a product is tagged unless it is said not to be, and that can be changed", async () => {
  const context = {
    database: world.database,
    allocator: engine.client,
    parcelLimit: () => null,
    now: Date.now,
  };
  expect(await insertProduct(world.database, "acme", TIN)).toBe("created");
  expect(await isTagged("TIN")).toBe(true);
  expect(await tagProduct(context, "TIN", { tagged: false }, "staff:mia")).toEqual({
    status: "done",
    check: null,
  });
  expect(await tagProduct(context, "TIN", { tagged: false }, "staff:mia")).toEqual({
    status: "done",
    check: null,
  });
  expect(await isTagged("TIN")).toBe(false);
  const { rows } = await world.database.query("select act from audit_entry where subject = 'product:TIN'");
  expect(rows).toEqual([{ act: "product.changed" }]);
  expect(await tagProduct(context, "TIN", { tagged: false, check: "scan" }, "staff:mia")).toMatchObject({
    check: "scan",
  });
  expect(await tagProduct(context, "TIN", { tagged: false }, "staff:mia")).toMatchObject({ check: "scan" });
  expect((await listProducts(world.database, { text: "TIN", limit: 1 })).items[0]?.check).toBe("scan");
  expect(await tagProduct(context, "TIN", { tagged: false, check: null }, "staff:mia")).toMatchObject({
    check: null,
  });
  expect(await insertProduct(world.database, "acme", { ...TIN, sku: "CAN", tagged: false })).toBe("created");
  expect(await isTagged("CAN")).toBe(false);
  expect(await tagProduct(context, "NONE", { tagged: true }, "staff:mia")).toMatchObject({
    code: "product_not_found",
  });
});
