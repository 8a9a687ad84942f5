import fc from "fast-check";
import { expect, test } from "vitest";
import { type HeldLine, splitUnits } from "./split-units.ts";

const held = (lineId: string, holdId: string, quantity: number, sku = "MUG", perUnit = 1): HeldLine => ({
  lineId,
  holdId,
  sku,
  quantity,
  perUnit,
});

test("units are taken hold by hold", () => {
  const lines = [held("1", "a", 2), held("1", "b", 3), held("2", "c", 1, "CAP")];
  expect(splitUnits(lines, [{ lineId: "1", quantity: 3 }])).toEqual({
    taken: [held("1", "a", 2), held("1", "b", 1)],
    left: [held("1", "b", 2), held("2", "c", 1, "CAP")],
    missing: [],
  });
});

test("a kit is taken with all of its components", () => {
  const lines = [held("1", "a", 4, "GLASS", 2), held("1", "b", 2, "JUG")];
  expect(splitUnits(lines, [{ lineId: "1", quantity: 1 }])).toMatchObject({
    taken: [held("1", "a", 2, "GLASS", 2), held("1", "b", 1, "JUG")],
    left: [held("1", "a", 2, "GLASS", 2), held("1", "b", 1, "JUG")],
  });
});

test("what is not there is said, by line", () => {
  const lines = [held("1", "a", 4, "GLASS", 2), held("1", "b", 2, "JUG")];
  const wanted = [
    { lineId: "1", quantity: 3 },
    { lineId: "9", quantity: 1 },
  ];
  expect(splitUnits(lines, wanted).missing).toEqual([
    { lineId: "1", quantity: 1 },
    { lineId: "9", quantity: 1 },
  ]);
});

test("nothing is lost or doubled, whatever is taken", () => {
  const line = fc.record({
    lineId: fc.constantFrom("1", "2"),
    holdId: fc.constantFrom("a", "b", "c", "d"),
    sku: fc.constant("MUG"),
    quantity: fc.integer({ min: 1, max: 5 }),
    perUnit: fc.constant(1),
  });
  const wanted = fc.array(
    fc.record({ lineId: fc.constantFrom("1", "2"), quantity: fc.integer({ min: 1, max: 5 }) }),
  );
  const sum = (parts: readonly { readonly lineId: string; readonly quantity: number }[], lineId: string) =>
    parts.reduce((total, part) => (part.lineId === lineId ? total + part.quantity : total), 0);
  fc.assert(
    fc.property(fc.array(line), wanted, (lines, asked) => {
      const { taken, left, missing } = splitUnits(lines, asked);
      for (const lineId of ["1", "2"]) {
        expect(sum(taken, lineId) + sum(left, lineId)).toBe(sum(lines, lineId));
        expect(sum(taken, lineId) + sum(missing, lineId)).toBe(sum(asked, lineId));
      }
    }),
  );
});
