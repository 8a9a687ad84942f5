/**
 * Finds the plan of least cost: which locations ship, and what each of them ships.
 *
 * Branch and bound over sets of locations, best ones first. A set decides the units: each item comes from
 * where a unit of it costs least. Good plans are made first (the best location that has everything, and two
 * greedy splits), so that most branches are cut at once.
 *
 * Deterministic: the budget is counted in looks at one item at one location, never in time. When it ends, the
 * best plan so far is taken. Up to eight locations and five items the budget is enough to try everything, and
 * the plan is the best there is. Items that share components (kits) are tried in several orders, not in all.
 */
import { added, compareCosts, type Item, type SourcingProblem, servable } from "./sourcing-problem.ts";

/** About a millisecond. Orders are planned on the thread that all rounds share. */
const BUDGET = 40_000;

/**
 * Locations that the search considers besides those of the first plans: more of them rarely change anything.
 */
const MAX_SEARCHED = 24;

/** Orders in which items that share components are served. */
const MAX_ORDERS = 24;

export type Plan = {
  /** Indices into the problem's candidates, best first; only those that ship something. */
  readonly used: readonly number[];
  /** What each candidate of `used` ships, by item. */
  readonly quantities: readonly (readonly number[])[];
  readonly cost: readonly number[];
};

type SearchResult = {
  /** `null`: the demand cannot be served together. */
  readonly plan: Plan | null;
  /** Whether everything was tried or ruled out. */
  readonly complete: boolean;
  readonly looks: number;
};

/** @param budget looks at one item at one location. */
export function searchPlan(problem: SourcingProblem, budget = BUDGET): SearchResult {
  return obviousPlan(problem) ?? new Search(problem, budget).run();
}

/**
 * Most orders need no search: one location has everything, and it is the best of all, or any second parcel
 * would cost more by the first rule already. This spares those orders most of their planning.
 */
function obviousPlan(problem: SourcingProblem): SearchResult | null {
  if (problem.countsUnits) return null;
  const { items, candidates, opening } = problem;
  // Without unit costs the candidates are in the order of what opening them costs.
  const single = candidates.findIndex((_, candidate) =>
    items.every((item, index) => supplyOf(problem, candidate, index) >= item.quantity),
  );
  if (single === -1) return null;
  const plan = planOver(problem, [single]);
  if (plan === null) return null;
  if (single > 0) {
    const first = opening.map((costs) => costs[0] ?? 0).sort((a, b) => a - b);
    if ((first[0] ?? 0) + (first[1] ?? 0) <= (plan.cost[0] ?? 0)) return null;
  }
  return { plan, complete: true, looks: (single + 1) * items.length };
}

/**
 * The best plan in which only these locations ship, or `null`.
 * @param first gives all that it can before the others are asked
 */
export function planOver(problem: SourcingProblem, set: readonly number[], first?: number): Plan | null {
  let best: Plan | null = null;
  for (const order of itemOrders(problem)) {
    const plan = serve(problem, set, order, first);
    if (plan !== null && (best === null || compareCosts(plan.cost, best.cost) < 0)) best = plan;
  }
  return best;
}

class Search {
  private readonly problem: SourcingProblem;
  private readonly budget: number;
  private readonly searched: readonly number[];
  /** Of each item, the searched candidates by what a unit costs. */
  private readonly cheapest: readonly (readonly number[])[];
  /** Of each item, the searched candidates by what they have of it, most first. */
  private readonly richest: readonly (readonly number[])[];
  private readonly state: Uint8Array;
  private best: Plan | null = null;
  private looks = 0;

