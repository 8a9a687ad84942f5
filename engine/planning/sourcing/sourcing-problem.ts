/**
 * One order's sourcing as numbers: what is wanted, what each location has of it, and what using the location
 * costs.
 *
 * The cost of a plan is a vector, one number for each step of the rule list, compared from the front. Each
 * number is the sum of
 * - what opening a location costs (`opening`), once for each location that ships,
 * - what a unit costs there (`unit`),
 * - the largest `slowest` among the locations that ship.
 * All of them are integers in thousandths of the rules' numbers, so that sums are exact and equal plans
 * compare equal.
 */
import type { SourcingRuleList, WeighedRule } from "../../../config/sourcing-rule.ts";
import type { KitComponent, SourcingLocation } from "../../allocator-client.ts";
import { componentsOf, type KitBook } from "../kits.ts";
import { type Candidate, candidateAt, type Destination, dayOf } from "./candidate.ts";

/** Units available to promise, by SKU, then by location. Of kits: of their components. */
export type AvailableStock = ReadonlyMap<string, ReadonlyMap<string, number>>;

export type SourcingRequest = {
  /** Units, or kits, by SKU. */
  readonly demand: ReadonlyMap<string, number>;
  readonly stock: AvailableStock;
  readonly locations: ReadonlyMap<string, SourcingLocation>;
  readonly kits: KitBook;
  readonly rules: SourcingRuleList;
  readonly destination: Destination;
  readonly atMs: number;
  /** Locations that ship a parcel of this order anyway: using them opens nothing. */
  readonly opened: ReadonlySet<string>;
};

export type Item = {
  readonly sku: string;
  readonly quantity: number;
  readonly components: readonly KitComponent[];
};

export type SourcingProblem = {
  readonly request: SourcingRequest;
  readonly items: readonly Item[];
  /** Best first: by what opening costs, then by id. */
  readonly candidates: readonly Candidate[];
  /** Items may share components: what one takes, the other lacks. */
  readonly shared: boolean;
  /** Of each candidate, of each item: how many it could serve, at most the wanted quantity. */
  readonly supply: readonly (readonly number[])[];
  readonly opening: readonly (readonly number[])[];
  readonly slowest: readonly (readonly number[])[];
  /** Whether any rule counts units; if not, only the locations matter. */
  readonly countsUnits: boolean;
  /** Of each candidate, of each item, by step. */
  readonly unit: readonly (readonly (readonly number[])[])[];
};

const THOUSANDTHS = 1000;

export function sourcingProblem(request: SourcingRequest): SourcingProblem {
  const items = [...request.demand].map(([sku, quantity]) => ({
    sku,
    quantity,
    components: componentsOf(request.kits, sku),
  }));
  const unsorted = candidatesFor(items, request);
  const numbers = unsorted.map((candidate) => ({
    candidate,
    opening: request.rules.map((step) =>
      request.opened.has(candidate.location.locationId)
        ? 0
        : sum(step, (rule) => openingNumber(rule, candidate, unsorted)),
    ),
    slowest: request.rules.map((step) =>
      request.opened.has(candidate.location.locationId)
        ? 0
        : sum(step, (rule) =>
            rule.rule === "promise_date" ? Math.max(0, candidate.arrivalDay - dayOf(request.atMs)) : 0,
          ),
    ),
  }));
  numbers.sort(
    (a, b) =>
      compareCosts(added(a.opening, a.slowest), added(b.opening, b.slowest)) ||
      (a.candidate.location.locationId < b.candidate.location.locationId ? -1 : 1),
  );
  const candidates = numbers.map(({ candidate }) => candidate);
  const countsUnits = request.rules.some((step) =>
    step.some(({ rule }) => rule === "cost" || rule === "stock"),
  );
  const nothing = request.rules.map(() => 0);
  return {
    request,
    items,
    candidates,
    shared: haveSharedComponents(items),
    supply: candidates.map((candidate) =>
      items.map((item) =>
        Math.min(item.quantity, servable(item, candidate.location.locationId, request.stock)),
      ),
    ),
    opening: numbers.map(({ opening }) => opening),
    slowest: numbers.map(({ slowest }) => slowest),
    countsUnits,
    unit: candidates.map((candidate) =>
      items.map((item) =>
        countsUnits
          ? request.rules.map((step) => sum(step, (rule) => unitNumber(rule, candidate, item, request.stock)))
          : nothing,
      ),
    ),
  };
}

