/**
 * Money as integers.
 *
 * Owns the one representation of an amount: an integer count of `10^-exponent` units of a currency. The
 * exponent normally is the currency's ISO 4217 minor unit (USD 2, JPY 0, KWD 3). A channel may state a finer
 * amount, such as a marketplace that quotes "25.99" JPY. Such an amount keeps its own, larger exponent, so
 * that nothing is rounded before somebody has to be charged.
 */
import currencyCodes from "currency-codes";

export type Money = {
  /** Integer count of `10^-exponent` units. May be negative (a discount, a refund). */
  readonly minor: number;
  /** ISO 4217 alphabetic code, upper case. */
  readonly currency: string;
  /** Number of decimal places that `minor` carries. */
  readonly exponent: number;
};

/** Every amount that is read or shown asks; the package looks through a list. */
const EXPONENTS: ReadonlyMap<string, number> = new Map(
  currencyCodes.data.map(({ code, digits }) => [code, digits]),
);

/** ISO 4217 minor-unit exponent of `currency`, or `undefined` where the code is unknown. */
export function currencyExponent(currency: string): number | undefined {
  return EXPONENTS.get(currency.toUpperCase());
}

/**
 * Reads a decimal string such as `"359.97"` exactly.
 *
 * @returns the amount, or `undefined` where `text` is not a plain decimal, the currency is unknown, or the
 *   amount does not fit a safe integer.
 */
export function parseMoney(text: string, currency: string): Money | undefined {
  const code = currency.toUpperCase();
  const exponent = currencyExponent(code);
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (exponent === undefined || match === null) return undefined;
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  const places = Math.max(exponent, fraction.length);
  const minor = Number(`${match[1]}${match[2]}${fraction.padEnd(places, "0")}`);
  if (!Number.isSafeInteger(minor)) return undefined;
  return { minor: withoutSign(minor), currency: code, exponent: places };
}

/** Zero in `currency`. */
export function zeroMoney(currency: string): Money {
  return { minor: 0, currency, exponent: currencyExponent(currency) ?? 2 };
}

/**
 * Sum of two amounts of one currency, at the finer of the two exponents. Mixing currencies is a programming
 * error.
 */
export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) {
    throw new Error(`cannot add ${b.currency} to ${a.currency}`);
  }
  const exponent = Math.max(a.exponent, b.exponent);
  return {
    minor: rescale(a, exponent) + rescale(b, exponent),
    currency: a.currency,
    exponent,
  };
}

/** `amount` times an integer `quantity`. */
export function multiplyMoney(amount: Money, quantity: number): Money {
  return { ...amount, minor: withoutSign(amount.minor * quantity) };
}

/** The amount rounded half away from zero to what the currency can be charged in: ISO 4217 minor units. */
export function chargeableMinor(amount: Money): number {
  const exponent = currencyExponent(amount.currency) ?? amount.exponent;
  const factor = 10 ** (amount.exponent - exponent);
  return factor <= 1
    ? rescale(amount, exponent)
    : withoutSign(Math.sign(amount.minor) * Math.round(Math.abs(amount.minor) / factor));
}

/** Nothing has no sign: JSON gives 0 back for -0. */
export function withoutSign(minor: number): number {
  return minor === 0 ? 0 : minor;
}

/** Plain decimal text, e.g. `"359.97"`. */
export function decimalText(amount: Money): string {
  const sign = amount.minor < 0 ? "-" : "";
  const digits = String(Math.abs(amount.minor)).padStart(amount.exponent + 1, "0");
  if (amount.exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -amount.exponent)}.${digits.slice(-amount.exponent)}`;
}

/** `minor` of the amount at another exponent; exact where that is not smaller than its own. */
export function rescale(amount: Money, exponent: number): number {
  return amount.minor * 10 ** (exponent - amount.exponent);
}
