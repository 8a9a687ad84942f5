/**
 * When something happened to a WooCommerce order.
 *
 * Every moment is written twice: in the shop's local time, and in GMT, neither with a zone. A shop that sends
 * the local one alone says its zone all the same wherever another moment of the order has both.
 */
import { textAt } from "../../vendor-kit/vendor-json.ts";

type Moment = "date_created" | "date_modified" | "date_paid" | "date_completed";

const MOMENTS: readonly Moment[] = ["date_created", "date_modified", "date_paid", "date_completed"];
const MINUTE_MS = 60_000;
/** Zones are whole quarters of an hour, from -12:00 to +14:00. */
const QUARTER_MS = 15 * MINUTE_MS;
const MAX_OFFSET_MS = 14 * 60 * MINUTE_MS;

/** ISO 8601 with its zone; empty where the order does not say the moment, or not in which zone it is. */
export function momentOf(order: unknown, moment: Moment): string {
  const gmt = asUtc(textAt(order, `${moment}_gmt`));
  if (gmt !== "") return gmt;
  const local = textAt(order, moment);
  if (hasZone(local)) return local;
  const localMs = Date.parse(asUtc(local));
  const offsetMs = offsetNear(order, localMs);
  return offsetMs === undefined ? "" : new Date(localMs - offsetMs).toISOString();
}

/** How far the shop's clock was ahead of GMT at the moment nearest to `localMs` that has both. */
function offsetNear(order: unknown, localMs: number): number | undefined {
  const known = MOMENTS.flatMap((moment) => {
    const thereMs = Date.parse(asUtc(textAt(order, moment)));
    const offsetMs = thereMs - Date.parse(asUtc(textAt(order, `${moment}_gmt`)));
    const isZone = offsetMs % QUARTER_MS === 0 && Math.abs(offsetMs) <= MAX_OFFSET_MS;
    return isZone ? [{ distanceMs: Math.abs(thereMs - localMs), offsetMs }] : [];
  });
  if (Number.isNaN(localMs)) return undefined;
  return known.sort((a, b) => a.distanceMs - b.distanceMs)[0]?.offsetMs;
}

function hasZone(text: string): boolean {
  return /(Z|[+-]\d\d:?\d\d)$/.test(text);
}

function asUtc(text: string): string {
  return text === "" || hasZone(text) ? text : `${text}Z`;
}
