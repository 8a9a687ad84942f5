/**
 * Entry of the process that looks for one planted bug. It runs some seeds, one after the other, until a
 * promise is broken, and prints which seed that was. Before each seed it prints a line, so that its parent can
 * tell a slow process from a stuck one.
 */
import { simulate } from "../run.ts";

// The place where a fault was made does not matter here, and costs more than the fault.
Error.stackTraceLimit = 0;

const [from = 1, seeds = 0, operations = 0] = process.argv.slice(2, 5).map(Number);
const withNodes = process.argv[5] === "nodes";

let found: { readonly seed: number; readonly promise: string } | null = null;
for (let seed = from; seed < from + seeds && found === null; seed += 1) {
  process.stdout.write(`${seed}\n`);
  const { result } = await simulate(seed, operations, false, withNodes);
  if (result.violation !== null) found = { seed, promise: result.violation.promise };
}
process.stdout.write(`${JSON.stringify(found ?? { seed: null, promise: null })}\n`);
