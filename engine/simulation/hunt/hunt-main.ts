/**
 * Entry of the process that looks for one planted bug. It runs seeds from 1 on until a promise is broken, and
 * prints which seed that was. Before each seed it prints a line, so that its parent can tell a slow process
 * from a stuck one.
 */
import { simulate } from "../run.ts";

// The place where a fault was made does not matter here, and costs more than the fault.
Error.stackTraceLimit = 0;

const [seeds = 0, operations = 0] = process.argv.slice(2).map(Number);

let found: { readonly seed: number; readonly promise: string } | null = null;
for (let seed = 1; seed <= seeds && found === null; seed += 1) {
  const { result } = await simulate(seed, operations, false);
  if (result.violation !== null) found = { seed, promise: result.violation.promise };
  process.stdout.write(`${seed}\n`);
}
process.stdout.write(`${JSON.stringify(found ?? { seed: null, promise: null })}\n`);
