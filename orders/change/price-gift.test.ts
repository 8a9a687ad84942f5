import { describe, expect, test } from "vitest";
import { documentOf, lineOf, usd } from "../../test-support/orders/order-documents.ts";
import type { OrderDocument } from "../order.ts";
import type { OrderEdit } from "./order-edits.ts";
import { priceGift, skusPriced } from "./price-gift.ts";

const PRICES = new Map([
  ["SKU-1", { priceMinor: 9000, currency: "USD" }],
  ["HAT", { priceMinor: 4000, currency: "USD" }],
  ["CAP", { priceMinor: 3500, currency: "EUR" }],
]);

const given = (document: OrderDocument, ...edits: readonly OrderEdit[]) =>
  priceGift(document, edits, document.lines.length + 1, PRICES);
const nothing = { minor: 0, incomparable: null };
const gives = (minor: number) => ({ minor, incomparable: null });

const hat = (unitPrice: string, quantity = 1, more = {}) => ({
  kind: "add_line" as const,
  line: { sku: "HAT", title: "Hat", quantity, unitPrice: usd(unitPrice), ...more },
});

describe("what makes an order cheaper is given away", () => {
  const document = documentOf([lineOf("1", 2, "100.00"), lineOf("2", 1, "20.00")], {
    discount: usd("10.00"),
  });

  test.each<[string, readonly OrderEdit[], number]>([
    ["a discount of the order, by what it is more", [{ kind: "discount", amount: usd("60.00") }], 5000],
    ["a discount of a line", [{ kind: "discount", lineId: "1", amount: usd("12.50") }], 1250],
    ["a lower shipping price", [{ kind: "shipping_service", service: "Std", price: usd("0") }], 500],
    [
      "two edits of one change",
      [
        { kind: "discount", amount: usd("30.00") },
        { kind: "discount", lineId: "2", amount: usd("20.00") },
      ],
      4000,
    ],
    [
      "an amount that only moves gives nothing",
      [
        { kind: "shipping_service", service: "Std", price: usd("25.00") },
        { kind: "discount", amount: usd("30.00") },
      ],
      0,
    ],
    ["a smaller discount gives nothing", [{ kind: "discount", amount: usd("0") }], 0],
    ["units that are given up give nothing", [{ kind: "quantity", lineId: "1", quantity: 1 }], 0],
    ["a cancelled line gives nothing", [{ kind: "cancel_line", lineId: "1" }], 0],
    ["more units at the channel's price give nothing", [{ kind: "quantity", lineId: "1", quantity: 9 }], 0],
    ["another service at the same price gives nothing", [{ kind: "shipping_service", service: "Fast" }], 0],
  ])("%s", (_, edits, minor) => {
    expect(given(document, ...edits)).toEqual(gives(minor));
  });

  test("units that are added take a line's discount with them", () => {
    const discounted = documentOf([lineOf("1", 1, "100.00", { discount: usd("100.00") })]);
    expect(given(discounted, { kind: "quantity", lineId: "1", quantity: 4 })).toEqual(gives(30_000));
  });
});

describe("goods below their price are given away", () => {
  test("an added line, by what the catalog asks more for it", () => {
    const document = documentOf([lineOf("1", 1, "100.00")]);
    expect(given(document, hat("40.00"))).toEqual(nothing);
    expect(given(document, hat("45.00"))).toEqual(nothing);
    expect(given(document, hat("15.00", 2))).toEqual(gives(5000));
    expect(given(document, hat("40.00", 2, { discount: usd("80.00") }))).toEqual(gives(8000));
    // Taxes on top are paid, too.
    const taxes = [{ name: "VAT", amount: usd("6.00") }];
    expect(given(document, hat("34.00", 1, { taxes }))).toEqual(nothing);
  });

  test("a line that was added cheaply and grows", () => {
    const cheap = lineOf("2", 1, "1.00", { sku: "HAT", externalLineId: "added-2" });
    const document = documentOf([lineOf("1", 1, "100.00"), cheap]);
    expect(given(document, { kind: "quantity", lineId: "2", quantity: 11 })).toEqual(gives(39_000));
  });

  test("a line of an order in exchange, whose price a person has named", () => {
    const line = lineOf("1", 1, "0.01", { sku: "HAT", externalLineId: "1" });
    const document = documentOf([line], { attributes: { replaces: "shop-0" } });
    expect(given(document, { kind: "quantity", lineId: "1", quantity: 2 })).toEqual(gives(3999));
  });

  test("what the customer was asked for the same product goes before the catalog's price", () => {
    const document = documentOf([lineOf("1", 1, "80.00")]);
    const same = {
      kind: "add_line" as const,
      line: { sku: "SKU-1", title: "Same", quantity: 1, unitPrice: usd("80.00") },
    };
    expect(given(document, same)).toEqual(nothing);
  });

  test("a price that can be compared with none is named", () => {
    const document = documentOf([lineOf("1", 1, "100.00")]);
    const cap = {
      kind: "add_line" as const,
      line: { sku: "CAP", title: "Cap", quantity: 1, unitPrice: usd("35.00") },
    };
    expect(given(document, cap)).toEqual({ minor: 0, incomparable: "CAP" });
    const service = {
      kind: "add_line" as const,
      line: { sku: null, title: "Engraving", quantity: 1, unitPrice: usd("0") },
    };
    expect(given(document, service)).toEqual(nothing);
  });
});

test("prices are asked for of what is added and of the order's own products", () => {
  expect(skusPriced(documentOf([lineOf("1", 1, "1.00")]), [hat("1.00")])).toEqual(["HAT", "SKU-1"]);
});
