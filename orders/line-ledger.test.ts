import fc from "fast-check";
import { expect, test } from "vitest";
import {
  fulfillmentStatusOf,
  type LineLedger,
  ledgerViolations,
  newLedger,
  orderStatusOf,
  paymentStatusOf,
  returnable,
  returnStatusOf,
  toShip,
} from "./line-ledger.ts";

const line = (ordered: number, change: Partial<LineLedger> = {}): LineLedger => ({
  ...newLedger(ordered),
  ...change,
});

test.each([
  ["unfulfilled", [line(2)]],
  ["in_progress", [line(2, { allocated: 1 })]],
  ["partially_fulfilled", [line(2, { shipped: 2 }), line(1)]],
  ["fulfilled", [line(2, { shipped: 1, cancelled: 1 }), line(1, { shipped: 1 })]],
  ["partially_delivered", [line(2, { shipped: 2, delivered: 1 })]],
  ["partially_delivered", [line(1, { shipped: 1, delivered: 1 }), line(1)]],
  ["delivered", [line(2, { shipped: 1, delivered: 1, cancelled: 1 })]],
  ["cancelled", [line(2, { cancelled: 2 }), line(1, { cancelled: 1 })]],
  ["unfulfilled", []],
] as const)("the fulfillment status is %s where quantities say so (%#)", (status, lines) => {
  expect(fulfillmentStatusOf(lines)).toBe(status);
});

test.each([
  ["none", [line(2, { shipped: 2, delivered: 2 })]],
  ["none", [line(2, { shipped: 2, returnRequested: 1, returnDismissed: 1 })]],
  ["requested", [line(2, { shipped: 2, returnRequested: 1 })]],
  ["in_progress", [line(2, { shipped: 2, returnRequested: 2, returnReceived: 1 })]],
  ["partially_returned", [line(2, { shipped: 2, returnRequested: 1, returnReceived: 1 })]],
  ["returned", [line(2, { shipped: 2, returnRequested: 2, returnReceived: 2 })]],
] as const)("the return status is %s where quantities say so (%#)", (status, lines) => {
  expect(returnStatusOf(lines)).toBe(status);
});

test("an order is on hold only as long as it is neither cancelled nor completed", () => {
  const hold = [{ code: "payment_failed", detail: "declined" }] as const;
  expect(orderStatusOf([line(1)], hold, "failed")).toBe("on_hold");
  expect(orderStatusOf([line(1)], [], "pending")).toBe("open");
  expect(orderStatusOf([line(1)], [], "paid")).toBe("open");
  expect(orderStatusOf([line(1, { cancelled: 1 })], hold, "voided")).toBe("cancelled");
  expect(orderStatusOf([line(1, { cancelled: 1 })], [], "pending")).toBe("cancelled");
  expect(orderStatusOf([line(1, { shipped: 1, delivered: 1 })], hold, "paid")).toBe("completed");
  expect(orderStatusOf([], hold, "pending")).toBe("on_hold");
});

const delivered = [line(2, { cancelled: 1, shipped: 1, delivered: 1 })];

test.each(["paid", "paid_at_channel", "partially_refunded", "refunded", "voided"] as const)(
  "what is delivered is completed where its payment is %s",
  (payment) => {
    expect(orderStatusOf(delivered, [], payment)).toBe("completed");
  },
);

test.each(["pending", "authorized", "partially_paid", "failed"] as const)(
  "what is delivered is not completed as long as its payment is %s, and may wait for a person",
  (payment) => {
    expect(orderStatusOf(delivered, [], payment)).toBe("open");
    expect(orderStatusOf(delivered, [{ code: "payment_failed", detail: "declined" }], payment)).toBe(
      "on_hold",
    );
  },
);

test.each([
  ["pending", {}],
  ["failed", { declined: true }],
  ["authorized", { authorized: 10 }],
  ["voided", { authorized: 10, voided: true }],
  ["partially_paid", { authorized: 10, captured: 4 }],
  ["partially_paid", { authorized: 10, captured: 4, refunded: 1 }],
  ["partially_paid", { authorized: 10, captured: 4, refunded: 4 }],
  ["paid", { authorized: 10, captured: 10 }],
  ["partially_refunded", { authorized: 10, captured: 10, refunded: 1 }],
  ["refunded", { authorized: 10, captured: 10, refunded: 10 }],
] as const)("the payment status is %s where the sums say so", (status, change) => {
  const sums = { due: 10, authorized: 0, captured: 0, refunded: 0, voided: false, declined: false };
  expect(paymentStatusOf({ ...sums, ...change })).toBe(status);
});

test("units can be returned once, and only after delivery", () => {
  expect(returnable(line(3, { shipped: 3 }))).toBe(0);
  expect(returnable(line(3, { shipped: 3, delivered: 3, returnRequested: 1 }))).toBe(2);
  expect(returnable(line(3, { shipped: 3, delivered: 3, returnRequested: 1, returnDismissed: 1 }))).toBe(3);
  expect(toShip(line(3, { cancelled: 1, shipped: 1 }))).toBe(1);
});

test("broken ledgers are told by the invariant that they break", () => {
  expect(ledgerViolations(line(1))).toEqual([]);
  expect(ledgerViolations(line(0))).toEqual(["L1"]);
  expect(ledgerViolations(line(2, { cancelled: 1, shipped: 2 }))).toEqual(["L2"]);
  expect(ledgerViolations(line(2, { shipped: 1, delivered: 2 }))).toEqual(["L3"]);
  expect(ledgerViolations(line(2, { shipped: 1, returnRequested: 2 }))).toEqual(["L4"]);
  expect(ledgerViolations(line(2, { shipped: 2, returnReceived: 1 }))).toEqual(["L5"]);
  expect(ledgerViolations(line(2, { cancelled: 1, allocated: 2 }))).toEqual(["L6"]);
});

test("every status holds for whatever order its lines are listed in", () => {
  const soundLine = fc
    .record({
      ordered: fc.integer({ min: 1, max: 5 }),
      a: fc.nat(5),
      b: fc.nat(5),
      c: fc.nat(5),
      d: fc.nat(5),
    })
    .map(({ ordered, a, b, c, d }) => {
      const cancelled = a % (ordered + 1);
      const shipped = b % (ordered - cancelled + 1);
      const delivered = c % (shipped + 1);
      const returnRequested = d % (shipped + 1);
      return line(ordered, { cancelled, shipped, delivered, returnRequested });
    });
  fc.assert(
    fc.property(fc.array(soundLine, { minLength: 1, maxLength: 4 }), (lines) => {
      const reversed = [...lines].reverse();
      expect(lines.flatMap(ledgerViolations)).toEqual([]);
      expect(fulfillmentStatusOf(reversed)).toBe(fulfillmentStatusOf(lines));
      expect(returnStatusOf(reversed)).toBe(returnStatusOf(lines));
      // A roll-up never claims more than the quantities: `delivered` leaves no unit behind.
      if (fulfillmentStatusOf(lines) === "delivered") {
        expect(lines.every((l) => l.delivered === l.ordered - l.cancelled)).toBe(true);
      }
    }),
  );
});
