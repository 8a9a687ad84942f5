/** Stripe's test payment methods (https://docs.stripe.com/testing) and what each does when it is charged. */
export type CardOutcome =
  | { readonly kind: "approved" }
  | { readonly kind: "requires_action" }
  | {
      readonly kind: "declined";
      readonly code: string;
      readonly declineCode: string;
      readonly message: string;
    };

const declined = (declineCode: string, message: string, code = "card_declined"): CardOutcome => ({
  kind: "declined",
  code,
  declineCode,
  message,
});

const generic = declined("generic_decline", "Your card was declined.");
const outOfFunds = declined("insufficient_funds", "Your card has insufficient funds.");
const lost = declined("lost_card", "Your card was declined.");
const stolen = declined("stolen_card", "Your card was declined.");
const expired = declined("expired_card", "Your card has expired.", "expired_card");
const wrongCvc = declined("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc");
const processing = declined(
  "processing_error",
  "An error occurred while processing your card. Try again in a little bit.",
  "processing_error",
);
const approved: CardOutcome = { kind: "approved" };

const CARDS: ReadonlyMap<string, CardOutcome> = new Map([
  ["pm_card_visa", approved],
  ["pm_card_visa_debit", approved],
  ["pm_card_mastercard", approved],
  ["pm_card_mastercard_debit", approved],
  ["pm_card_mastercard_prepaid", approved],
  ["pm_card_amex", approved],
  ["pm_card_discover", approved],
  ["pm_card_diners", approved],
  ["pm_card_jcb", approved],
  ["pm_card_unionpay", approved],
  ["pm_card_us", approved],
  ["pm_card_ca", approved],
  ["pm_card_gb", approved],
  ["pm_card_de", approved],
  ["pm_card_fr", approved],
  ["pm_card_bypassPending", approved],
  ["pm_card_chargeDeclined", generic],
  ["pm_card_visa_chargeDeclined", generic],
  ["pm_card_chargeCustomerFail", generic],
  ["pm_card_chargeDeclinedInsufficientFunds", outOfFunds],
  ["pm_card_visa_chargeDeclinedInsufficientFunds", outOfFunds],
  ["pm_card_chargeDeclinedLostCard", lost],
  ["pm_card_visa_chargeDeclinedLostCard", lost],
  ["pm_card_chargeDeclinedStolenCard", stolen],
  ["pm_card_visa_chargeDeclinedStolenCard", stolen],
  ["pm_card_chargeDeclinedExpiredCard", expired],
  ["pm_card_chargeDeclinedIncorrectCvc", wrongCvc],
  ["pm_card_chargeDeclinedProcessingError", processing],
  ["pm_card_radarBlock", declined("fraudulent", "Your card was declined.")],
  ["pm_card_authenticationRequired", { kind: "requires_action" }],
  ["pm_card_threeDSecure2Required", { kind: "requires_action" }],
]);

/** @returns `undefined` where Stripe knows no such payment method. */
export function chargeTestCard(paymentMethod: string): CardOutcome | undefined {
  return CARDS.get(paymentMethod);
}
