import { describe, expect, it } from "vitest";
import type { OrderDocument, OrderLine } from "../order.ts";
import { moneyOfChange, toldChanges } from "./told-changes.ts";

const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

const sock: OrderLine = {
  lineId: "1",
  externalLineId: "1",
  sku: "SOCK",
  channelSku: "SOCK",
  title: "Merino sock",
  quantity: 3,
  unitPrice: usd(1_499),
  discount: usd(0),
  tax: usd(0),
  taxes: [],
  attributes: {},
};

const order = {
  customer: { name: "Jane", email: "jane@shop.example" },
  shippingAddress: { name: "Jane", line1: "123 Main St", city: "New York", country: "US" },
  shippingService: "standard",
  shippingPrice: usd(500),
  discount: usd(0),
  lines: [sock],
  total: usd(4_997),
  paymentBy: "merchant",
} as unknown as OrderDocument;

const told = (after: Partial<OrderDocument>, before: Partial<OrderDocument> = {}) =>
  toldChanges({ ...order, ...before }, { ...order, ...after }, (id) => `Store ${id}`);

describe("what a shopper is told of a change", () => {
  it.each([
    ["nothing", {}],
    ["tags", { tags: ["gift"] }],
    ["a note", { note: "Ring twice." }],
    ["the product behind a line", { lines: [{ ...sock, sku: "SOCK-2", attributes: { size: "L" } }] }],
  ] as readonly (readonly [string, Partial<OrderDocument>])[])("is nothing of %s", (_, after) => {
    expect(told(after)).toEqual([]);
  });

  it("is the address as it was and is", () => {
    const shippingAddress = { name: "Jane", line1: "9 Elm St", city: "Reno", country: "US" };
    expect(told({ shippingAddress })).toEqual([
      {
        label: "Delivery address",
        was: "Jane, 123 Main St, New York, United States",
        is: "Jane, 9 Elm St, Reno, United States",
      },
    ]);
  });

  it("is each line that came, went or has another quantity or price", () => {
    const cap = {
      ...sock,
      lineId: "2",
      title: "Cap",
      quantity: 1,
      unitPrice: usd(2_000),
      discount: usd(100),
    };
    expect(told({ lines: [{ ...sock, quantity: 1 }, cap], total: usd(3_899) })).toEqual([
      { label: "Merino sock", was: "3 × $14.99", is: "1 × $14.99" },
      { label: "Cap", was: null, is: "1 × $20.00, less $1.00" },
      { label: "Total", was: "$49.97", is: "$38.99" },
    ]);
    expect(told({ lines: [cap] }, { lines: [sock, cap] })).toEqual([
      { label: "Merino sock", was: "3 × $14.99", is: null },
    ]);
  });

  it("is the shipping service with its price, the dates, and where it is collected", () => {
    expect(
      told({
        shippingService: "express",
        shippingPrice: usd(900),
        deliverOn: "2026-11-27",
        releaseOn: "2026-11-24",
      }),
    ).toEqual([
      { label: "Shipping", was: "standard", is: "express" },
      { label: "Shipping cost", was: "$5.00", is: "$9.00" },
      { label: "Delivery date", was: null, is: "Friday, November 27" },
      { label: "Leaves us from", was: null, is: "Tuesday, November 24" },
    ]);
    const at = (locationId: string) => ({
      delivery: { method: "pickup" as const, place: "Downtown", locationId },
    });
    expect(told(at("reno"), at("omaha"))).toEqual([
      { label: "Collected at", was: "Store omaha", is: "Store reno" },
    ]);
  });
});

describe("what a change means for the shopper's money", () => {
  type Paid = readonly [OrderDocument["paymentBy"], number, number, number, boolean];

  it.each([
    [["merchant", 5_000, 5_000, 0, false], { kind: "unchanged" }],
    [["merchant", 5_000, 3_000, 0, false], { kind: "not_charged" }],
    [["merchant", 5_000, 4_000, 1_500, false], { kind: "to_charge", amount: usd(2_500) }],
    // Of a part that was sent and paid, something was taken off.
    [["merchant", 5_000, 4_000, 4_600, true], { kind: "to_refund", amount: usd(600), payer: null }],
    [["merchant", 5_000, 4_000, 5_000, true], { kind: "to_refund", amount: usd(1_000), payer: null }],
    [["merchant", 5_000, 4_000, 4_000, true], { kind: "unchanged" }],
    [["channel", 5_000, 4_000, 0, true], { kind: "to_refund", amount: usd(1_000), payer: "Big Market" }],
    [["channel", 5_000, 6_000, 0, true], { kind: "to_pay", amount: usd(1_000), payer: "Big Market" }],
    [["channel", 5_000, 6_000, 0, false], { kind: "to_pay", amount: usd(6_000), payer: "Big Market" }],
    [["on_delivery", 5_000, 6_000, 0, false], { kind: "on_delivery" }],
  ] as readonly (readonly [Paid, unknown])[])(
    "%o",
    ([paymentBy, was, is, capturedMinor, isSettledThere], money) => {
      const before = { ...order, paymentBy, total: usd(was) };
      const after = { ...order, paymentBy, total: usd(is) };
      const paid = { capturedMinor, isSettledThere, payer: "Big Market" };
      expect(moneyOfChange(before, after, paid)).toEqual(money);
    },
  );
});
