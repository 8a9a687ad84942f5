/**
 * How a return pays out: back to the way the order was paid, or as store credit. Pure: who may choose which,
 * and what comes on top.
 *
 * Leaves the amount to `orders/refund.ts`: a return never pays out more than what came back was paid for.
 * Only the bonus comes on top.
 */

export const REFUND_WAYS = ["original", "store_credit"] as const;

export type RefundWay = (typeof REFUND_WAYS)[number];

/** What a person asks for. */
export type WantedWay = {
  /** Absent: as it is, at first `original`. */
  readonly refundTo?: RefundWay;
  /** We give credit although a channel has the money, which it then keeps. Staff only. */
  readonly insteadOfChannel?: boolean;
};

export type CreditFacts = {
  readonly isShopper: boolean;
  /** By the channel's rules. */
  readonly offeredToShoppers: boolean;
  /** Whether the order names a customer who can hold store credit. */
  readonly hasHolder: boolean;
  /** Whether a channel charges for the order: then it has the money. */
  readonly chargedByChannel: boolean;
};

type CreditRefusal = {
  readonly code: "store_credit_not_offered" | "customer_unknown" | "payment_held_by_channel";
  readonly detail: string;
};

/** Why a return cannot become store credit; null: it can. */
export function whyNoCredit(
  facts: CreditFacts,
  { insteadOfChannel = false }: WantedWay,
): CreditRefusal | null {
  if (facts.isShopper && !facts.offeredToShoppers)
    return { code: "store_credit_not_offered", detail: "This shop refunds to the way the order was paid." };
  if (!facts.hasHolder)
    return {
      code: "customer_unknown",
      detail: "The order names no e-mail address or customer to hold the credit.",
    };
  if (facts.chargedByChannel && (facts.isShopper || !insteadOfChannel))
    return {
      code: "payment_held_by_channel",
      detail: "The channel has the money and is to refund it, unless staff say that we give credit instead.",
    };
  return null;
}

/**
 * What comes on top of store credit. The bonuses of a return's parts add up to that of the whole, however it
 * is divided.
 *
 * @param creditMinor what is given now; nothing brings nothing
 * @param percent whole, 0 to 100
 * @param earlierMinor what was given before of the same return
 * @returns minor units, rounded down
 */
export function creditBonus(creditMinor: number, percent: number, earlierMinor = 0): number {
  return bonusOfAll(earlierMinor + creditMinor, percent) - bonusOfAll(earlierMinor, percent);
}

function bonusOfAll(minor: number, percent: number): number {
  return Math.floor((minor * percent) / 100);
}
