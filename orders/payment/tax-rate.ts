/**
 * The rate at which a tax was taken of an amount, as far as the two say: amounts are rounded, and of a small
 * one several rates give the same tax.
 *
 * @param netMinor without the tax, ISO 4217 minor units
 * @returns percent, `19` or `5.5`; null where no rate, or more than one, fits to a minor unit
 */
export function taxRate(netMinor: number, taxMinor: number): string | null {
  if (taxMinor === 0) return netMinor === 0 ? null : "0";
  if (netMinor === 0 || netMinor < 0 !== taxMinor < 0) return null;
  const [net, tax] = [Math.abs(netMinor), Math.abs(taxMinor)];
  const from = ((tax - 1) * 100) / net;
  const to = ((tax + 1) * 100) / net;
  // Rates are whole percents nearly everywhere; a finer one counts where no whole one fits.
  for (const steps of [1, 10]) {
    const [first, last] = [Math.ceil(from * steps), Math.floor(to * steps)];
    if (first === last) return String(first / steps);
    if (first < last) return null;
  }
  return null;
}
