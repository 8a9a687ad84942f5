/**
 * The statuses of an order, on four axes, each a function of quantities, of sums of money and of what the
 * order waits for.
 *
 * Owns the rule that no status is ever stored as an opinion: a change of an order changes facts, and the
 * statuses are worked out here. A status is `partially_…` whenever some quantity has reached it and some has
 * not.
 */
import { type LineLedger, totalOf } from "./line-ledger.ts";
import type {
  FulfillmentStatus,
  HoldCode,
  HoldReason,
  OrderDocument,
  OrderStatus,
  PaymentStatus,
  ReturnStatus,
} from "./order.ts";

/** The four statuses, with the two facts that are no quantities. */
export type OrderStatuses = {
  readonly status: OrderStatus;
  readonly paymentStatus: PaymentStatus;
  readonly fulfillmentStatus: FulfillmentStatus;
  readonly returnStatus: ReturnStatus;
  readonly holdReasons: readonly HoldReason[];
};

export function rollUp(
  lines: readonly LineLedger[],
  holdReasons: readonly HoldReason[],
  paymentStatus: PaymentStatus,
  isMoneyOpen = false,
): OrderStatuses {
  return {
    status: orderStatusOf(lines, holdReasons, paymentStatus, isMoneyOpen),
    paymentStatus,
    fulfillmentStatus: fulfillmentStatusOf(lines),
    returnStatus: returnStatusOf(lines),
    holdReasons,
  };
}

/** What somebody else has handed over counts as delivered: nothing more is heard of it. */
export function fulfillmentStatusOf(lines: readonly LineLedger[]): FulfillmentStatus {
  const sum = totalOf(lines);
  const wanted = sum.ordered - sum.cancelled;
  if (wanted === 0) return sum.ordered === 0 ? "unfulfilled" : "cancelled";
  const arrived = sum.delivered + sum.fulfilledElsewhere;
  const gone = sum.shipped + sum.fulfilledElsewhere;
  if (arrived === wanted) return "delivered";
  if (arrived > 0) return "partially_delivered";
  if (gone === wanted) return "fulfilled";
  if (gone > 0) return "partially_fulfilled";
  return sum.allocated > 0 || sum.fulfilled > 0 ? "in_progress" : "unfulfilled";
}

export function returnStatusOf(lines: readonly LineLedger[]): ReturnStatus {
  const sum = totalOf(lines);
  const awaited = sum.returnRequested - sum.returnReceived - sum.returnDismissed;
  if (sum.returnReceived === 0) return awaited > 0 ? "requested" : "none";
  if (awaited > 0) return "in_progress";
  return sum.returnReceived === sum.shipped ? "returned" : "partially_returned";
}

/** Whether no money of the order is still to be taken. */
const SETTLED: Readonly<Record<PaymentStatus, boolean>> = {
  pending: false,
  authorized: false,
  failed: false,
  partially_paid: false,
  paid: true,
  paid_at_channel: true,
  due_on_delivery: false,
  partially_refunded: true,
  refunded: true,
  voided: true,
};

export function isSettled(paymentStatus: PaymentStatus): boolean {
  return SETTLED[paymentStatus];
}

/**
 * Units of a line of which something is still to come: no parcel, no word of the carrier, no cancellation.
 */
export function openUnits(line: LineLedger): number {
  const lost = Math.min(line.writtenOff, line.shipped - line.delivered);
  return line.ordered - line.cancelled - line.fulfilledElsewhere - line.delivered - lost;
}

/**
 * Completed means delivered and paid for. Goods may arrive before the answer to the capture is written down.
 * An order whose capture was declined waits for a person, wherever its goods are.
 *
 * @param isMoneyOpen whether its money does not agree (`payment/order-completion.ts`), though all is taken
 */
export function orderStatusOf(
  lines: readonly LineLedger[],
  holdReasons: readonly HoldReason[],
  paymentStatus: PaymentStatus,
  isMoneyOpen = false,
): OrderStatus {
  const sum = totalOf(lines);
  if (sum.ordered > 0 && sum.cancelled === sum.ordered) return "cancelled";
  const isDone = sum.ordered > 0 && lines.every((line) => openUnits(line) === 0);
  if (isDone && isSettled(paymentStatus) && !isMoneyOpen) return "completed";
  return waitingStatusOf(holdReasons);
}

/** What has moved through the payment provider for one order, in minor units of one currency. */
type PaymentSums = {
  /** What the order costs now, without what was cancelled. */
  readonly due: number;
  readonly authorized: number;
  readonly captured: number;
  readonly refunded: number;
  readonly voided: boolean;
  readonly declined: boolean;
};

/**
 * Payment status of an order that the merchant charges; an order that the channel charged is
 * `paid_at_channel` throughout. While some of what is due was captured and some was not, it is
 * `partially_paid`, whatever was refunded of it.
 */
