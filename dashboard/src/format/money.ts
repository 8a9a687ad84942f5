/**
 * Money for people. Amounts come as integers with a currency and an exponent. They are formatted from their
 * decimal text, never by way of a floating-point number, so that the cent on screen is the cent in the books.
 */

/** How many decimal places the currency is charged in (ISO 4217): USD 2, JPY 0, KWD 3. */
export function minorUnits(currency: string): number {
  try {
    return (
      new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ??
      2
    );
  } catch {
    return 2;
  }
}

/** As a person types it into a field: `1000.00`. */
export function decimalText(minor: number, exponent: number): string {
  const digits = String(minor).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  return exponent === 0 ? whole : `${whole}.${digits.slice(digits.length - exponent)}`;
}

/** @param exponent decimal places that `minor` carries; the currency's own where not given. */
export function formatMoney(
  minor: number,
  currency: string,
  exponent: number = minorUnits(currency),
  locale?: string,
): string {
  const digits = String(Math.abs(minor)).padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent);
  // More places than the currency is charged in are shown only where they are not zero.
  const fraction = digits.slice(digits.length - exponent).replace(/0+$/, "");
  const places = Math.max(fraction.length, minorUnits(currency));
  const text = `${minor < 0 ? "-" : ""}${whole}.${fraction.padEnd(places, "0") || "0"}`;
  try {
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      minimumFractionDigits: places,
      maximumFractionDigits: places,
    }).format(text as Intl.StringNumericLiteral);
  } catch {
    return `${text} ${currency}`;
  }
}
