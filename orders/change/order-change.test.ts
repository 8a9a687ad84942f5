import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LineLedger, newLedger } from "../line-ledger.ts";
import { valueOfUnits } from "../line-value.ts";
import { chargeableMinor, zeroMoney } from "../money.ts";
import type { OrderDocument, OrderLine } from "../order.ts";
import { exponentOf, lineShares, sumsOf } from "../order-amounts.ts";
import { type ChangeFacts, changesText, type PartFacts, planChange } from "./order-change.ts";
import { applyEdits, type OrderEdit } from "./order-edits.ts";

const money = (minor: number, exponent = 2) => ({ minor, currency: "USD", exponent });

type LineSpec = { price: number; quantity: number; tax?: number; less?: number } & Partial<
  Pick<OrderLine, "kind" | "fulfilledBy">
>;

function documentOf(specs: readonly LineSpec[], discount = 0): OrderDocument {
  const lines = specs.map(
    ({ price, quantity, tax = 0, less = 0, ...more }, index): OrderLine => ({
      lineId: String(index + 1),
      externalLineId: String(index + 1),
      sku: `SKU-${index + 1}`,
      channelSku: `SKU-${index + 1}`,
      title: `Thing ${index + 1}`,
      quantity,
      unitPrice: money(price),
      discount: money(less),
      tax: money(tax),
      taxes: [{ name: "tax", amount: money(tax) }],
      attributes: {},
      ...more,
    }),
  );
  const document = {
    currency: "USD",
    lines,
    shippingPrice: money(500),
    discount: money(discount),
    tax: money(specs.reduce((sum, { tax = 0 }) => sum + tax, 0)),
    total: money(0),
    shippingAddress: { name: "A", line1: "1 Main St", city: "Reno", country: "US" },
    customer: { name: "Maya" },
    shippingService: "Standard",
  } as unknown as OrderDocument;
  return { ...document, total: money(sumsOf(document).sum) };
}

function factsOf(
  document: OrderDocument,
  ledgers: Readonly<Record<string, Partial<LineLedger>>> = {},
  more: Partial<ChangeFacts> = {},
): ChangeFacts {
  return {
    orderId: "shop-1",
    status: "open",
    revision: 1,
    document,
    exponent: exponentOf(document),
    lines: document.lines.map((line) => ({
      ...newLedger(line.quantity),
      ...ledgers[line.lineId],
      lineId: line.lineId,
      title: line.title,
      sku: line.sku,
    })),
    begun: [],
    ...more,
  };
}

function plan(facts: ChangeFacts, ...edits: readonly OrderEdit[]) {
  const outcome = applyEdits(facts.document, edits, facts.lines.length + 1);
  if (outcome.status === "refused") throw new Error(outcome.detail);
  return planChange(facts, outcome.document);
}

function planned(facts: ChangeFacts, ...edits: readonly OrderEdit[]) {
  const outcome = plan(facts, ...edits);
  if (outcome.status === "refused") throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome;
}

const part = (stage: PartFacts["stage"], lineId: string, quantity: number): PartFacts => ({
  id: "shop-1-F1",
  status: "in_progress",
  stage,
  lines: [{ lineId, sku: `SKU-${lineId}`, quantity, perUnit: 1 }],
});

const TWO_LINES = documentOf([
  { price: 1000, quantity: 3 },
  { price: 2000, quantity: 2 },
]);

