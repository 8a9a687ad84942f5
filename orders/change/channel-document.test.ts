import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OrderDocument, OrderLine } from "../order.ts";
import { sumsOf } from "../order-amounts.ts";
import { channelDocument } from "./channel-document.ts";
import { applyEdits, type OrderEdit } from "./order-edits.ts";
import { withSubstitute } from "./substitution.ts";

const money = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

type Sent = {
  readonly lines: Readonly<Record<string, number>>;
  readonly street?: string;
  readonly discount?: number;
};

/** As the channel sends it: lines by their name, with the units wanted. */
function sent({ lines, street = "1 Main St", discount = 0 }: Sent): OrderDocument {
  const document = {
    currency: "USD",
    lines: Object.entries(lines).map(
      ([name, quantity], index): OrderLine => ({
        lineId: String(index + 1),
        externalLineId: name,
        sku: name,
        channelSku: name,
        title: name,
        quantity,
        unitPrice: money(1000),
        discount: money(0),
        tax: money(70 * quantity),
        taxes: [{ name: "tax", amount: money(70 * quantity) }],
        attributes: {},
      }),
    ),
    shippingPrice: money(500),
    discount: money(discount),
    tax: money(70 * Object.values(lines).reduce((sum, quantity) => sum + quantity, 0) + 35),
    total: money(0),
    shippingAddress: { name: "A", line1: street, city: "Reno", country: "US" },
    customer: { name: "Maya" },
    shippingService: "Standard",
  } as unknown as OrderDocument;
  return { ...document, total: money(sumsOf(document).sum) };
}

function edited(document: OrderDocument, ...edits: readonly OrderEdit[]): OrderDocument {
  const outcome = applyEdits(document, edits, 10);
  if (outcome.status === "refused") throw new Error(outcome.detail);
  return outcome.document;
}

const merged = (base: OrderDocument, next: OrderDocument, ours = base, kept: Record<string, number> = {}) =>
  channelDocument({ base, next, ours, nextLineNumber: 20, keptOf: (lineId) => kept[lineId] ?? 0 });

const wanted = ({ lines }: OrderDocument) =>
  Object.fromEntries(lines.map(({ lineId, sku, quantity }) => [`${lineId} ${sku}`, quantity]));

