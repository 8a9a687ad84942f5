/**
 * The quantity ledger of an order line, and the statuses that roll up from it.
 *
 * Owns the rule that no status is ever stored as an opinion: each axis is a function of quantities, and of sums of money.
 * A status is `partially_…` whenever some quantity has reached it and some has not.
 *
 * Invariants of one line (`ledgerViolations`):
 *   L1 every quantity is an integer >= 0 and `ordered` > 0
 *   L2 cancelled + shipped <= ordered          L3 delivered <= shipped
 *   L4 returnRequested <= shipped              L5 returnReceived + returnDismissed <= returnRequested
 *   L6 allocated <= ordered - cancelled; fulfilled <= ordered - cancelled
 */
import type { FulfillmentStatus, HoldReason, OrderStatus, PaymentStatus, ReturnStatus } from "./order.ts";

export type LineLedger = {
  readonly ordered: number;
  readonly cancelled: number;
  readonly allocated: number;
  /** Picked, packed and verified. */
  readonly fulfilled: number;
  readonly shipped: number;
  readonly delivered: number;
  readonly returnRequested: number;
  readonly returnReceived: number;
  /** Announced for return but declined or never sent. */
  readonly returnDismissed: number;
  /** Lost or destroyed after shipping. */
  readonly writtenOff: number;
};

/** A line of which nothing has happened yet. */
export function newLedger(ordered: number): LineLedger {
  return {
    ordered,
    cancelled: 0,
    allocated: 0,
    fulfilled: 0,
    shipped: 0,
    delivered: 0,
    returnRequested: 0,
    returnReceived: 0,
    returnDismissed: 0,
    writtenOff: 0,
  };
}

/** Units that are still to be shipped. */
export function toShip(line: LineLedger): number {
  return line.ordered - line.cancelled - line.shipped;
}

/** Units that the shopper has, may send back, and has not announced for return yet. */
export function returnable(line: LineLedger): number {
  return Math.max(0, line.delivered - line.writtenOff - (line.returnRequested - line.returnDismissed));
}

export function fulfillmentStatusOf(lines: readonly LineLedger[]): FulfillmentStatus {
  const sum = total(lines);
  const wanted = sum.ordered - sum.cancelled;
  if (wanted === 0) return sum.ordered === 0 ? "unfulfilled" : "cancelled";
  if (sum.delivered === wanted) return "delivered";
  if (sum.delivered > 0) return "partially_delivered";
  if (sum.shipped === wanted) return "fulfilled";
  if (sum.shipped > 0) return "partially_fulfilled";
  return sum.allocated > 0 || sum.fulfilled > 0 ? "in_progress" : "unfulfilled";
}

export function returnStatusOf(lines: readonly LineLedger[]): ReturnStatus {
  const sum = total(lines);
  const awaited = sum.returnRequested - sum.returnReceived - sum.returnDismissed;
  if (sum.returnReceived === 0) return awaited > 0 ? "requested" : "none";
  if (awaited > 0) return "in_progress";
  return sum.returnReceived === sum.shipped ? "returned" : "partially_returned";
}

/** Whether nothing of what an order costs is still to be taken. */
const SETTLED: Readonly<Record<PaymentStatus, boolean>> = {
  pending: false,
  authorized: false,
  failed: false,
  partially_paid: false,
  paid: true,
  paid_at_channel: true,
  partially_refunded: true,
  refunded: true,
  voided: true,
};

/**
 * Completed is what is delivered and paid for: goods may arrive before the answer to the capture is written down, and an
 * order whose capture was declined waits for a person wherever its goods are.
 */
export function orderStatusOf(
  lines: readonly LineLedger[],
  holdReasons: readonly HoldReason[],
  paymentStatus: PaymentStatus,
): OrderStatus {
  const sum = total(lines);
  if (sum.ordered > 0 && sum.cancelled === sum.ordered) return "cancelled";
  const isDelivered = sum.ordered > 0 && sum.delivered === sum.ordered - sum.cancelled;
  if (isDelivered && SETTLED[paymentStatus]) return "completed";
  return holdReasons.length > 0 ? "on_hold" : "open";
}

/** What has moved through the payment gateway for one order, in minor units of one currency. */
export type PaymentSums = {
  /** What the order costs now, without what was cancelled. */
  readonly due: number;
  readonly authorized: number;
  readonly captured: number;
  readonly refunded: number;
  readonly voided: boolean;
  readonly declined: boolean;
};

/**
 * Payment status of an order that the merchant charges; what the channel charged is `paid_at_channel` throughout. As long
 * as some of what is due was captured and some was not it is `partially_paid`, whatever of it was refunded already.
 */
export function paymentStatusOf(sums: PaymentSums): PaymentStatus {
  if (sums.captured > 0 && sums.captured < sums.due) return "partially_paid";
  if (sums.refunded > 0) return sums.refunded >= sums.captured ? "refunded" : "partially_refunded";
  if (sums.captured > 0) return "paid";
  if (sums.voided) return "voided";
  if (sums.authorized > 0) return "authorized";
  return sums.declined ? "failed" : "pending";
}

/** The invariants that `line` breaks, by their names in this file's header; empty for a sound ledger. */
export function ledgerViolations(line: LineLedger): readonly string[] {
  const broken: string[] = [];
  if (!Object.values(line).every((n) => Number.isInteger(n) && n >= 0) || line.ordered === 0) {
    broken.push("L1");
  }
  if (line.cancelled + line.shipped > line.ordered) broken.push("L2");
  if (line.delivered > line.shipped) broken.push("L3");
  if (line.returnRequested > line.shipped) broken.push("L4");
  if (line.returnReceived + line.returnDismissed > line.returnRequested) broken.push("L5");
  const wanted = line.ordered - line.cancelled;
  if (line.allocated > wanted || line.fulfilled > wanted) broken.push("L6");
  return broken;
}

function total(lines: readonly LineLedger[]): LineLedger {
  const sum = { ...newLedger(0) };
  for (const line of lines) {
    for (const key of Object.keys(sum) as (keyof LineLedger)[]) sum[key] += line[key];
  }
  return sum;
}
