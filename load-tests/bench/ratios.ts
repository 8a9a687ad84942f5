/**
 * The figures that the bench is made for, each with its bar: ratios of two systems in the same round, so that
 * the machine affects both alike. The median of the rounds is the figure; the smallest and the largest are
 * beside it.
 */
import { type Figure, figure, quotient } from "./figures.ts";
import type { InProcessResult } from "./in-process/result.ts";
import type { Crash, LatencyMeasurement, Measurement, Round } from "./runner.ts";
import type { Workload } from "./trace.ts";

export type Evidence = {
  readonly rounds: readonly Round[];
  readonly latencies: readonly LatencyMeasurement[];
  readonly crashes: readonly Crash[];
  readonly inProcess: readonly InProcessResult[];
};

const NAIVE = ["postgres-naive"];
export const POSTGRES_FORMS = ["postgres-naive", "postgres-batched", "postgres-unit-rows"];
/** The forms that do the same work as a reservation. The bare counter does not. */
export const REDIS_FORMS = ["redis-auto", "redis-pipelined", "redis-batched"];

export function figuresOf(evidence: Evidence): readonly Figure[] {
  const { rounds, inProcess } = evidence;
  const perRound = (of: (round: Round) => number | null): readonly number[] =>
    rounds.map(of).filter((value) => value !== null);
  const against = (forms: readonly string[], workload: Workload = "hot"): readonly number[] =>
    perRound((round) => quotient(rateOf(round, ["holdfast"], workload), rateOf(round, forms, workload)));
  const core = inProcess.map((one) => one.corePerSecond);
  return [
    figure("durable_hot_per_s", "durable reservations a second, one hot SKU", {
      values: perRound((round) => rateOf(round, ["holdfast"], "hot")),
      aim: 583_000,
    }),
    figure("durable_hot_vs_pg_naive", "… against PostgreSQL, one UPDATE a reservation", {
      values: against(NAIVE),
      bar: { kind: "at-least", value: 100 },
    }),
    figure("durable_hot_vs_pg_batched", "… against PostgreSQL, batched", {
      values: against(["postgres-batched"]),
      bar: { kind: "at-least", value: 10 },
    }),
    figure("durable_hot_vs_redis", "… against Redis doing the same work, its best form", {
      values: against(REDIS_FORMS),
      bar: { kind: "at-least", value: 2 },
    }),
    figure("durable_uniform_vs_pg_batched", "uniform over all positions, against PostgreSQL, batched", {
      values: against(["postgres-batched"], "uniform"),
      bar: { kind: "at-least", value: 10 },
    }),
    figure("durable_uniform_vs_redis", "… against Redis doing the same work, its best form", {
      values: against(REDIS_FORMS, "uniform"),
      bar: { kind: "at-least", value: 4 },
    }),
    figure("hot_vs_uniform", "hot SKU against uniform", {
      values: perRound((round) =>
        quotient(rateOf(round, ["holdfast"], "hot"), rateOf(round, ["holdfast"], "uniform")),
      ),
    }),
    figure("durable_vs_memory", "durable against the same engine keeping nothing", {
      values: perRound((round) =>
        quotient(rateOf(round, ["holdfast"], "hot"), rateOf(round, ["holdfast-not-durable"], "hot")),
      ),
      bar: { kind: "at-least", value: 0.4 },
    }),
    figure("p99_vs_pg", "p99 against PostgreSQL's best form, both at half of its peak", {
      values: latencyRatios(evidence),
      bar: { kind: "at-most", value: 0.5 },
    }),
    figure("core_per_s", "operations a second of the actor core on one thread, reserve and release", {
      values: core,
      bar: { kind: "at-least", value: 5e6 },
      aim: 20e6,
    }),
    figure("core_vs_promise_mailbox", "… against a mailbox of Map and Promise", {
      values: inProcess.map((one) => one.corePerSecond / one.promiseMailboxPerSecond),
      bar: { kind: "at-least", value: 10 },
    }),
    figure("ring_vs_postmessage", "commands to another thread and back, against postMessage a command", {
      values: inProcess.map((one) => one.ringPerSecond / one.postMessagePerSecond),
      bar: { kind: "at-least", value: 20 },
    }),
    figure("ring_vs_piscina", "… against piscina.run a command", {
      values: inProcess.map((one) => one.ringPerSecond / one.piscinaPerSecond),
    }),
    figure("oversold", "units sold that were not there, over all rounds and kills", {
      values: sumOf(evidence, (audit) => audit.oversold),
      bar: { kind: "at-most", value: 0 },
    }),
    figure("acked_lost", "units acknowledged and lost, over all rounds and kills", {
      values: sumOf(evidence, (audit) => audit.lost),
      bar: { kind: "at-most", value: 0 },
    }),
  ];
}

/** The best rate that any of these systems reached in the round. */
export function rateOf(round: Round, names: readonly string[], workload: Workload): number | null {
  const rates = round.measurements
    .filter((one) => names.includes(one.system))
    .map((one) => one.peaks[workload]?.perSecond)
    .filter((rate) => rate !== undefined);
  return rates.length === 0 ? null : Math.max(...rates);
}

/**
 * Audits of the systems that must respect stock. The bare counter is not one of them: its oversell does not
 * fail the run.
 */
function auditsOf(evidence: Evidence): readonly Measurement["audit"][] {
  return [
    ...evidence.rounds.flatMap((round) => round.measurements.map((one) => one.audit)),
    ...evidence.latencies.map((one) => one.audit),
    ...evidence.crashes.map((one) => one.audit),
  ];
}

function sumOf(evidence: Evidence, of: (audit: Measurement["audit"]) => number): readonly number[] {
  const audits = auditsOf(evidence);
  return audits.length === 0 ? [] : [audits.reduce((sum, audit) => sum + of(audit), 0)];
}

/** What failed, in sentences; empty where every audit was right. */
export function failuresOf(evidence: Evidence): readonly string[] {
  const measured = [
    ...evidence.rounds.flatMap((round) => round.measurements),
    ...evidence.latencies,
    ...evidence.crashes.map((crash) => ({ ...crash, system: "holdfast, killed" })),
  ];
  const failures = measured
    .filter(({ audit }) => !audit.ok)
    .map(({ system, audit }) => `${system}: the audit does not add up: ${JSON.stringify(audit)}`);
  for (const { measurements } of evidence.rounds) {
    for (const { system, sellOut } of measurements) {
      if (sellOut !== null && (sellOut.sold !== sellOut.stock || sellOut.remaining !== 0)) {
        failures.push(`${system}: selling out ended wrongly: ${JSON.stringify(sellOut)}`);
      }
    }
  }
  return failures;
}

function latencyRatios({ latencies }: Evidence): readonly number[] {
  const ours = latencies.filter((one) => one.system === "holdfast");
  return ours.flatMap((one) => {
    const theirs = latencies.filter(
      (other) => POSTGRES_FORMS.includes(other.system) && other.rate === one.rate,
    );
    // The p99 of a system that could not keep up with the rate cannot be compared.
    const able = theirs.filter((other) => other.perSecond > 0.9 * other.rate);
    if (able.length === 0) return [];
    return one.p99MsOfWindows.map(
      (p99Ms, window) =>
        p99Ms / Math.min(...able.map((other) => other.p99MsOfWindows[window] ?? other.p99Ms)),
    );
  });
}
