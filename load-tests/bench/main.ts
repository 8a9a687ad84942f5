/**
 * `npm run bench`: the command line. Runs the bench of reservations or that of whole orders, and writes and
 * prints its result.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";
import type { Conditions } from "./conditions.ts";
import { amount, describeBar, verdictOf } from "./figures.ts";
import { HELP, type Options, readOptions, UsageError } from "./options.ts";
import { describeLeftOut } from "./programs.ts";
import { markdownOf, plotsOf } from "./report.ts";
import { benchReservations } from "./reservations.ts";
import { ordersMarkdownOf } from "./whole-orders/report.ts";
import { benchOrders } from "./whole-orders/run.ts";

const RESULTS = join(projectRoot, "load-tests", "results");

const note = (text: string): void => {
  process.stderr.write(`  ${text}\n`);
};

/** A result, its page, and its plots by name. */
type Outcome = {
  readonly result: Conditions;
  readonly page: string;
  readonly plots: ReadonlyMap<string, string>;
};

async function run(options: Options): Promise<Outcome> {
  if (options.subject === "orders") {
    const result = await benchOrders(options, note);
    return { result, page: ordersMarkdownOf(result), plots: new Map() };
  }
  const result = await benchReservations(options, note);
  return { result, page: markdownOf(result), plots: plotsOf(result) };
}

function write({ result, page, plots }: Outcome): string {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, result.name);
  writeFileSync(`${path}.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(`${path}.md`, page);
  for (const [name, plot] of plots) writeFileSync(`${path}-${name}.svg`, plot);
  return `${path}.md`;
}

function describe(result: Conditions): string {
  const width = Math.max(...result.figures.map((figure) => figure.title.length));
  const lines = result.figures.map((figure) => {
    const range =
      figure.median === null || figure.min === figure.max
        ? ""
        : `(${amount(figure.min)} … ${amount(figure.max)})`;
    const bar = figure.bar === null ? "" : `bar ${describeBar(figure.bar)}: ${verdictOf(figure)}`;
    const title = figure.title.padEnd(width);
    return `  ${title}  ${amount(figure.median).padStart(12)}  ${range.padEnd(26)} ${bar}`.trimEnd();
  });
  const { fsync } = result;
  return [
    ...lines,
    "",
    `  fdatasync p50 ${fsync.p50Us} µs, p99 ${fsync.p99Us} µs; ${Math.round(result.seconds)} s`,
    ...result.leftOut.map((one) => `  ${describeLeftOut(one)}`),
    ...result.failures.map((failure) => `  FAILED ${failure}`),
    "",
  ].join("\n");
}

/** Every figure by its key, and whether all audits were right. */
function summaryLine(result: Conditions): string {
  return JSON.stringify({
    ...Object.fromEntries(result.figures.map(({ key, median: value }) => [key, value])),
    ok: result.failures.length === 0,
  });
}

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`bench: ${error.message}\n\n${HELP}`);
    return 2;
  }
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const outcome = await run(options);
  const { result } = outcome;
  note(`written: ${write(outcome)}`);
  process.stdout.write(`\n${describe(result)}`);
  if (options.json) process.stdout.write(`${summaryLine(result)}\n`);
  return result.failures.length === 0 ? 0 : 1;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exitCode = 1;
  },
);
