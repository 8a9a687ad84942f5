/**
 * Whether an address's postal code can be one of its country. Only countries whose form is beyond doubt are
 * looked at, and no code at all says nothing: a parcel is stopped before its pick only where it surely cannot
 * arrive.
 */
import type { Address } from "../address.ts";

const FIVE = /^\d{5}$/;
const FOUR = /^\d{4}$/;
const FORMS: Readonly<Record<string, RegExp>> = {
  US: /^\d{5}(?:[ -]?\d{4})?$/,
  CA: /^[A-Z]\d[A-Z][ -]?\d[A-Z]\d$/,
  GB: /^(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|GIR ?0AA|BFPO ?\d{1,4})$/,
  DE: FIVE,
  FR: FIVE,
  IT: FIVE,
  ES: FIVE,
  FI: FIVE,
  AT: FOUR,
  AU: FOUR,
  BE: FOUR,
  CH: FOUR,
  DK: FOUR,
  NO: FOUR,
  NL: /^\d{4} ?[A-Z]{2}$/,
  SE: /^\d{3} ?\d{2}$/,
  PL: /^\d{2}-?\d{3}$/,
  JP: /^\d{3}-?\d{4}$/,
};

/** `D-80331` and `CH-8001` name the country as people write it before the code. */
const COUNTRY_PREFIX = /^[A-Z]{1,3}-(?=\d)/;

/** One sentence on what is wrong, or `null`. */
export function postalCodeProblem({ country, postalCode = "" }: Address): string | null {
  const form = FORMS[country];
  const code = postalCode.trim().toUpperCase().replace(COUNTRY_PREFIX, "");
  if (form === undefined || code === "" || form.test(code)) return null;
  // Not quoted: what an order is on hold for is read by people who may not see where it goes.
  return `The postal code is none of ${country}.`;
}
