/** The command line of `npm run measure:nodes`. */
import { parseArgs } from "node:util";

export const HELP = `Usage: npm run measure:nodes -- [options]

Starts its own PostgreSQL and Redis, one engine node of one core and then a second beside it, and sends both
reservations over the fabric: over many SKUs, and of one hot SKU. Measured in rounds, in turn; every answer is audited at
the end against a node that is started anew from PostgreSQL.

  --rounds <n>     pairs of one node and two (default 3)
  --seconds <n>    of each window (default 10; a round has six of them)
  --share <cores>  of its core that each node may use, 0.05 to 1 (default 0.2): the load, PostgreSQL and Redis need
                   the rest of the machine
  --orders <n>     of each kind, for what an order costs over two nodes (default 400; 0: none)
  --seed <text>    (default nodes)
  --out <file>     writes the report there as JSON
  --json           ends with the report as one line of JSON
  --help           this text

Exit status 0: all ran and the audit was right, whether bars were met or missed; 1: a run or the audit failed; 2: the
command line is wrong. Needs redis-server. Without rights to make a control group only the computed form is given.
`;

export type Options = {
  readonly rounds: number;
  readonly seconds: number;
  readonly share: number;
  readonly orders: number;
  readonly seed: string;
};

export type Asked =
  | { readonly status: "help" }
  | { readonly status: "wrong"; readonly problem: string }
  | { readonly status: "ok"; readonly options: Options; readonly out: string | null; readonly json: boolean };

/** Least and most of each number: what is beyond would measure nothing, or never end. */
const BOUNDS = {
  rounds: [1, 20],
  seconds: [1, 120],
  share: [0.05, 1],
  orders: [0, 100_000],
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
  for (const name of ["rounds", "seconds", "share", "orders"] as const) {
    const value = Number(parsed[name]);
    const [least, most] = BOUNDS[name];
    if (!(value >= least && value <= most))
      return { status: "wrong", problem: `--${name} takes a number from ${least} to ${most}` };
    numbers[name] = value;
  }
  const { rounds = 0, seconds = 0, share = 0, orders = 0 } = numbers;
  const options = {
    rounds: Math.round(rounds),
    seconds,
    share,
    orders: Math.round(orders),
    seed: parsed.seed,
  };
  return { status: "ok", options, out: parsed.out ?? null, json: parsed.json };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "10" },
      share: { type: "string", default: "0.2" },
      orders: { type: "string", default: "400" },
      seed: { type: "string", default: "nodes" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
}