/** How many of the item the location could serve with what it has. */
export function servable(item: Pick<Item, "components">, locationId: string, stock: AvailableStock): number {
  let most = Number.POSITIVE_INFINITY;
  for (const { sku, quantity } of item.components) {
    const available = Math.max(0, stock.get(sku)?.get(locationId) ?? 0);
    most = Math.min(most, Math.floor(available / quantity));
  }
  return most;
}

/** Below 0 where `a` is the better one: the first step on which they differ decides. */
export function compareCosts(a: readonly number[], b: readonly number[]): number {
  for (const [step, cost] of a.entries()) {
    const other = b[step] ?? 0;
    if (cost !== other) return cost - other;
  }
  return 0;
}

export function added(a: readonly number[], b: readonly number[]): number[] {
  return a.map((cost, step) => cost + (b[step] ?? 0));
}

export function haveSharedComponents(items: readonly Item[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    for (const { sku } of item.components) {
      if (seen.has(sku)) return true;
      seen.add(sku);
    }
  }
  return false;
}

/** The rule's number for one more parcel from here, apart from `promise_date`, which does not add up. */
export function openingNumber(rule: WeighedRule, candidate: Candidate, all: readonly Candidate[]): number {
  const { location } = candidate;
  switch (rule.rule) {
    case "fewest_parcels":
      return 1;
    case "priority":
      return aboveZero(location.priority, all, (other) => other.location.priority);
    case "border":
      return candidate.abroad ? 1 : 0;
    case "distance":
      return candidate.kilometers ?? 0;
    case "cost":
      return candidate.parcelCostMinor;
    case "capacity":
      if (location.openCapacity === undefined) return 0;
      return (
        Math.min(1000, 1000 / Math.max(1, location.openCapacity)) + (location.openCapacity < 1 ? 1000 : 0)
      );
    case "custom": {
      const valueAt = (other: Candidate) => other.location.attributes?.[rule.attribute] ?? 0;
      return rule.prefer === "low"
        ? aboveZero(valueAt(candidate), all, valueAt)
        : Math.max(...all.map(valueAt)) - valueAt(candidate);
    }
    case "promise_date":
    case "stock":
      return 0;
    default: {
      const unreachable: never = rule;
      return unreachable;
    }
  }
}

/** The rule's number for one unit from here. */
export function unitNumber(
  rule: WeighedRule,
  candidate: Candidate,
  item: Item,
  stock: AvailableStock,
): number {
  if (rule.rule === "cost") {
    const units = item.components.reduce((total, { quantity }) => total + quantity, 0);
    return units * (candidate.location.unitCostMinor ?? 0);
  }
  if (rule.rule !== "stock") return 0;
  return item.components.reduce((total, { sku, quantity }) => {
    const available = stock.get(sku)?.get(candidate.location.locationId) ?? 0;
    return total + (available > 0 ? (1000 * quantity) / available : 0);
  }, 0);
}

/** With numbers below zero every further parcel would be a gain: then all of them count from the lowest. */
function aboveZero(
  own: number,
  all: readonly Candidate[],
  numberOf: (candidate: Candidate) => number,
): number {
  return own - Math.min(0, ...all.map(numberOf));
}

function candidatesFor(items: readonly Item[], request: SourcingRequest): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const item of items) {
    const [first] = item.components;
    if (first === undefined) continue;
    for (const locationId of request.stock.get(first.sku)?.keys() ?? []) {
      const location = request.locations.get(locationId);
      if (location === undefined || found.has(locationId)) continue;
      if (servable(item, locationId, request.stock) === 0) continue;
      found.set(locationId, candidateAt(location, request.destination, request.atMs));
    }
  }
  return [...found.values()];
}

function sum(step: readonly WeighedRule[], numberOf: (rule: WeighedRule) => number): number {
  let total = 0;
  for (const rule of step) total += rule.weight * numberOf(rule);
  return Math.round(total * THOUSANDTHS);
}
