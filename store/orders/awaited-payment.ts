/** The payment that an order waits for, or that is being tried, as its shopper may know it. */

import { nextMovement } from "../../orders/payment/charging.ts";
import { declineWords } from "../../orders/payment/decline-words.ts";
import { awaitsPaymentMethod } from "../../orders/payment/order-completion.ts";
import type { Queryable } from "../sql/database.ts";
import { readMoneyFacts } from "./money-facts.ts";
import type { OrderProgress } from "./order-progress.ts";
import { readPaymentTransactions } from "./payments.ts";
import { isUnconfirmed } from "./unconfirmed-payments.ts";

export type AwaitedPayment = {
  /**
   * `confirm`: one was given, and its bank wants the shopper to confirm the payment. `checking`: the
   * provider's answer is still to come.
   */
  readonly state: "needed" | "confirm" | "checking";
  /** What is to be authorised with it, in ISO 4217 minor units. */
  readonly amountMinor: number;
  /** Why the last one was declined, in plain words; null: there was none yet. */
  readonly declined: string | null;
  /** How often one was declined: tells a decline from the next one. */
  readonly attempts: number;
};

/**
 * @param firstStep what amounts are multiples of at the provider where a first authorisation would be made
 * @returns null where it waits for none, or where it is not certain what there is to pay
 */
export async function readAwaitedPayment(
  client: Queryable,
  order: OrderProgress,
  firstStep = 1,
): Promise<AwaitedPayment | null> {
  const { document, status, holdReasons, paymentMethod } = order;
  if (document.paymentBy !== "merchant" || status === "completed" || status === "cancelled") return null;
  const isNeeded = awaitsPaymentMethod(holdReasons);
  if (!isNeeded && (holdReasons.length > 0 || paymentMethod === null)) return null;
  const { money } = await readMoneyFacts(client, order, firstStep);
  const movement = nextMovement({ ...money, earned: 0 });
  if (movement?.type !== "authorize") return null;
  const calls = await readPaymentTransactions(client, order.orderId, "authorization");
  const declines = calls.filter(({ status }) => status === "declined");
  const unconfirmed = holdReasons.some(({ code }) => code === "payment_unconfirmed")
    ? calls.findLast(isUnconfirmed)
    : undefined;
  if (unconfirmed !== undefined) {
    const { amountMinor } = unconfirmed;
    return { state: "confirm", amountMinor, declined: null, attempts: declines.length };
  }
  const last = calls.at(-1);
  const isDeclined = last?.status === "declined" && holdReasons.some(({ code }) => code === "payment_failed");
  return {
    state: isNeeded ? "needed" : "checking",
    amountMinor: movement.amountMinor,
    declined: isDeclined ? declineWords((last.detail ?? "").split(":")[0] ?? "") : null,
    attempts: declines.length,
  };
}
