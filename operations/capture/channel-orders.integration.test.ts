/**
 * Orders as channels send them, with all that is odd about them: what is kept, what is reserved, what waits.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import type { TestDatabase } from "../../test-support/servers/postgres.ts";
import { createProduct } from "../catalog/create-product.ts";
import type { OperationContext } from "../context.ts";
import { captureOrders } from "./capture-order.ts";

let world: CaptureWorld;
let store: TestDatabase;

let context: OperationContext;
let serial = 0;
let sku = "";

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east"],
    ["holdfast", "shopify", "woocommerce", "amazon", "walmart"].map((kind) => ({ id: kind, kind })),
  );
  ({ store, context } = world);
});

afterAll(async () => {
  await world?.close();
});

beforeEach(async () => {
  serial += 1;
  sku = `LAMP-${serial}`;
  await createProduct(
    context,
    {
      sku,
      name: "Lamp",
      weightGrams: 400,
      priceMinor: 2500,
      currency: "USD",
      hsCode: "9405.41",
      originCountry: "VN",
      gtin: "80614141123458",
    },
    "staff:1",
  );
  await stock({ type: "receive", quantity: 10 });
});

async function stock(
  command: { type: "receive"; quantity: number } | { type: "set-pool"; pool: string; units: number },
): Promise<void> {
  const common = {
    sku,
    locationId: "east",
    commandId: `c-${Math.random()}`,
    atMs: Date.now(),
    cause: "test",
  };
  const full =
    command.type === "receive"
      ? ({ ...common, ...command } as const)
      : ({ ...common, ...command, kind: "ring-fenced" } as const);
  expect(await context.allocator.execute([full])).toMatchObject([{ status: "applied" }]);
}

async function capture(channelId: string, order: object, topic: string | null = null) {
  const results = await captureOrders(context, {
    channelId,
    topic,
    payload: JSON.stringify(order),
    adapters: channelAdapters,
    cause: `channel:${channelId}`,
  });
  const [result] = results;
  if (result === undefined || results.length !== 1) throw new Error(`${results.length} results`);
  return result;
}

const person = { name: "Ada", line1: "1 Mill Lane", city: "Louisville", region: "KY", postalCode: "40202" };
const own = (order: object = {}) => ({
  id: `n${serial}`,
  currency: "USD",
  lines: [{ sku, quantity: 1, unitPrice: "25.00" }],
  customer: { name: "Ada" },
  paymentBy: "channel",
  shippingAddress: { ...person, country: "US" },
  ...order,
});

test("a card number in a note is stored nowhere, and the order's own numbers stay", async () => {
  const card = "4242 4242 4242 4242";
  const id = "4111111111111111";
  const result = await capture("holdfast", own({ id, note: `Please charge ${card}.` }));
  expect(result).toMatchObject({ outcome: "accepted", order: `holdfast-${id}` });
  const { rows } = await store.database.query(
    `select document, raw_payload, (select jsonb_agg(to_jsonb(e)) from order_event e where e.order_id = o.id) as events
     from orders o where id = $1`,
    [result.order],
  );
  expect(rows).toMatchObject([{ document: { externalId: id, note: "Please charge **** 4242." } }]);
  const stored = JSON.stringify(rows);
  expect(stored).not.toContain(card);
  expect(stored).toContain("**** 4242");
});

const shopifyOrder = (order: object = {}) => ({
  admin_graphql_api_id: `gid://shopify/Order/${7_000 + serial}`,
  currency: "USD",
  financial_status: "paid",
  total_price: "50.00",
  total_discounts: "0.00",
  line_items: [shopifyLine()],
  shipping_address: {
    name: "Ada",
    address1: person.line1,
    city: person.city,
    province_code: "KY",
    zip: "40202",
    country_code: "US",
  },
  ...order,
});
const shopifyLine = (line: object = {}) => ({
  id: 1,
  sku,
  title: "Lamp",
  quantity: 2,
  price: "25.00",
  product_id: 5,
  variant_id: 6,
  requires_shipping: true,
  fulfillment_service: "manual",
  ...line,
});

async function reserved(orderId: string | null): Promise<number> {
  const { rows } = await store.database.query(
    "select coalesce(sum(quantity), 0)::integer as units from order_hold where order_id = $1",
    [orderId],
  );
  return rows[0]?.["units"] as number;
}

test("units that somebody has handed over already are not reserved again", async () => {
  const result = await capture(
    "shopify",
    shopifyOrder({
      total_price: "75.00",
      fulfillment_status: "partial",
      line_items: [shopifyLine({ quantity: 3, fulfillable_quantity: 1, fulfillment_status: "partial" })],
    }),
  );
  expect([result.outcome, await reserved(result.order)]).toEqual(["accepted", 1]);
});

test("an order of others' goods, digital lines and tips needs no stock, no SKU and no address", async () => {
  const result = await capture(
    "shopify",
    shopifyOrder({
      total_price: "57.00",
      shipping_address: null,
      line_items: [
        shopifyLine({ sku: "EBOOK", requires_shipping: false, quantity: 1, price: "5.00" }),
        shopifyLine({
          sku: "",
          title: "Tip",
          product_id: null,
          variant_id: null,
          quantity: 1,
          price: "2.00",
        }),
        shopifyLine({ sku: "THEIRS", fulfillment_service: "other-house" }),
      ],
    }),
  );
  expect([result.outcome, await reserved(result.order)]).toEqual(["accepted", 0]);
});

test.each([
  ["quantity_unusable", { line_items: [{ quantity: 1.5 }] }],
  ["currency_unusable", { currency: "IRT" }],
  ["sum_mismatch", { total_price: "49.99" }],
  ["price_missing", { total_price: null }],
  ["price_missing", { total_price: "fifty" }],
  ["price_missing", { total_price: "-1.00" }],
  ["lines_missing", { line_items: [] }],
  [
    "address_unusable",
    { shipping_address: { address1: "1 Mill Lane", city: "X", zip: "1", country_code: "US" } },
  ],
] as const)(
  "an order that is odd is stored with its payload, held as %s, and reserves nothing (%#)",
  async (code, odd) => {
    const lines = "line_items" in odd ? { line_items: odd.line_items.map((line) => shopifyLine(line)) } : {};
    const sent = shopifyOrder({ ...odd, ...lines });
    const result = await capture("shopify", sent);
    expect(result).toMatchObject({ outcome: "held", holdReasons: [{ code }] });
    expect(await reserved(result.order)).toBe(0);
    const { rows } = await store.database.query("select raw_payload from orders where id = $1", [
      result.order,
    ]);
    expect(JSON.parse(rows[0]?.["raw_payload"] as string)).toEqual(sent);
  },
);
