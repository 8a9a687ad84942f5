import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

test("a packing slip is a page with what one place has to pack", async () => {
  const { json } = await world.call("POST", "/v1/orders", {
    headers: { "idempotency-key": "slip-1" },
    json: {
      id: "slip-1",
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

  const response = await fetch(`${world.url}/v1/fulfillment-orders/${orderId}-F1/packing-slip.pdf`, {
    headers: { authorization: `Bearer ${world.adminKey}` },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/pdf");
  expect(
    Buffer.from(await response.arrayBuffer())
      .subarray(0, 5)
      .toString(),
  ).toBe("%PDF-");
});

test("a packing slip of nothing is not found, and a stranger gets none", async () => {
  const path = "/v1/fulfillment-orders/nobody-F1/packing-slip.pdf";
  expect((await world.call("GET", path)).status).toBe(404);
  expect((await world.call("GET", path, { anonymous: true })).status).toBe(401);
});