  constructor(problem: SourcingProblem, budget: number) {
    this.problem = problem;
    this.budget = budget;
    this.state = new Uint8Array(problem.candidates.length);
    const all = problem.candidates.map((_, index) => index);
    this.offer(this.bestSingle(all));
    if (all.length > 1) {
      for (const greedy of [this.byCoverage(all), this.byRank(all)]) this.offer(greedy);
    }
    const first = new Set(this.best?.used ?? []);
    this.searched =
      all.length <= MAX_SEARCHED
        ? all
        : [...first, ...all.filter((index) => !first.has(index))]
            .slice(0, MAX_SEARCHED)
            .sort((a, b) => a - b);
    this.cheapest = problem.items.map((_, item) => byUnitCost(problem, this.searched, item));
    this.richest = problem.items.map((_, item) =>
      [...this.searched].sort((a, b) => supplyOf(problem, b, item) - supplyOf(problem, a, item)),
    );
  }

  run(): SearchResult {
    this.state.fill(EXCLUDED);
    for (const index of this.searched) this.state[index] = UNDECIDED;
    const complete = this.branch(0, []);
    return {
      plan: this.best,
      complete: complete && this.searched.length === this.problem.candidates.length,
      looks: this.looks,
    };
  }

  /** @returns false where the budget ended before everything was tried. */
  private branch(depth: number, included: readonly number[]): boolean {
    if (this.looks > this.budget) return false;
    const bound = this.bound(included);
    if (bound === null || (this.best !== null && compareCosts(bound, this.best.cost) >= 0)) return true;
    if (included.length > 0) this.offer(this.planFor(included));
    const next = this.searched[depth];
    if (next === undefined) return true;
    this.state[next] = INCLUDED;
    const withIt = this.branch(depth + 1, [...included, next]);
    this.state[next] = EXCLUDED;
    const withoutIt = this.branch(depth + 1, included);
    this.state[next] = UNDECIDED;
    return withIt && withoutIt;
  }

  /**
   * A bound: no plan with all of `included` and nothing excluded costs less; `null`: there is no such plan.
   */
  private bound(included: readonly number[]): readonly number[] | null {
    const { items, opening, slowest } = this.problem;
    const steps = this.problem.request.rules.length;
    const units = new Array<number>(steps).fill(0);
    let more = 0;
    for (const [index, item] of items.entries()) {
      let open = item.quantity;
      for (const candidate of this.cheapest[index] ?? []) {
        if (open === 0) break;
        this.looks += 1;
        if (this.state[candidate] === EXCLUDED) continue;
        const taken = Math.min(open, supplyOf(this.problem, candidate, index));
        open -= taken;
        addTimes(units, this.problem.unit[candidate]?.[index], taken);
      }
      if (open > 0) return null;
      more = Math.max(more, this.missingLocations(index, item, included));
    }
    const fixed = new Array<number>(steps).fill(0);
    const latest = new Array<number>(steps).fill(0);
    for (const candidate of included) {
      addTimes(fixed, opening[candidate], 1);
      raise(latest, slowest[candidate]);
    }
    if (more > 0) this.addCheapest(fixed, latest, more);
    return fixed.map((cost, step) => cost + (units[step] ?? 0) + (latest[step] ?? 0));
  }

  /** How many more locations the item needs at least. */
  private missingLocations(index: number, item: Item, included: readonly number[]): number {
    let open = item.quantity;
    for (const candidate of included) open -= supplyOf(this.problem, candidate, index);
    let count = 0;
    for (const candidate of this.richest[index] ?? []) {
      if (open <= 0) break;
      if (this.state[candidate] !== UNDECIDED) continue;
      open -= supplyOf(this.problem, candidate, index);
      count += 1;
    }
    return count;
  }

  /** Adds what opening `count` of the undecided locations costs at least, step by step. */
  private addCheapest(fixed: number[], latest: number[], count: number): void {
    const undecided = this.searched.filter((candidate) => this.state[candidate] === UNDECIDED);
    this.looks += undecided.length;
    for (let step = 0; step < fixed.length; step += 1) {
      const costs = undecided.map((candidate) => this.problem.opening[candidate]?.[step] ?? 0);
      costs.sort((a, b) => a - b);
      for (let taken = 0; taken < count; taken += 1) fixed[step] = (fixed[step] ?? 0) + (costs[taken] ?? 0);
      const days = undecided.map((candidate) => this.problem.slowest[candidate]?.[step] ?? 0);
      latest[step] = Math.max(latest[step] ?? 0, Math.min(...days));
    }
  }

