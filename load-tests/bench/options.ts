/** The command line of `npm run bench`, and what a quick and a full run are. */
import { parseArgs } from "node:util";
import type { Plan } from "./runner.ts";
import type { System } from "./system.ts";
import { SYSTEMS } from "./systems/registry.ts";

/** Single reservations against other stores, or orders from capture to the door. */
export type Subject = "reservations" | "orders";

export type Options = {
  readonly subject: Subject;
  readonly quick: boolean;
  readonly json: boolean;
  readonly only: readonly string[] | null;
  readonly name: string;
  readonly rounds: number | null;
  /** Folder for profiles of the core server; null: none are taken. */
  readonly profile: string | null;
};

/** Of the bench of whole orders. */
const ORDERS_PARTS = ["capture", "complete", "beside", "naive-saga", "vendure"] as const;
export type OrdersPart = (typeof ORDERS_PARTS)[number];

/** Of the bench of reservations, beside the systems. */
const PARTS = ["in-process", "latency", "crash", "pgbench"] as const;

export const HELP = `Usage: npm run bench -- [options]            reservations
       npm run bench -- orders [options]     whole orders

Builds, starts what it needs on free loopback ports, one system at a time, drives it by a seeded plan, audits, and writes
load-tests/results/<name>.{json,md,svg}.

Reservations: PostgreSQL, Redis and Holdfast are driven with the same trace; every round is audited.
Whole orders: captured by stream and REST in the channels' formats, against PostgreSQL doing the same writes; then from
capture to the door through the real sagas, with Temporal, PostgreSQL, MQTT and simulators at speed.

  --quick           reservations: under 3 minutes, the systems of the ratios, 100,000 positions, short rounds;
                    orders: under 4 minutes, without the naive saga and Vendure, 25 seconds of the sustained rate instead of
                    5 minutes
  --rounds <n>      rounds, 3 or more for a result worth keeping (default 3)
  --only <a,b,…>    only these: of reservations systems (below), in-process, latency, crash, pgbench; of orders
                    ${ORDERS_PARTS.join(", ")} (fetches Vendure from the package registry, once, into the user's cache)
  --name <name>     of the result files (default local-quick or local-full, which git ignores; of orders with -orders)
  --json            ends with one line of JSON
  --profile <dir>   of reservations: write CPU profiles of Holdfast's process there (its numbers are lower then), and into
                    the result what each kind of its threads spends on a million operations, and in which functions
  --help

Systems:
${SYSTEMS.map((system) => `  ${system.name.padEnd(22)} ${system.title}`).join("\n")}

Exit status: 0 all ran and every audit was right, whether bars were met or missed; 1 a run or an audit failed; 2 the
command line is wrong.
`;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @returns null where help was asked for */
export function readOptions(args: readonly string[]): Options | null {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  const [subject = "reservations", ...more] = positionals;
  if (more.length > 0 || (subject !== "orders" && subject !== "reservations")) {
    throw new UsageError(`there is no bench of ${positionals.join(" ")}: orders, or nothing`);
  }
  const only = values.only === undefined ? null : values.only.split(",").map((name) => name.trim());
  const known = new Set<string>(
    subject === "orders" ? ORDERS_PARTS : [...SYSTEMS.map((system) => system.name), ...PARTS],
  );
  const unknown = only?.find((name) => !known.has(name));
  if (unknown !== undefined) throw new UsageError(`there is nothing named ${unknown} to measure`);
  if (subject === "orders" && only !== null && !only.includes("complete") && only.some(isComparison)) {
    throw new UsageError("beside and naive-saga compare with complete orders: --only complete,…");
  }
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && (!Number.isInteger(rounds) || rounds < 1)) {
    throw new UsageError("--rounds is a whole number from 1");
  }
  if (subject === "orders" && values.profile !== undefined) {
    throw new UsageError("--profile is of the bench of reservations");
  }
  const form = values.quick ? "local-quick" : "local-full";
  const name = values.name ?? (subject === "orders" ? `${form}-orders` : form);
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) {
    throw new UsageError("--name has lower-case letters, digits, dots and hyphens");
  }
  return {
    subject,
    quick: values.quick,
    json: values.json,
    only,
    name,
    rounds,
    profile: values.profile ?? null,
  };
}

/** Parts of the bench of whole orders that mean nothing without the complete orders. */
function isComparison(part: string): boolean {
  return part === "beside" || part === "naive-saga";
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      only: { type: "string" },
      name: { type: "string" },
      rounds: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
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

/** Whether a baseline of whole orders is to run, which the quick form has only where it is named. */
export function wantsBaseline({ only, quick }: Options, part: OrdersPart): boolean {
  return only?.includes(part) ?? !quick;
}

/** Whether a part is to run; of the bench of reservations, one beside the systems. */
export function wants(options: Options, part: (typeof PARTS)[number] | OrdersPart): boolean {
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
    latencyWindows: 10,
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
