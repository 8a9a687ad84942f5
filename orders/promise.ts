/**
 * When the customer is told to expect the goods.
 *
 * An order placed before the cut-off of a business day ships that day, else the next one. Days in transit
 * follow from the requested service and the distance of the farthest location that ships part of it. Local
 * time is taken from the location's longitude (15 degrees an hour): within an hour of the wall clock, which
 * is what a promise in days needs. Business days are Monday to Friday.
 */
import { distanceKm, type Place } from "./geography.ts";
import type { DeliveryPromise } from "./order.ts";

/** Local hour from which on an order ships the next business day: carriers collect at about 17:00. */
const CUT_OFF_HOUR = 14;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Longest distance in km that a parcel covers by ground in 1, 2, … business days. */
const GROUND_REACH_KM = [250, 900, 1700, 2800] as const;
/** Customs and line haul across a border. */
const CROSS_BORDER_DAYS = 3;

/**
 * Words by which channels name a service, with its most days; other services take as long as the distance
 * needs.
 */
const SERVICES: readonly (readonly [RegExp, number])[] = [
  [/same.?day/i, 0],
  [/next.?day|overnight|one.?day|1.?day/i, 1],
  [/two.?day|second.?day|2nd.?day|2.?day/i, 2],
  [/express|expedited|priority/i, 3],
];

/**
 * The promise for goods that leave `origins` for `destination`.
 *
 * `destination` is `null` where the address's place is unknown: then the longest ground time counts. Days are
 * ISO 8601.
 */
export function deliveryPromise(request: {
  readonly atMs: number;
  readonly origins: readonly [Place, ...Place[]];
  readonly destination: Place | null;
  readonly service: string;
  /** Nothing leaves before this day. */
  readonly releaseOn?: string | undefined;
  /** By this day they are to leave already: that holds as long as it has not passed. */
  readonly dueOut?: string | null;
}): DeliveryPromise {
  const { atMs, origins, releaseOn, dueOut = null } = request;
  const next = Math.max(...origins.map((origin) => shippingDay(atMs, origin.longitude)));
  const isStillDue = dueOut !== null && dayOf(dueOut) >= Math.floor(atMs / DAY_MS);
  const leaves = isStillDue ? Math.min(next, dayOf(dueOut)) : next;
  const shipBy = releaseOn === undefined ? leaves : Math.max(leaves, businessDayFrom(dayOf(releaseOn)));
  const days = Math.max(
    ...origins.map((origin) => transitDays(origin, request.destination, request.service)),
  );
  return { shipBy: isoDay(shipBy), deliverBy: isoDay(addBusinessDays(shipBy, days)) };
}

/** Business days on the way by `service`. */
export function transitDays(origin: Place, destination: Place | null, service: string): number {
  if (destination === null) return GROUND_REACH_KM.length + 1 + CROSS_BORDER_DAYS;
  const distance = distanceKm(origin, destination);
  const reached = GROUND_REACH_KM.findIndex((reach) => distance <= reach);
  const ground = reached === -1 ? GROUND_REACH_KM.length + 1 : reached + 1;
  const abroad = origin.country === destination.country ? 0 : CROSS_BORDER_DAYS;
  const promised = SERVICES.find(([words]) => words.test(service))?.[1];
  return (promised === undefined ? ground : Math.min(ground, promised)) + abroad;
}

/** Days since the epoch of the business day on which goods at `longitude` leave. */
function shippingDay(atMs: number, longitude: number): number {
  const localMs = atMs + Math.round(longitude / 15) * HOUR_MS;
  const today = Math.floor(localMs / DAY_MS);
  const hour = Math.floor((localMs - today * DAY_MS) / HOUR_MS);
  const inTime = isBusinessDay(today) && hour < CUT_OFF_HOUR;
  return inTime ? today : addBusinessDays(today, 1);
}

function addBusinessDays(day: number, count: number): number {
  let result = day;
  for (let left = count; left > 0; ) {
    result += 1;
    if (isBusinessDay(result)) left -= 1;
  }
  return result;
}

function businessDayFrom(day: number): number {
  return isBusinessDay(day) ? day : addBusinessDays(day, 1);
}

function dayOf(iso: string): number {
  return Math.floor(Date.parse(`${iso}T00:00:00Z`) / DAY_MS);
}

function isBusinessDay(day: number): boolean {
  const weekday = (((day + 4) % 7) + 7) % 7; // 1 January 1970 was a Thursday
  return weekday !== 0 && weekday !== 6;
}

function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