  private bestSingle(all: readonly number[]): Plan | null {
    let best: Plan | null = null;
    for (const candidate of all) {
      this.looks += this.problem.items.length;
      if (
        this.problem.items.some((item, index) => supplyOf(this.problem, candidate, index) < item.quantity)
      ) {
        continue;
      }
      const plan = this.planFor([candidate]);
      if (plan !== null && (best === null || compareCosts(plan.cost, best.cost) < 0)) best = plan;
    }
    return best;
  }

  /** Each step takes the location that serves most of what is still open. */
  private byCoverage(all: readonly number[]): Plan | null {
    const { items } = this.problem;
    const open = items.map((item) => item.quantity);
    const set: number[] = [];
    while (open.some((quantity) => quantity > 0)) {
      let most = 0;
      let found = -1;
      for (const candidate of all) {
        if (set.includes(candidate)) continue;
        this.looks += items.length;
        let covered = 0;
        for (const [index, quantity] of open.entries()) {
          covered += Math.min(quantity, supplyOf(this.problem, candidate, index));
        }
        if (covered > most) {
          most = covered;
          found = candidate;
        }
      }
      if (found === -1) break;
      set.push(found);
      for (const [index, quantity] of open.entries()) {
        open[index] = Math.max(0, quantity - supplyOf(this.problem, found, index));
      }
    }
    return this.withoutIdle(set) ?? this.planFor(all);
  }

  /** The best locations, as many as are needed. */
  private byRank(all: readonly number[]): Plan | null {
    const open = this.problem.items.map((item) => item.quantity);
    const set: number[] = [];
    for (const candidate of all) {
      if (open.every((quantity) => quantity === 0)) break;
      this.looks += open.length;
      let helps = false;
      for (const [index, quantity] of open.entries()) {
        const taken = Math.min(quantity, supplyOf(this.problem, candidate, index));
        if (taken > 0) helps = true;
        open[index] = quantity - taken;
      }
      if (helps) set.push(candidate);
    }
    return this.withoutIdle(set);
  }

  /** The plan over the set, without each location that it can do without. */
  private withoutIdle(set: readonly number[]): Plan | null {
    let best = this.planFor(set);
    for (const candidate of [...set].reverse()) {
      if (best === null || best.used.length === 1) break;
      const without = this.planFor(best.used.filter((used) => used !== candidate));
      if (without !== null && compareCosts(without.cost, best.cost) < 0) best = without;
    }
    return best;
  }

  private planFor(set: readonly number[]): Plan | null {
    this.looks += set.length * this.problem.items.length;
    return planOver(this.problem, set);
  }

  private offer(plan: Plan | null): void {
    if (plan === null) return;
    if (this.best === null || compareCosts(plan.cost, this.best.cost) < 0) this.best = plan;
  }
}

const UNDECIDED = 0;
const INCLUDED = 1;
const EXCLUDED = 2;

/** Serves the items one after the other, each from where a unit of it costs least. */
function serve(
  problem: SourcingProblem,
  set: readonly number[],
  order: readonly number[],
  first: number | undefined,
): Plan | null {
  const quantities = new Map<number, number[]>();
  const left = problem.shared
    ? new Map(set.map((candidate) => [candidate, new Map<string, number>()]))
    : null;
  for (const index of order) {
    const item = problem.items[index];
    if (item === undefined) continue;
    let open = item.quantity;
    const cheapest = byUnitCost(problem, set, index);
    for (const candidate of first === undefined ? cheapest : [first, ...cheapest]) {
      if (open === 0) break;
      const taken = Math.min(open, supplyLeft(problem, candidate, index, item, left?.get(candidate)));
      if (taken === 0) continue;
      open -= taken;
      let ofCandidate = quantities.get(candidate);
      if (ofCandidate === undefined) {
        ofCandidate = problem.items.map(() => 0);
        quantities.set(candidate, ofCandidate);
      }
      ofCandidate[index] = taken;
      const used = left?.get(candidate);
      for (const { sku, quantity } of used === undefined ? [] : item.components) {
        used?.set(sku, (used.get(sku) ?? 0) + quantity * taken);
      }
    }
    if (open > 0) return null;
  }
  const used = [...quantities.keys()].sort((a, b) => a - b);
  const ofUsed = used.map((candidate) => quantities.get(candidate) ?? []);
  return { used, quantities: ofUsed, cost: costOf(problem, used, ofUsed) };
}

