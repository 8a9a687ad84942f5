import { afterAll, beforeAll, expect, test } from "vitest";
import { ReturnSummary, ReturnView } from "../../contract/returns.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { Database } from "../sql/database.ts";
import { findScanned } from "./find-scanned.ts";
import { listReturns, readReturnView } from "./return-views.ts";
import { addReturn, setReturnStatus } from "./returns.ts";

let testDatabase: TestDatabase;
let database: Database;
let returnId: string;

const TRACKING = "9400111899223197428497";
const GTIN = "09521234002819";

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = testDatabase.database;
  await database.query("insert into company (id, name, currency) values ('acme', 'Acme', 'USD')");
  await database.query(
    "insert into channel (id, company_id, name, kind) values ('shop', 'acme', 'Shop', 'holdfast')",
  );
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     values ('reno', 'acme', 'Reno', 'fulfillment_center', '{}', 0, 0)`,
  );
  await database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     values ('MUG', 'acme', 'Mug', 400, 5000, 'USD', '691110', 'US', $1),
       ('LAMP', 'acme', 'Lamp', 400, 5000, 'USD', '691110', 'US', '00000000000000')`,
    [GTIN],
  );
  for (const [id, name] of [
    ["shop-17", "Ada Example"],
    ["shop-18", "Bob Example"],
  ]) {
    await database.query(
      `insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
         fulfillment_status, currency, total_minor, exponent, unit_count, customer_name, customer_email, placed_at,
         content_hash, document, raw_payload, tracking_token)
       values ($1, 'acme', 'shop', $1, '#' || $1, 'completed', 'paid', 'delivered', 'USD', 5000, 2, 1, $2,
         lower($2) || '@example.test', now(), '', '{}', '{}', $1)`,
      [id, name],
    );
    await database.query(
      `insert into order_line (order_id, line_id, sku, channel_sku, title, ordered, shipped, delivered,
         unit_price_minor, discount_minor, tax_minor)
       values ($1, '1', 'MUG', 'MUG', 'Mug', 1, 1, 1, 5000, 0, 0)`,
      [id],
    );
  }
  returnId = await addReturn(database, {
    orderId: "shop-17",
    reason: "defective",
    comment: "",
    currency: "USD",
    method: "label",
    locationId: null,
    requestedBy: "shopper",
    lines: [{ lineId: "1", sku: "MUG", quantity: 1 }],
  });
  await setReturnStatus(database, returnId, "approved");
  await database.query(
    `insert into shipment (id, order_id, return_id, carrier_provider, carrier_shipment_id, carrier, service,
       tracking_number, cost_minor, currency, weight_grams, label_zpl, label_pdf)
     values ('shop-17-R1-S1', 'shop-17', $1, 'easypost', 'shp_1', 'USPS', 'Ground', $2, 0, 'USD', 400, '', '')`,
    [returnId, TRACKING],
  );
  await database.query(
    `insert into fulfillment_order (id, order_id, location_id, status, stage)
     values ('shop-17-F1', 'shop-17', 'reno', 'closed', 'shipped')`,
  );
  await database.query(
    "insert into packed_unit (fulfillment_order_id, sku, serial) values ('shop-17-F1', 'MUG', 'S-4711')",
  );
});
afterAll(async () => {
  await testDatabase.close();
});

test.each([
  ["shop-17-r1", "return"],
  [TRACKING, "tracking"],
  [`42089501${TRACKING}`, "tracking"],
  [`]C142089501\u001d${TRACKING}`, "tracking"],
  ["#shop-17", "order"],
  ["shop-17", "order"],
  ["mug", "item"],
  [GTIN, "item"],
  [GTIN.slice(1), "item"],
  [`(01)${GTIN}(21)S-4711`, "item"],
  ["S-4711", "item"],
])("%s is a %s and leads to the return", async (code, kind) => {
  expect(await findScanned(database, code, null)).toMatchObject({ kind, returnId });
});

test("an order without a return is found, and so is an item that no return awaits", async () => {
  expect(await findScanned(database, "shop-18", null)).toMatchObject({
    kind: "order",
    returnId: null,
    orderId: "shop-18",
  });
  expect(await findScanned(database, "LAMP", null)).toMatchObject({ kind: "item", sku: "LAMP", matches: [] });
});

test.each(["nobody", "", "%", "42089501", "https://id.example.com/01/%E0%A4%A"])(
  "%j is unknown",
  async (code) => {
    expect(await findScanned(database, code, null)).toMatchObject({ kind: "unknown", returnId: null });
  },
);

test.each([
  "17-R1",
  "ada ex",
  "ADA EXAMPLE@",
  "#shop-17",
  "MU",
  GTIN.slice(1),
  TRACKING,
  "S-4711",
  " shop-17-R1 ",
])("the list finds the return by %s", async (search) => {
  const { items } = await listReturns(database, { search, limit: 10 });
  expect(items.map(({ id }) => id)).toEqual([returnId]);
});

test("every field of the contract is in what staff read", async () => {
  const view = await readReturnView(database, returnId);
  expect(Object.keys(view ?? {}).sort()).toEqual(Object.keys(ReturnView.properties).sort());
  const [listed] = (await listReturns(database, { limit: 10 })).items;
  expect(Object.keys(listed ?? {}).sort()).toEqual(Object.keys(ReturnSummary.properties).sort());
  expect(listed).toMatchObject({
    orderNumber: "#shop-17",
    customerName: "Ada Example",
    waitsForPerson: false,
  });
});

test("the list finds nothing that nobody knows", async () => {
  expect((await listReturns(database, { search: "zzzz", limit: 10 })).items).toEqual([]);
  expect((await listReturns(database, { search: "%", limit: 10 })).items).toEqual([]);
  expect((await listReturns(database, { waiting: true, limit: 10 })).items).toEqual([]);
});
