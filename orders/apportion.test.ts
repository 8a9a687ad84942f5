import fc from "fast-check";
import { expect, test } from "vitest";
import { apportion } from "./apportion.ts";

test("a cent that is left over goes to the largest remainder, to the first of equals", () => {
  expect(apportion(100, [1, 1, 1])).toEqual([34, 33, 33]);
  expect(apportion(-100, [1, 1, 1])).toEqual([-34, -33, -33]);
  expect(apportion(10, [1, 5])).toEqual([2, 8]);
});

test("without weights the parts are equal, and without parts there are none", () => {
  expect(apportion(5, [0, 0])).toEqual([3, 2]);
  expect(apportion(5, [])).toEqual([]);
});

test("parts add up exactly, bear the amount's sign and are less than a unit off their proportion", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e12, max: 1e12 }),
      fc.array(fc.nat(1_000_000_000), { minLength: 1, maxLength: 30 }),
      (amount, weights) => {
        const parts = apportion(amount, weights);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(amount);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const [index, part] of parts.entries()) {
          expect(part * Math.sign(amount)).toBeGreaterThanOrEqual(0);
          if (total > 0) {
            const exact = (amount * (weights[index] as number)) / total;
            expect(Math.abs(part - exact)).toBeLessThan(1.001);
          }
        }
      },
    ),
  );
});