function supplyLeft(
  problem: SourcingProblem,
  candidate: number,
  index: number,
  item: Item,
  used: ReadonlyMap<string, number> | undefined,
): number {
  if (used === undefined || used.size === 0) return supplyOf(problem, candidate, index);
  const locationId = problem.candidates[candidate]?.location.locationId ?? "";
  const remaining = new Map(
    item.components.map(({ sku }) => [
      sku,
      new Map([[locationId, (problem.request.stock.get(sku)?.get(locationId) ?? 0) - (used.get(sku) ?? 0)]]),
    ]),
  );
  return servable(item, locationId, remaining);
}

function costOf(
  problem: SourcingProblem,
  used: readonly number[],
  quantities: readonly (readonly number[])[],
): readonly number[] {
  const cost = problem.request.rules.map(() => 0);
  const latest = problem.request.rules.map(() => 0);
  for (const [place, candidate] of used.entries()) {
    addTimes(cost, problem.opening[candidate], 1);
    raise(latest, problem.slowest[candidate]);
    for (const [index, quantity] of (quantities[place] ?? []).entries()) {
      addTimes(cost, problem.unit[candidate]?.[index], quantity);
    }
  }
  return added(cost, latest);
}

/**
 * Where a unit of the item costs least first; among equals, those that have all of it, then the better
 * candidate.
 */
function byUnitCost(problem: SourcingProblem, set: readonly number[], item: number): readonly number[] {
  if (set.length < 2) return set;
  return [...set].sort(
    (a, b) =>
      compareCosts(problem.unit[a]?.[item] ?? [], problem.unit[b]?.[item] ?? []) ||
      supplyOf(problem, b, item) - supplyOf(problem, a, item) ||
      a - b,
  );
}

/** The orders in which items are served: the given one, or several where items share components. */
function itemOrders(problem: SourcingProblem): readonly (readonly number[])[] {
  const plain = problem.items.map((_, index) => index);
  if (!problem.shared) return [plain];
  // A kit is harder to serve than a single SKU.
  const start = [...plain].sort(
    (a, b) =>
      (problem.items[b]?.components.length ?? 0) - (problem.items[a]?.components.length ?? 0) || a - b,
  );
  const orders: number[][] = [];
  const extend = (order: readonly number[], rest: readonly number[]): void => {
    if (orders.length === MAX_ORDERS) return;
    if (rest.length === 0) orders.push([...order]);
    for (const index of rest)
      extend(
        [...order, index],
        rest.filter((other) => other !== index),
      );
  };
  extend([], start);
  return orders;
}

function supplyOf(problem: SourcingProblem, candidate: number, item: number): number {
  return problem.supply[candidate]?.[item] ?? 0;
}

function addTimes(sum: number[], numbers: readonly number[] | undefined, times: number): void {
  if (times === 0 || numbers === undefined) return;
  for (let step = 0; step < sum.length; step += 1)
    sum[step] = (sum[step] ?? 0) + (numbers[step] ?? 0) * times;
}

function raise(latest: number[], numbers: readonly number[] | undefined): void {
  for (let step = 0; step < latest.length; step += 1) {
    latest[step] = Math.max(latest[step] ?? 0, numbers?.[step] ?? 0);
  }
}
