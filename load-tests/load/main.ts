/**
 * `npm run load`: drives a gateway over HTTP and WebSocket, prints what it took, and audits what was sold.
 */
import { Command } from "commander";
import { findAccess } from "../../cli/client/credentials.ts";
import { type AccessOptions, withAccess } from "../../cli/commands/access-options.ts";
import { runProgram } from "../../cli/run-program.ts";
import { startThrowAwaySystem, type UsableSystem } from "../../cli/system/background-system.ts";
import { note, paint, print, printJson, table } from "../../cli/terminal.ts";
import type { ScenarioResult } from "./scenario.ts";
import { runSmoke, type SmokeReport } from "./smoke.ts";

type LoadOptions = AccessOptions & { readonly smoke?: boolean; readonly location: string };

/** For each of the five scenarios. */
const SMOKE_SECONDS = 4;
const FULL_SECONDS = 30;

const command = new Command("npm run load --")
  .description(
    "Drives the gateway with autocannon (HTTP) and its own WebSocket driver (single and batched frames) " +
      "and prints throughput, p50, p99 and p99.9, errors, and the oversell audit. Without --url it starts " +
      "a system of its own and throws it away afterwards, so that no existing data is filled with load.",
  )
  .option("--smoke", "a short run: under a minute in all")
  .option("--location <id>", "where the load's own stock is received", "fc-reno");
withAccess(command)
  .addHelpText(
    "after",
    `
Examples:
  $ npm run load -- --smoke
  $ npm run load -- --json
  $ npm run load -- --url http://127.0.0.1:7400 --key hf_…

Exit status: 0 without errors and with an audit that adds up, 1 otherwise, 2 the command line is wrong.`,
  )
  .action(load);

await runProgram(command);

async function load(options: LoadOptions): Promise<void> {
  const named = options.url !== undefined || process.env["HOLDFAST_URL"] !== undefined;
  const system: UsableSystem = named
    ? { access: await findAccess(options), release: async () => {} }
    : await startThrowAwaySystem();
  try {
    const report = await runSmoke(system.access, {
      seconds: options.smoke === true ? SMOKE_SECONDS : FULL_SECONDS,
      locationId: options.location,
      onScenario: (result) => {
        if (!options.json)
          note(`  ${result.scenario}: ${Math.round(result.perSecond).toLocaleString("en")} a second`);
      },
    });
    if (options.json) printJson(report);
    else print(describe(report));
    if (!report.ok) process.exitCode = 1;
  } finally {
    await system.release();
  }
}

function describe({ scenarios, audit, ok }: SmokeReport): string {
  const head = ["", "per second", "p50 ms", "p99 ms", "p99.9 ms", "errors", "answers"].map((one) =>
    paint("dim", one),
  );
  const rows = scenarios.map((one) => [
    `  ${one.scenario}`,
    Math.round(one.perSecond).toLocaleString("en"),
    milliseconds(one.latency.p50Ms),
    milliseconds(one.latency.p99Ms),
    milliseconds(one.latency.p999Ms),
    one.errors === 0 ? paint("green", "0") : paint("red", String(one.errors)),
    answersOf(one),
  ]);
  const verdict = ok ? paint("green", "adds up") : paint("red", "does NOT add up, or there were errors");
  return [
    "",
    table([head, ...rows], [1, 2, 3, 4, 5]),
    "",
    `  Oversold ${audit.oversold === 0 ? paint("green", "0") : paint("red", String(audit.oversold))}: ` +
      `${audit.unitsReceived.toLocaleString("en")} units received, ` +
      `${audit.unitsSold.toLocaleString("en")} sold, ${audit.unitsHeld.toLocaleString("en")} held, ` +
      `${audit.unitsLeft.toLocaleString("en")} left; ${verdict}.`,
  ].join("\n");
}

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function answersOf(result: ScenarioResult): string {
  return Object.entries(result.answers)
    .map(([answer, count]) => `${answer} ${count.toLocaleString("en")}`)
    .join(", ");
}
