/**
 * Between ISO 4217 minor units and the integers that Stripe takes. They differ for a few currencies
 * (https://docs.stripe.com/currencies): some currencies with a minor unit in ISO have none at Stripe, two
 * without one in ISO have one at Stripe, and amounts with three decimals must be whole tens.
 */
import { currencyExponent } from "../../../orders/money.ts";

const NO_MINOR_UNIT_AT_STRIPE = new Set(["MGA"]);
const TWO_DECIMALS_AT_STRIPE = new Set(["ISK", "UGX"]);

/** @returns Stripe's integer, or `undefined` where the amount cannot be charged in this currency. */
export function toStripeAmount(minor: number, currency: string): number | undefined {
  const exponent = currencyExponent(currency);
  if (exponent === undefined || !Number.isSafeInteger(minor)) return undefined;
  if (TWO_DECIMALS_AT_STRIPE.has(currency)) return minor * 10 ** (2 - exponent);
  if (NO_MINOR_UNIT_AT_STRIPE.has(currency)) {
    const factor = 10 ** exponent;
    return minor % factor === 0 ? minor / factor : undefined;
  }
  if (exponent === 3) return minor % 10 === 0 ? minor : undefined;
  return minor;
}

/** The other way round; for amounts that Stripe has stated, which it can also charge. */
export function fromStripeAmount(amount: number, currency: string): number {
  const exponent = currencyExponent(currency) ?? 2;
  if (TWO_DECIMALS_AT_STRIPE.has(currency)) return Math.round(amount / 10 ** (2 - exponent));
  if (NO_MINOR_UNIT_AT_STRIPE.has(currency)) return amount * 10 ** exponent;
  return amount;
}

/** Every amount that Stripe takes in `currency` is a multiple of it, in ISO 4217 minor units. */
export function stripeStep(currency: string): number {
  const exponent = currencyExponent(currency) ?? 2;
  if (NO_MINOR_UNIT_AT_STRIPE.has(currency)) return 10 ** exponent;
  return exponent === 3 ? 10 : 1;
}
