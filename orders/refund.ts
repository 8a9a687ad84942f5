/**
 * Money that goes back to a customer: how much, and out of which pocket.
 *
 * Owns the rule. Leaves writing it down to `store/refunds/`, and the payments themselves to
 * `workflows/refund/`.
 *
 * Invariants: M1 a refund is never more than what was paid and has not gone back yet. M2 it goes back to the
 * pockets that it came from, in proportion to what is left in each. M3 what a payment provider is asked for
 * is an amount that it can take; what that rounds off is carried to the next refund of the order, so that a
 * whole order that comes back piece by piece is refunded to the last unit.
 */
import { apportion } from "./apportion.ts";
import { currencyExponent, decimalText } from "./money.ts";
import type { PaymentStatus } from "./order.ts";

export const REFUND_REASONS = [
  "return",
  "appeasement",
  "goodwill",
  "claim",
  "exchange_difference",
  "cancellation",
  "overpayment",
  /** Somebody has given it back at the payment provider, past us. */
  "at_provider",
  /**
   * A lost dispute took what is owed for goods that were handed over: nothing goes out, the customer owes it.
   */
  "dispute_lost",
] as const;

export type RefundReason = (typeof REFUND_REASONS)[number];

/** What a person may give by a decision of their own, within the limit of their role. */
export const GIFT_REASONS = ["appeasement", "goodwill"] as const satisfies readonly RefundReason[];

export const REFUND_STATUSES = [
  /** Written down; nobody has been asked to pay it out yet. */
  "requested",
  /** The payment provider is being asked. */
  "pending",
  "done",
  /** The payment provider has said no: it waits to be tried again or withdrawn. */
  "failed",
  "withdrawn",
  /** The channel has the money, and has not said that it gave it back. */
  "due_at_channel",
  "confirmed_by_channel",
  /** Too much was refunded; nothing more goes out, and the customer owes the difference. */
  "owed_by_customer",
  "settled_by_customer",
] as const;

export type RefundStatus = (typeof REFUND_STATUSES)[number];

/** Why a refund was given up by itself. */
export const NOTHING_LEFT = "Nothing is left of what was paid.";

/** Those whose amount has gone back or is on its way there. */
export const LIVE_REFUND_STATUSES = [
  "requested",
  "pending",
  "done",
  "due_at_channel",
  "confirmed_by_channel",
] as const satisfies readonly RefundStatus[];

/** Amounts by who pays them out, in ISO 4217 minor units. */
export type Pockets = {
  /** Captured through our payment provider. */
  readonly payment: number;
  /** Store credit that was spent on the order. */
  readonly storeCredit: number;
  /** Taken by the channel. */
  readonly channel: number;
};

/** What can still go back of an order. */
export type Refundable = {
  /** What each pocket still has. */
  readonly pockets: Pockets;
  /** Of all pockets together; less than their sum where the customer took new store credit instead. */
  readonly left: number;
  /** What earlier refunds were short of, because of the provider's steps. */
  readonly carried: number;
  /** What the channel has refunded of its own accord: the next refund that is due there takes it off. */
  readonly unmatched: number;
};

export function totalOfPockets({ payment, storeCredit, channel }: Pockets): number {
  return payment + storeCredit + channel;
}

/**
 * What goes back of `asked`, and out of which pocket: in proportion to what each still has. The provider's
 * part is in whole steps; what that takes off goes to the other pockets, as far as they have it.
 */
export function splitRefund(asked: number, from: Refundable, step: number): Pockets {
  const { pockets } = from;
  const amount = Math.max(0, Math.min(asked, from.left));
  const [payment = 0, storeCredit = 0, channel = 0] = apportion(amount, [
    pockets.payment,
    pockets.storeCredit,
    pockets.channel,
  ]);
  const offStep = payment % step;
  const toCredit = Math.min(offStep, pockets.storeCredit - storeCredit);
  const toChannel = Math.min(offStep - toCredit, pockets.channel - channel);
  return {
    payment: payment - offStep,
    storeCredit: storeCredit + toCredit,
    channel: channel + toChannel,
  };
}

/** A refund that waits for its channel, and what it still waits for. */
type Awaited = { readonly refundId: string; readonly openMinor: number };

/**
 * Which refunds an amount that the channel has refunded is for: the one of exactly this amount, else the
 * oldest ones. What none of them waits for is left over.
 *
 * @param awaited oldest first
 */
export function matchConfirmation(
  minor: number,
  awaited: readonly Awaited[],
): {
  readonly parts: readonly { readonly refundId: string; readonly minor: number }[];
  readonly over: number;
} {
  const exact = awaited.find(({ openMinor }) => openMinor === minor);
  const parts: { refundId: string; minor: number }[] = [];
  let over = minor;
  for (const { refundId, openMinor } of exact === undefined ? awaited : [exact]) {
    const part = Math.min(over, openMinor);
    if (part > 0) parts.push({ refundId, minor: part });
    over -= part;
  }
  return { parts, over };
}

/** The payment status of an order once something more has gone back of what was paid. */
export function statusAfterRefund(before: PaymentStatus, paid: number, refunded: number): PaymentStatus {
  const isPaid = ["paid", "paid_at_channel", "partially_refunded", "refunded"].includes(before);
  if (!isPaid || refunded === 0) return before;
  return refunded >= paid ? "refunded" : "partially_refunded";
}

/** `12.50 USD`, of ISO 4217 minor units. */
export function minorText(minor: number, currency: string): string {
  return `${decimalText({ minor, currency, exponent: currencyExponent(currency) ?? 2 })} ${currency}`;
}
