/**
 * Why a payment was declined, in words for the shopper who tries it. Pure.
 *
 * Providers' codes differ, and some are for the shop alone: a shopper is never told that a card counts as
 * stolen, or that a payment looks like fraud.
 */
const WORDS: Readonly<Record<string, string>> = {
  insufficient_funds: "There is not enough money on this card. Please use another one.",
  expired_card: "This card has expired. Please use another one.",
  incorrect_cvc: "The security code of the card was not right. Please check it and try again.",
  invalid_cvc: "The security code of the card was not right. Please check it and try again.",
  incorrect_number: "The card number was not right. Please check it and try again.",
  processing_error: "Something went wrong while your bank looked at it. Please try again in a moment.",
  try_again_later: "Your bank could not decide just now. Please try again in a moment.",
  authentication_required:
    "Your bank wants you to confirm the payment, which this card cannot do here. Please use another one.",
  payment_intent_authentication_failure:
    "Your bank could not tell that it was you. Please try again, or use another card.",
  currency_not_supported: "This card cannot pay in the currency of your order. Please use another one.",
  card_velocity_exceeded: "This card is over its limit. Please use another one, or ask your bank.",
};

const OTHERWISE = "Your bank has declined the payment. Please use another card, or ask your bank.";

/** @param code of the provider, as `PaymentResult` has it */
export function declineWords(code: string): string {
  return Object.hasOwn(WORDS, code) ? (WORDS[code] ?? OTHERWISE) : OTHERWISE;
}
