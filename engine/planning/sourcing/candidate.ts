/**
 * What sourcing knows of a location for one order: how far it is, what a parcel from there costs, when it
 * would arrive.
 *
 * When it leaves follows from the location's calendar (`config/work-calendar.ts`). The dates that the customer
 * gets come from `orders/promise.ts`, which knows the service; these dates only compare locations.
 */
import { addBusinessDays, dispatchDay } from "../../../config/work-calendar.ts";
import type { SourcingLocation } from "../../allocator-client.ts";

export type Destination = {
  readonly latitude: number;
  readonly longitude: number;
  readonly country: string;
} | null;

export type Candidate = {
  readonly location: SourcingLocation;
  readonly abroad: boolean;
  /** Whole kilometers; `null` where the destination is not known. */
  readonly kilometers: number | null;
  /** Of one parcel, without its units, in minor units. */
  readonly parcelCostMinor: number;
  /** Day of arrival, in days since the epoch. */
  readonly arrivalDay: number;
};

const DAY_MS = 86_400_000;

/** What a truck covers in a day of line haul, where no zone says better. */
const GROUND_KM_A_DAY = 800;
/** Customs and line haul across a border. */
const CROSS_BORDER_DAYS = 3;
/** An unknown destination may be anywhere: as far as a continent is wide. */
const UNKNOWN_KM = 4_000;
const EARTH_RADIUS_KM = 6371;

export function candidateAt(location: SourcingLocation, destination: Destination, atMs: number): Candidate {
  const kilometers = destination === null ? null : Math.round(distance(location, destination));
  const abroad = destination !== null && destination.country !== location.country;
  const reach = kilometers ?? UNKNOWN_KM;
  const zone = location.zones?.find((candidate) => reach <= candidate.upToKm);
  const transit = zone?.days ?? 1 + Math.floor(reach / GROUND_KM_A_DAY) + (abroad ? CROSS_BORDER_DAYS : 0);
  const way = zone?.costMinor ?? Math.round((location.costPerKmMinor ?? 0) * reach);
  return {
    location,
    abroad,
    kilometers,
    parcelCostMinor: (location.parcelCostMinor ?? 0) + way,
    arrivalDay: addBusinessDays(dispatchDay(location, atMs), transit),
  };
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** Great-circle distance in kilometers (haversine). */
function distance(
  from: { readonly latitude: number; readonly longitude: number },
  to: { readonly latitude: number; readonly longitude: number },
): number {
  const radians = Math.PI / 180;
  const latitudes = ((to.latitude - from.latitude) * radians) / 2;
  const longitudes = ((to.longitude - from.longitude) * radians) / 2;
  const chord =
    Math.sin(latitudes) ** 2 +
    Math.cos(from.latitude * radians) * Math.cos(to.latitude * radians) * Math.sin(longitudes) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}
