import { expect, test } from "vitest";
import { captured, onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { signatureVectors, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { isStandardWebhook, signStandardWebhook } from "../../vendor-kit/webhook-signature.ts";
import { bigcommerceAdapter } from "./adapter.ts";

const sample = () => JSON.parse(ownSample("bigcommerce", "order.json"));
const read = (change: Record<string, unknown> = {}) =>
  onlyOrder(bigcommerceAdapter, { ...sample(), ...change });

test("an order is read with its amounts of four decimals, its zone and its lines", () => {
  const order = read();
  expect(order).toMatchObject({
    externalId: "118",
    placedAt: "2026-03-05T21:40:11.000Z",
    currency: "USD",
    total: { minor: 6_634, exponent: 2 },
    shippingPrice: { minor: 739 },
    note: "Ring twice",
    shippingAddress: { name: "Jane Doe", line2: "Apt 2", region: "Texas", country: "US" },
    lines: [
      { externalLineId: "65", channelSku: "S-ORAN", quantity: 2, fulfilledElsewhere: 1 },
      { externalLineId: "66", kind: "digital", quantity: 1 },
    ],
    holdReasons: [],
  });
  expect(order.lines[1]?.fulfilledElsewhere).toBeUndefined();
});

test("tax after a discount on the order is lower than its lines' taxes, and still adds up", () => {
  expect(captured(read()).holds).not.toContain("sum_mismatch");
  expect(read().discount).toMatchObject({ minor: 515 });
});

test("an amount that no tax explains is not made to fit", () => {
  expect(captured(read({ total_inc_tax: "99.9900" })).holds).toContain("sum_mismatch");
});

test.each([
  [1, "payment_pending"],
  [7, "payment_pending"],
  [12, "payment_pending"],
  [6, "payment_failed"],
  [13, "payment_disputed"],
  [5, "cancelled_at_channel"],
  [4, "cancelled_at_channel"],
])("status %i holds the order as %s", (status_id, code) => {
  expect(read({ status_id }).holdReasons.map((reason) => reason.code)).toEqual([code]);
});

test("that a dispute is over is said by people at the store, not by what parcels and refunds make of it", () => {
  const silent = (status_id: number) => read({ status_id }).silentOn;
  for (const status of [2, 3, 10, 14])
    expect([status, silent(status)]).toEqual([status, ["payment_disputed"]]);
  for (const status of [9, 11, 13]) expect([status, silent(status)]).toEqual([status, undefined]);
});

test("an incomplete order is a cart, not an order", () => {
  expect(bigcommerceAdapter.read(JSON.stringify({ ...sample(), status_id: 0 }), null)).toMatchObject([
    { kind: "refused", refusal: { code: "not_an_order" } },
  ]);
});

test("an order that still has links in its lists' places waits for its lines", () => {
  const link = { url: "https://api.example.com/v2/orders/118/products", resource: "/orders/118/products" };
  expect(read({ products: link, shipping_addresses: link }).holdReasons).toMatchObject([
    { code: "lines_missing" },
  ]);
});

test("parcels and refunds that Holdfast told of are neither elsewhere nor news", () => {
  const shipments = [{ comments: "Sent (Holdfast SH-1)", items: [{ order_product_id: 65, quantity: 1 }] }];
  const refunds = [
    { reason: "damaged (Holdfast RF-1)", total_amount: 10 },
    { reason: "goodwill", total_amount: 2.5 },
  ];
  const order = read({ shipments, refunds, refunded_amount: "12.5000" });
  expect(order.lines[0]?.fulfilledElsewhere).toBeUndefined();
  expect(order.holdReasons).toMatchObject([
    { code: "refunded_at_channel", detail: "BigCommerce has refunded 2.50 USD of the order." },
  ]);
});

test("an order to two addresses waits for a person", () => {
  const [address] = sample().shipping_addresses;
  expect(read({ shipping_addresses: [address, address] }).holdReasons).toMatchObject([
    { code: "address_unusable" },
  ]);
});

test("an event names the order that changed, and nothing else does", () => {
  const event = ownSample("bigcommerce", "changed-order-event.json");
  expect(bigcommerceAdapter.read(event, null)).toEqual([{ kind: "changed", externalId: "118" }]);
  const product = JSON.stringify({ scope: "store/product/updated", data: { type: "product", id: 5 } });
  expect(bigcommerceAdapter.read(product, null)).toMatchObject([{ kind: "refused" }]);
});

test(`webhooks are opened by the vendor's signature and by no other${vendorNote("webhook-signatures")}`, () => {
  const secret = "clientsecret1";
  const body = JSON.stringify({ id: "msg_1", data: { type: "order", id: 118 } });
  const headers = signStandardWebhook(body, secret);
  expect(bigcommerceAdapter.openWebhook(headers, Buffer.from(body), secret)).toMatchObject({
    signedId: "msg_1",
  });
  expect(bigcommerceAdapter.openWebhook(headers, Buffer.from(`${body} `), secret)).toBeNull();
  expect(bigcommerceAdapter.openWebhook(headers, Buffer.from(body), "another")).toBeNull();
  const old = signStandardWebhook(body, secret, Date.now() - 3_600_000);
  expect(bigcommerceAdapter.openWebhook(old, Buffer.from(body), secret)).toBeNull();
  for (const { id = "", timestamp = 0, body: raw, secret: key, signature, valid } of signatureVectors(
    "bigcommerce",
  )) {
    const signed = { "webhook-id": id, "webhook-timestamp": `${timestamp}`, "webhook-signature": signature };
    expect(isStandardWebhook(signed, Buffer.from(raw), key, timestamp * 1_000)).toBe(valid);
  }
});
