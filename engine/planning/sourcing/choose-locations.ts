/**
 * Chooses the locations that an order ships from, by the rule list, and says why.
 *
 * Pure. Candidates are compared over all lines of the order at once. The explanation names what each chosen
 * location ships. For every location that was passed over it names the rule that decided, and both numbers.
 */
import type { WeighedRule } from "../../../config/sourcing-rule.ts";
import { isoDay } from "../../../config/work-calendar.ts";
import { type Candidate, dayOf } from "./candidate.ts";
import { type Plan, planOver, searchPlan } from "./search.ts";
import {
  compareCosts,
  openingNumber,
  type SourcingProblem,
  type SourcingRequest,
  sourcingProblem,
  unitNumber,
} from "./sourcing-problem.ts";

/** Units, or kits, of one SKU at one location. */
type SourcedUnits = {
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
};

export type Sourcing = {
  readonly units: readonly SourcedUnits[];
  readonly explanation: readonly string[];
};

/** More lines than these nobody reads. */
const MAX_PASSED_OVER = 8;

/** `null`: the demand cannot be served together. */
export function chooseLocations(request: SourcingRequest): Sourcing | null {
  const problem = sourcingProblem(request);
  const { plan, complete } = searchPlan(problem);
  if (plan === null) return null;
  const shippers = plan.used
    .map((candidate, place) => ({ candidate, quantities: plan.quantities[place] ?? [] }))
    .sort((a, b) => unitsOf(b.quantities) - unitsOf(a.quantities) || a.candidate - b.candidate);
  return {
    units: shippers.flatMap(({ candidate, quantities }) =>
      quantities.flatMap((quantity, item) => {
        const { sku } = problem.items[item] ?? { sku: "" };
        return quantity === 0 ? [] : [{ sku, locationId: idOf(problem, candidate), quantity }];
      }),
    ),
    explanation: [
      ...chosen(problem, shippers),
      ...(complete ? [] : ["the search ended early: a better split may exist"]),
      ...passedOver(problem, plan),
    ],
  };
}

function chosen(
  problem: SourcingProblem,
  shippers: readonly { readonly candidate: number; readonly quantities: readonly number[] }[],
): string[] {
  const total = unitsOf(problem.items.map((item) => item.quantity));
  return shippers.map(({ candidate, quantities }) => {
    const units = unitsOf(quantities);
    const what = units === total ? "ships the whole order" : `ships ${units} of ${total} units`;
    return `${idOf(problem, candidate)} ${what}: ${facts(problem, candidate).join(", ")}`;
  });
}

/** Advantages and disadvantages of the location, as far as the rules ask. */
function facts(problem: SourcingProblem, index: number): string[] {
  const candidate = problem.candidates[index];
  if (candidate === undefined) return [];
  const { location } = candidate;
  const said: string[] = [];
  for (const rule of problem.request.rules.flat()) {
    switch (rule.rule) {
      case "priority":
        said.push(`priority ${location.priority}`);
        break;
      case "border":
        if (candidate.abroad) said.push("another country");
        break;
      case "distance":
        if (candidate.kilometers !== null) said.push(`${candidate.kilometers} km`);
        break;
      case "cost":
        said.push(`parcel cost ${candidate.parcelCostMinor}`);
        break;
      case "promise_date":
        said.push(`arrives ${isoDay(candidate.arrivalDay)}`);
        break;
      case "capacity":
        if (location.openCapacity !== undefined) said.push(`open capacity ${location.openCapacity}`);
        break;
      case "custom":
        said.push(`${rule.attribute} ${location.attributes?.[rule.attribute] ?? 0}`);
        break;
      case "stock":
      case "fewest_parcels":
        break;
      default: {
        const unreachable: never = rule;
        return unreachable;
      }
    }
  }
  return said.length > 0 ? said : ["nothing speaks against it"];
}

function passedOver(problem: SourcingProblem, plan: Plan): string[] {
  const used = new Set(plan.used);
  return problem.candidates
    .map((_, index) => index)
    .filter((index) => !used.has(index))
    .slice(0, MAX_PASSED_OVER)
    .map((index) => `${idOf(problem, index)} passed over: ${whyNot(problem, plan, index)}`);
}

