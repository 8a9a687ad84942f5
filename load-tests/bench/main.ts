/**
 * `npm run bench`: measures Holdfast and its rivals on this machine, audits every round, and writes a result.
 * Joins the bench's parts; each part says what it does.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";
import type { InProcessResult } from "./in-process/result.ts";
import { runInProcess } from "./in-process/run.ts";
import { describeMachine } from "./machine.ts";
import { HELP, type Options, planOf, readOptions, systemsOf, UsageError, wants } from "./options.ts";
import { ProfileFolder, whereTimeGoes } from "./profile.ts";
import { describeLeftOut, installedPrograms, type LeftOut, partSystems } from "./programs.ts";
import { failuresOf, figuresOf, median, POSTGRES_FORMS, REDIS_FORMS, rateOf } from "./ratios.ts";
import { amount, describeBar, markdownOf, plotsOf, type Result, verdictOf } from "./report.ts";
import { type Crash, type LatencyMeasurement, type Round, Runner } from "./runner.ts";
import { ServerRoom } from "./servers/servers.ts";
import type { System, Variant } from "./system.ts";
import { ORDER_POSITIONS } from "./systems/holdfast-orders.ts";
import { TRACE_SEED } from "./trace.ts";

const RESULTS = join(projectRoot, "load-tests", "results");

/** The rate that systems share: half of what the weaker one can do. */
const COMMON_SHARE = 0.5;

/** A system is asked for at most this share of its peak. Beyond it, its queue would be measured. */
const FOLLOWS_SHARE = 0.8;

type Contender = { readonly system: System; readonly variant: Variant };

const note = (text: string): void => {
  process.stderr.write(`  ${text}\n`);
};

async function bench(options: Options): Promise<Result> {
  const startedAt = new Date();
  const plan = planOf(options);
  const installed = await installedPrograms();
  const { measurable, leftOut: leftOutSystems } = partSystems(systemsOf(options), installed);
  const wantsPgbench = wants(options, "pgbench") && !options.quick;
  const leftOut: readonly LeftOut[] =
    wantsPgbench && !installed.has("pgbench")
      ? [...leftOutSystems, { title: "pgbench", missing: "pgbench" }]
      : leftOutSystems;
  for (const one of leftOut) note(describeLeftOut(one));
  // Not /tmp, which may be memory: what is measured is a disk.
  const folder = await mkdtemp("/var/tmp/holdfast-bench-");
  const machine = await describeMachine(folder);
  const profiles = options.profile === null ? null : await ProfileFolder.open(options.profile);
  const room = new ServerRoom(folder, Math.max(plan.positions, ORDER_POSITIONS), profiles?.nodeArgs);
  const interrupted = closeOnSignal(room);
  try {
    const runner = await Runner.create(plan, room, folder, note);
    const fsync = runner.fsync();
    const stalls = await runner.stalls();
    // First, while no server has left work behind for the disk or the processor.
    const inProcess: InProcessResult[] = [];
    for (let index = 0; index < plan.rounds && wants(options, "in-process"); index += 1) {
      inProcess.push(await runInProcess(options.quick ? 400 : 3_000));
    }
    const contenders: Contender[] = [];
    const variants: Record<
      string,
      { readonly best: string; readonly rates: Readonly<Record<string, number>> }
    > = {};
    for (const system of measurable) {
      const { best, rates } = await runner.calibrate(options.quick ? shortlist(system) : system);
      contenders.push({ system, variant: best });
      variants[system.name] = { best: best.name, rates };
    }
    const rounds: Round[] = [];
    for (let index = 0; index < plan.rounds && contenders.length > 0; index += 1) {
      rounds.push(await runner.round(index, contenders));
    }
    const latencies = wants(options, "latency")
      ? await measureLatencies(runner, rounds, contenders, options.quick)
      : [];
    const crashes: Crash[] = [];
    const holdfast = contenders.find(({ system }) => system.name === "holdfast");
    if (wants(options, "crash") && holdfast !== undefined) {
      for (let index = 0; index < plan.crashes; index += 1) {
        crashes.push(await runner.crash(holdfast.system, holdfast.variant, 800 + index * 350));
      }
    }
    const pgbench = wantsPgbench && installed.has("pgbench") ? await runner.pgbench() : null;
    // Every server has stopped, so all threads have written their profiles.
    const profile =
      profiles === null
        ? null
        : whereTimeGoes(
            await profiles.read(),
            runner.phases.filter((phase) => phase.system === "holdfast"),
          );
    const evidence = { rounds, latencies, crashes, inProcess };
    return {
      name: options.name,
      form: options.only !== null ? "partial" : options.quick ? "quick" : "full",
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1_000,
      commit: commitOf(),
      machine,
      postgresVersion: room.postgresVersion,
      fsync,
      stalls,
      traceSeed: TRACE_SEED,
      traceHashes: runner.traceHashes(),
      positions: plan.positions,
      variants,
      figures: figuresOf(evidence),
      failures: failuresOf(evidence),
      leftOut,
      pgbench,
      profile,
      ...evidence,
    };
  } finally {
    interrupted.off();
    await room.close();
  }
}

