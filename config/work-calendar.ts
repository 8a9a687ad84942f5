/**
 * On which days a place sends goods, and until which minute of a day what is ordered leaves on it.
 *
 * Owns local days: the wall clock of a place's time zone or, where that is not set, of its longitude (15
 * degrees an hour, within an hour of the wall clock). Carriers' days on the way are Monday to Friday
 * everywhere; which service is how fast is known elsewhere.
 *
 * Days are counted from 1 January 1970, minutes from local midnight.
 */

/** A weekday on which the place works. */
export type OpenDay = {
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number;
  readonly opensMinute: number;
  readonly closesMinute: number;
  /** From which minute on an order leaves a day later; null: as on other days. */
  readonly cutOffMinute: number | null;
};

export type WorkCalendar = {
  readonly longitude: number;
  /** IANA name. Absent: by longitude. */
  readonly timeZone?: string;
  /** At least one. Absent: Monday to Friday. */
  readonly week?: readonly OpenDay[];
  /** Days on which it does not work, whatever the weekday. Absent: none. */
  readonly closedDays?: readonly number[];
  /** From which minute on an order leaves a day later. Default 840: 14:00. */
  readonly cutOffMinute?: number;
  /** Its own days that an order needs there before it leaves. Default 0. */
  readonly leadTimeDays?: number;
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Clocks are changed at a quarter of an hour, wherever they are. */
const QUARTER_MS = 15 * MINUTE_MS;

/** Carriers collect at about 17:00; what is ordered by 14:00 is ready by then. */
export const STANDARD_CUT_OFF_MINUTE = 14 * 60;

/** A place that works on one weekday, and is closed on each of them for the 400 days that it may name, works by then. */
const MOST_DAYS_AHEAD = 3_000;

/** The day on which an order of this moment leaves the place. */
export function dispatchDay(place: WorkCalendar, atMs: number): number {
  const localMs = atMs + offsetMs(place, atMs);
  const today = Math.floor(localMs / DAY_MS);
  const minute = Math.floor((localMs - today * DAY_MS) / MINUTE_MS);
  const inTime = isOpenDay(place, today) && minute < cutOffOn(place, today);
  let day = inTime ? today : openDayFrom(place, today + 1);
  for (let left = place.leadTimeDays ?? 0; left > 0; left -= 1) day = openDayFrom(place, day + 1);
  return day;
}

/** When the place's day began, in milliseconds since the epoch; an hour off on a day whose clocks are changed. */
export function dayBeganMs(place: WorkCalendar, atMs: number): number {
  const offset = offsetMs(place, atMs);
  return Math.floor((atMs + offset) / DAY_MS) * DAY_MS - offset;
}

/** The day itself where the place works on it, else the next on which it does. */
export function openDayFrom(place: WorkCalendar, day: number): number {
  for (let ahead = 0; ahead < MOST_DAYS_AHEAD; ahead += 1)
    if (isOpenDay(place, day + ahead)) return day + ahead;
  return day;
}

function isOpenDay({ week, closedDays }: WorkCalendar, day: number): boolean {
  if (closedDays?.includes(day) === true) return false;
  return week === undefined ? isBusinessDay(day) : week.some(({ weekday }) => weekday === weekdayOf(day));
}

function cutOffOn({ week, cutOffMinute = STANDARD_CUT_OFF_MINUTE }: WorkCalendar, day: number): number {
  const open = week?.find(({ weekday }) => weekday === weekdayOf(day));
  return open?.cutOffMinute ?? Math.min(cutOffMinute, open?.closesMinute ?? cutOffMinute);
}

/** Days on which carriers drive: Monday to Friday. */
export function addBusinessDays(day: number, count: number): number {
  let result = day;
  for (let left = count; left > 0; ) {
    result += 1;
    if (isBusinessDay(result)) left -= 1;
  }
  return result;
}

export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** @param iso a calendar day, ISO 8601 */
export function dayOfIso(iso: string): number {
  return Math.floor(Date.parse(`${iso}T00:00:00Z`) / DAY_MS);
}

/** Whether clocks of such a zone are known here. Offsets such as `+02:00` are none: they know no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

function isBusinessDay(day: number): boolean {
  return weekdayOf(day) <= 5;
}

function weekdayOf(day: number): number {
  // 1 January 1970 was a Thursday.
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

function offsetMs({ timeZone, longitude }: WorkCalendar, atMs: number): number {
  return timeZone === undefined ? Math.round(longitude / 15) * HOUR_MS : zoneOffsetMs(timeZone, atMs);
}

const clocks = new Map<string, Intl.DateTimeFormat>();
/** Of the last quarter of an hour that each zone was asked about: sourcing asks for every order. */
const offsets = new Map<string, { readonly quarter: number; readonly offsetMs: number }>();

function zoneOffsetMs(timeZone: string, atMs: number): number {
  const quarter = Math.floor(atMs / QUARTER_MS);
  const known = offsets.get(timeZone);
  if (known?.quarter === quarter) return known.offsetMs;
  const part = new Map(
    clockOf(timeZone)
      .formatToParts(quarter * QUARTER_MS)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const of = (name: Intl.DateTimeFormatPartTypes): number => part.get(name) ?? 0;
  const wall = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  const offset = wall - quarter * QUARTER_MS;
  offsets.set(timeZone, { quarter, offsetMs: offset });
  return offset;
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  clocks.set(timeZone, clock);
  return clock;
}
