/** Runs many seeds and adds up their results. */

import { type RunResult, simulate } from "../run.ts";
import { addFaults, type FaultCount, noFaults } from "../world/fault-count.ts";

export type SeedRange = {
  readonly from: number;
  readonly count: number;
  readonly operations: number;
  /** Whether several nodes share the shards. */
  readonly withNodes: boolean;
};

export type RangeResult = {
  seeds: number;
  operations: number;
  steps: number;
  readonly faults: FaultCount;
  /** The runs in which a promise was broken. */
  readonly broken: RunResult[];
};

export function emptyResult(): RangeResult {
  return { seeds: 0, operations: 0, steps: 0, faults: noFaults(), broken: [] };
}

export function addResult(sum: RangeResult, more: RangeResult): void {
  sum.seeds += more.seeds;
  sum.operations += more.operations;
  sum.steps += more.steps;
  addFaults(sum.faults, more.faults);
  sum.broken.push(...more.broken);
}

export async function runSeeds({ from, count, operations, withNodes }: SeedRange): Promise<RangeResult> {
  const sum = emptyResult();
  for (let seed = from; seed < from + count; seed += 1) {
    const { result } = await simulate(seed, operations, false, withNodes);
    sum.seeds += 1;
    sum.operations += result.operations;
    sum.steps += result.steps;
    addFaults(sum.faults, result.faults);
    if (result.violation !== null) sum.broken.push(result);
  }
  return sum;
}
