/**
 * `npm run order-model`: random sequences of what can happen to orders, played by the product's own
 * operations and sagas over a real engine and PostgreSQL, and held after each step against a small model of
 * orders, stock and money. Ends with status 1 where a promise was broken, or where a planted bug was not
 * found.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { huntMutants, type MutantOutcome } from "./mutant-hunt.ts";
import { MUTANTS } from "./mutants.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";
import type { Range, RangeMessage, RangeResult } from "./range-main.ts";

const DAY_MS = 86_400_000;

/** Within which each planted bug is found. */
const MUTANT_SEQUENCES = 200;

/** Every `of`th, the `first` and those behind it. */
type Part = { readonly first: number; readonly of: number };

type Options = {
  readonly sequences: number;
  readonly from: number;
  readonly steps: number;
  readonly seed: number;
  readonly only?: number;
  readonly processes: number;
  readonly beside: number;
  readonly seconds: number;
  readonly server?: string;
  readonly mutants: boolean;
  readonly part: Part;
  readonly json: boolean;
};

const program = new Command("order-model")
  .description("Plays random sequences of what can happen to orders, and holds them against a small model.")
  .option("--sequences <n>", "how many", integer, 2_000)
  .option("--from <n>", "the first of them", integer, 1)
  .option("--steps <n>", "of each", integer, 40)
  .option("--seed <n>", "names the run (default: today)", integer, Math.floor(Date.now() / DAY_MS))
  .option("--only <n>", "play this one sequence and print its story", integer)
  .option("--processes <n>", "that share the sequences", integer, availableParallelism())
  .option("--beside <n>", "sequences at a time in each", integer, 12)
  .option("--seconds <n>", "begin no further sequence after this time", integer, 3_600)
  .option("--server <url>", "the PostgreSQL that another one of these has started (default: an own one)")
  .option("--mutants", `plant each bug and see that it is found within ${MUTANT_SEQUENCES} sequences`, false)
  .option("--part <k/n>", "of the bugs plant the kth and every nth behind it", part, { first: 1, of: 1 })
  .option("--json", "end with one line of JSON", false)
  .action(async (options: Options) => {
    const server = await serverOf(options);
    try {
      const isSound = options.mutants
        ? await runMutants(options, server.url)
        : await runSequences(options, server.url);
      process.exitCode = isSound ? 0 : 1;
    } finally {
      await server.stop();
    }
  });

await program.parseAsync();

async function serverOf(options: Options): Promise<OwnServer> {
  if (options.server !== undefined) return { url: options.server, stop: async () => {} };
  const server = await startOwnServer();
  for (const end of ["SIGINT", "SIGTERM"])
    process.once(end, () => void server.stop().finally(() => process.exit(1)));
  return server;
}

async function runSequences(options: Options, serverUrl: string): Promise<boolean> {
  const { only, seed, steps, seconds } = options;
  const began = performance.now();
  const processes = only === undefined ? Math.min(options.processes, options.sequences) : 1;
  const results = await playAll(
    Array.from(
      { length: processes },
      (_, index): Range => ({
        serverUrl,
        seed,
        steps,
        seconds,
        from: only ?? options.from + index,
        every: processes,
        to: only ?? options.from + options.sequences - 1,
        beside: only === undefined ? options.beside : 1,
      }),
    ),
  );
  const broken = results.map((result) => result.broken).find((one) => one !== null) ?? null;
  const story = broken?.story ?? (only === undefined ? [] : (results[0]?.story ?? []));
  for (const line of story) print(line);
  for (const finding of broken?.findings ?? []) print(`BROKEN ${finding}`);
  const counts: Record<string, number> = {};
  for (const result of results) {
    for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count;
  }
  const sum = {
    seed,
    sequences: results.reduce((total, result) => total + result.sequences, 0),
    steps: Object.values(counts).reduce((total, count) => total + count, 0),
    seconds: Math.round((performance.now() - began) / 100) / 10,
    broken:
      broken === null
        ? null
        : { sequence: broken.sequence, promise: broken.findings[0]?.split(":")[0] ?? "" },
    counts,
  };
  print(JSON.stringify(sum, null, options.json ? 0 : 2));
  return broken === null;
}

/** Each range in a process of its own; what one finds broken stops the others. */
function playAll(ranges: readonly Range[]): Promise<readonly RangeResult[]> {
  const played = ranges.map(() => 0);
  let told = 0;
  const children = ranges.map((range) =>
    fork(new URL("./range-main.js", import.meta.url), [JSON.stringify(range)], {
      execArgv: ["--import", new URL("./register-saga-runtime.js", import.meta.url).href],
    }),
  );
  return Promise.all(
    children.map(
      (child, index) =>
        new Promise<RangeResult>((resolve, reject) => {
          let result: RangeResult | undefined;
          child.on("message", (message: RangeMessage) => {
            if ("played" in message) {
              played[index] = message.played;
              const all = played.reduce((sum, one) => sum + one, 0);
              if (all - told < 100) return;
              told = all;
              process.stderr.write(`${all} sequences\n`);
              return;
            }
            result = message.result;
            if (result.broken === null) return;
            // Whoever has just ended need not hear of it.
            for (const other of children)
              if (other !== child && other.connected) other.send("stop", () => {});
          });
          child.once("error", reject);
          child.once("exit", (status) => {
            if (result !== undefined) resolve(result);
            else reject(new Error(`a process of the order model ended with status ${status}`));
          });
        }),
    ),
  );
}

async function runMutants(
  { seed, steps, processes, part, json }: Options,
  serverUrl: string,
): Promise<boolean> {
  const mutants = MUTANTS.filter((_, index) => index % part.of === part.first - 1);
  const outcomes = await huntMutants(mutants, {
    serverUrl,
    seed,
    steps,
    sequences: MUTANT_SEQUENCES,
    workers: processes,
    onOutcome: (outcome) => process.stderr.write(`${mutantLine(outcome)}\n`),
  });
  for (const outcome of outcomes) print(mutantLine(outcome));
  const found = outcomes.filter(({ sequence }) => sequence !== null).length;
  if (json) print(JSON.stringify({ seed, mutants: outcomes.length, found }));
  return found === outcomes.length;
}

function mutantLine({ mutant, sequence, promise }: MutantOutcome): string {
  const found = sequence === null ? "NOT FOUND" : `sequence ${sequence}`;
  return `${mutant.name.padEnd(60)} ${found.padEnd(14)} ${promise ?? mutant.breaks}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function integer(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new InvalidArgumentError("a whole number is wanted.");
  return number;
}

function part(text: string): Part {
  const [first = 0, of = 0] = text.split("/").map(Number);
  if (!Number.isSafeInteger(of) || !Number.isSafeInteger(first) || first < 1 || first > of)
    throw new InvalidArgumentError("k/n is wanted, k at least 1 and at most n.");
  return { first, of };
}
