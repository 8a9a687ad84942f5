/** What a company's settings must be. */
import { currencyExponent } from "../../orders/money.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** @returns null where both exist */
export function problemOfCompany({
  timeZone,
  currency,
}: {
  readonly timeZone: string;
  readonly currency: string;
}): Refusal | null {
  if (!isTimeZone(timeZone))
    return refuse("unknown_time_zone", `"${timeZone}" is no time zone; they look like Europe/Zurich.`);
  if (currencyExponent(currency) === undefined)
    return refuse("unknown_currency", `"${currency}" is no currency of ISO 4217.`);
  return null;
}

/** Offsets such as `+02:00` are none: they know no summer time. */
function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
