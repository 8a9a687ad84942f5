/**
 * When the customer is told to expect the goods.
 *
 * An order placed before the cut-off of a day on which its location works ships that day, else on the next
 * such day (`config/work-calendar.ts`). Days in transit follow from the requested service and the distance of
 * the farthest location that ships part of it; carriers drive Monday to Friday.
 */
import {
  addBusinessDays,
  dayOfIso,
  dispatchDay,
  isoDay,
  openDayFrom,
  type WorkCalendar,
} from "../config/work-calendar.ts";
import { distanceKm, type Place } from "./geography.ts";
import type { DeliveryPromise } from "./order.ts";

const DAY_MS = 86_400_000;

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

/** A location as a promise sees it: where it is, and when it works. */
export type Origin = Place & WorkCalendar;

/**
 * The promise for goods that leave `origins` for `destination`.
 *
 * `destination` is `null` where the address's place is unknown: then the longest ground time counts. Days are
 * ISO 8601.
 */
export function deliveryPromise(request: {
  readonly atMs: number;
  readonly origins: readonly [Origin, ...Origin[]];
  readonly destination: Place | null;
  readonly service: string;
  /** Nothing leaves before this day. */
  readonly releaseOn?: string | undefined;
  /** By this day they are to leave already: that holds as long as it has not passed. */
  readonly dueOut?: string | null;
}): DeliveryPromise {
  const { atMs, origins, releaseOn, dueOut = null } = request;
  const next = Math.max(...origins.map((origin) => dispatchDay(origin, atMs)));
  const isStillDue = dueOut !== null && dayOfIso(dueOut) >= Math.floor(atMs / DAY_MS);
  const leaves = isStillDue ? Math.min(next, dayOfIso(dueOut)) : next;
  const released =
    releaseOn === undefined
      ? leaves
      : Math.max(...origins.map((origin) => openDayFrom(origin, dayOfIso(releaseOn))));
  const shipBy = Math.max(leaves, released);
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