describe("what a change does to ledger and stock", () => {
  it("cancels units that are given up, and finds stock for those that come", () => {
    const { ledger, less, more, document } = planned(
      factsOf(TWO_LINES),
      { kind: "quantity", lineId: "1", quantity: 1 },
      { kind: "quantity", lineId: "2", quantity: 5 },
    );
    expect([...ledger]).toEqual([
      ["1", { cancelled: 2 }],
      ["2", { ordered: 3 }],
    ]);
    expect(less).toEqual([{ lineId: "1", quantity: 2 }]);
    expect(more).toEqual([{ lineId: "2", sku: "SKU-2", quantity: 3 }]);
    expect(document.revision).toBe(2);
  });

  it("orders again what was given up before", () => {
    const facts = factsOf(documentOf([{ price: 1000, quantity: 2 }]), { "1": { ordered: 5, cancelled: 3 } });
    const { ledger } = planned(facts, { kind: "quantity", lineId: "1", quantity: 4 });
    expect([...ledger]).toEqual([["1", { ordered: 2 }]]);
  });

  it("finds no stock for what others fulfil and what is no goods", () => {
    const document = documentOf([
      { price: 1000, quantity: 1, fulfilledBy: "channel" },
      { price: 1000, quantity: 1, kind: "service" },
    ]);
    const { more } = planned(
      factsOf(document),
      { kind: "quantity", lineId: "1", quantity: 2 },
      { kind: "quantity", lineId: "2", quantity: 2 },
    );
    expect(more).toEqual([]);
  });

  it("finds stock for a line whose SKU was mapped after its capture", () => {
    const lines = TWO_LINES.lines.map((line) => ({ ...line, sku: null }));
    const facts = factsOf({ ...TWO_LINES, lines });
    const mapped = { ...facts, lines: facts.lines.map((line) => ({ ...line, sku: "TENT" })) };
    const { more } = planned(mapped, { kind: "quantity", lineId: "1", quantity: 4 });
    expect(more).toEqual([{ lineId: "1", sku: "TENT", quantity: 1 }]);
  });

  it("says that the order is cancelled where nothing is left of it", () => {
    const { isCancelled, less } = planned(
      factsOf(TWO_LINES),
      { kind: "cancel_line", lineId: "1" },
      { kind: "cancel_line", lineId: "2" },
    );
    expect(isCancelled).toBe(true);
    expect(less).toEqual([
      { lineId: "1", quantity: 3 },
      { lineId: "2", quantity: 2 },
    ]);
  });

  it("tells in words what it changes", () => {
    const { changes } = planned(
      factsOf(TWO_LINES),
      { kind: "quantity", lineId: "1", quantity: 1 },
      { kind: "cancel_line", lineId: "2" },
      { kind: "note", note: "Ring twice" },
    );
    expect(changesText(changes)).toBe("quantity of line 1 from 3 to 1, line 2 removed, note");
  });
});

describe("what comes too late", () => {
  const given = (to: number): OrderEdit => ({ kind: "quantity", lineId: "1", quantity: to });

  it("keeps what was sent and what is being picked", () => {
    const sent = { "1": { shipped: 1, fulfilledElsewhere: 1 } };
    expect(plan(factsOf(TWO_LINES, sent), given(2))).toMatchObject({ status: "planned" });
    expect(plan(factsOf(TWO_LINES, sent), given(1))).toMatchObject({ code: "change_too_late" });
    const begun = [part("picking", "1", 2)];
    expect(plan(factsOf(TWO_LINES, {}, { begun }), given(2))).toMatchObject({ status: "planned" });
    expect(plan(factsOf(TWO_LINES, {}, { begun }), given(1))).toMatchObject({
      code: "change_too_late",
      detail: expect.stringContaining("of line 1 (Thing 1), 2 were to be given up and 1 can be"),
    });
  });

  it("counts a kit as begun by its whole units", () => {
    const lines = [
      { lineId: "1", sku: "A", quantity: 2, perUnit: 1 },
      { lineId: "1", sku: "B", quantity: 4, perUnit: 2 },
    ];
    const begun = [{ ...part("picked", "1", 0), lines }];
    expect(plan(factsOf(TWO_LINES, {}, { begun }), given(2))).toMatchObject({ status: "planned" });
    expect(plan(factsOf(TWO_LINES, {}, { begun }), given(1))).toMatchObject({ code: "change_too_late" });
  });

  it("changes where a parcel goes until it has its label", () => {
    const move: OrderEdit = {
      kind: "address",
      address: { name: "A", line1: "2 Oak Ave", city: "Reno", country: "US" },
    };
    const at = (stage: PartFacts["stage"]) => factsOf(TWO_LINES, {}, { begun: [part(stage, "1", 3)] });
    expect(plan(at("packed"), move)).toMatchObject({ status: "planned" });
    expect(plan(at("labelled"), move)).toMatchObject({ code: "change_too_late" });
    expect(plan(at("labelled"), { kind: "note", note: "x" })).toMatchObject({ status: "planned" });
    const sent = { "1": { shipped: 3 }, "2": { shipped: 2 } };
    expect(plan(factsOf(TWO_LINES, sent), move)).toMatchObject({ code: "change_too_late" });
    expect(plan(factsOf(TWO_LINES, { "1": { shipped: 3 } }), move)).toMatchObject({ status: "planned" });
  });

  it("refuses a stale revision, an order that has ended, and a change of nothing", () => {
    const next = { ...TWO_LINES, note: "x" };
    expect(planChange(factsOf(TWO_LINES, {}, { revision: 3 }), next, 2)).toMatchObject({
      code: "stale_revision",
    });
    expect(planChange(factsOf(TWO_LINES, {}, { revision: 3 }), next, 3)).toMatchObject({ status: "planned" });
    expect(planChange(factsOf(TWO_LINES, {}, { status: "cancelled" }), next)).toMatchObject({
      code: "order_ended",
    });
    expect(planChange(factsOf(TWO_LINES), { ...TWO_LINES, channelUpdatedAt: "2026-01-01" })).toMatchObject({
      code: "nothing_changes",
    });
  });

  it("lets a customer collect at a store that was not known, and at no other than the one that has it", () => {
    const at = (delivery: OrderDocument["delivery"]): OrderDocument => ({
      ...TWO_LINES,
      ...(delivery && { delivery }),
    });
    const change = (before: OrderDocument["delivery"], next: OrderDocument["delivery"]) =>
      planChange(factsOf(at(before)), at(next));
    const unknown = { method: "pickup", place: "Downtown" } as const;
    const east = { method: "pickup", locationId: "east" } as const;
    expect(change(unknown, east)).toMatchObject({ status: "planned" });
    for (const next of [{ ...east, locationId: "west" }, unknown])
      expect(change(east, next)).toMatchObject({
        code: "change_not_supported",
        detail: expect.stringContaining("east"),
      });
  });

  it("refuses to make another order of it", () => {
    const [first, second] = TWO_LINES.lines as [OrderLine, OrderLine];
    const other = (next: Partial<OrderDocument>) => planChange(factsOf(TWO_LINES), { ...TWO_LINES, ...next });
    expect(other({ currency: "EUR" })).toMatchObject({ code: "change_not_supported" });
    expect(other({ delivery: { method: "pickup" } })).toMatchObject({ code: "change_not_supported" });
    expect(other({ lines: [{ ...first, sku: "OTHER" }, second] })).toMatchObject({
      code: "change_not_supported",
    });
  });
});

