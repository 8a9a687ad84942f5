import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Money } from "../money.ts";
import { MAX_LINES, type OrderDocument, type OrderLine } from "../order.ts";
import { lineShares, sumsOf } from "../order-amounts.ts";
import { withSubstitute } from "./substitution.ts";

const usd = (minor: number): Money => ({ minor, currency: "USD", exponent: 2 });

function lineOf(lineId: string, quantity: number, price: number, more: Partial<OrderLine> = {}): OrderLine {
  return {
    lineId,
    externalLineId: `x${lineId}`,
    sku: `SKU-${lineId}`,
    channelSku: `C-${lineId}`,
    title: `Thing ${lineId}`,
    quantity,
    unitPrice: usd(price),
    discount: usd(0),
    tax: usd(0),
    taxes: [],
    attributes: {},
    ...more,
  };
}

function taxed(lineId: string, quantity: number, price: number, discount: number, tax: number): OrderLine {
  return lineOf(lineId, quantity, price, {
    discount: usd(discount),
    tax: usd(tax),
    taxes: [{ name: "tax", amount: usd(tax) }],
  });
}

function documentOf(lines: readonly OrderLine[], more: Partial<OrderDocument> = {}): OrderDocument {
  const tax = lines.reduce((sum, line) => sum + line.tax.minor, 0);
  const document = {
    currency: "USD",
    lines,
    shippingPrice: usd(500),
    discount: usd(0),
    tax: usd(tax),
    ...more,
  } as unknown as OrderDocument;
  return { ...document, total: usd(sumsOf({ ...document, total: usd(0) }).sum) };
}

type Sent = { readonly lineId?: string; readonly quantity: number; readonly price: Money | null };

function substituted(document: OrderDocument, { lineId = "1", quantity, price }: Sent): OrderDocument {
  const sent = { lineId, quantity, sku: "SUB", title: "Other thing", price, lineNumber: 9 };
  return withSubstitute(document, sent) ?? expect.fail("the line has no such units");
}

const sumOf = (document: OrderDocument) => sumsOf(document).sum;

describe("units that are sent as another product", () => {
  it("make no line of their own in an order that has as many as it may", () => {
    const full = documentOf(
      Array.from({ length: MAX_LINES }, (_, index) => lineOf(String(index + 1), 2, 100)),
    );
    const sent = { lineId: "1", sku: "SUB", title: "Other thing", price: null, lineNumber: MAX_LINES + 1 };
    expect(withSubstitute(full, { ...sent, quantity: 1 })).toBeNull();
    expect(withSubstitute(full, { ...sent, quantity: 2 })?.lines).toHaveLength(MAX_LINES);
  });

  it("make a line of their own beside the rest, which names the line and its channel's id", () => {
    const document = substituted(documentOf([lineOf("1", 3, 1000), lineOf("2", 1, 400)]), {
      quantity: 2,
      price: usd(2000),
    });
    expect(document.lines).toMatchObject([
      { lineId: "1", quantity: 1 },
      {
        lineId: "9",
        quantity: 2,
        sku: "SUB",
        externalLineId: "x1",
        substituteFor: "1",
        unitPrice: usd(1000),
      },
      { lineId: "2" },
    ]);
    expect(document.total).toEqual(usd(3900));
  });

  it("leave nothing of a line of which all are", () => {
    const document = substituted(documentOf([lineOf("1", 2, 1000)]), { quantity: 2, price: null });
    expect(document.lines.map(({ lineId }) => lineId)).toEqual(["9"]);
  });

  it("of a substitute name the line that was ordered", () => {
    const line = lineOf("4", 1, 1000, { substituteFor: "1" });
    const document = substituted(documentOf([line]), { lineId: "4", quantity: 1, price: null });
    expect(document.lines).toMatchObject([{ lineId: "9", substituteFor: "1" }]);
  });

  it("take the discount and the tax down with a lower price, and leave the gift wrap", () => {
    const wrap = { kind: "gift_wrap" as const, name: "Paper", amount: usd(300), tax: usd(0) };
    const line = { ...taxed("1", 1, 1000, 100, 90), charges: [wrap] };
    const document = substituted(documentOf([line]), { quantity: 1, price: usd(600) });
    expect(document.lines).toMatchObject([
      { unitPrice: usd(600), discount: usd(60), tax: usd(54), charges: [{ amount: usd(300) }] },
    ]);
    expect(document.tax).toEqual(usd(54));
  });

  it("give up their part of the order's discount with a lower price; the others keep theirs", () => {
    const before = documentOf([lineOf("1", 1, 1000), lineOf("2", 1, 1000)], { discount: usd(400) });
    const document = substituted(before, { quantity: 1, price: usd(500) });
    expect(document.discount).toEqual(usd(300));
    expect(lineShares(document)).toEqual([-100, -200]);
  });

  it("are none where the line does not want so many any more", () => {
    const sent = { quantity: 3, sku: "SUB", title: "Other", price: null, lineNumber: 9 };
    expect(withSubstitute(documentOf([lineOf("1", 2, 1000)]), { ...sent, lineId: "1" })).toBeNull();
    expect(withSubstitute(documentOf([lineOf("1", 2, 1000)]), { ...sent, lineId: "7" })).toBeNull();
  });

  it("cost exactly what was agreed, or less where the substitute does, and the order still adds up", () => {
    const amount = fc.integer({ min: 0, max: 5_000 });
    const line = fc
      .record({ quantity: fc.integer({ min: 1, max: 6 }), price: amount, off: fc.nat(100), tax: fc.nat(900) })
      .map(({ quantity, price, off, tax }) => ({
        quantity,
        price,
        tax,
        discount: Math.floor((price * quantity * off) / 100),
      }));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 4 }),
        fc.nat(100),
        fc.nat(5),
        fc.option(amount),
        fc.boolean(),
        (lines, off, taken, price, isTaxIncluded) => {
          const made = lines.map((each, index) =>
            taxed(String(index + 1), each.quantity, each.price, each.discount, each.tax),
          );
          const goods = lines.reduce((sum, each) => sum + each.price * each.quantity - each.discount, 0);
          const before = documentOf(made, {
            discount: usd(Math.floor((goods * off) / 100)),
            ...(isTaxIncluded ? { taxesIncluded: true } : {}),
          });
          const quantity = 1 + (taken % (lines[0]?.quantity ?? 1));
          const after = substituted(before, { quantity, price: price === null ? null : usd(price) });
          expect(sumsOf(after).sum).toBe(sumsOf(after).total);
          const isLower = price !== null && price < (lines[0]?.price ?? 0);
          if (isLower) expect(sumOf(after)).toBeLessThanOrEqual(sumOf(before));
          else expect(sumOf(after)).toBe(sumOf(before));
          const [sent] = after.lines.filter(({ substituteFor }) => substituteFor === "1");
          expect(sent?.discount.minor).toBeLessThanOrEqual((sent?.unitPrice.minor ?? 0) * quantity);
        },
      ),
      { numRuns: 500 },
    );
  });
});
