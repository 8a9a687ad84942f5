import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayWorld, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";
import { readPdfText } from "../test-support/pdf-text.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

/** @returns the order's id; its fulfillment order is the same with `-F1` */
async function toPack(id: string): Promise<string> {
  const { json } = await world.call("POST", "/v1/orders", {
    headers: { "idempotency-key": id },
    json: {
      id,
      currency: "USD",
      lines: [
        { sku: "TEE-1", quantity: 2, unitPrice: "19.00" },
        { sku: "MUG-1", quantity: 1, unitPrice: "9.00" },
      ],
      customer: { name: "Ada Byron", email: "ada@example.com" },
      paymentMethod: "pm_card_visa",
      shippingAddress: {
        name: "Ada Byron",
        line1: "1 Analytical Way",
        city: "Boston",
        region: "MA",
        postalCode: "02110",
        country: "US",
      },
    },
  });
  expect(json.outcome).toBe("accepted");
  const orderId: string = json.order;
  await world.database.query(
    `insert into fulfillment_order (id, order_id, location_id, status, stage)
     values ($1 || '-F1', $1, 'east', 'in_progress', 'waiting')`,
    [orderId],
  );
  await world.database.query(
    `insert into fulfillment_order_line (fulfillment_order_id, line_id, hold_id, sku, quantity)
     select $1 || '-F1', line_id, hold_id, sku, quantity from order_hold where order_id = $1`,
    [orderId],
  );
  return orderId;
}

test("a packing slip is a page with what one place has to pack, of the company's day", async () => {
  const orderId = await toPack("slip-1");
  await world.database.query("update company set time_zone = 'America/Los_Angeles'");
  await world.database.query("update orders set placed_at = '2026-03-02T03:00:00Z' where id = $1", [orderId]);
  const response = await fetch(`${world.url}/v1/fulfillment-orders/${orderId}-F1/packing-slip.pdf`, {
    headers: { authorization: `Bearer ${world.adminKey}` },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/pdf");
  const { text } = readPdfText(new Uint8Array(await response.arrayBuffer()));
  expect(text).toContain("Placed 2026-03-01");
  expect(text).toMatch(/Boston MA 02110\s+United States/);
});

test("packing slips of several orders are one document, and each look at an address is written down", async () => {
  const orders = [await toPack("slip-2"), await toPack("slip-3")];
  const signedIn = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "warehouse@acme.example", password: STAFF_PASSWORD },
  });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  const response = await fetch(`${world.url}/v1/packing-slips`, {
    method: "POST",
    headers: { cookie, origin: world.url, "content-type": "application/json" },
    body: JSON.stringify({ orders }),
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/pdf"]);
  const { text, pages } = readPdfText(new Uint8Array(await response.arrayBuffer()));
  expect(pages).toBe(2);
  for (const orderId of orders) expect(text).toContain(orderId);
  const { rows } = await world.database.query<{ subject: string }>(
    "select subject from audit_entry where act = 'personal-data.read' and subject like 'fulfillment-order:%' order by 1",
  );
  expect(rows.map(({ subject }) => subject)).toEqual(orders.map((id) => `fulfillment-order:${id}-F1`));

  for (const [json, status, code] of [
    [{ fulfillmentOrders: [`${orders[0]}-F1`, "nobody-F1"] }, 404, "not_found"],
    [{ orders: ["nobody"] }, 404, "not_found"],
    [{ orders, fulfillmentOrders: [`${orders[0]}-F1`] }, 400, "invalid_request"],
    [{}, 400, "invalid_request"],
    [{ orders: [] }, 400, "invalid_request"],
  ] as const) {
    const refused = await world.call("POST", "/v1/packing-slips", { json });
    expect([json, refused.status, refused.json.code]).toEqual([json, status, code]);
  }
  const foreign = await world.key(["orders:read", "stock:write"], "shopify");
  const hidden = await world.call("POST", "/v1/packing-slips", {
    json: { orders },
    headers: { authorization: `Bearer ${foreign}` },
  });
  expect(hidden.status).toBeGreaterThanOrEqual(403);
});

test("a packing slip of nothing is not found, and a stranger gets none", async () => {
  const path = "/v1/fulfillment-orders/nobody-F1/packing-slip.pdf";
  expect((await world.call("GET", path)).status).toBe(404);
  expect((await world.call("GET", path, { anonymous: true })).status).toBe(401);
});