/**
 * Half of the peak of each class of system: of the best PostgreSQL form, of the best Redis form, and of
 * Holdfast. The quick form takes only the first rate, and of PostgreSQL only the form that it comes from:
 * enough for the ratio.
 */
async function measureLatencies(
  runner: Runner,
  rounds: readonly Round[],
  contenders: readonly Contender[],
  quick: boolean,
): Promise<readonly LatencyMeasurement[]> {
  const peakOf = (name: string): number =>
    median(rounds.map((round) => rateOf(round, [name], "hot") ?? 0)) ?? 0;
  const bestOf = (names: readonly string[]): string | undefined =>
    names.filter((name) => peakOf(name) > 0).sort((a, b) => peakOf(b) - peakOf(a))[0];
  const bestPostgres = bestOf(POSTGRES_FORMS);
  const references = [bestPostgres, bestOf(REDIS_FORMS), bestOf(["holdfast"])].filter(
    (name) => name !== undefined,
  );
  const measured: LatencyMeasurement[] = [];
  for (const reference of quick ? references.slice(0, 1) : references) {
    const rate = Math.floor(peakOf(reference) * COMMON_SHARE);
    for (const { system, variant } of contenders) {
      // What does less work, or keeps nothing, answers sooner without being better.
      if (!system.exact || system.orders || system.server === "core-not-durable") continue;
      if (quick && system.name !== "holdfast" && system.name !== bestPostgres) continue;
      if (peakOf(system.name) * FOLLOWS_SHARE < rate) continue;
      measured.push(await runner.latency(system, variant, rate));
    }
  }
  return measured;
}

/** The forms that were best on a machine like the published one. The full form tries all of them. */
function shortlist(system: System): System {
  const chosen = system.variants.filter((variant) => variant.quick === true);
  return chosen.length === 0
    ? { ...system, variants: system.variants.slice(0, 1) }
    : { ...system, variants: chosen };
}

function closeOnSignal(room: ServerRoom): { off(): void } {
  const end = (): void => {
    room.close().then(
      () => process.exit(1),
      () => process.exit(1),
    );
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  return {
    off: () => {
      process.off("SIGINT", end);
      process.off("SIGTERM", end);
    },
  };
}

function commitOf(): string {
  try {
    const options = { cwd: projectRoot, encoding: "utf8" } as const;
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], options).trim();
    const changed = execFileSync("git", ["status", "--porcelain", "--untracked-files=no"], options).trim();
    return changed === "" ? commit : `${commit} with local changes`;
  } catch {
    return "unknown";
  }
}

function writeResult(result: Result): string {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, result.name);
  writeFileSync(`${path}.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(`${path}.md`, markdownOf(result));
  for (const [name, plot] of plotsOf(result)) writeFileSync(`${path}-${name}.svg`, plot);
  return `${path}.md`;
}

function describe(result: Result): string {
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
function summaryLine(result: Result): string {
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
  const result = await bench(options);
  const written = writeResult(result);
  note(`written: ${written}`);
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
