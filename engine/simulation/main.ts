/**
 * `npm run simulate`: one seed with its story, many seeds with their sum, or the planted bugs and the seeds
 * that found them.
 *
 * Ends with status 1 where a promise was broken or a planted bug was not found.
 */
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { huntMutants } from "./hunt/mutant-hunt.ts";
import { MUTANTS } from "./hunt/mutants.ts";
import { NODE_MUTANTS } from "./hunt/node-mutants.ts";
import { runPool } from "./hunt/seed-pool.ts";
import { mutantLine, mutantTable, seedSummary, seedsProgress } from "./report.ts";
import { simulate } from "./run.ts";

const MUTANT_SEEDS = 1_000;

type Options = {
  readonly seed?: number;
  readonly seeds?: number;
  readonly from: number;
  readonly workers: number;
  readonly operations: number;
  readonly seconds?: number;
  readonly stopAtFirst: boolean;
  readonly mutants: boolean;
  readonly only?: string;
  readonly json: boolean;
  readonly nodes: boolean;
};

const program = new Command("simulate")
  .description(
    "Runs the real allocation engine under a seeded scheduler, with simulated disk, clock, threads and " +
      "rivals.",
  )
  .option("--seed <n>", "tell the story of this seed and print the hash of its events", integer)
  .option("--seeds <n>", "run this many seeds (default 1000)", integer)
  .option("--from <n>", "the first of them", integer, 1)
  .option("--workers <n>", "threads to run them on", integer, availableParallelism())
  .option("--operations <n>", "what clients ask for in each seed", integer, 200)
  .option("--seconds <n>", "begin no further seed after this time; those that ran are told", integer)
  .option("--stop-at-first", "end once a promise was broken", false)
  .option("--mutants", `plant each bug and see that it is found within ${MUTANT_SEEDS} seeds`, false)
  .option("--only <name>", "of the planted bugs, those whose name contains this")
  .option(
    "--nodes",
    "two or three nodes that share the shards, in the place of one owner after the other",
    false,
  )
  .option("--json", "end with one line of JSON", false)
  .action(async (options: Options) => {
    process.exitCode = (await run(options)) ? 0 : 1;
  });

await program.parseAsync();

function run(options: Options): Promise<boolean> {
  if (options.mutants) return runMutants(options);
  return options.seed === undefined ? runSeeds(options) : runSeed(options.seed, options);
}

async function runSeed(seed: number, { operations, nodes }: Options): Promise<boolean> {
  const { result, story } = await simulate(seed, operations, true, nodes);
  for (const line of story?.lines ?? []) print(line);
  print(`seed ${seed}: ${result.operations} operations, ${result.steps} events, event log ${story?.hash()}`);
  if (result.violation !== null) print(`BROKEN ${result.violation.message}`);
  return result.violation === null;
}

async function runSeeds({
  from,
  workers,
  operations,
  stopAtFirst,
  json,
  nodes,
  ...options
}: Options): Promise<boolean> {
  const count = options.seeds ?? 1_000;
  const started = performance.now();
  const progress = seedsProgress(count, started);
  const sum = await runPool({
    from,
    count,
    operations,
    withNodes: nodes,
    workers,
    mayGoOn: (sum) =>
      !(stopAtFirst && sum.broken.length > 0) &&
      performance.now() - started < (options.seconds ?? Number.POSITIVE_INFINITY) * 1_000,
    onProgress: progress.show,
  });
  progress.end();
  const seconds = (performance.now() - started) / 1_000;
  for (const { seed, violation } of sum.broken) print(`BROKEN seed ${seed}: ${violation?.message}`);
  print(seedSummary(sum, { from, seconds }));
  if (json) {
    print(
      JSON.stringify({
        seeds: sum.seeds,
        first: from,
        last: from + sum.seeds - 1,
        operations: sum.operations,
        crashes: sum.faults.crashes,
        takeovers: sum.faults.takeovers,
        violations: sum.broken.length,
        seconds: Math.round(seconds * 10) / 10,
      }),
    );
  }
  return sum.broken.length === 0;
}

async function runMutants({ workers, operations, json, nodes, only = "" }: Options): Promise<boolean> {
  const all = nodes ? NODE_MUTANTS : MUTANTS;
  const mutants = all.filter((mutant) => mutant.name.includes(only));
  const outcomes = await huntMutants(mutants, {
    seeds: MUTANT_SEEDS,
    operations,
    withNodes: nodes,
    workers,
    onOutcome: (outcome) => process.stderr.write(`${mutantLine(outcome, 0)}\n`),
  });
  print(mutantTable(outcomes));
  const found = outcomes.filter((outcome) => outcome.seed !== null);
  if (json) {
    const slowest = [...found].sort((a, b) => (b.seed ?? 0) - (a.seed ?? 0)).slice(0, 5);
    print(
      JSON.stringify({
        mutants: outcomes.length,
        found: found.length,
        slowest_seeds: Object.fromEntries(slowest.map(({ mutant, seed }) => [mutant.name, seed])),
      }),
    );
  }
  return found.length === outcomes.length;
}

function integer(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError("an integer of at least 1 is wanted");
  return Number(text);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
