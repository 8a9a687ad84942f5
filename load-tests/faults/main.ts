/** `npm run faults`: real processes, real faults, and an audit of the books afterwards. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { type CampaignReport, runCampaign, type ScenarioRun } from "./campaign.ts";
import { devicesMain } from "./devices/main.ts";
import { endLeftovers } from "./leftovers.ts";
import { machine } from "./machine.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

const HELP = `Usage: npm run faults -- [options]

Starts its own PostgreSQL and core servers, lets clients work, and injects faults: kill -9 at named points of a
commit, database restarts, slow, failing and full disks, broken connections, takeovers from a suspended owner. After
each, the clients' logs are compared with the journal and with what the engine answers.

  --short            every kind of fault once, in some 90 seconds (the default)
  --minutes <n>      every scenario, again and again, for n minutes
  --scenario <name>  only scenarios whose name or kind contains this; may be given several times
  --seed <text>      decides the order, the moments and what clients ask for (default: by chance; it is printed)
  --out <file>       writes the report there as JSON
  --json             ends with the report as one line of JSON
  --list             lists the scenarios
  --devices          another campaign: devices that misbehave; --devices --help lists its options
  --help             this text

Exit status 0: nothing acknowledged was lost, nothing doubled, nothing oversold, and clients were served again.
`;

const METHOD =
  "Every process is real: PostgreSQL with fsync on behind the harness's TCP proxy, core servers as " +
  "processes of their own, clients over WebSocket. kill -9 is SIGKILL at a named point or at any moment; " +
  "syncs are delayed and failed by strace in the kernel's system call; the full disk is a tmpfs. Served " +
  "again counts from the end of the fault (death of the process, return of the database) to the first " +
  "answer to a question asked since.";

async function main(): Promise<number> {
  if (process.argv.includes("--devices")) return devicesMain();
  const { values } = parseArgs({
    options: {
      short: { type: "boolean", default: false },
      minutes: { type: "string" },
      scenario: { type: "string", multiple: true },
      seed: { type: "string" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP, 0);
  if (values.list) {
    return say(scenarios.map(({ kind, name }) => `${kind.padEnd(22)}${name}\n`).join(""), 0);
  }
  const minutes = values.minutes === undefined ? 0 : Number(values.minutes);
  if (!Number.isFinite(minutes) || minutes < 0 || (values.short && minutes > 0)) {
    return say(`--minutes takes a number, and not together with --short.\n\n${HELP}`, 2);
  }
  const chosen = choose(values.scenario, minutes > 0);
  if (chosen.length === 0) return say("No scenario has that in its name; --list shows them all.\n", 2);
  const seed = values.seed ?? randomBytes(4).toString("hex");
  note(`seed ${seed}, ${chosen.length} scenarios${minutes > 0 ? `, ${minutes} minutes` : ""}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void endLeftovers().then(() => process.exit(130)));
  }
  const report = await runCampaign({
    seed,
    scenarios: chosen,
    seconds: minutes * 60,
    onRun: (run) => note(progressLine(run)),
    onKept: (folder) => note(`    logs and testimonies are in ${folder}`),
  });
  const full = { ...report, machine: machine(), method: METHOD };
  if (values.out !== undefined) {
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, `${JSON.stringify(full, null, 2)}\n`);
  }
  process.stdout.write(values.json ? `${JSON.stringify(full)}\n` : table(report));
  return report.ok ? 0 : 1;
}

function choose(wanted: readonly string[] | undefined, long: boolean): readonly Scenario[] {
  if (wanted !== undefined) {
    return scenarios.filter(({ name, kind }) =>
      wanted.some((text) => name.includes(text) || kind.includes(text)),
    );
  }
  return long ? scenarios : scenarios.filter((scenario) => scenario.short === true);
}

function progressLine(run: ScenarioRun): string {
  const served = run.servedAfterMs.map((ms) => `${Math.round(ms)} ms`).join(", ");
  const end = run.outcome === "passed" ? `served again after ${served}` : run.findings.join("\n           ");
  return `  ${run.outcome.padEnd(7)}  ${run.name} (${run.seconds.toFixed(1)} s): ${end}`;
}

/** One line for each kind, and the sums. */
function table({ runs, totals, seconds, ok, seed }: CampaignReport): string {
  const rows = [["", "runs", "failed", "skipped", "faults", "served again, median", "worst"]];
  for (const kind of new Set(runs.map((run) => run.kind))) {
    const ofKind = runs.filter((run) => run.kind === kind);
    const served = ofKind.flatMap((run) => run.servedAfterMs).sort((a, b) => a - b);
    rows.push([
      kind,
      String(ofKind.length),
      String(ofKind.filter((run) => run.outcome === "failed").length),
      String(ofKind.filter((run) => run.outcome === "skipped").length),
      String(ofKind.reduce((sum, run) => sum + run.faults, 0)),
      milliseconds(served[Math.floor(served.length / 2)]),
      milliseconds(served.at(-1)),
    ]);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
  const count = (value: number): string => value.toLocaleString("en");
  return [
    "",
    ...lines,
    "",
    `${count(totals.faults)} faults in ${Math.round(seconds)} s (seed ${seed}); ` +
      `${count(totals.operations)} operations, ${count(totals.answered)} answers, ` +
      `${count(totals.journalRows)} journal rows.`,
    `Acknowledged but lost ${totals.lost}, doubled ${totals.doubled}, without being asked for ` +
      `${totals.phantom}, oversold ${totals.oversold}, stale-epoch rows ${totals.staleEpochRows}, broken ` +
      `chain ${totals.brokenChain}, unbalanced ${totals.unbalanced}, contradicted ` +
      `${totals.contradicted}, unanswered ${totals.unanswered}: ` +
      `${ok ? "all is well" : "NOT all is well"}.`,
    "",
  ].join("\n");
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "-" : `${Math.round(value).toLocaleString("en")} ms`;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function say(text: string, status: number): number {
  (status === 0 ? process.stdout : process.stderr).write(text);
  return status;
}

// The process has nothing left to wait for, but there is no result: that is not a success.
process.exitCode = 1;
main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`faults: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exit(1);
  },
);
