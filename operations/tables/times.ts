/**
 * Dates and times as programs and people write them. Which of 03/04/2026 is the day nothing in it says: it is
 * told from the other dates of the file, or by somebody. A time without a zone is of UTC.
 */
import type { DateOrder } from "../../contract/imports/imports.ts";

const CLOCK =
  String.raw`(?:(?:,?\s+|T)(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,]\d+)?)?\s*(?<half>[ap]m)?` +
  String.raw`\s*(?<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?`;
const form = (date: string): RegExp => new RegExp(`^${date}${CLOCK}$`, "i");

const YEAR_FIRST = form(String.raw`(?<year>\d{4})(?<sign>[-/.])(?<month>\d{1,2})\k<sign>(?<day>\d{1,2})`);
const WITH_POINTS = form(String.raw`(?<day>\d{1,2})\.\s?(?<month>\d{1,2})\.\s?(?<year>\d{4}|\d{2})`);
const NAMED = [
  form(String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?<name>[a-z]{3,9})\.?[\s,-]+(?<year>\d{4}|\d{2})`),
  form(String.raw`(?<name>[a-z]{3,9})\.?\s+(?<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?<year>\d{4})`),
];
const UNTOLD = form(String.raw`(?<one>\d{1,2})(?<sign>[-/])(?<two>\d{1,2})\k<sign>(?<year>\d{4}|\d{2})`);

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * As ISO 8601, in UTC.
 *
 * @returns undefined: it is no time; `untold`: it is one as soon as somebody says what stands first
 */
export function readTime(text: string, dates: DateOrder): string | "untold" | undefined {
  const plain = (YEAR_FIRST.exec(text) ?? WITH_POINTS.exec(text))?.groups;
  if (plain !== undefined) return momentOf(plain, plain["month"], plain["day"]);
  const named = NAMED.map((each) => each.exec(text)?.groups).find((groups) => groups !== undefined);
  if (named !== undefined) {
    const month = MONTHS.indexOf((named["name"] ?? "").slice(0, 3).toLowerCase()) + 1;
    return momentOf(named, String(month), named["day"]);
  }
  const untold = UNTOLD.exec(text)?.groups;
  if (untold === undefined) return undefined;
  const { one, two } = untold;
  if (dates === "year") return "untold";
  return dates === "month" ? momentOf(untold, one, two) : momentOf(untold, two, one);
}

/** What stands first in dates such as 03/04/2026, as far as these say it together. */
export function detectDates(cells: Iterable<string>): DateOrder {
  let days = 0;
  let months = 0;
  for (const cell of cells) {
    const groups = UNTOLD.exec(cell.trim())?.groups;
    if (groups === undefined) continue;
    if (Number(groups["one"]) > 12) days += 1;
    if (Number(groups["two"]) > 12) months += 1;
  }
  if (days > 0 && months === 0) return "day";
  return months > 0 && days === 0 ? "month" : "year";
}

type Groups = Readonly<Record<string, string | undefined>>;

function momentOf(groups: Groups, month: string | undefined, day: string | undefined): string | undefined {
  const { year = "", minute = "00", second = "00", half, zone = "Z" } = groups;
  const two = (text: string | undefined) => (text ?? "").padStart(2, "0");
  const hour = hourOf(groups["hour"] ?? "0", half);
  if (hour === undefined) return undefined;
  const date = `${year.length === 2 ? `20${year}` : year}-${two(month)}-${two(day)}`;
  const offset = /^(z|utc|gmt)$/i.test(zone)
    ? "Z"
    : zone.includes(":")
      ? zone
      : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const moment = new Date(`${date}T${two(String(hour))}:${minute}:${second}${offset}`);
  if (Number.isNaN(moment.getTime()) || year === "0000") return undefined;
  // The 31st of a month that has none would have become another day.
  const local = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(date)) return undefined;
  return moment.toISOString();
}

/** @param half `am`, `pm`; absent: of 24 hours */
function hourOf(text: string, half: string | undefined): number | undefined {
  const hour = Number(text);
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
}
