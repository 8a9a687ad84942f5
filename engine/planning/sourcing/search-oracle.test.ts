/**
 * Holds the search against an exact solver: HiGHS gets the same question as a mixed-integer program, one
 * solve a step of the rule list, with the optimum of each step as a constraint of the next.
 *
 * Measured with the seeds below: of 300 cases 188 can be served, 107 of them only or best by a split, and all
 * 188 plans have the optimal cost. Of 100 cases in which kits share components 59 can be served, and all 59
 * plans are optimal, though there the search promises less.
 */

import highsModule, { type Highs } from "highs";
import { beforeAll, expect, it } from "vitest";
import { Random } from "../../../config/seeded-random.ts";
import type { SourcingRuleList, WeighedRule } from "../../../config/sourcing-rule.ts";
import type { SourcingLocation } from "../../allocator-client.ts";
import { kitBookOf } from "../kits.ts";
import { searchPlan } from "./search.ts";
import {
  compareCosts,
  type SourcingProblem,
  type SourcingRequest,
  sourcingProblem,
} from "./sourcing-problem.ts";

const AT_MS = Date.UTC(2026, 6, 1, 16);
const TOLERANCE = 0.01;

const RULE_LISTS: readonly SourcingRuleList[] = [
  [[rule("fewest_parcels")], [rule("priority")], [rule("border")], [rule("distance")]],
  [[rule("cost", 1), rule("promise_date", 200), rule("fewest_parcels", 150)], [rule("stock")]],
  [[rule("cost")], [rule("fewest_parcels")]],
  [[rule("promise_date")], [rule("cost"), rule("capacity", 0.5)]],
  [[rule("stock")], [rule("distance")]],
  [
    [rule("fewest_parcels"), rule("border", 0.25)],
    [{ rule: "custom", attribute: "carbon", prefer: "low", weight: 1 }, rule("distance", 0.1)],
    [{ rule: "custom", attribute: "service", prefer: "high", weight: 1 }],
  ],
];

let highs: Highs;
beforeAll(async () => {
  // Its types describe the CommonJS build, where the loader is one level deeper than in the module that is
  // imported.
  const load = highsModule as unknown as () => Promise<Highs>;
  highs = await load();
});

it("finds the optimum in at least 99 of 100 orders of up to five lines over eight locations", {
  timeout: 120_000,
}, () => {
  const { optimal, served, unserved, split } = compare(300, (seed) => problemOf(seed, false), 1.05);
  expect(served).toBeGreaterThan(150);
  expect(unserved).toBeGreaterThan(50);
  expect(split).toBeGreaterThan(80);
  expect(optimal / served).toBeGreaterThanOrEqual(0.99);
});

it("stays close to the optimum where kits share components", { timeout: 120_000 }, () => {
  const { optimal, served } = compare(100, (seed) => problemOf(seed, true), Number.POSITIVE_INFINITY);
  expect(served).toBeGreaterThan(20);
  expect(optimal / served).toBeGreaterThanOrEqual(0.9);
});

it("keeps within its budget, and says so where that was too little", () => {
  const problem = problemOf(42, false, 40);
  const { plan, complete, looks } = searchPlan(problem);
  expect(plan).not.toBeNull();
  expect(looks).toBeLessThan(60_000);
  expect(complete).toBe(false);
  expect(searchPlan(problem)).toEqual({ plan, complete, looks });
});

function compare(cases: number, caseOf: (seed: number) => SourcingProblem, worst: number) {
  let optimal = 0;
  let served = 0;
  let unserved = 0;
  let split = 0;
  for (let seed = 1; seed <= cases; seed += 1) {
    const problem = caseOf(seed);
    const optimum = solve(problem);
    const { plan } = searchPlan(problem);
    if (optimum === null) {
      expect([seed, plan]).toEqual([seed, null]);
      unserved += 1;
      continue;
    }
    if (plan === null) {
      // Only where items share components may the search miss that they can be served together.
      expect([seed, problem.shared]).toEqual([seed, true]);
      served += 1;
      continue;
    }
    served += 1;
    if (plan.used.length > 1) split += 1;
    checkPlan(problem, plan);
    const step = optimum.findIndex(
      (cost, index) => Math.abs(cost - (plan.cost[index] ?? 0)) > TOLERANCE * 1000,
    );
    if (step === -1) optimal += 1;
    else {
      expect(compareCosts(plan.cost, optimum), `case ${seed} beats the optimum`).toBeGreaterThan(0);
      expect((plan.cost[step] ?? 0) / (optimum[step] ?? 0), `case ${seed}`).toBeLessThanOrEqual(worst);
    }
  }
  return { optimal, served, unserved, split };
}

/** Every item served whole, and nothing taken that is not there. */
function checkPlan(problem: SourcingProblem, plan: NonNullable<ReturnType<typeof searchPlan>["plan"]>): void {
  const taken = new Map<string, number>();
  for (const [index, item] of problem.items.entries()) {
    let total = 0;
    for (const [place, candidate] of plan.used.entries()) {
      const quantity = plan.quantities[place]?.[index] ?? 0;
      total += quantity;
      const locationId = problem.candidates[candidate]?.location.locationId;
      for (const component of item.components) {
        const key = `${component.sku}@${locationId}`;
        taken.set(key, (taken.get(key) ?? 0) + quantity * component.quantity);
      }
    }
    expect(total).toBe(item.quantity);
  }
  for (const [key, units] of taken) {
    const [sku = "", locationId = ""] = key.split("@");
    expect(units).toBeLessThanOrEqual(problem.request.stock.get(sku)?.get(locationId) ?? 0);
  }
}

