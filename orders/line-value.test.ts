import fc from "fast-check";
import { expect, test } from "vitest";
import { valueOfUnits } from "./line-value.ts";

const line = { ordered: 3, unitPriceMinor: 1000, discountMinor: 100, taxMinor: 500, shareMinor: 0 };

test("a whole line is worth its price less discount plus tax", () => {
  expect(valueOfUnits(line, 0, 3, "EUR", 2)).toBe(3400);
});

test("a part bears its share of discount and tax", () => {
  expect(valueOfUnits(line, 0, 1, "EUR", 2)).toBe(1133);
});

test("a line bears its share of the order's discount", () => {
  const half = { ordered: 1, unitPriceMinor: 5_000, discountMinor: 0, taxMinor: 0, shareMinor: -1_000 };
  expect(valueOfUnits(half, 0, 1, "USD", 2)).toBe(4_000);
});

test("an amount finer than the currency is rounded to what can be charged", () => {
  const fine = { ordered: 1, unitPriceMinor: 2599, discountMinor: 0, taxMinor: 0, shareMinor: 0 };
  expect(valueOfUnits(fine, 0, 1, "JPY", 2)).toBe(26);
});

test("however a line is cut, its parts add up to the whole", () => {
  fc.assert(
    fc.property(
      fc.record({
        ordered: fc.integer({ min: 1, max: 50 }),
        unitPriceMinor: fc.nat(1_000_000),
        discountMinor: fc.nat(10_000),
        taxMinor: fc.nat(100_000),
        shareMinor: fc.integer({ min: -10_000, max: 10_000 }),
      }),
      fc.array(fc.nat(50)),
      fc.constantFrom(2, 4),
      (any, cuts, exponent) => {
        const stops = [
          0,
          ...cuts.map((cut) => Math.min(cut, any.ordered)).sort((a, b) => a - b),
          any.ordered,
        ];
        const parts = stops
          .slice(1)
          .map((to, i) => valueOfUnits(any, stops[i] as number, to, "EUR", exponent));
        const sum = parts.reduce((total, part) => total + part, 0);
        const whole = valueOfUnits(any, 0, any.ordered, "EUR", exponent);
        // As a difference, because a fraction of a cent below nothing rounds to -0.
        expect(sum - whole).toBe(0);
      },
    ),
  );
});