/**
 * Compares the chosen plan with one in which the candidate gives what it has and the chosen locations the
 * rest.
 */
function whyNot(problem: SourcingProblem, plan: Plan, index: number): string {
  const total = unitsOf(problem.items.map((item) => item.quantity));
  const supply = problem.supply[index] ?? [];
  const covered = unitsOf(supply);
  const has = covered < total ? `has ${covered} of ${total} units, ` : "";
  const other = problem.items.every((item, place) => supply[place] === item.quantity)
    ? planOver(problem, [index])
    : planWith(problem, plan, index);
  if (other === null) return `${has}and the rest cannot be served with it`;
  const step = problem.request.rules.findIndex((_, place) => other.cost[place] !== plan.cost[place]);
  if (step === -1) return `${has}equal by every rule, chosen by name`;
  if (compareCosts(other.cost, plan.cost) < 0) return `${has}not reached by the search`;
  return has + decidingRule(problem, plan, other, step);
}

/** The candidate gives what it has; of the chosen locations, those remain that are needed for the rest. */
function planWith(problem: SourcingProblem, plan: Plan, index: number): Plan | null {
  let best: Plan | null = null;
  for (const others of [plan.used, ...plan.used.map((out) => plan.used.filter((used) => used !== out))]) {
    const candidate = planOver(problem, others, index);
    if (candidate === null) continue;
    if (best === null || compareCosts(candidate.cost, best.cost) < 0) best = candidate;
  }
  return best;
}

/** The rule of the deciding step whose weighted numbers differ most, and those numbers. */
function decidingRule(problem: SourcingProblem, plan: Plan, other: Plan, step: number): string {
  let decisive: { readonly rule: WeighedRule; readonly difference: number } | undefined;
  for (const rule of problem.request.rules[step] ?? []) {
    const difference = rule.weight * (ruleNumber(problem, rule, other) - ruleNumber(problem, rule, plan));
    if (decisive === undefined || difference > decisive.difference) decisive = { rule, difference };
  }
  if (decisive === undefined) return "ranks lower";
  const { rule } = decisive;
  return `${labelOf(rule)} ${shown(problem, rule, other)} instead of ${shown(problem, rule, plan)}`;
}

function ruleNumber(problem: SourcingProblem, rule: WeighedRule, plan: Plan): number {
  const { request, candidates, items } = problem;
  let total = 0;
  for (const [place, index] of plan.used.entries()) {
    const candidate = candidates[index];
    if (candidate === undefined) continue;
    if (!request.opened.has(candidate.location.locationId)) {
      if (rule.rule === "promise_date") total = Math.max(total, daysOf(candidate, request.atMs));
      else total += openingNumber(rule, candidate, candidates);
    }
    for (const [item, quantity] of (plan.quantities[place] ?? []).entries()) {
      const wanted = items[item];
      if (wanted !== undefined && quantity > 0) {
        total += quantity * unitNumber(rule, candidate, wanted, request.stock);
      }
    }
  }
  return total;
}

function daysOf(candidate: Candidate, atMs: number): number {
  return Math.max(0, candidate.arrivalDay - dayOf(atMs));
}

function labelOf(rule: WeighedRule): string {
  switch (rule.rule) {
    case "fewest_parcels":
      return "parcels";
    case "border":
      return "parcels across a border";
    case "promise_date":
      return "arrival";
    case "capacity":
      return "share of open capacity";
    case "stock":
      return "share of the stock there";
    case "custom":
      return rule.prefer === "low" ? rule.attribute : `${rule.attribute} short of the best by`;
    default:
      return rule.rule;
  }
}

function shown(problem: SourcingProblem, rule: WeighedRule, plan: Plan): string {
  const number = ruleNumber(problem, rule, plan);
  switch (rule.rule) {
    case "promise_date":
      return isoDay(dayOf(problem.request.atMs) + number);
    case "distance":
      return `${number} km`;
    case "capacity":
    case "stock":
      return `${Math.round(number)} per mille`;
    default:
      return String(Math.round(number * 1000) / 1000);
  }
}

function idOf(problem: SourcingProblem, candidate: number): string {
  return problem.candidates[candidate]?.location.locationId ?? "";
}

function unitsOf(quantities: readonly number[]): number {
  return quantities.reduce((total, quantity) => total + quantity, 0);
}
