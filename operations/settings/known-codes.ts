/** Codes that a setting names and that nobody has: a rule under one of them would never count. */
import { countryCode } from "../../orders/geography.ts";
import { currencyExponent } from "../../orders/money.ts";

/** Why amounts by currency cannot be kept; `null`: they can. */
export function currencyProblem(amounts: Readonly<Record<string, number>> = {}): string | null {
  const unknown = Object.keys(amounts).find((code) => currencyExponent(code) === undefined);
  return unknown === undefined ? null : `"${unknown}" is no currency of ISO 4217.`;
}

/** Why countries cannot be kept; `null`: they can. Orders bear the code of ISO 3166-1, and no other. */
export function countryProblem(codes: readonly string[] = []): string | null {
  const unknown = codes.find((code) => countryCode(code) !== code);
  if (unknown === undefined) return null;
  const meant = countryCode(unknown);
  return `"${unknown}" is no country of ISO 3166-1${meant === undefined ? "" : `: ${meant} is meant`}.`;
}
