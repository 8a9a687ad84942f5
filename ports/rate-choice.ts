/** Which of a shipment's rates to buy: the cheapest that keeps the promise, else the fastest. */
import type { CarrierRate } from "./carriers.ts";

type RateChoice = {
  readonly rate: CarrierRate;
  /** False where no rate arrives in time, so that the fastest was taken. */
  readonly keepsPromise: boolean;
};

/**
 * @param shipDate the calendar day on which the parcel leaves, ISO 8601
 * @param deliverBy the last day of the promise, ISO 8601, or `null` where nothing was promised
 * @returns `null` where there is no rate at all. Equal rates are ordered by cost, days, then id, so that the
 *   same rates always give the same choice.
 */
export function chooseRate(
  rates: readonly CarrierRate[],
  shipDate: string,
  deliverBy: string | null,
): RateChoice | null {
  const inTime =
    deliverBy === null
      ? rates
      : rates.filter((rate) => rate.deliveryDays <= daysBetween(shipDate, deliverBy));
  const cheapest = [...inTime].sort(
    (a, b) => a.costMinor - b.costMinor || a.deliveryDays - b.deliveryDays || compare(a.rateId, b.rateId),
  )[0];
  if (cheapest !== undefined) return { rate: cheapest, keepsPromise: true };
  const fastest = [...rates].sort(
    (a, b) => a.deliveryDays - b.deliveryDays || a.costMinor - b.costMinor || compare(a.rateId, b.rateId),
  )[0];
  return fastest === undefined ? null : { rate: fastest, keepsPromise: false };
}

const DAY_MS = 86_400_000;

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
