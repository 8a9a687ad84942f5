/** Where the postal code stands behind the town, as people there write it; elsewhere it stands before. */
const CODE_LAST: ReadonlySet<string> = new Set(["US", "CA", "AU", "NZ", "GB", "IE", "IN", "SG", "ZA"]);

/** `Columbus OH 43215`, `10115 Berlin`. */
export function townLine(address: {
  readonly city: string;
  readonly country: string;
  readonly region?: string;
  readonly postalCode?: string;
}): string {
  const { city, region, postalCode } = address;
  const parts = CODE_LAST.has(address.country) ? [city, region, postalCode] : [postalCode, city, region];
  return parts.filter(Boolean).join(" ");
}

/** The country's name in the reader's language; the code where the browser knows none. */
export function countryName(code: string, locale?: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
