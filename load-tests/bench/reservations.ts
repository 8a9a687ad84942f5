/**
 * The bench of reservations: measures Holdfast and its rivals on this machine, one at a time, and audits every
 * round. Joins its parts; each part says what it does.
 */
import { mkdtemp } from "node:fs/promises";
import { closeOnSignal, commitOf } from "./conditions.ts";
import { median } from "./figures.ts";
import type { InProcessResult } from "./in-process/result.ts";
import { runInProcess } from "./in-process/run.ts";
import { describeMachine } from "./machine.ts";
import { type Options, planOf, systemsOf, wants } from "./options.ts";
import { ProfileFolder, whereTimeGoes } from "./profile.ts";
import { describeLeftOut, installedPrograms, isMissing, type LeftOut, partSystems } from "./programs.ts";
import { failuresOf, figuresOf, POSTGRES_FORMS, REDIS_FORMS, rateOf } from "./ratios.ts";
import type { Result } from "./report.ts";
import { type Crash, type LatencyMeasurement, type Round, Runner } from "./runner.ts";
import { ServerRoom } from "./servers/servers.ts";
import { type System, shortlist, type Variant } from "./system.ts";
import { ORDER_POSITIONS } from "./systems/channel-orders.ts";
import { TRACE_SEED } from "./trace.ts";

/** The rate that systems share: half of what the weaker one can do. */
const COMMON_SHARE = 0.5;

/** A system is asked for at most this share of its peak. Beyond it, its queue would be measured. */
const FOLLOWS_SHARE = 0.8;

type Contender = { readonly system: System; readonly variant: Variant };

export async function benchReservations(options: Options, note: (text: string) => void): Promise<Result> {
  const startedAt = new Date();
  const plan = planOf(options);
  const installed = await installedPrograms();
  const { measurable, leftOut: leftOutSystems } = partSystems(systemsOf(options), installed);
  const wantsPgbench = wants(options, "pgbench") && !options.quick;
  const leftOut: readonly LeftOut[] =
    wantsPgbench && !installed.has("pgbench")
      ? [...leftOutSystems, { title: "pgbench", because: isMissing("pgbench") }]
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
