import { expect, test } from "vitest";
import { parseMoney } from "./money.ts";
import type { Charge, OrderLine } from "./order.ts";
import { lineShares, sumsOf } from "./order-amounts.ts";

const eur = (text: string) => {
  const amount = parseMoney(text, "EUR");
  if (amount === undefined) throw new Error(text);
  return amount;
};
const charge = (kind: Charge["kind"], amount: string, tax = "0.00"): Charge => ({
  kind,
  name: kind,
  amount: eur(amount),
  tax: eur(tax),
});
const line = (price: string, quantity: number, more: Partial<OrderLine> = {}): OrderLine => ({
  lineId: "1",
  externalLineId: "1",
  sku: "A",
  channelSku: "A",
  title: "A",
  quantity,
  unitPrice: eur(price),
  discount: eur("0.00"),
  tax: eur("0.00"),
  taxes: [],
  attributes: {},
  ...more,
});
const order = {
  currency: "EUR",
  shippingPrice: eur("5.00"),
  discount: eur("20.00"),
  tax: eur("3.00"),
  total: eur("93.00"),
  lines: [line("50.00", 1), line("50.00", 1)],
  charges: [charge("fee", "3.00", "1.00"), charge("duty", "2.00")],
};

test("an order adds up: lines, shipping, charges and taxes on top, less discounts", () => {
  expect(sumsOf(order)).toEqual({
    exponent: 2,
    lines: 10_000,
    shipping: 500,
    charges: 500,
    taxes: 300,
    discounts: 2_000,
    sum: 9_300,
    total: 9_300,
  });
});

test("taxes that prices contain are in no sum", () => {
  expect(sumsOf({ ...order, taxesIncluded: true }).sum).toBe(9_000);
});

test("a line bears its part of the order's discount and duties, and its own charges with their tax", () => {
  expect(lineShares(order)).toEqual([-900, -900]);
  const wrapped = {
    ...order,
    lines: [line("50.00", 1, { charges: [charge("gift_wrap", "4.00", "0.40")] }), line("150.00", 1)],
  };
  expect(lineShares(wrapped)).toEqual([440 + 50 - 500, 150 - 1_500]);
});

test("a free line bears nothing of a discount that others carry", () => {
  expect(lineShares({ ...order, charges: [], lines: [line("0.00", 3), line("50.00", 1)] })).toEqual([
    0, -2_000,
  ]);
});
