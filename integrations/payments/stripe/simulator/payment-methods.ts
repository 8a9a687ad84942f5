/**
 * Cards become payment methods, as Stripe's own card form has them made with the publishable key. The number
 * is looked at and forgotten: what stays is its brand, its last digits, and which test card it is. Pure.
 */
import type { SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { invalidRequest, readStripeForm, StripeError } from "./parameters.ts";

export type PaymentMethod = {
  readonly id: string;
  readonly object: "payment_method";
  readonly billing_details: { readonly name: string | null };
  readonly card: {
    readonly brand: string;
    readonly exp_month: number;
    readonly exp_year: number;
    readonly last4: string;
  };
  readonly created: number;
  readonly customer: null;
  readonly livemode: false;
  readonly type: "card";
  /** The test method that it is charged as; no part of a reply. */
  readonly charged_as: string;
};

/** Numbers of https://docs.stripe.com/testing, and what each does when it is charged. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ["4242424242424242", "pm_card_visa"],
  ["4000056655665556", "pm_card_visa_debit"],
  ["5555555555554444", "pm_card_mastercard"],
  ["5200828282828210", "pm_card_mastercard_debit"],
  ["378282246310005", "pm_card_amex"],
  ["6011111111111117", "pm_card_discover"],
  ["3056930009020004", "pm_card_diners"],
  ["3566002020360505", "pm_card_jcb"],
  ["4000000000000002", "pm_card_chargeDeclined"],
  ["4000000000009995", "pm_card_chargeDeclinedInsufficientFunds"],
  ["4000000000009987", "pm_card_chargeDeclinedLostCard"],
  ["4000000000009979", "pm_card_chargeDeclinedStolenCard"],
  ["4000000000000069", "pm_card_chargeDeclinedExpiredCard"],
  ["4000000000000127", "pm_card_chargeDeclinedIncorrectCvc"],
  ["4000000000000119", "pm_card_chargeDeclinedProcessingError"],
  ["4100000000000019", "pm_card_radarBlock"],
  ["4000002500003155", "pm_card_authenticationRequired"],
  ["4000002760003184", "pm_card_authenticationRequired"],
  ["4000000000003220", "pm_card_threeDSecure2Required"],
]);

const KNOWN = ["type", "card[]", "billing_details[]"];

/** @throws StripeError as Stripe answers a card that cannot be one */
export function createPaymentMethod(
  request: SimulatedRequest,
  id: string,
  nowSeconds: number,
): PaymentMethod {
  const form = readStripeForm(request, KNOWN);
  if (form.required("type") !== "card")
    throw invalidRequest("The sandbox makes payment methods of type card only.", { param: "type" });
  const { number = "", exp_month = "", exp_year = "", cvc = "" } = form.group("card");
  const digits = number.replaceAll(/[ -]/g, "");
  if (!/^\d{12,19}$/.test(digits) || !isLuhn(digits))
    throw cardError("incorrect_number", "Your card number is incorrect.", "number");
  const month = Number(exp_month);
  const year = Number(exp_year) + (Number(exp_year) < 100 ? 2_000 : 0);
  if (!Number.isInteger(month) || month < 1 || month > 12)
    throw cardError("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month");
  const now = new Date(nowSeconds * 1_000);
  const isPast = year * 12 + month < now.getUTCFullYear() * 12 + now.getUTCMonth() + 1;
  if (!Number.isInteger(year) || isPast)
    throw cardError("invalid_expiry_year", "Your card's expiration year is in the past.", "exp_year");
  if (!/^\d{3,4}$/.test(cvc)) throw cardError("invalid_cvc", "Your card's security code is invalid.", "cvc");
  const chargedAs = NUMBERS.get(digits);
  if (chargedAs === undefined)
    throw new StripeError(
      402,
      "card_error",
      "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
      { code: "card_declined", decline_code: "test_mode_live_card" },
    );
  return {
    id,
    object: "payment_method",
    billing_details: { name: form.group("billing_details")["name"] ?? null },
    card: { brand: brandOf(digits), exp_month: month, exp_year: year, last4: digits.slice(-4) },
    created: nowSeconds,
    customer: null,
    livemode: false,
    type: "card",
    charged_as: chargedAs,
  };
}

function cardError(code: string, message: string, param: string): StripeError {
  return new StripeError(402, "card_error", message, { code, param });
}

function isLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

function brandOf(digits: string): string {
  if (digits.startsWith("4")) return "visa";
  if (digits.startsWith("5")) return "mastercard";
  if (digits.startsWith("37")) return "amex";
  return digits.startsWith("35") ? "jcb" : digits.startsWith("6") ? "discover" : "diners";
}
