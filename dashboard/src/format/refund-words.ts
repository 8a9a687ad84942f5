/**
 * What came of a refund, in one sentence that is true: who pays it out, and whether that has happened. Nobody
 * is told that money went back which only a channel can give back.
 */
import { formatMoney } from "./money.ts";

type Refund = {
  readonly status: string;
  readonly payer: string;
  readonly paymentMinor: number;
  readonly storeCreditMinor: number;
  readonly bonusMinor: number;
  readonly channelMinor: number;
  readonly confirmedMinor: number;
  readonly exchangeMinor: number;
};

/** For staff: `$136.10 are to be refunded by Big Market, which has the money.` */
export function refundToStaff(refund: Refund, currency: string): string {
  const text = (minor: number) => formatMoney(minor, currency);
  const { paymentMinor, channelMinor, confirmedMinor, exchangeMinor, payer } = refund;
  if (refund.status === "failed")
    return `The payment provider has declined to refund ${text(paymentMinor)}: finance has to look at it.`;
  const isPaid = refund.status !== "requested" && refund.status !== "pending";
  const open = channelMinor - confirmedMinor;
  return sentences([
    paymentMinor > 0
      ? isPaid
        ? `${text(paymentMinor)} went back to the way the customer paid.`
        : `${text(paymentMinor)} are being refunded.`
      : "",
    exchangeMinor > 0 ? `${text(exchangeMinor)} pay for the order in exchange.` : "",
    creditSentence(refund, (amount) => `${amount} went to the customer's store credit.`, currency),
    open > 0 ? `${text(open)} are to be refunded by ${payer}, which has the money.` : "",
    confirmedMinor > 0 ? `${payer} has refunded ${text(confirmedMinor)}.` : "",
  ]);
}

/** For the shopper: `Big Market, where you paid, will refund you $136.10.` */
export function refundToShopper(refund: Refund, currency: string): string {
  const text = (minor: number) => formatMoney(minor, currency);
  const { paymentMinor, channelMinor, confirmedMinor, exchangeMinor, payer } = refund;
  const isPaid = ["done", "due_at_channel", "confirmed_by_channel"].includes(refund.status);
  const open = channelMinor - confirmedMinor;
  return sentences([
    paymentMinor > 0
      ? isPaid
        ? `Your refund of ${text(paymentMinor)} has been sent to the way you paid.`
        : `Your refund of ${text(paymentMinor)} is being prepared.`
      : "",
    exchangeMinor > 0 ? `${text(exchangeMinor)} pay for what you get in exchange.` : "",
    creditSentence(refund, (amount) => `We have added ${amount} to your store credit.`, currency),
    open > 0 ? `${payer}, where you paid, will refund you ${text(open)}.` : "",
    confirmedMinor > 0 ? `${payer} has refunded you ${text(confirmedMinor)}.` : "",
  ]);
}

function creditSentence(
  { status, storeCreditMinor, bonusMinor }: Refund,
  sentence: (amount: string) => string,
  currency: string,
): string {
  const isGiven = ["done", "due_at_channel", "confirmed_by_channel"].includes(status);
  return storeCreditMinor > 0 && isGiven
    ? sentence(formatMoney(storeCreditMinor + bonusMinor, currency))
    : "";
}

function sentences(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
