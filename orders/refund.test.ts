import fc from "fast-check";
import { expect, test } from "vitest";
import {
  matchConfirmation,
  type Refundable,
  splitRefund,
  statusAfterRefund,
  totalOfPockets,
} from "./refund.ts";

const from = (pockets: Partial<Refundable["pockets"]>, left?: number): Refundable => {
  const all = { payment: 0, storeCredit: 0, channel: 0, ...pockets };
  return { pockets: all, left: left ?? totalOfPockets(all), carried: 0, unmatched: 0 };
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
        const split = splitRefund(asked, { pockets, left, carried: 0, unmatched: 0 }, step);
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

test("a channel's word closes the refund of its amount, else the oldest ones, and the rest is left over", () => {
  const awaited = [
    { refundId: "a", openMinor: 1000 },
    { refundId: "b", openMinor: 5000 },
  ];
  expect(matchConfirmation(5000, awaited)).toEqual({ parts: [{ refundId: "b", minor: 5000 }], over: 0 });
  expect(matchConfirmation(1500, awaited)).toEqual({
    parts: [
      { refundId: "a", minor: 1000 },
      { refundId: "b", minor: 500 },
    ],
    over: 0,
  });
  expect(matchConfirmation(7000, awaited).over).toBe(1000);
  expect(matchConfirmation(7000, [])).toEqual({ parts: [], over: 7000 });
});

test("an order is refunded once everything that was paid has gone back", () => {
  expect(statusAfterRefund("paid_at_channel", 10_000, 0)).toBe("paid_at_channel");
  expect(statusAfterRefund("paid_at_channel", 10_000, 4000)).toBe("partially_refunded");
  expect(statusAfterRefund("partially_refunded", 10_000, 10_000)).toBe("refunded");
  expect(statusAfterRefund("partially_paid", 10_000, 4000)).toBe("partially_paid");
});
