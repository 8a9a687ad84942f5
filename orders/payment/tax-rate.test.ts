import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { taxRate } from "./tax-rate.ts";

describe("the rate of a tax", () => {
  test("is the one that fits its amounts", () => {
    expect(taxRate(1_000, 190)).toBe("19");
    expect(taxRate(10_000, 550)).toBe("5.5");
    expect(taxRate(100_000, 2_100)).toBe("2.1");
    expect(taxRate(-1_000, -190)).toBe("19");
    expect(taxRate(1_000, 0)).toBe("0");
  });

  test("is not known where several fit, none fits, or there is nothing", () => {
    expect(taxRate(10, 2)).toBeNull();
    expect(taxRate(0, 0)).toBeNull();
    expect(taxRate(0, 5)).toBeNull();
    expect(taxRate(1_000, -190)).toBeNull();
    expect(taxRate(100_000, 7_777)).toBeNull();
  });

  test("of any rate in whole percents and any amount, is that rate or not known, however it was rounded", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 27 }),
        fc.constantFrom(Math.round, Math.floor, Math.ceil),
        (net, rate, rounded) => {
          const tax = rounded((net * rate) / 100);
          if (tax > 0) expect([String(rate), null]).toContain(taxRate(net, tax));
        },
      ),
    );
  });
});
