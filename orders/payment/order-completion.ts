/**
 * When an order is done: every unit is delivered, collected, cancelled, written off or done elsewhere, and
 * the money agrees with that.
 *
 * The money agrees where
 * - what was captured, less what went back because less was earned, is what is earned; what a lost dispute
 *   took counts as gone back, and where it took what is earned, that is on finance's list as the customer's
 *   debt;
 * - no dispute waits for the bank, and no refund for its payment: one that was declined waits for finance,
 *   who has it tried again or gives it up;
 * - what a channel has to pay back is on finance's list.
 * What is asked for or disputed once the order has ended does not open it again: finance sees it in its
 * lists.
 *
 * Owns the one answer, in codes and in words. The saga ends an order by it, its status follows from it, the
 * order's page shows it, and the audit looks whether any order has ended without it.
 */

import type { LineLedger } from "../line-ledger.ts";
import type { HoldCode, HoldReason, PaymentStatus } from "../order.ts";
import { isSettled, openUnits } from "../order-status.ts";
import { minorText } from "../refund.ts";
import {
  type ChargedMoney,
  type ChargedOrder,
  costOf,
  earnedOf,
  nextMovement,
  priceOf,
  unpostedUnits,
  wholeSteps,
} from "./charging.ts";

export const COMPLETION_CODES = {
  units_open: "Units are neither delivered nor cancelled nor done elsewhere.",
  authorization_outstanding: "The order costs more than is authorised.",
  capture_outstanding: "What was handed over is not charged yet.",
  release_outstanding: "Money is still authorised that nothing is to come of.",
  refund_outstanding: "More was captured than was handed over.",
  refund_open: "A refund is under way, or was declined and waits for finance.",
  dispute_open: "The customer's bank has yet to decide about a dispute.",
  debt_outstanding: "What a lost dispute took is not on finance's list yet.",
  cash_outstanding: "Who brings the parcel has not taken the money yet.",
  channel_payment_outstanding: "The channel has not said that the order is paid.",
} as const;

export type CompletionCode = keyof typeof COMPLETION_CODES;

export type Missing = { readonly code: CompletionCode; readonly detail: string };

export type MoneyFacts = {
  readonly order: ChargedOrder;
  readonly paymentStatus: PaymentStatus;
  readonly holdReasons: readonly HoldReason[];
  /** What moved through our payment provider. */
  readonly money: ChargedMoney;
  /** That were asked for before the order ended, and are neither done nor given up nor on a list of debts. */
  readonly openRefunds: readonly {
    readonly refundId: string;
    readonly status: "requested" | "pending" | "failed";
    readonly amountMinor: number;
  }[];
  /** That were there before the order ended. */
  readonly openDisputes: readonly { readonly reference: string; readonly amountMinor: number }[];
  /** What others took for us, before anything of it was corrected. */
  readonly cashTaken: number;
  /** What the channel has to pay back because units were cancelled here that the document still counts. */
  readonly cancelledAtChannel: number;
};

/** While one of these holds an order, nothing of its money moves by itself. */
const IN_DOUBT: ReadonlySet<HoldCode> = new Set([
  "payment_failed",
  "payment_missing",
  "payment_unconfirmed",
  "payment_pending",
  "payment_disputed",
  "sum_mismatch",
  "price_missing",
  "currency_unusable",
  "quantity_unusable",
]);

export function isMoneyInDoubt(holdReasons: readonly HoldReason[]): boolean {
  return holdReasons.some(({ code }) => IN_DOUBT.has(code));
}

/** What another means of payment clears. One that its bank wants confirmed goes on by that, too. */
export const CLEARED_BY_PAYMENT: readonly HoldCode[] = [
  "payment_missing",
  "payment_failed",
  "payment_unconfirmed",
];

/**
 * Whether the shopper may be asked for a means of payment: nothing else is in doubt about what they would
 * pay.
 */
export function awaitsPaymentMethod(holdReasons: readonly HoldReason[]): boolean {
  const doubts = holdReasons.filter(({ code }) => IN_DOUBT.has(code));
  return doubts.length > 0 && doubts.every(({ code }) => CLEARED_BY_PAYMENT.includes(code));
}

