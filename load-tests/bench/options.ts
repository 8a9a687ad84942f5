/** The command line of `npm run bench`, and what a quick and a full run are. */
import { parseArgs } from "node:util";
import type { Plan } from "./runner.ts";
import type { System } from "./system.ts";
import { SYSTEMS } from "./systems/registry.ts";

export type Options = {
  readonly quick: boolean;
  readonly json: boolean;
  readonly only: readonly string[] | null;
  readonly name: string;
  readonly rounds: number | null;
  /** Folder for profiles of the core server; null: none are taken. */
  readonly profile: string | null;
};

export const HELP = `Usage: npm run bench -- [options]

Builds, starts PostgreSQL, Redis and Holdfast on free loopback ports, one system at a time, drives each with the same
seeded trace, audits every round, and writes load-tests/results/<name>.{json,md,svg}.

  --quick           under 3 minutes: the systems of the ratios, 100,000 positions, short rounds
  --rounds <n>      rounds, 3 or more for a result worth keeping (default 3)
  --only <a,b,…>    only these: systems (below), in-process, latency, crash, pgbench
  --name <name>     of the result files (default local-quick or local-full, which git ignores)
  --json            ends with one line of JSON
  --profile <dir>   write CPU profiles of Holdfast's process there (its numbers are lower then), and into the result
                    what each kind of its threads spends on a million operations, and in which functions
  --help

Systems:
${SYSTEMS.map((system) => `  ${system.name.padEnd(22)} ${system.title}`).join("\n")}

Exit status: 0 all ran and every audit was right, whether bars were met or missed; 1 a run or an audit failed; 2 the
command line is wrong.
`;

/** Beside the systems. */
const PARTS = ["in-process", "latency", "crash", "pgbench"] as const;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @returns null where help was asked for */
export function readOptions(args: readonly string[]): Options | null {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return null;
  const only = values.only === undefined ? null : values.only.split(",").map((name) => name.trim());
  const known = new Set<string>([...SYSTEMS.map((system) => system.name), ...PARTS]);
  const unknown = only?.find((name) => !known.has(name));
  if (unknown !== undefined) throw new UsageError(`there is nothing named ${unknown} to measure`);
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && (!Number.isInteger(rounds) || rounds < 1)) {
    throw new UsageError("--rounds is a whole number from 1");
  }
  const name = values.name ?? (values.quick ? "local-quick" : "local-full");
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) {
    throw new UsageError("--name has lower-case letters, digits, dots and hyphens");
  }
  return {
    quick: values.quick,
    json: values.json,
    only,
    name,
    rounds,
    profile: values.profile ?? null,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      only: { type: "string" },
      name: { type: "string" },
      rounds: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  }).values;
}

/** What the ratios of the quick form need. */
const QUICK_SYSTEMS = new Set([
  "holdfast",
  "holdfast-not-durable",
  "postgres-naive",
  "postgres-batched",
  "redis-batched",
]);

export function systemsOf(options: Options): readonly System[] {
  const { only } = options;
  if (only !== null) return SYSTEMS.filter((system) => only.includes(system.name));
  return options.quick ? SYSTEMS.filter((system) => QUICK_SYSTEMS.has(system.name)) : SYSTEMS;
}

/** Whether a part beside the systems is to run. */
export function wants(options: Options, part: (typeof PARTS)[number]): boolean {
  return options.only === null || options.only.includes(part);
}

export function planOf(options: Options): Plan {
  if (options.quick) {
    return {
      rounds: options.rounds ?? 3,
      positions: 100_000,
      traceLength: 1_000_000,
      warmUpMs: 700,
      measureMs: 1_500,
      calibrateMs: 500,
      latencyMs: 3_000,
      latencyWindows: 3,
      latencyWarmUpMs: 8_000,
      fsyncMs: 200,
      stallsMs: 1_000,
      crashes: 1,
      workloadsOf: (system) => {
        if (system.orders) return ["orders"];
        return system.name === "holdfast" ? ["hot", "uniform"] : ["hot"];
      },
    };
  }
  return {
    rounds: options.rounds ?? 3,
    positions: 1_000_000,
    traceLength: 4_000_000,
    warmUpMs: 1_500,
    measureMs: 5_000,
    calibrateMs: 1_200,
    latencyMs: 6_000,
    latencyWindows: 3,
    latencyWarmUpMs: 12_000,
    fsyncMs: 2_000,
    stallsMs: 3_000,
    crashes: 3,
    // A million positions with a row for every unit would be a different table from the one that is measured.
    workloadsOf: (system) => {
      if (system.orders) return ["orders"];
      return system.name === "postgres-unit-rows" ? ["hot"] : ["hot", "zipf", "uniform"];
    },
  };
}
