import { expect, test } from "vitest";
import { captured, onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { magentoAdapter } from "./adapter.ts";
import { refusalOf } from "./api.ts";

const sample = () => JSON.parse(ownSample("magento", "order.json"));
const read = (change: Record<string, unknown> = {}) => onlyOrder(magentoAdapter, { ...sample(), ...change });
const withItem = (index: number, change: Record<string, unknown>) => {
  const { items } = sample();
  return items.map((item: object, at: number) => (at === index ? { ...item, ...change } : item));
};

test("an order is read in its own currency, by both of its ids, its moments as UTC", () => {
  expect(read()).toMatchObject({
    externalId: "118",
    externalNumber: "000000118",
    placedAt: "2026-03-05T21:40:11.000Z",
    currency: "USD",
    total: { minor: 7_634 },
    shippingAddress: { name: "Jane Doe", line1: "1 Main St", line2: "Apt 2", region: "TX" },
    holdReasons: [],
  });
});

test("a configurable product is one line, of its parent, and what was cancelled of it is left out", () => {
  expect(read().lines.map((line) => [line.externalLineId, line.channelSku, line.quantity])).toEqual([
    ["65", "TEE-RED-M", 2],
    ["67", "PDF-1", 1],
  ]);
  expect(read().lines[1]).toMatchObject({ kind: "digital", unitPrice: { minor: 710, exponent: 2 } });
});

test("an order without changes adds up", () => {
  const whole = read({ items: withItem(0, { qty_canceled: 0 }) });
  expect(whole.lines[0]).toMatchObject({ discount: { minor: 600 }, quantity: 3 });
  expect(captured(whole).holds).not.toContain("sum_mismatch");
});

test("an order of which a part was cancelled adds up without that part", () => {
  const part = read({ total_canceled: 20.25 });
  expect(part.lines[0]).toMatchObject({ quantity: 2, discount: { minor: 400 } });
  expect(captured(part).holds).not.toContain("sum_mismatch");
});

test("what gift cards and store credit paid is part of what the order costs", () => {
  const extension_attributes = {
    ...sample().extension_attributes,
    gift_cards_amount: 10,
    customer_balance_amount: 5.5,
  };
  const paid = read({ items: withItem(0, { qty_canceled: 0 }), grand_total: 60.84, extension_attributes });
  expect(paid.total).toMatchObject({ minor: 7_634 });
});

test.each([
  [{ state: "pending_payment" }, ["payment_pending"]],
  [{ state: "payment_review" }, ["payment_pending"]],
  [{ state: "holded" }, ["payment_pending"]],
  [{ state: "new", total_due: 76.34 }, ["payment_pending"]],
  [{ state: "new", total_due: 76.34, payment: { method: "stripe", amount_authorized: 76.34 } }, []],
  [{ state: "new", total_due: 76.34, payment: { method: "cashondelivery" } }, []],
  [{ state: "canceled" }, ["cancelled_at_channel"]],
  [{ state: "closed", total_refunded: 76.34 }, ["cancelled_at_channel"]],
  [{ total_refunded: 5 }, ["refunded_at_channel"]],
  [{ items: [] }, ["lines_missing"]],
])("%j waits for %j", (change, codes) => {
  expect(read(change).holdReasons.map(({ code }) => code)).toEqual(codes);
});

test("shipments and refunds that Holdfast told of are neither elsewhere nor news", () => {
  const items = withItem(0, { qty_canceled: 0, qty_shipped: 3 });
  expect(read({ items }).lines[0]?.fulfilledElsewhere).toBe(3);
  const shipments = [
    { items: [{ order_item_id: 65, qty: 2 }], comments: [{ comment: "Sent (Holdfast SH-1)" }] },
  ];
  expect(read({ items, shipments }).lines[0]?.fulfilledElsewhere).toBe(1);
  const creditmemos = [{ grand_total: 5, comments: [{ comment: "damaged (Holdfast RF-1)" }] }];
  expect(read({ total_refunded: 5, creditmemos }).holdReasons).toEqual([]);
});

test("errors have their parameters in their places", () => {
  const reply = (json: unknown) => ({ status: 400, headers: new Headers(), json });
  expect(refusalOf(reply({ message: "No %1 of %2.", parameters: ["A", "B"] })).message).toBe("No A of B.");
  expect(refusalOf(reply({ message: "No %field.", parameters: { field: "sku" } })).message).toBe("No sku.");
  expect(refusalOf(reply({ message: "No %sku.", parameters: [{ sku: "A" }] })).message).toBe("No A.");
  expect(refusalOf(reply({ message: "100 %1" })).message).toBe("100 %1");
  expect(refusalOf(reply({})).message).toBe("Magento answered 400.");
});
