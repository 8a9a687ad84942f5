import { expect, test } from "vitest";
import type { OrderQuote } from "../../../../contract/requests/order-quote.ts";
import { amountOf, type Draft, EMPTY, orderOf, quoteBodyOf, unitsOf, withProduct } from "./draft.ts";

const line = { key: "1", sku: "TEE-1", name: "T-shirt", quantity: "2", price: "", discount: "", tax: "" };
const draft: Draft = { ...EMPTY, currency: "usd", name: " Ada ", lines: [line] };
const quote = { sums: { exponent: 2 }, lines: [{ listPriceMinor: 1999 }] } as unknown as OrderQuote;

test.each([
  ["12.50", "12.50"],
  ["12,5", "12.5"],
  [" 7 ", "7"],
  ["", undefined],
  ["12.", undefined],
  ["-1", undefined],
  ["1e3", undefined],
])("the amount %j is sent as %j", (typed, expected) => expect(amountOf(typed)).toBe(expected));

test.each([
  ["1", 1],
  ["0", undefined],
  ["1.5", undefined],
  ["", undefined],
])("%j units are %j", (typed, expected) => expect(unitsOf(typed)).toBe(expected));

test("a product that is scanned again is one more of its line", () => {
  const lines = withProduct(withProduct([], { sku: "A", name: "a" }, "k1"), { sku: "A", name: "a" }, "k2");
  expect(lines).toMatchObject([{ key: "k1", quantity: "2" }]);
  expect(withProduct(lines, { sku: "B", name: "b" }, "k3")).toHaveLength(2);
});

test("nothing is asked before there is a line, and what is empty is left out", () => {
  expect(quoteBodyOf({ ...draft, lines: [] })).toBeNull();
  expect(quoteBodyOf(draft)).toEqual({
    currency: "USD",
    customer: { name: "Ada" },
    lines: [{ sku: "TEE-1", title: "T-shirt", quantity: 2 }],
  });
});

test("what the customer collects has no address, whatever stands in its fields", () => {
  const body = quoteBodyOf({ ...draft, delivery: "pickup", store: "s1", city: "Rome" });
  expect(body).toMatchObject({ delivery: { method: "pickup", locationId: "s1" } });
  expect(body).not.toHaveProperty("shippingAddress");
});

test("a means of payment is sent only where we take the money", () => {
  const paid = { ...draft, paymentMethod: "pm_card_visa" };
  expect(quoteBodyOf(paid)).toMatchObject({ paymentMethod: "pm_card_visa" });
  expect(quoteBodyOf({ ...paid, payer: "channel" })).toMatchObject({ paymentBy: "channel" });
  expect(quoteBodyOf({ ...paid, payer: "channel" })).not.toHaveProperty("paymentMethod");
});

test("the order is sent with the price that is on the screen: typed, else the catalog's", () => {
  expect(orderOf(draft, quote, "m1")).toMatchObject({ id: "m1", lines: [{ unitPrice: "19.99" }] });
  const typed = { ...draft, lines: [{ ...line, price: "5,5" }] };
  expect(orderOf(typed, quote, "m1")).toMatchObject({ lines: [{ unitPrice: "5.5" }] });
});

test("an order without a price or a count is not sent", () => {
  const free = { sums: { exponent: 2 }, lines: [{ listPriceMinor: null }] } as unknown as OrderQuote;
  expect(() => orderOf(draft, free, "m1")).toThrow("no price of TEE-1 in USD");
  const uncounted = { ...draft, lines: [line, { ...line, key: "2", quantity: "" }] };
  expect(() => orderOf(uncounted, quote, "m1")).toThrow("number of units");
});
