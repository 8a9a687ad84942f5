import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { captured, onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { etsyAdapter, moneyOf } from "./adapter.ts";

const sample = () => JSON.parse(ownSample("etsy", "order.json"));
const read = (change: Record<string, unknown> = {}) => onlyOrder(etsyAdapter, { ...sample(), ...change });
const usd = (amount: number) => ({ amount, divisor: 100, currency_code: "USD" });

test("a receipt is an order, its transactions are its lines, and all of it adds up", () => {
  const order = read();
  expect(order).toMatchObject({
    externalId: "2987654321",
    placedAt: "2026-03-05T21:40:11.000Z",
    total: { minor: 5_120, exponent: 2 },
    discount: { minor: 450 },
    charges: [{ kind: "gift_wrap", amount: { minor: 200 } }],
    lines: [
      { externalLineId: "3123456789", channelSku: "MUG-ENG", quantity: 2, unitPrice: { minor: 1_500 } },
      { channelSku: "listing_id:1112223335", kind: "digital" },
    ],
    holdReasons: [],
  });
  expect(order.lines[0]?.attributes["personalization"]).toBe("Ada");
  expect(captured(order).holds).not.toContain("sum_mismatch");
  expect(order.lines.flatMap((line) => line.taxes.map((tax) => tax.amount.minor))).toEqual([247, 124]);
});

test.each([
  [{ amount: 1234, divisor: 100, currency_code: "USD" }, 1_234, 2],
  [{ amount: -5, divisor: 100, currency_code: "USD" }, -5, 2],
  [{ amount: 7, divisor: 100, currency_code: "USD" }, 7, 2],
  [{ amount: 500, divisor: 1, currency_code: "JPY" }, 500, 0],
  [{ amount: 500, divisor: 100, currency_code: "JPY" }, 5, 0],
  [{ amount: 1234, divisor: 1000, currency_code: "KWD" }, 1_234, 3],
])("%j is exact", (value, minor, exponent) => {
  expect(moneyOf(value, "it", "USD")).toMatchObject({ minor, exponent });
});

test.each([
  { amount: 1.5, divisor: 100 },
  { amount: 5, divisor: 7 },
  { amount: "x", divisor: 100 },
])("%j is no amount: the order waits for a person", (grandtotal) => {
  const order = read({ grandtotal: { ...grandtotal, currency_code: "USD" } });
  expect(order).toMatchObject({ externalId: "2987654321", holdReasons: [{ code: "price_missing" }] });
});

test.each([
  [{ status: "open", is_paid: false }, ["payment_pending"]],
  [{ status: "payment processing" }, ["payment_pending"]],
  [{ status: "canceled" }, ["cancelled_at_channel"]],
  [{ status: "fully refunded", refunds: [{ amount: usd(5_120) }] }, ["cancelled_at_channel"]],
  [{ status: "partially refunded", refunds: [{ amount: usd(100) }] }, ["refunded_at_channel"]],
  [{ status: "Completed", is_shipped: true }, []],
  [{ transactions: [], grandtotal: usd(0) }, ["lines_missing"]],
])("%j waits for %j", (change, codes) => {
  expect(read(change).holdReasons.map(({ code }) => code)).toEqual(codes);
});

test("a receipt that somebody marked as shipped is done; a parcel with a number is taken for ours", () => {
  expect(read({ is_shipped: true }).lines[0]?.fulfilledElsewhere).toBe(2);
  const shipments = [{ carrier_name: "usps", tracking_code: "940011" }];
  expect(read({ is_shipped: true, shipments }).lines[0]?.fulfilledElsewhere).toBeUndefined();
});

test("VAT is a tax where the total has it on top, and nothing where prices contain it", () => {
  expect(read({ total_vat_cost: usd(800) }).shippingTaxes).toEqual([]);
  const onTop = read({ total_vat_cost: usd(800), grandtotal: usd(5_920) });
  expect(onTop.shippingTaxes).toMatchObject([{ name: "VAT", amount: { minor: 800 } }]);
  expect(captured(onTop).holds).not.toContain("sum_mismatch");
});

test("an event names the receipt, whatever became of it, and no other shop's address in its place", () => {
  const event = ownSample("etsy", "changed-order-event.json");
  for (const type of ["order.paid", "order.canceled", "order.shipped"])
    expect(etsyAdapter.read(event.replace("order.paid", type), null)).toEqual([
      { kind: "changed", externalId: "2345678901" },
    ]);
  for (const url of ["https://api.etsy.com/v3/application/shops/12345678", "receipts/../1", ""])
    expect(etsyAdapter.read(event.replace(/https:[^"]+/, url), null)).toMatchObject([
      { kind: "refused", refusal: { code: "not_an_order" } },
    ]);
});

test("a webhook opens with the secret that signed it, with the version before the signature or without", () => {
  const body = ownSample("etsy", "changed-order-event.json");
  const secret = `whsec_${Buffer.from("a-secret-of-etsy").toString("base64")}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const digest = createHmac("sha256", Buffer.from("a-secret-of-etsy"))
    .update(`msg_1.${timestamp}.${body}`)
    .digest("base64");
  const opened = (signature: string, at = timestamp, text = body, key = secret) =>
    etsyAdapter.openWebhook(
      { "webhook-id": "msg_1", "webhook-timestamp": at, "webhook-signature": signature },
      Buffer.from(text),
      key,
    );
  for (const signature of [digest, `v1,${digest}`, `v1,AAAA ${digest}`])
    expect(opened(signature)).toEqual({ topic: "order.paid", eventId: "msg_1", signedId: "msg_1" });
  expect(opened(digest, String(Number(timestamp) - 3_600))).toBeNull();
  expect(opened(digest, timestamp, `${body} `)).toBeNull();
  expect(opened(digest, timestamp, body, "whsec_b3RoZXI=")).toBeNull();
  expect(opened(`v2,${digest}`)).toBeNull();
  expect(etsyAdapter.openWebhook({}, Buffer.from("{}"), secret)).toBeNull();
});
