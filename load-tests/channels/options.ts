/** The command line of `npm run measure:channels`. */
import { parseArgs } from "node:util";

export const HELP = `Usage: npm run measure:channels -- [options]

Starts a whole system (\`holdfast start\` on a throw-away folder) and, in processes of their own, simulated vendors: four quiet
channels, one whose buyers flood it, and one whose API accepts calls and never answers. What an order of the quiet ones
waits is measured without the flood and with it, in turn, and then without and with the one that hangs. In the end the
books of the vendors and ours are held against each other.

  --rounds <n>      pairs of a window without the flood and one with it (default 3; 0: none)
  --hang <n>        the same with the one that hangs (default 2; 0: none)
  --seconds <n>     of each window (default 20)
  --rate <n>        orders a second at all quiet channels together (default 3)
  --flood <n>       orders a second at the channel that floods (default 300)
  --drain <n>       seconds at most that the flood's orders are worked off before the next window (default 300)
  --out <file>      writes the report there as JSON
  --json            ends with the report as one line of JSON
  --help            this text

Takes the machine for itself, with the defaults for some fifteen minutes. Exit status 0: all ran and the audit was right,
whether bars were met or missed; 1: a run or the audit failed; 2: the command line is wrong.
`;

export type Options = {
  readonly rounds: number;
  readonly hang: number;
  readonly seconds: number;
  readonly rate: number;
  readonly flood: number;
  readonly drain: number;
};

export type Asked =
  | { readonly status: "help" }
  | { readonly status: "wrong"; readonly problem: string }
  | { readonly status: "ok"; readonly options: Options; readonly out: string | null; readonly json: boolean };

/** Least and most of each number: what is beyond would measure nothing, or never end. */
const BOUNDS = {
  rounds: [0, 20],
  hang: [0, 20],
  seconds: [2, 300],
  rate: [0.2, 50],
  flood: [1, 2_000],
  drain: [10, 3_600],
} as const;

export function readOptions(args: readonly string[]): Asked {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return { status: "wrong", problem: error instanceof Error ? error.message : String(error) };
  }
  if (parsed.help) return { status: "help" };
  const numbers: Record<string, number> = {};
  for (const name of ["rounds", "hang", "seconds", "rate", "flood", "drain"] as const) {
    const value = Number(parsed[name]);
    const [least, most] = BOUNDS[name];
    if (!(value >= least && value <= most))
      return { status: "wrong", problem: `--${name} takes a number from ${least} to ${most}` };
    numbers[name] = value;
  }
  for (const name of ["rounds", "hang"])
    if (!Number.isInteger(numbers[name]))
      return { status: "wrong", problem: `--${name} takes a whole number` };
  return {
    status: "ok",
    options: numbers as unknown as Options,
    out: parsed.out ?? null,
    json: parsed.json,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "3" },
      hang: { type: "string", default: "2" },
      seconds: { type: "string", default: "20" },
      rate: { type: "string", default: "3" },
      flood: { type: "string", default: "300" },
      drain: { type: "string", default: "300" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
}
