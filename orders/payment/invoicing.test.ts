import fc from "fast-check";
import { expect, test } from "vitest";
import { newLedger } from "../line-ledger.ts";
import { type Money, zeroMoney } from "../money.ts";
import type { LineKind, OrderDocument, OrderLine } from "../order.ts";
import { lineShares, sumsOf } from "../order-amounts.ts";
import type { ChargedLine, ChargedOrder } from "./charging.ts";
import { type InvoiceAmounts, invoiceFor } from "./invoicing.ts";

type Spec = {
  readonly currency?: string;
  readonly taxesIncluded?: true;
  readonly shipping?: number;
  readonly shippingTax?: number;
  readonly discount?: number;
  readonly lines: readonly {
    readonly price: number;
    readonly quantity: number;
    readonly tax?: number;
    readonly discount?: number;
    readonly kind?: LineKind;
  }[];
};

/** An order that adds up, everything of it handed over. */
function orderOf(spec: Spec): ChargedOrder {
  const currency = spec.currency ?? "EUR";
  const { exponent } = zeroMoney(currency);
  const money = (minor = 0): Money => ({ minor, currency, exponent });
  const lines = spec.lines.map(
    (line, index): OrderLine => ({
      lineId: String(index + 1),
      externalLineId: `x${index + 1}`,
      sku: "A",
      channelSku: "A",
      title: `Goods ${index + 1}`,
      quantity: line.quantity,
      unitPrice: money(line.price),
      discount: money(line.discount),
      tax: money(line.tax),
      taxes: [],
      attributes: {},
      ...(line.kind === undefined ? {} : { kind: line.kind }),
    }),
  );
  const tax = spec.lines.reduce((sum, line) => sum + (line.tax ?? 0), 0) + (spec.shippingTax ?? 0);
  const priced = {
    currency,
    lines,
    shippingPrice: money(spec.shipping),
    discount: money(spec.discount),
    tax: money(tax),
    total: money(),
    ...(spec.taxesIncluded === undefined ? {} : { taxesIncluded: spec.taxesIncluded }),
  };
  const document = { ...priced, total: money(sumsOf(priced).sum) } as unknown as OrderDocument;
  const shares = lineShares(document);
  return {
    document,
    currency,
    exponent,
    lines: lines.map((line, index): ChargedLine => {
      const kind = line.kind ?? "goods";
      return {
        ...newLedger(line.quantity),
        ...(kind === "goods" ? { shipped: line.quantity } : { fulfilledElsewhere: line.quantity }),
        lineId: line.lineId,
        kind,
        fulfilledBy: "us",
        unitPriceMinor: line.unitPrice.minor,
        discountMinor: line.discount.minor,
        taxMinor: spec.taxesIncluded === true ? 0 : line.tax.minor,
        shareMinor: shares[index] ?? 0,
      };
    }),
  };
}

function all(order: ChargedOrder, parcels: readonly (readonly [string, number])[][]): InvoiceAmounts[] {
  const made: InvoiceAmounts[] = [];
  for (const parcel of parcels) {
    const units = parcel.map(([lineId, quantity]) => ({ lineId, quantity }));
    const invoice = invoiceFor(order, made, units);
    if (invoice !== null) made.push(invoice);
  }
  return made;
}

test("an order in one parcel is one invoice over its total, with every tax", () => {
  const order = orderOf({
    lines: [
      { price: 1_000, quantity: 3, tax: 570 },
      { price: 250, quantity: 2, tax: 35, discount: 100 },
    ],
    shipping: 490,
    shippingTax: 93,
  });
  const [invoice, ...more] = all(order, [
    [
      ["1", 3],
      ["2", 2],
    ],
  ]);
  expect(more).toEqual([]);
  expect(invoice).toEqual({
    lines: [
      { lineId: "1", title: "Goods 1", quantity: 3, amountMinor: 3_570, taxMinor: 570 },
      { lineId: "2", title: "Goods 2", quantity: 2, amountMinor: 435, taxMinor: 35 },
    ],
    shippingMinor: 583,
    chargesMinor: 0,
    taxMinor: 698,
    totalMinor: 4_588,
  });
});