it("prices the units that are wanted as the document does, however often it is changed", () => {
  const amount = fc.integer({ min: 0, max: 9_000 });
  const spec = fc.record({
    price: amount,
    quantity: fc.integer({ min: 1, max: 9 }),
    tax: amount,
    less: amount,
  });
  const edit = fc.record({ line: fc.nat(5), to: fc.integer({ min: 1, max: 12 }), discount: amount });
  fc.assert(
    fc.property(
      fc.array(spec, { minLength: 1, maxLength: 4 }),
      amount,
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      (specs, discount, edits) => {
        const bounded = specs.map((line) => ({
          ...line,
          less: Math.min(line.less, line.price * line.quantity),
        }));
        const goods = bounded.reduce((sum, { price, quantity, less }) => sum + price * quantity - less, 0);
        let facts = factsOf(documentOf(bounded, Math.min(discount, goods)));
        for (const { line, to, discount: less } of edits) {
          const lineId = String(1 + (line % specs.length));
          const free = chargeableMinor({ ...zeroMoney("USD"), minor: Math.min(less, goods) });
          const outcome = plan(
            facts,
            { kind: "quantity", lineId, quantity: to },
            ...(to % 3 === 0 ? [] : ([{ kind: "note", note: String(free) }] as const)),
          );
          if (outcome.status === "refused") continue;
          const { document, ledger, amounts, exponent } = outcome;
          const shares = lineShares(document);
          for (const [index, priced] of document.lines.entries()) {
            const row = amounts[index];
            if (row === undefined) throw new Error("a line without amounts");
            const own =
              priced.unitPrice.minor * priced.quantity -
              priced.discount.minor +
              priced.tax.minor +
              (shares[index] ?? 0);
            expect(valueOfUnits(row, 0, priced.quantity, "USD", exponent)).toBe(own);
          }
          facts = {
            ...facts,
            document,
            revision: facts.revision + 1,
            lines: facts.lines.map((known) => ({
              ...known,
              ordered: known.ordered + (ledger.get(known.lineId)?.ordered ?? 0),
              cancelled: known.cancelled + (ledger.get(known.lineId)?.cancelled ?? 0),
            })),
          };
        }
      },
    ),
  );
});
