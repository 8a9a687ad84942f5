import fc from "fast-check";
import { expect, test } from "vitest";
import { chargeableStep, type Refundable, splitRefund, totalOfPockets } from "./refund.ts";

const from = (pockets: Partial<Refundable["pockets"]>, left?: number): Refundable => {
  const all = { payment: 0, storeCredit: 0, channel: 0, ...pockets };
  return { pockets: all, left: left ?? totalOfPockets(all), carried: 0 };
};

test("a refund goes back to the pockets that it came from, in proportion", () => {
  expect(splitRefund(4000, from({ payment: 7000, storeCredit: 3000 }), 1)).toEqual({
    payment: 2800,
    storeCredit: 1200,
    channel: 0,
  });
});

test("never more goes back than was paid", () => {
  expect(splitRefund(9000, from({ payment: 5000 }), 1)).toEqual({
    payment: 5000,
    storeCredit: 0,
    channel: 0,
  });
  expect(splitRefund(9000, from({ channel: 3000 }, 1000), 1).channel).toBe(1000);
  expect(totalOfPockets(splitRefund(9000, from({}), 1))).toBe(0);
});

test("the provider's part is in whole steps, and the other pockets take what that leaves", () => {
  expect(splitRefund(12_345, from({ payment: 24_690 }), 10)).toMatchObject({ payment: 12_340 });
  expect(splitRefund(10_005, from({ payment: 15_000, storeCredit: 5010 }), 10)).toEqual({
    payment: 7500,
    storeCredit: 2505,
    channel: 0,
  });
});

test("three-decimal currencies and the ariary have steps of their own", () => {
  expect(["USD", "JPY", "KWD", "MGA"].map(chargeableStep)).toEqual([1, 1, 10, 100]);
});

test("whatever the pockets are, no pocket gives more than it has, and steps take off less than one step", () => {
  const minor = fc.integer({ min: 0, max: 1e12 });
  fc.assert(
    fc.property(
      fc.record({ payment: minor, storeCredit: minor, channel: minor }),
      minor,
      minor,
      fc.constantFrom(1, 10, 100),
      (pockets, taken, asked, step) => {
        const left = Math.max(0, totalOfPockets(pockets) - taken);
        const split = splitRefund(asked, { pockets, left, carried: 0 }, step);
        const sum = totalOfPockets(split);
        expect(split.payment % step).toBe(0);
        expect(split.payment).toBeLessThanOrEqual(pockets.payment);
        expect(split.storeCredit).toBeLessThanOrEqual(pockets.storeCredit);
        expect(split.channel).toBeLessThanOrEqual(pockets.channel);
        expect(sum).toBeLessThanOrEqual(Math.min(asked, left));
        expect(sum).toBeGreaterThan(Math.min(asked, left) - step);
      },
    ),
  );
});
