/** A postal address as channels give it and carriers want it. All text is kept as received, trimmed. */
export type Address = {
  readonly name: string;
  readonly company?: string;
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  /** State, province or region: the code where the channel gives one. */
  readonly region?: string;
  readonly postalCode?: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string;
  readonly phone?: string;
  readonly email?: string;
};

/** Where the postal code stands behind the town, as people there write it; elsewhere it stands before. */
const CODE_LAST: ReadonlySet<string> = new Set(["US", "CA", "AU", "NZ", "GB", "IE", "IN", "SG", "ZA"]);

/** `Columbus OH 43215`, `10115 Berlin`; the pages write it so as well. */
export function townLine({ city, region, postalCode, country }: Address): string {
  const parts = CODE_LAST.has(country) ? [city, region, postalCode] : [postalCode, city, region];
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}

const COUNTRY_NAMES = new Intl.DisplayNames("en", { type: "region" });

/** The country's name in English; the code where there is no such country. */
export function countryName(code: string): string {
  try {
    return COUNTRY_NAMES.of(code) ?? code;
  } catch {
    return code;
  }
}
