/** Times for people: relative where freshness matters, calendar days for promises. */

const STEPS: readonly (readonly [limitSeconds: number, unitSeconds: number, unit: string])[] = [
  [60, 1, "s"],
  [3_600, 60, "min"],
  [86_400, 3_600, "h"],
  [30 * 86_400, 86_400, "d"],
];

/** `now`, `42 s ago`, `5 min ago`, `in 3 h`; a date beyond thirty days. */
export function relativeTime(iso: string, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(iso)) / 1_000);
  const distance = Math.abs(seconds);
  if (Number.isNaN(seconds)) return iso;
  if (distance < 5) return "now";
  for (const [limit, unitSeconds, unit] of STEPS) {
    if (distance < limit) {
      const text = `${Math.floor(distance / unitSeconds)} ${unit}`;
      return seconds > 0 ? `${text} ago` : `in ${text}`;
    }
  }
  return calendarDay(iso);
}

export function fullTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return at.toLocaleString(undefined, {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

/** Hours and minutes. @param timeZone IANA name; absent: the reader's */
export function shortTime(iso: string, timeZone?: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return at.toLocaleTimeString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    ...(timeZone === undefined ? {} : { timeZone }),
  });
}

/** The reader's time zone in their words, e.g. `Central European Standard Time`. */
export function zoneName(at: Date = new Date()): string {
  const parts = new Intl.DateTimeFormat(undefined, { timeZoneName: "long" }).formatToParts(at);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "UTC";
}

/** The time of day of the reader with seconds; with the day before it where that is not today. */
export function clockTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const today = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return today ? time : `${calendarDay(iso)}, ${time}`;
}

/**
 * `Tue 24 Nov`. A day without a time is that day everywhere, whatever the reader's time zone.
 *
 * @param timeZone IANA name, in which a moment's day is meant; absent: the reader's
 */
export function calendarDay(iso: string, timeZone?: string): string {
  const dateOnly = /^\d{4}-\d{2}-\d{2}$/.test(iso);
  const at = new Date(dateOnly ? `${iso}T00:00:00Z` : iso);
  if (Number.isNaN(at.getTime())) return iso;
  return at.toLocaleDateString(undefined, {
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(at.getUTCFullYear() === new Date().getUTCFullYear() ? {} : { year: "numeric" }),
    ...(dateOnly ? { timeZone: "UTC" } : timeZone === undefined ? {} : { timeZone }),
  });
}

/** The zone by which a place's hours and days count: its own, or by its longitude, as its calendar reckons. */
export function zoneOfPlace(place: { readonly timeZone: string | null; readonly longitude: number }): {
  /** IANA name. */
  readonly zone: string;
  /** As it is told to people. */
  readonly words: string;
} {
  const { timeZone, longitude } = place;
  if (timeZone !== null) return { zone: timeZone, words: timeZone.replaceAll("_", " ") };
  const hours = Math.floor(longitude / 15 + 0.5);
  // IANA's names of these have the sign the other way round.
  const zone = hours === 0 ? "Etc/GMT" : `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}`;
  const sign = hours < 0 ? "−" : "+";
  return {
    zone,
    words: hours === 0 ? "UTC, by its longitude" : `UTC${sign}${Math.abs(hours)}, by its longitude`,
  };
}
