import fc from "fast-check";
import { expect, test } from "vitest";
import { cancellation, changedLedger, type LineLedger, ledgerViolations, newLedger } from "./line-ledger.ts";
import type { HoldReason } from "./order.ts";
import {
  afterHoldChange,
  cancelledPaymentStatus,
  capturedPaymentStatus,
  fulfillmentStatusOf,
  orderStatusOf,
  paymentStatusOf,
  returnStatusOf,
  rollUp,
} from "./order-status.ts";

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

const pending: HoldReason = { code: "payment_pending", detail: "not paid yet" };
const unknown: HoldReason = { code: "unknown_sku", detail: "line 1" };

test("what the channel charged is paid, unless the channel itself is in doubt", () => {
  expect(capturedPaymentStatus("channel", [unknown])).toBe("paid_at_channel");
  expect(capturedPaymentStatus("channel", [unknown, pending])).toBe("pending");
  expect(capturedPaymentStatus("merchant", [])).toBe("pending");
});

test("a cancellation voids a payment that was never made, and leaves any other as it is", () => {
  expect(cancelledPaymentStatus("pending", 0)).toBe("voided");
  expect(cancelledPaymentStatus("failed", 0)).toBe("voided");
  expect(cancelledPaymentStatus("paid", 0)).toBe("voided");
  expect(cancelledPaymentStatus("paid", 100)).toBe("paid");
  expect(cancelledPaymentStatus("paid_at_channel", 100)).toBe("paid_at_channel");
  expect(cancelledPaymentStatus("authorized", 0)).toBe("authorized");
});

test("what is delivered and paid for is not completed while its money is open", () => {
  const done = { ...line(2), allocated: 2, fulfilled: 2, shipped: 2, delivered: 2 };
  expect(rollUp([done], [], "paid").status).toBe("completed");
  expect(rollUp([done], [], "paid", true).status).toBe("open");
  expect(rollUp([done], [unknown], "paid", true).status).toBe("on_hold");
});

const held = rollUp([line(2)], [unknown, pending], "pending");
const byChannel = { paymentBy: "channel", isSentAnew: false } as const;

test("an order whose last reason goes is open; one with a reason left stays on hold", () => {
  expect(afterHoldChange(held, { ...byChannel, cleared: ["unknown_sku"], added: [] })).toMatchObject({
    status: "on_hold",
    holdReasons: [pending],
  });
  expect(
    afterHoldChange(held, { ...byChannel, cleared: ["unknown_sku", "payment_pending"], added: [] }),
  ).toMatchObject({ status: "open", holdReasons: [] });
});

test("a reason that comes replaces the one of its code, and one that nobody decided about stays", () => {
  const still: HoldReason = { code: "unknown_sku", detail: "line 2" };
  expect(afterHoldChange(held, { ...byChannel, cleared: [], added: [still] }).holdReasons).toEqual([
    pending,
    still,
  ]);
});

test("who clears the doubt about a payment that the channel takes says that it was made", () => {
  const cleared = { cleared: ["payment_pending"], added: [], isSentAnew: false } as const;
  expect(afterHoldChange(held, { ...cleared, paymentBy: "channel" }).paymentStatus).toBe("paid_at_channel");
  expect(afterHoldChange(held, { ...cleared, paymentBy: "merchant" }).paymentStatus).toBe("pending");
  const failed = { ...held, paymentStatus: "failed" } as const;
  expect(afterHoldChange(failed, { ...cleared, paymentBy: "channel" }).paymentStatus).toBe("failed");
});

test("an order that is sent anew is paid as the channel says now", () => {
  const change = { cleared: ["payment_pending"], paymentBy: "channel", isSentAnew: true } as const;
  const paid = { ...held, paymentStatus: "paid_at_channel" } as const;
  expect(afterHoldChange(held, { ...change, added: [] }).paymentStatus).toBe("paid_at_channel");
  expect(afterHoldChange(paid, { ...change, added: [pending] }).paymentStatus).toBe("pending");
});

test("a cancelled order is cancelled on every axis", () => {
  const before = line(3, { allocated: 3, fulfilled: 1 });
  const after = changedLedger({ orderId: "o", lineId: "1" }, before, cancellation(before));
  expect(rollUp([after], [], "voided")).toMatchObject({
    status: "cancelled",
    fulfillmentStatus: "cancelled",
  });
});
