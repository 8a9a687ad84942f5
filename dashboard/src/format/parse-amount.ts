/**
 * Reads an amount as a person types it, `12.5` or `12,50`, exactly, into minor units.
 *
 * Throws an Error with a sentence for the form where the text is no amount or has more places than the
 * currency.
 */
export function parseAmount(text: string, exponent: number): number {
  const match = /^(\d{1,12})(?:[.,](\d+))?$/.exec(text.trim());
  const fraction = match?.[2] ?? "";
  if (match === null || fraction.length > exponent) {
    throw new Error(`Give the amount with at most ${exponent} decimal places, without thousands separators.`);
  }
  return Number(`${match[1]}${fraction.padEnd(exponent, "0")}`);
}
