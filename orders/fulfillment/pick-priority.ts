/**
 * Which pick comes first.
 *
 * A pick's place in the queue is a moment: the one at which it came to the floor, moved ahead by what makes
 * it urgent, or back where there is time. The earliest place is served first. So waiting counts for every
 * pick alike (the queue ages by itself), and the place never has to be worked out again: it is written once,
 * and indexed.
 *
 * The head starts below are a rule of the business; edit them to suit yours.
 *
 * Invariant: U1 nothing starves: a place lies at most `MOST_HEAD_START_MS` before and `MOST_DELAY_MS` after
 * its moment, so a pick is only ever passed by picks that come to the floor within that time after it.
 */
import type { OrderDocument } from "../order.ts";
import { isCollected } from "./collection.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Words by which channels name a service; the first that fits counts. */
const SERVICE_HEAD_STARTS: readonly (readonly [RegExp, number])[] = [
  [/same.?day/i, 12 * HOUR_MS],
  [/next.?day|overnight|one.?day|1.?day/i, 8 * HOUR_MS],
  [/two.?day|second.?day|2nd.?day|2.?day/i, 4 * HOUR_MS],
  [/express|expedited|priority/i, 4 * HOUR_MS],
];

/** The customer is in front of the store, or comes today. */
const COLLECTED_HEAD_START_MS = 6 * HOUR_MS;

/** By what the order was tagged with; the largest counts. */
const TAG_HEAD_STARTS: ReadonlyMap<string, number> = new Map([
  ["vip", 4 * HOUR_MS],
  ["wholesale", 1 * HOUR_MS],
]);

/** Promised to leave today, or days ago. */
const DUE_HEAD_START_MS = 8 * HOUR_MS;
/** For every day that is left after today; at most so much. */
const NOT_DUE_DELAY_MS = 6 * HOUR_MS;
export const MOST_DELAY_MS = 24 * HOUR_MS;

/** For every ten times that the order is worth more; in units of its own currency, so only a nudge. */
const VALUE_HEAD_START_MS = HOUR_MS / 6;
const MOST_VALUE_HEAD_START_MS = HOUR_MS;

/** For the time that the order has waited already: of what is picked again elsewhere, or had no stock. */
const MOST_WAITED_HEAD_START_MS = 12 * HOUR_MS;

export const MOST_HEAD_START_MS =
  Math.max(...SERVICE_HEAD_STARTS.map(([, ms]) => ms), COLLECTED_HEAD_START_MS) +
  Math.max(...TAG_HEAD_STARTS.values()) +
  DUE_HEAD_START_MS +
  MOST_VALUE_HEAD_START_MS +
  MOST_WAITED_HEAD_START_MS;

type Urgency = Pick<OrderDocument, "shippingService" | "delivery" | "tags" | "total" | "capturedAt"> & {
  /** Calendar day, ISO 8601; `null`: nothing was promised. */
  readonly shipBy: string | null;
};

/**
 * The place of a pick that comes to the floor at `nowMs`, in milliseconds since the epoch; the smaller, the
 * sooner.
 */
export function queuePlaceMs(order: Urgency, nowMs: number): number {
  return (
    nowMs -
    serviceHeadStart(order) -
    tagHeadStart(order) -
    valueHeadStart(order) -
    waited(order, nowMs) +
    dueIn(order, nowMs)
  );
}

function serviceHeadStart(order: Urgency): number {
  if (isCollected(order)) return COLLECTED_HEAD_START_MS;
  return SERVICE_HEAD_STARTS.find(([words]) => words.test(order.shippingService))?.[1] ?? 0;
}

function tagHeadStart({ tags = [] }: Urgency): number {
  return Math.max(0, ...tags.map((tag) => TAG_HEAD_STARTS.get(tag.toLowerCase()) ?? 0));
}

function valueHeadStart({ total }: Urgency): number {
  const tens = Math.log10(1 + Math.max(0, total.minor) / 10 ** total.exponent);
  return Math.min(MOST_VALUE_HEAD_START_MS, Math.round(tens * VALUE_HEAD_START_MS));
}

function waited({ capturedAt }: Urgency, nowMs: number): number {
  return Math.min(MOST_WAITED_HEAD_START_MS, Math.max(0, nowMs - Date.parse(capturedAt)));
}

function dueIn({ shipBy }: Urgency, nowMs: number): number {
  if (shipBy === null) return 0;
  const days = Math.round((Date.parse(shipBy) - Math.floor(nowMs / DAY_MS) * DAY_MS) / DAY_MS);
  return days <= 0 ? -DUE_HEAD_START_MS : Math.min(MOST_DELAY_MS, (days - 1) * NOT_DUE_DELAY_MS);
}