describe("a newer version of a channel", () => {
  const base = sent({ lines: { TENT: 2, LAMP: 1 } });

  it("is what the order becomes, to the last amount, where nothing was changed here", () => {
    const next = sent({ lines: { LAMP: 3, MUG: 1 }, street: "2 Oak Ave", discount: 250 });
    const document = merged(base, next);
    expect(wanted(document)).toEqual({ "2 LAMP": 3, "20 MUG": 1 });
    expect(document).toMatchObject({
      total: next.total,
      tax: next.tax,
      discount: next.discount,
      shippingAddress: { line1: "2 Oak Ave" },
    });
  });

  it("leaves what was corrected here, unless the channel has changed the same", () => {
    const ours = edited(
      base,
      { kind: "address", address: { name: "A", line1: "9 Z St", city: "Reno", country: "US" } },
      { kind: "note", note: "Ring twice" },
    );
    const quiet = merged(base, sent({ lines: { TENT: 3, LAMP: 1 } }), ours);
    expect(quiet).toMatchObject({ shippingAddress: { line1: "9 Z St" }, note: "Ring twice" });
    const loud = merged(base, sent({ lines: { TENT: 3, LAMP: 1 }, street: "2 Oak Ave" }), ours);
    expect(loud).toMatchObject({ shippingAddress: { line1: "2 Oak Ave" }, note: "Ring twice" });
  });

  it("does not order again what we have given up, and gives up what both have", () => {
    const ours = edited(base, { kind: "quantity", lineId: "1", quantity: 1 });
    expect(wanted(merged(base, sent({ lines: { TENT: 2, LAMP: 2 } }), ours))).toEqual({
      "1 TENT": 1,
      "2 LAMP": 2,
    });
    expect(wanted(merged(base, sent({ lines: { TENT: 1, LAMP: 1 } }), ours))).toEqual({
      "1 TENT": 1,
      "2 LAMP": 1,
    });
    expect(wanted(merged(base, sent({ lines: { TENT: 4, LAMP: 1 } }), ours))).toEqual({
      "1 TENT": 3,
      "2 LAMP": 1,
    });
    const without = edited(base, { kind: "cancel_line", lineId: "1" });
    expect(wanted(merged(base, sent({ lines: { TENT: 2, LAMP: 1 } }), without))).toEqual({ "2 LAMP": 1 });
    expect(wanted(merged(base, sent({ lines: { TENT: 3, LAMP: 1 } }), without))).toEqual({
      "2 LAMP": 1,
      "20 TENT": 1,
    });
  });

  it("keeps a line of our own, and takes nothing away that it only leaves out", () => {
    const line = { sku: "MUG", title: "Mug", quantity: 1, unitPrice: money(900) };
    const ours = edited(base, { kind: "add_line", line });
    expect(wanted(merged(base, sent({ lines: { TENT: 1, LAMP: 1 } }), ours))).toEqual({
      "1 TENT": 1,
      "2 LAMP": 1,
      "10 MUG": 1,
    });
    const bare = { ...sent({ lines: {} }), shippingAddress: null };
    expect(merged(base, bare, ours)).toMatchObject({
      lines: ours.lines,
      shippingAddress: base.shippingAddress,
    });
  });

  it("that takes units off a line takes those first that are sent as something else", () => {
    const four = sent({ lines: { TENT: 4, LAMP: 1 } });
    const instead = { lineId: "1", sku: "BLUE", title: "Blue", price: null };
    const ours = withSubstitute(four, { ...instead, quantity: 3, lineNumber: 10 }) ?? expect.fail();
    const version = (TENT: number) => sent({ lines: { ...(TENT === 0 ? {} : { TENT }), LAMP: 1 } });
    const leaves = (units: number) => {
      const document = merged(four, version(units), ours);
      const sums = sumsOf(document);
      expect(sums.total).toBe(sums.sum);
      return wanted(document);
    };
    expect(leaves(4)).toEqual({ "1 TENT": 1, "10 BLUE": 3, "2 LAMP": 1 });
    expect(leaves(5)).toEqual({ "1 TENT": 2, "10 BLUE": 3, "2 LAMP": 1 });
    expect(leaves(2)).toEqual({ "1 TENT": 1, "10 BLUE": 1, "2 LAMP": 1 });
    expect(leaves(1)).toEqual({ "1 TENT": 1, "2 LAMP": 1 });
    expect(leaves(0)).toEqual({ "2 LAMP": 1 });
    const all = withSubstitute(four, { ...instead, quantity: 4, lineNumber: 10 }) ?? expect.fail();
    expect(wanted(merged(four, version(3), all))).toEqual({ "10 BLUE": 3, "2 LAMP": 1 });
    expect(wanted(merged(four, version(4), all))).toEqual({ "10 BLUE": 4, "2 LAMP": 1 });
  });

  it("takes units off the line itself where what is sent in its place has gone, and both where it has to", () => {
    const four = sent({ lines: { TENT: 4, LAMP: 1 } });
    const instead = { lineId: "1", sku: "BLUE", title: "Blue", price: null };
    const ours = withSubstitute(four, { ...instead, quantity: 2, lineNumber: 10 }) ?? expect.fail();
    const leaves = (TENT: number, kept: Record<string, number>) =>
      wanted(merged(four, sent({ lines: { TENT, LAMP: 1 } }), ours, kept));
    expect(leaves(3, { "10": 2 })).toEqual({ "1 TENT": 1, "10 BLUE": 2, "2 LAMP": 1 });
    expect(leaves(2, { "10": 1 })).toEqual({ "1 TENT": 1, "10 BLUE": 1, "2 LAMP": 1 });
    expect(leaves(3, { "1": 2 })).toEqual({ "1 TENT": 2, "10 BLUE": 1, "2 LAMP": 1 });
    // Too late for one of both: the plan of the change refuses it by name.
    expect(leaves(1, { "10": 2 })).toEqual({ "10 BLUE": 1, "2 LAMP": 1 });
  });

  it("that makes another product of a line wants neither the line nor what is sent in its place", () => {
    const four = sent({ lines: { TENT: 4, LAMP: 1 } });
    const instead = { lineId: "1", sku: "BLUE", title: "Blue", price: null, quantity: 2, lineNumber: 10 };
    const ours = withSubstitute(four, instead) ?? expect.fail();
    const [tent, ...others] = four.lines;
    if (tent === undefined) expect.fail();
    const next = { ...four, lines: [{ ...tent, sku: "RED", channelSku: "RED" }, ...others] };
    expect(wanted(merged(four, next, ours))).toEqual({ "2 LAMP": 1, "20 RED": 4 });
  });

  it("makes a document that adds up, whatever was changed on either side", () => {
    const units = fc.integer({ min: 0, max: 4 });
    const some = fc
      .record({ TENT: units, LAMP: units, MUG: units })
      .map((lines) => Object.fromEntries(Object.entries(lines).filter(([, quantity]) => quantity > 0)));
    fc.assert(
      fc.property(
        some,
        some,
        fc.array(fc.tuple(fc.nat(2), units), { maxLength: 3 }),
        units,
        (was, is, edits, off) => {
          const from = sent({ lines: was });
          let ours = from;
          for (const [index, quantity] of edits) {
            const lineId = ours.lines[index]?.lineId;
            if (lineId !== undefined) ours = edited(ours, { kind: "quantity", lineId, quantity });
          }
          const sums = sumsOf(merged(from, sent({ lines: is, discount: off }), ours));
          expect(sums.total).toBe(sums.sum);
        },
      ),
    );
  });
});

it("keeps our own fields, of the order and its lines, that the channel does not know of", () => {
  const base = { ...sent({ lines: { tent: 2 } }), customFields: { po_number: "1" } };
  const ours = edited(
    base,
    { kind: "custom_field", key: "checked", value: true, personal: false },
    { kind: "custom_field", key: "gift_for", value: "Ada", personal: true, lineId: "1" },
  );
  const next = { ...sent({ lines: { tent: 3 } }), customFields: { po_number: "2" } };
  const merged = channelDocument({ base, next, ours, nextLineNumber: 10, keptOf: () => 0 });
  expect(merged.customFields).toEqual({ po_number: "2", checked: true });
  expect(merged.lines).toMatchObject([{ quantity: 3, personalFields: { gift_for: "Ada" } }]);
});