export function paymentStatusOf(sums: PaymentSums): PaymentStatus {
  if (sums.captured > 0 && sums.captured < sums.due) return "partially_paid";
  if (sums.refunded > 0) return sums.refunded >= sums.captured ? "refunded" : "partially_refunded";
  if (sums.captured > 0) return "paid";
  if (sums.voided) return "voided";
  if (sums.authorized > 0) return "authorized";
  return sums.declined ? "failed" : "pending";
}

/**
 * Payment status of an order whose bearer takes the money. What never arrives is not taken.
 *
 * @param taken in ISO 4217 minor units, before anything of it was corrected
 */
export function cashStatus(
  lines: readonly LineLedger[],
  before: PaymentStatus,
  sums: { readonly cost: number; readonly taken: number },
): PaymentStatus {
  if (before === "partially_refunded" || before === "refunded") return before;
  const isOver = lines.every((line) => openUnits(line) === 0);
  if (sums.taken >= sums.cost || (sums.taken > 0 && isOver)) return "paid";
  if (sums.taken > 0) return "partially_paid";
  return isOver ? "voided" : "due_on_delivery";
}

/** What the channel charged is paid, unless the channel itself is in doubt. */
export function capturedPaymentStatus(
  paymentBy: OrderDocument["paymentBy"],
  holdReasons: readonly HoldReason[],
): PaymentStatus {
  if (paymentBy === "on_delivery") return "due_on_delivery";
  const isPending = holdReasons.some((reason) => reason.code === "payment_pending");
  return paymentBy === "channel" && !isPending ? "paid_at_channel" : "pending";
}

/**
 * A payment that was never made cannot be made for an order that is cancelled; one of which there was nothing
 * to pay any more was not made either.
 *
 * @param paid by whatever means, in ISO 4217 minor units
 */
export function cancelledPaymentStatus(before: PaymentStatus, paid: number): PaymentStatus {
  if (before === "pending" || before === "failed" || before === "due_on_delivery") return "voided";
  return before === "paid" && paid === 0 ? "voided" : before;
}

/** What a decision about an order on hold changes. */
type HoldChange = {
  /** Reasons that go. */
  readonly cleared: readonly HoldCode[];
  /** Reasons that come; each replaces the one of its code. */
  readonly added: readonly HoldReason[];
  readonly paymentBy: OrderDocument["paymentBy"];
  /** Whether the channel has sent the order again, and so says again whether it is paid. */
  readonly isSentAnew: boolean;
};

/**
 * The statuses of an order on hold after `change`. `before` may have moved since the decision was made:
 * reasons that the decision did not know of stay.
 */
export function afterHoldChange(before: OrderStatuses, change: HoldChange): OrderStatuses {
  const goes = (code: HoldCode) =>
    change.cleared.includes(code) || change.added.some((reason) => reason.code === code);
  const holdReasons = [...before.holdReasons.filter((reason) => !goes(reason.code)), ...change.added];
  // A person who clears the doubt about a payment that the channel takes says that it was made.
  const isDoubtGone = goes("payment_pending") && before.paymentStatus === "pending";
  return {
    ...before,
    holdReasons,
    status: waitingStatusOf(holdReasons),
    paymentStatus:
      isDoubtGone || change.isSentAnew
        ? capturedPaymentStatus(change.paymentBy, holdReasons)
        : before.paymentStatus,
  };
}

function waitingStatusOf(holdReasons: readonly HoldReason[]): OrderStatus {
  return holdReasons.length > 0 ? "on_hold" : "open";
}

/** What a shopper is shown of an order, in the usual order of events. */
export const SHOPPER_STATUSES = [
  "received",
  "on_hold",
  "preparing",
  "shipped",
  "out_for_delivery",
  "delivered",
  "cancelled",
] as const;

/** @param ordered of each line: units that are not cancelled */
export function shopperStatusOf(order: {
  readonly status: OrderStatus;
  readonly fulfillmentStatus: FulfillmentStatus;
  readonly lines: readonly {
    readonly ordered: number;
    readonly shipped: number;
    readonly delivered: number;
  }[];
  readonly anyParcelOutForDelivery: boolean;
}): (typeof SHOPPER_STATUSES)[number] {
  if (order.status === "cancelled") return "cancelled";
  const wanted = order.lines.filter((line) => line.ordered > 0);
  if (wanted.length > 0 && wanted.every((line) => line.delivered >= line.ordered)) return "delivered";
  if (order.anyParcelOutForDelivery) return "out_for_delivery";
  if (wanted.some((line) => line.shipped > 0)) return "shipped";
  if (order.status === "on_hold") return "on_hold";
  return order.fulfillmentStatus === "unfulfilled" ? "received" : "preparing";
}