/** What an order still waits for; empty where it is done. */
export function missingOf(
  lines: readonly (LineLedger & { readonly lineId: string; readonly title: string })[],
  money: MoneyFacts,
): readonly Missing[] {
  const open = lines.flatMap((line): readonly Missing[] => {
    const units = openUnits(line);
    return units === 0
      ? []
      : [{ code: "units_open", detail: `${units} of line ${line.lineId} (${line.title})` }];
  });
  const payment = moneyMissing(money);
  return payment === null ? open : [...open, payment];
}

/** What of the money does not agree with what was handed over; `null` where it does. */
export function moneyMissing(facts: MoneyFacts): Missing | null {
  return movementMissing(facts) ?? decisionMissing(facts);
}

/** What the order's own saga waits for from somebody else: the bank, or whoever pays out a refund. */
function decisionMissing({ order, openDisputes, openRefunds }: MoneyFacts): Missing | null {
  const text = (minor: number) => minorText(minor, order.currency);
  const [dispute] = openDisputes;
  if (dispute !== undefined)
    return {
      code: "dispute_open",
      detail: `the bank to decide about ${text(dispute.amountMinor)} that the customer disputes (${dispute.reference})`,
    };
  const refund = openRefunds.find(({ status }) => status === "failed") ?? openRefunds[0];
  if (refund === undefined) return null;
  const what = `refund ${refund.refundId} of ${text(refund.amountMinor)}`;
  return {
    code: "refund_open",
    detail:
      refund.status === "failed"
        ? `finance to try ${what} again, which was declined, or to give it up`
        : `${what}, which is under way`,
  };
}

/** What of the money has not moved yet to where the order is. */
function movementMissing(facts: MoneyFacts): Missing | null {
  const { order, paymentStatus, money, cashTaken } = facts;
  const text = (minor: number) => minorText(minor, order.currency);
  switch (order.document.paymentBy) {
    case "channel": {
      const due = dueAtChannel(facts);
      if (due > 0) return { code: "refund_outstanding", detail: `the channel's refund of ${text(due)}` };
      return isSettled(paymentStatus)
        ? null
        : {
            code: "channel_payment_outstanding",
            detail: `the channel's payment, which is ${paymentStatus.replaceAll("_", " ")}`,
          };
    }
    case "on_delivery": {
      const due = earnedOf(order) - cashTaken;
      return due > 0
        ? { code: "cash_outstanding", detail: `${text(due)} to be taken by who brings the parcel` }
        : null;
    }
    default: {
      const movement = nextMovement(money);
      if (movement === null) return null;
      const amount = text(movement.amountMinor);
      switch (movement.type) {
        case "authorize":
          return { code: "authorization_outstanding", detail: `the authorisation of ${amount}` };
        case "capture":
          return { code: "capture_outstanding", detail: `the capture of ${amount}` };
        case "release":
          return { code: "release_outstanding", detail: `giving back ${amount} that are authorised` };
        case "write-debt":
          return { code: "debt_outstanding", detail: `writing down ${amount} that a lost dispute took` };
        default:
          return { code: "refund_outstanding", detail: `the refund of ${amount}` };
      }
    }
  }
}

/**
 * What a channel was paid for units that were cancelled here, and that is not on the list of what is due
 * there yet.
 */
export function dueAtChannel({ order, paymentStatus, cancelledAtChannel }: MoneyFacts): number {
  const isPaid = isSettled(paymentStatus) && paymentStatus !== "voided";
  return isPaid ? Math.max(0, priceOf(order) - costOf(order) - cancelledAtChannel) : 0;
}

/**
 * Whether money can be moved now, or its status or what needs no parcel has to follow: an order on which
 * somebody has yet to decide waits.
 */
export function isMoneyToMove(facts: MoneyFacts): boolean {
  const { order, paymentStatus, holdReasons, money } = facts;
  const { paymentBy } = order.document;
  if (holdReasons.length === 0 && unpostedUnits(order).length > 0) return true;
  if (isMoneyInDoubt(holdReasons)) return false;
  if (paymentBy === "channel") return dueAtChannel(facts) > 0;
  if (movementMissing(facts) !== null) return true;
  if (isSettled(paymentStatus)) return false;
  return paymentBy === "merchant"
    ? money.captured - money.returned >= wholeSteps(money.cost, money.step)
    : facts.order.lines.every((line) => openUnits(line) === 0);
}