/** The optimal cost by step in thousandths, or `null` where the demand cannot be served. */
function solve(problem: SourcingProblem): readonly number[] | null {
  const { items, candidates, request } = problem;
  const binaries = candidates.map((_, c) => `y${c}`);
  const integers: string[] = [];
  const rows: string[] = [];
  for (const [i, item] of items.entries()) {
    const terms = candidates.map((_, c) => `x${i}_${c}`);
    integers.push(...terms);
    rows.push(`${terms.join(" + ") || "0 y0"} = ${item.quantity}`);
    for (const [c] of candidates.entries()) rows.push(`x${i}_${c} - ${item.quantity} y${c} <= 0`);
  }
  const components = new Set(items.flatMap((item) => item.components.map((component) => component.sku)));
  for (const sku of components) {
    for (const [c, candidate] of candidates.entries()) {
      const terms = items.flatMap((item, i) =>
        item.components.flatMap((component) =>
          component.sku === sku ? [`${component.quantity} x${i}_${c}`] : [],
        ),
      );
      const there = Math.max(0, request.stock.get(sku)?.get(candidate.location.locationId) ?? 0);
      rows.push(`${terms.join(" + ")} <= ${there}`);
    }
  }
  if (candidates.length === 0) return null;
  const optimum: number[] = [];
  for (const step of request.rules.keys()) {
    for (const [c] of candidates.entries()) {
      const days = (problem.slowest[c]?.[step] ?? 0) / 1000;
      if (days > 0) rows.push(`d${step} - ${days} y${c} >= 0`);
    }
    const terms = [
      `d${step}`,
      ...candidates.flatMap((_, c) => [
        `${(problem.opening[c]?.[step] ?? 0) / 1000} y${c}`,
        ...items.map((_, i) => `${(problem.unit[c]?.[i]?.[step] ?? 0) / 1000} x${i}_${c}`),
      ]),
    ].join(" + ");
    const text = [
      "Minimize",
      ` obj: ${terms}`,
      "Subject To",
      ...rows.map((row, index) => ` r${index}: ${row}`),
      "Bounds",
      ...request.rules.map((_, s) => ` d${s} >= 0`),
      "General",
      ` ${integers.join(" ")}`,
      "Binary",
      ` ${binaries.join(" ")}`,
      "End",
    ].join("\n");
    const solution = highs.solve(text, { mip_rel_gap: 0, mip_abs_gap: 1e-6, output_flag: false });
    if (solution.Status === "Infeasible") return null;
    expect(solution.Status).toBe("Optimal");
    optimum.push(Math.round(solution.ObjectiveValue * 1000));
    rows.push(`${terms} <= ${solution.ObjectiveValue + TOLERANCE / 2}`);
  }
  return optimum;
}

function problemOf(seed: number, shared: boolean, locationCount?: number): SourcingProblem {
  const random = new Random(seed);
  const whole = (least: number, most: number) => random.integer(least, most);
  const locations = new Map<string, SourcingLocation>();
  for (let index = 0; index < (locationCount ?? whole(2, 8)); index += 1) {
    const locationId = `L${index}`;
    locations.set(locationId, {
      locationId,
      kind: "fulfillment_center",
      priority: whole(1, 3) * 10,
      latitude: whole(26, 48),
      longitude: -whole(70, 122),
      country: random.next() < 0.85 ? "US" : "CA",
      parcelCostMinor: whole(0, 40) * 10,
      unitCostMinor: whole(0, 8) * 10,
      costPerKmMinor: whole(0, 4) / 10,
      leadTimeDays: whole(0, 2),
      ...(random.next() < 0.5 ? { zones: [{ upToKm: 600, costMinor: whole(300, 600), days: 1 }] } : {}),
      ...(random.next() < 0.5 ? { openCapacity: whole(0, 200) } : {}),
      attributes: { carbon: whole(0, 500), service: whole(0, 9) },
    });
  }
  const lines = whole(1, 5);
  const kits = [
    {
      sku: "K0",
      components: [
        { sku: "S0", quantity: 1 },
        { sku: "P", quantity: 2 },
      ],
    },
    {
      sku: "K1",
      components: [
        { sku: "S1", quantity: 2 },
        { sku: shared ? "S0" : "Q", quantity: 1 },
      ],
    },
  ];
  const demand = new Map<string, number>();
  const names = shared ? ["K0", "K1", "S0", "S3", "S4"] : ["K0", "K1", "S2", "S3", "S4"];
  for (const sku of names.slice(0, shared ? Math.max(2, lines) : lines)) {
    demand.set(sku, whole(1, sku.startsWith("K") ? 3 : 6));
  }
  const stock = new Map<string, Map<string, number>>();
  for (const sku of ["S0", "S1", "S2", "S3", "S4", "P", "Q"]) {
    const places = new Map<string, number>();
    for (const locationId of locations.keys()) {
      if (random.next() < 0.75) places.set(locationId, whole(0, locationCount === undefined ? 11 : 2));
    }
    stock.set(sku, places);
  }
  const request: SourcingRequest = {
    demand,
    stock,
    locations,
    kits: kitBookOf(kits),
    rules: RULE_LISTS[seed % RULE_LISTS.length] ?? [],
    destination: { latitude: whole(26, 48), longitude: -whole(70, 122), country: "US" },
    atMs: AT_MS,
    opened: new Set(random.next() < 0.2 ? ["L0"] : []),
  };
  return sourcingProblem(request);
}

function rule(name: Exclude<WeighedRule["rule"], "custom">, weight = 1): WeighedRule {
  return { rule: name, weight };
}
