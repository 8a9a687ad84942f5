/** How amounts, days, addresses and other facts are written to a shopper. */
import { type Address, countryName, townLine } from "../address.ts";
import { chargeableMinor, currencyExponent, type Money } from "../money.ts";

export function addressLines(address: Address): readonly string[] {
  const { name, company, line1, line2, country } = address;
  return [name, company, line1, line2, townLine(address), countryName(country)].filter(
    (line): line is string => line !== undefined && line.trim() !== "",
  );
}

/** By currency and decimal places. To make one takes longer than to write a mail's amounts. */
const moneyFormats = new Map<string, Intl.NumberFormat>();

function moneyFormat(currency: string, exponent: number): Intl.NumberFormat {
  const key = `${currency} ${exponent}`;
  const known = moneyFormats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency,
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  });
  moneyFormats.set(key, made);
  return made;
}

/** `$359.97`, `¥2,599`; rounded to what the currency can be charged in. */
export function moneyText(amount: Money): string {
  const exponent = currencyExponent(amount.currency) ?? amount.exponent;
  return moneyFormat(amount.currency, exponent).format(chargeableMinor(amount) / 10 ** exponent);
}

const DAY = new Intl.DateTimeFormat("en-US", {
  weekday: "long",
  month: "long",
  day: "numeric",
  timeZone: "UTC",
});

/** `Tuesday, November 24` for `2026-11-24`; the text itself where it is no date. */
export function dayText(day: string): string {
  const time = Date.parse(`${day.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(time)) return day;
  return DAY.format(time);
}

/**
 * Line breaks and other control characters become spaces: a subject is a header, a line of the text one line.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return oneLine(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** A link in a mail leads nowhere else. */
export function isWebUrl(url: string): boolean {
  return /^https?:\/\/[^\s"'<>]+$/i.test(url);
}
