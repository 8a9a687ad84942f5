/**
 * Chooses the locations that an order ships from, and says why.
 *
 * Pure. Demand is already summed per SKU and known to be covered. One location for the whole order wins over any
 * split; among several the better rank wins: lower priority number, then no border to cross, then the shorter way,
 * then the id. Where no single location covers the order, each step takes the location that serves most of what is
 * still open, so that parcels stay few.
 */
import type { SourcingLocation } from "./allocator-client.ts";

/** Units available to promise, by SKU, then by location. */
export type AvailableStock = ReadonlyMap<string, ReadonlyMap<string, number>>;

export type Destination = {
  readonly latitude: number;
  readonly longitude: number;
  readonly country: string;
} | null;

export type SourcedUnits = {
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
};

export type Sourcing = {
  readonly units: readonly SourcedUnits[];
  readonly explanation: readonly string[];
};

type Candidate = {
  readonly location: SourcingLocation;
  readonly abroad: boolean;
  /** `null` where the destination is not known. */
  readonly kilometers: number | null;
};

const MAX_PASSED_OVER = 8;

/** Units of `sku` that the given locations can promise together. */
export function totalAvailable(
  stock: AvailableStock,
  sku: string,
  locations: ReadonlyMap<string, SourcingLocation>,
): number {
  let total = 0;
  for (const [locationId, available] of stock.get(sku) ?? []) {
    if (available > 0 && locations.has(locationId)) total += available;
  }
  return total;
}

/** `demand` (units by SKU) must be covered by `stock` at `locations`. */
export function chooseLocations(
  demand: ReadonlyMap<string, number>,
  stock: AvailableStock,
  locations: ReadonlyMap<string, SourcingLocation>,
  destination: Destination,
): Sourcing {
  const candidates = rank(demand, stock, locations, destination);
  const covers = candidates.find((candidate) => coveredUnits(candidate, demand, stock) === unitsOf(demand));
  if (covers !== undefined) {
    return {
      units: [...demand].map(([sku, quantity]) => ({
        sku,
        locationId: covers.location.locationId,
        quantity,
      })),
      explanation: [
        `${covers.location.locationId} ships the whole order: ${describe(covers)}`,
        ...passedOver(candidates, covers, demand, stock),
      ],
    };
  }
  return split(candidates, demand, stock);
}

function split(
  candidates: readonly Candidate[],
  demand: ReadonlyMap<string, number>,
  stock: AvailableStock,
): Sourcing {
  const open = new Map(demand);
  const left = [...candidates];
  const units: SourcedUnits[] = [];
  const explanation = ["no single location covers the order"];
  while (unitsOf(open) > 0) {
    let best: Candidate | undefined;
    let most = 0;
    for (const candidate of left) {
      const covered = coveredUnits(candidate, open, stock);
      if (covered > most) {
        best = candidate;
        most = covered;
      }
    }
    if (best === undefined) break;
    left.splice(left.indexOf(best), 1);
    for (const [sku, quantity] of open) {
      const taken = Math.min(quantity, availableAt(best, sku, stock));
      if (taken === 0) continue;
      units.push({ sku, locationId: best.location.locationId, quantity: taken });
      open.set(sku, quantity - taken);
    }
    explanation.push(
      `${best.location.locationId} ships ${most} of ${unitsOf(demand)} units: ${describe(best)}`,
    );
  }
  return { units, explanation };
}

function rank(
  demand: ReadonlyMap<string, number>,
  stock: AvailableStock,
  locations: ReadonlyMap<string, SourcingLocation>,
  destination: Destination,
): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const sku of demand.keys()) {
    for (const [locationId, available] of stock.get(sku) ?? []) {
      const location = locations.get(locationId);
      if (available <= 0 || location === undefined || candidates.has(locationId)) continue;
      candidates.set(locationId, {
        location,
        abroad: destination !== null && destination.country !== location.country,
        kilometers: destination === null ? null : distance(location, destination),
      });
    }
  }
  return [...candidates.values()].sort(
    (a, b) =>
      a.location.priority - b.location.priority ||
      Number(a.abroad) - Number(b.abroad) ||
      (a.kilometers ?? 0) - (b.kilometers ?? 0) ||
      (a.location.locationId < b.location.locationId ? -1 : 1),
  );
}

function coveredUnits(
  candidate: Candidate,
  demand: ReadonlyMap<string, number>,
  stock: AvailableStock,
): number {
  let covered = 0;
  for (const [sku, quantity] of demand) covered += Math.min(quantity, availableAt(candidate, sku, stock));
  return covered;
}

function availableAt(candidate: Candidate, sku: string, stock: AvailableStock): number {
  return Math.max(0, stock.get(sku)?.get(candidate.location.locationId) ?? 0);
}

function unitsOf(demand: ReadonlyMap<string, number>): number {
  let units = 0;
  for (const quantity of demand.values()) units += quantity;
  return units;
}

function passedOver(
  candidates: readonly Candidate[],
  chosen: Candidate,
  demand: ReadonlyMap<string, number>,
  stock: AvailableStock,
): string[] {
  const total = unitsOf(demand);
  return candidates
    .filter((candidate) => candidate !== chosen)
    .slice(0, MAX_PASSED_OVER)
    .map((candidate) => {
      const covered = coveredUnits(candidate, demand, stock);
      const why = covered < total ? `has ${covered} of ${total} units` : "ranks lower";
      return `${candidate.location.locationId} passed over: ${why}, ${describe(candidate)}`;
    });
}

function describe(candidate: Candidate): string {
  const parts = [`priority ${candidate.location.priority}`];
  if (candidate.kilometers !== null) parts.push(`${Math.round(candidate.kilometers)} km`);
  if (candidate.abroad) parts.push("another country");
  return parts.join(", ");
}

const EARTH_RADIUS_KM = 6371;

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