test("prices that contain their taxes are not raised by them", () => {
  const order = orderOf({ taxesIncluded: true, lines: [{ price: 1_190, quantity: 3, tax: 570 }] });
  const made = all(order, [[["1", 1]], [["1", 2]]]);
  expect(made.map(({ totalMinor, taxMinor }) => [totalMinor, taxMinor])).toEqual([
    [1_190, 190],
    [2_380, 380],
  ]);
});

test("shipping is on the first invoice, and what needs no parcel comes along with it", () => {
  const order = orderOf({
    lines: [
      { price: 500, quantity: 2 },
      { price: 2_500, quantity: 1, kind: "digital" },
    ],
    shipping: 700,
  });
  const made = all(order, [[["1", 1]], [["1", 1]]]);
  expect(made.map(({ totalMinor, shippingMinor }) => [totalMinor, shippingMinor])).toEqual([
    [3_700, 700],
    [500, 0],
  ]);
  expect(invoiceFor(order, made, [])).toBeNull();
});

test("no more is invoiced than was handed over, and nothing twice", () => {
  const order = orderOf({ lines: [{ price: 500, quantity: 2 }] });
  const made = all(order, [[["1", 5]], [["1", 5]], []]);
  expect(made.map(({ totalMinor }) => totalMinor)).toEqual([1_000]);
});

test("a price that was lowered between two parcels is put right by the second invoice", () => {
  const dear = orderOf({ lines: [{ price: 500, quantity: 2 }] });
  const first = invoiceFor(dear, [], [{ lineId: "1", quantity: 1 }]);
  const cheap = orderOf({ lines: [{ price: 400, quantity: 2 }] });
  const second = invoiceFor(cheap, first === null ? [] : [first], [{ lineId: "1", quantity: 1 }]);
  expect([first?.totalMinor, second?.totalMinor]).toEqual([500, 300]);
});

test("however an order is cut into parcels, its invoices add up to its total and its taxes", () => {
  const line = fc.record({
    price: fc.integer({ min: 0, max: 9_999 }),
    quantity: fc.integer({ min: 1, max: 7 }),
    tax: fc.integer({ min: 0, max: 999 }),
    kind: fc.constantFrom<LineKind>("goods", "goods", "goods", "digital"),
  });
  const spec = fc.record({
    currency: fc.constantFrom("EUR", "JPY", "KWD"),
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    shipping: fc.integer({ min: 0, max: 999 }),
    shippingTax: fc.integer({ min: 0, max: 99 }),
    discount: fc.integer({ min: 0, max: 50 }),
  });
  fc.assert(
    fc.property(spec, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }), (given, cuts) => {
      const order = orderOf(given);
      const units = order.lines.flatMap(({ lineId, kind, ordered }) =>
        kind === "goods" ? Array.from({ length: ordered }, () => lineId) : [],
      );
      const parcels: [string, number][][] = [[]];
      for (const [index, lineId] of units.entries()) {
        if ((cuts[index] ?? 0) === 0) parcels.push([]);
        parcels.at(-1)?.push([lineId, 1]);
      }
      const made = all(order, parcels);
      const sum = (read: (invoice: InvoiceAmounts) => number) =>
        made.reduce((total, invoice) => total + read(invoice), 0);
      for (const { lines, shippingMinor, chargesMinor, totalMinor } of made)
        expect(
          lines.reduce((total, each) => total + each.amountMinor, 0) + shippingMinor + chargesMinor,
        ).toBe(totalMinor);
      fc.pre(sumsOf(order.document).sum >= 0);
      expect(sum(({ totalMinor }) => totalMinor)).toBe(order.document.total.minor);
      expect(sum(({ taxMinor }) => taxMinor)).toBe(order.document.tax.minor);
    }),
    { numRuns: 300 },
  );
});
