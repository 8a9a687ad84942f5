import fc from "fast-check";
import { expect, test } from "vitest";
import {
  adding,
  cancellation,
  changedLedger,
  type LedgerChange,
  LedgerViolation,
  type LineLedger,
  ledgerViolations,
  newLedger,
  returnable,
  shortPick,
} from "./line-ledger.ts";

const line = (ordered: number, change: Partial<LineLedger> = {}): LineLedger => ({
  ...newLedger(ordered),
  ...change,
});
const of = { orderId: "web-1", lineId: "1" };

test("units can be returned once, and only after delivery", () => {
  expect(returnable(line(3, { shipped: 3 }))).toBe(0);
  expect(returnable(line(3, { shipped: 3, delivered: 3, returnRequested: 1 }))).toBe(2);
  expect(returnable(line(3, { shipped: 3, delivered: 3, returnRequested: 1, returnDismissed: 1 }))).toBe(3);
});

test("broken ledgers are told by the invariant that they break", () => {
  expect(ledgerViolations(line(1))).toEqual([]);
  expect(ledgerViolations(line(0))).toEqual(["L1"]);
  expect(ledgerViolations(line(2, { cancelled: 1, shipped: 2 }))).toEqual(["L2"]);
  expect(ledgerViolations(line(2, { shipped: 1, fulfilledElsewhere: 2 }))).toEqual(["L2"]);
  expect(ledgerViolations(line(2, { shipped: 1, delivered: 2 }))).toEqual(["L3"]);
  expect(ledgerViolations(line(2, { shipped: 1, returnRequested: 2 }))).toEqual(["L4"]);
  expect(ledgerViolations(line(2, { shipped: 1, returnRequested: 2, returnDismissed: 1 }))).toEqual([]);
  expect(ledgerViolations(line(2, { shipped: 2, returnReceived: 1 }))).toEqual(["L5"]);
  expect(ledgerViolations(line(2, { cancelled: 1, allocated: 2 }))).toEqual(["L6"]);
});

test("a step adds its units to the lines that it names, however often it names them", () => {
  const step = adding(
    [
      { lineId: "1", quantity: 2 },
      { lineId: "2", quantity: 5 },
      { lineId: "1", quantity: 1 },
    ],
    "shipped",
    "delivered",
  );
  expect(step({ lineId: "1" })).toEqual({ shipped: 3, delivered: 3 });
  expect(step({ lineId: "3" })).toEqual({ shipped: 0, delivered: 0 });
});

test("a cancellation cancels what has not been shipped, once", () => {
  const before = line(5, { allocated: 5, fulfilled: 3, shipped: 2 });
  const after = changedLedger(of, before, cancellation(before));
  expect(after).toEqual(line(5, { cancelled: 3, allocated: 2, fulfilled: 2, shipped: 2 }));
  expect(changedLedger(of, after, cancellation(after))).toEqual(after);
});

test("a short pick takes no more than is allocated", () => {
  expect(shortPick(line(3, { allocated: 3 }), 2)).toEqual({ allocated: -2 });
  expect(shortPick(line(3, { cancelled: 3 }), 2).allocated).toBeCloseTo(0);
});

test("a change that would break an invariant is thrown, with order, line and invariant", () => {
  const broken: readonly (readonly [LineLedger, LedgerChange, string])[] = [
    [line(1), { allocated: -1 }, "L1"],
    [line(2, { cancelled: 1 }), { shipped: 2 }, "L2"],
    [line(2, { shipped: 1 }), { delivered: 2 }, "L3"],
    [line(2, { shipped: 1 }), { returnRequested: 2 }, "L4"],
    [line(2, { shipped: 2, returnRequested: 1 }), { returnReceived: 1, returnDismissed: 1 }, "L5"],
    [line(2, { cancelled: 1 }), { fulfilled: 2 }, "L6"],
  ];
  for (const [before, change, invariant] of broken) {
    expect(() => changedLedger(of, before, change)).toThrow(
      expect.objectContaining({ code: "ledger_violated", ...of, invariants: [invariant] }),
    );
  }
  expect(() => changedLedger(of, line(1), { shipped: 0.5 })).toThrow(LedgerViolation);
});

test("whatever the steps of an order do, in whatever order, its ledger stays sound or the step is refused", () => {
  const step = fc.record({
    allocated: fc.integer({ min: -2, max: 3 }),
    fulfilled: fc.nat(2),
    shipped: fc.nat(2),
    delivered: fc.nat(2),
    returnRequested: fc.nat(2),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step),
      fc.boolean(),
      (ordered, steps, isCancelled) => {
        let now = line(ordered);
        for (const change of steps) {
          try {
            now = changedLedger(of, now, change);
          } catch (error) {
            expect(error).toBeInstanceOf(LedgerViolation);
          }
          expect(ledgerViolations(now)).toEqual([]);
        }
        if (isCancelled) expect(ledgerViolations(changedLedger(of, now, cancellation(now)))).toEqual([]);
      },
    ),
  );
});
