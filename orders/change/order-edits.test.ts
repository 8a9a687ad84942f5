import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADDRESS, documentOf, lineOf, usd } from "../../test-support/orders/order-documents.ts";
import type { OrderDocument } from "../order.ts";
import { sumsOf } from "../order-amounts.ts";
import { applyEdits, type OrderEdit } from "./order-edits.ts";

function edited(document: OrderDocument, ...edits: readonly OrderEdit[]): OrderDocument {
  const outcome = applyEdits(document, edits, document.lines.length + 1);
  if (outcome.status === "refused") throw new Error(outcome.detail);
  return outcome.document;
}

function refusal(document: OrderDocument, ...edits: readonly OrderEdit[]): string {
  const outcome = applyEdits(document, edits, document.lines.length + 1);
  return outcome.status === "refused" ? outcome.code : outcome.status;
}

describe("what an edit does to amounts", () => {
  const taxed = () =>
    documentOf(
      [
        lineOf("1", 2, "48.00", {
          discount: usd("19.20"),
          tax: usd("6.15"),
          taxes: [
            { name: "State", amount: usd("5.00") },
            { name: "City", amount: usd("1.15") },
          ],
        }),
        lineOf("2", 1, "50.00"),
      ],
      { tax: usd("7.15") },
    );

  it("takes discount and taxes of a line along in proportion", () => {
    const { lines, total, tax } = edited(taxed(), { kind: "quantity", lineId: "1", quantity: 1 });
    expect(lines[0]).toMatchObject({ quantity: 1, discount: usd("9.60") });
    expect(lines[0]?.taxes.map(({ amount }) => amount.minor)).toEqual([250, 58]);
    expect(lines[0]?.tax).toEqual(usd("3.08"));
    // The shipping's own tax of 1.00 stays.
    expect(tax).toEqual(usd("4.08"));
    expect(total).toEqual(usd("97.48"));
  });

  it("charges more units at the same price", () => {
    const { lines, total } = edited(taxed(), { kind: "quantity", lineId: "1", quantity: 3 });
    expect(lines[0]).toMatchObject({ quantity: 3, discount: usd("28.80"), tax: usd("9.23") });
    expect(total).toEqual(usd("180.43"));
  });

  it("leaves out a line of which nothing is wanted, and lets it give up its part of the order's discount", () => {
    const document = documentOf([lineOf("1", 1, "50.00"), lineOf("2", 1, "50.00")], {
      discount: usd("20.00"),
    });
    const { lines, discount, total } = edited(document, { kind: "cancel_line", lineId: "2" });
    expect(lines.map(({ lineId }) => lineId)).toEqual(["1"]);
    expect(discount).toEqual(usd("10.00"));
    expect(total).toEqual(usd("45.00"));
  });

  it("lets a line give up its duties with it, and keeps what is the order's", () => {
    const charges = [
      { kind: "duty", name: "Duty", amount: usd("9.00"), tax: usd("0.90") },
      { kind: "handling", name: "Handling", amount: usd("3.00"), tax: usd("0") },
    ] as const;
    const document = documentOf([lineOf("1", 2, "10.00"), lineOf("2", 1, "10.00")], {
      charges,
      tax: usd("0.90"),
    });
    const after = edited(document, { kind: "cancel_line", lineId: "1", quantity: 1 });
    expect(after.charges?.map(({ amount, tax }) => [amount.minor, tax.minor])).toEqual([
      [600, 60],
      [300, 0],
    ]);
    expect(after.total).toEqual(usd("34.60"));
  });

  it("adds a line under a number of its own, with its taxes", () => {
    const { lines, total, tax } = edited(
      taxed(),
      { kind: "cancel_line", lineId: "2" },
      {
        kind: "add_line",
        line: {
          sku: "HAT",
          title: "Hat",
          quantity: 2,
          unitPrice: usd("20.00"),
          discount: usd("4.00"),
          taxes: [{ name: "State", amount: usd("3.00") }],
        },
      },
    );
    expect(lines.map(({ lineId, sku }) => [lineId, sku])).toEqual([
      ["1", "SKU-1"],
      ["3", "HAT"],
    ]);
    expect(tax).toEqual(usd("10.15"));
    expect(total).toEqual(usd("127.95"));
  });

  it("sets a discount of a line or of the order", () => {
    expect(edited(taxed(), { kind: "discount", amount: usd("10.00") }).total).toEqual(usd("128.95"));
    expect(edited(taxed(), { kind: "discount", lineId: "1", amount: usd("0") }).total).toEqual(usd("158.15"));
  });

  it("charges another shipping service", () => {
    const { shippingService, total } = edited(taxed(), {
      kind: "shipping_service",
      service: "Express",
      price: usd("15.00"),
    });
    expect([shippingService, total]).toEqual(["Express", usd("148.95")]);
  });

  it("moves the total by what it moves the sum, however the parts are rounded and in whichever order", () => {
    const amount = fc.integer({ min: 0, max: 90_000 });
    const money = (minor: number) => ({ minor, currency: "USD", exponent: 2 });
    const line = fc.record({
      price: amount,
      quantity: fc.integer({ min: 1, max: 7 }),
      tax: amount,
      less: amount,
    });
    const edit = fc.record({ line: fc.nat(5), to: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 4 }),
        amount,
        fc.integer({ min: -500, max: 500 }),
        fc.array(edit, { maxLength: 6 }),
        fc.boolean(),
        (specs, discount, off, edits, included) => {
          const lines = specs.map(({ price, quantity, tax, less }, index) =>
            lineOf(String(index + 1), quantity, "0", {
              unitPrice: money(price),
              discount: money(Math.min(less, price * quantity)),
              tax: money(tax),
              taxes: [{ name: "tax", amount: money(tax) }],
              charges: [{ kind: "gift_wrap", name: "wrap", amount: money(less % 700), tax: money(tax % 50) }],
            }),
          );
          const goods = sumsOf(documentOf(lines)).sum;
          const first = documentOf(lines, {
            discount: money(Math.min(discount, Math.max(0, goods))),
            tax: money(specs.reduce((sum, { tax }) => sum + tax + (tax % 50), 0)),
            ...(included ? { taxesIncluded: true } : {}),
          });
          let document: OrderDocument = { ...first, total: money(first.total.minor + off) };
          for (const { line: index, to } of edits) {
            const lineId = document.lines[index % Math.max(1, document.lines.length)]?.lineId;
            if (lineId === undefined) continue;
            document = edited(document, { kind: "quantity", lineId, quantity: to });
            const sums = sumsOf(document);
            expect(sums.total - sums.sum).toBe(off);
            expect(document.tax.minor).toBeGreaterThanOrEqual(0);
            expect(document.discount.minor).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });
});

describe("what else can be edited", () => {
  const document = documentOf([lineOf("1", 1, "10.00")]);

  it("changes where it goes, whom to write to, and what is noted", () => {
    const after = edited(
      document,
      { kind: "address", address: { ...ADDRESS, line1: "2 Oak Ave", country: "Germany" } },
      { kind: "contact", email: null, phone: "+1 555 0100" },
      { kind: "note", note: "Ring twice" },
      { kind: "tags", tags: ["vip", "vip", "gift"] },
      { kind: "deliver_on", deliverOn: "2026-12-24" },
    );
    expect(after.shippingAddress).toMatchObject({ line1: "2 Oak Ave", country: "DE" });
    expect(after.customer).toEqual({ name: "Maya", phone: "+1 555 0100" });
    expect(after).toMatchObject({ note: "Ring twice", tags: ["vip", "gift"], deliverOn: "2026-12-24" });
    expect(after.total).toEqual(document.total);
    const without = edited(after, { kind: "note", note: null }, { kind: "tags", tags: [] });
    expect("note" in without || "tags" in without).toBe(false);
  });

  it("refuses what makes no sense, by name", () => {
    expect(refusal(document, { kind: "quantity", lineId: "9", quantity: 1 })).toBe("line_not_found");
    expect(refusal(document, { kind: "quantity", lineId: "1", quantity: 1.5 })).toBe("invalid_quantity");
    expect(refusal(document, { kind: "quantity", lineId: "1", quantity: 1e6 })).toBe("invalid_quantity");
    expect(refusal(document, { kind: "cancel_line", lineId: "1", quantity: 2 })).toBe(
      "quantity_exceeds_line",
    );
    const euros = { minor: 100, currency: "EUR", exponent: 2 };
    expect(refusal(document, { kind: "discount", amount: euros })).toBe("currency_mismatch");
    expect(refusal(document, { kind: "discount", amount: usd("15.01") })).toBe("amount_out_of_range");
    expect(refusal(document, { kind: "discount", lineId: "1", amount: usd("10.01") })).toBe(
      "amount_out_of_range",
    );
    expect(refusal(document, { kind: "discount", amount: { ...usd("1"), minor: -1 } })).toBe(
      "amount_out_of_range",
    );
    expect(refusal(document, { kind: "address", address: { ...ADDRESS, country: "Atlantis" } })).toBe(
      "address_missing",
    );
    const hat = { sku: "HAT", title: "Hat", quantity: 0, unitPrice: usd("1") };
    expect(refusal(document, { kind: "add_line", line: hat })).toBe("invalid_quantity");
  });
});
