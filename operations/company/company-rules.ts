/** What a company's settings must be. */
import { isTimeZone } from "../../config/work-calendar.ts";
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
  // An offset such as `+02:00` knows no summer time.
  if (!/^[A-Za-z]/.test(timeZone) || !isTimeZone(timeZone))
    return refuse("unknown_time_zone", `"${timeZone}" is no time zone; they look like Europe/Zurich.`);
  if (currencyExponent(currency) === undefined)
    return refuse(
      "unknown_currency",
      `The currency "${currency}" is none of ISO 4217; expected its three letters, for example "USD"`,
    );
  return null;
}
