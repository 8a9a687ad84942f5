import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CarrierRate } from "./carriers.ts";
import { chooseRate } from "./rate-choice.ts";

const rate = (rateId: string, costMinor: number, deliveryDays: number): CarrierRate => ({
  rateId,
  carrier: "UPS",
  service: "Ground",
  costMinor,
  currency: "USD",
  deliveryDays,
});

const ground = rate("ground", 900, 5);
const second = rate("second", 2_100, 2);
const next = rate("next", 3_800, 1);

describe("choosing a rate", () => {
  it("takes the cheapest rate that arrives on the promised day", () => {
    expect(chooseRate([next, second, ground], "2026-11-23", "2026-11-25")).toEqual({
      rate: second,
      keepsPromise: true,
    });
    expect(chooseRate([next, second, ground], "2026-11-23", "2026-11-28")?.rate).toBe(ground);
  });

  it("takes the fastest and says so where no rate keeps the promise", () => {
    expect(chooseRate([ground, next, second], "2026-11-23", "2026-11-23")).toEqual({
      rate: next,
      keepsPromise: false,
    });
  });

  it("takes the cheapest where nothing was promised", () => {
    expect(chooseRate([next, second, ground], "2026-11-23", null)).toEqual({
      rate: ground,
      keepsPromise: true,
    });
  });

  it("counts days over the end of a month and of summer time", () => {
    expect(chooseRate([ground, second], "2026-10-24", "2026-10-29")?.rate).toBe(ground);
    expect(chooseRate([ground, second], "2026-02-27", "2026-03-01")?.rate).toBe(second);
  });

  it("has no choice without rates", () => {
    expect(chooseRate([], "2026-11-23", "2026-11-25")).toBeNull();
  });

  it("makes the same choice whatever the order of the rates", () => {
    const rates = fc.array(fc.record({ id: fc.string({ minLength: 1 }), cost: fc.nat(5), days: fc.nat(4) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(rates, fc.nat(4), (list, days) => {
        const offered = list.map(({ id, cost, days: needed }, index) => rate(`${id}${index}`, cost, needed));
        const deliverBy = `2026-11-${23 + days}`;
        const forwards = chooseRate(offered, "2026-11-23", deliverBy);
        expect(chooseRate([...offered].reverse(), "2026-11-23", deliverBy)).toEqual(forwards);
        // What the words say, looked up the slow way.
        const inTime = offered.filter(({ deliveryDays }) => deliveryDays <= days);
        const best = (inTime.length > 0 ? inTime : offered).every((other) =>
          inTime.length > 0
            ? (forwards?.rate.costMinor ?? Number.NaN) <= other.costMinor
            : (forwards?.rate.deliveryDays ?? Number.NaN) <= other.deliveryDays,
        );
        expect(best).toBe(true);
        expect(forwards?.keepsPromise).toBe(inTime.length > 0);
      }),
    );
  });
});
