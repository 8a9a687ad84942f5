/**
 * Where own drivers deliver and for how much, as a setting says it: `894,895=6.90/1;89=9.90/2` are two zones,
 * each with its postal prefixes, its price and its days of delivery. Where several prefixes fit, the longest
 * counts. Pure.
 */
import { parseMoney } from "../../../orders/money.ts";

export type Zone = {
  readonly prefixes: readonly string[];
  readonly priceMinor: number;
  readonly days: number;
};

/** Letters and digits without spaces, the form in which postal codes are compared. */
const ZONE = /^([A-Z0-9]+(?:,[A-Z0-9]+)*)=(\d{1,9}(?:\.\d{1,3})?)\/([1-9]\d?)$/;

/** @throws Error where the setting does not have that form; `zonesProblem` checks it beforehand */
export function readZones(setting: string, currency: string): readonly Zone[] {
  return setting.split(";").map((text) => {
    const [, prefixes, price, days] = ZONE.exec(comparable(text)) ?? [];
    const money = price === undefined ? undefined : parseMoney(price, currency);
    if (prefixes === undefined || money === undefined) {
      throw new Error(`"${text}" is not a zone with a price in ${currency}`);
    }
    return { prefixes: prefixes.split(","), priceMinor: money.minor, days: Number(days) };
  });
}

/** What is wrong with the setting, or `null`. */
export function zonesProblem(setting: string): string | null {
  const wrong = setting.split(";").find((text) => !ZONE.test(comparable(text)));
  return wrong === undefined ? null : `must be postal prefixes=price/days;…, not "${wrong}"`;
}

/** The zone of a postal code, or `undefined` where no driver goes. */
export function zoneOf(zones: readonly Zone[], postalCode: string): Zone | undefined {
  const code = comparable(postalCode);
  let found: Zone | undefined;
  let longest = 0;
  for (const zone of zones) {
    for (const prefix of zone.prefixes) {
      if (prefix.length > longest && code.startsWith(prefix)) {
        found = zone;
        longest = prefix.length;
      }
    }
  }
  return found;
}

function comparable(text: string): string {
  return text.replace(/\s/g, "").toUpperCase();
}
