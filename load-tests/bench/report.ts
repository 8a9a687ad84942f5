/**
 * A result as people read it: one Markdown page with the ratios, every measurement, and the machine.
 */

import { type Conditions, openingOf } from "./conditions.ts";
import { amount, median, spread, table } from "./figures.ts";
import { barChart, latencyChart } from "./plots.ts";
import { THREAD_KINDS, type ThreadTime } from "./profile.ts";
import type { Evidence } from "./ratios.ts";
import type { Measurement } from "./runner.ts";
import { describeStalls } from "./stalls.ts";
import type { PgbenchRate } from "./systems/pgbench.ts";
import { systemNamed } from "./systems/registry.ts";
import { WORKLOAD_TITLES, WORKLOADS, type Workload } from "./trace.ts";

export type Result = Conditions & {
  readonly traceSeed: number;
  readonly traceHashes: Readonly<Record<Workload, string>>;
  readonly positions: number;
  readonly variants: Readonly<
    Record<string, { readonly best: string; readonly rates: Readonly<Record<string, number>> }>
  >;
  /** Null where it was not run. */
  readonly pgbench: readonly PgbenchRate[] | null;
  /** Of Holdfast's measured peaks; empty where Holdfast was not driven; null where no profiles were taken. */
  readonly profile: readonly ThreadTime[] | null;
} & Evidence;

export function markdownOf(result: Result): string {
  const particulars =
    `Trace seed ${result.traceSeed}, ${amount(result.positions)} positions, ` +
    `${result.rounds.length} rounds`;
  return [
    ...openingOf(result, "npm run bench", particulars),
    ...roundsSection(result),
    ...pgbenchSection(result),
    ...latencySection(result),
    ...crashSection(result),
    ...inProcessSection(result),
    ...profileSection(result),
    ...variantsSection(result),
    "",
  ].join("\n");
}

export function plotsOf(result: Result): ReadonlyMap<string, string> {
  const plots = new Map<string, string>();
  const rows = systemsIn(result).flatMap((name) => {
    const rates = ratesOf(result, name, "hot");
    const value = median(rates);
    if (value === null) return [];
    const own = name.startsWith("holdfast");
    return [{ label: systemNamed(name).title, value, min: Math.min(...rates), max: Math.max(...rates), own }];
  });
  if (rows.length > 0) {
    plots.set("throughput", barChart("Applied operations a second, one hot SKU (logarithmic)", "/s", rows));
  }
  const rates = [...new Set(result.latencies.map((one) => one.rate))];
  for (const [index, rate] of rates.entries()) {
    const curves = result.latencies
      .filter((one) => one.rate === rate && one.perSecond > 0.9 * rate)
      .map((one) => ({ label: systemNamed(one.system).title, points: one.curve }));
    if (curves.length === 0) continue;
    plots.set(
      `latency-${index + 1}`,
      latencyChart(`Latency at ${amount(rate)} operations a second, by schedule`, curves),
    );
  }
  return plots;
}

function roundsSection(result: Result): readonly string[] {
  const names = systemsIn(result);
  if (names.length === 0) return [];
  const workloads = WORKLOADS.filter((workload) =>
    names.some((name) => ratesOf(result, name, workload).length),
  );
  return [
    "",
    "## Throughput",
    "",
    "Applied operations a second, median of the rounds (smallest … largest). Nine in ten reserve, one " +
      "gives back. The column of orders counts whole orders. CPU and cores are the servers', on the hot " +
      "SKU or on orders; memory is theirs at the end of the round.",
    "",
    `![throughput](${result.name}-throughput.svg)`,
    "",
    ...table(
      [
        "system",
        "best as",
        ...workloads.map((workload) => WORKLOAD_TITLES[workload]),
        "CPU s / M",
        "cores",
        "MB",
      ],
      names.map((name) => {
        const measurements = measurementsOf(result, name);
        const of = (value: (one: Measurement) => number): string => amount(median(measurements.map(value)));
        return [
          systemNamed(name).title,
          measurements[0]?.variant ?? "",
          ...workloads.map((workload) => spread(ratesOf(result, name, workload))),
          of((one) => one.cpuSecondsPerMillion),
          of((one) => one.serverCores),
          of((one) => one.memoryMb),
        ];
      }),
      [2, 3, 4, 5, 6, 7],
    ),
    "",
    ...names.map((name) => `- ${systemNamed(name).title}: ${systemNamed(name).note}`),
  ];
}

function pgbenchSection({ pgbench }: Result): readonly string[] {
  if (pgbench === null) return [];
  const rates = pgbench.map(
    ({ clients, perSecond }) => `${amount(perSecond)} a second with ${clients} clients`,
  );
  return [
    "",
    "pgbench with the prepared statement of the one-UPDATE form, without a driver in the way and without " +
      `releases: ${rates.join(", ")}.`,
  ];
}

function latencySection(result: Result): readonly string[] {
  if (result.latencies.length === 0) return [];
  const plots = [...plotsOf(result).keys()].filter((name) => name.startsWith("latency"));
  return [
    "",
    "## Latency at common rates",
    "",
    "Milliseconds from when an operation was due, whatever the system did before (no coordinated " +
      "omission); one hot SKU, a burst every millisecond. Of several windows, the one whose p99 is the " +
      "median. The machine then: what a thread a core that only looks at the clock lost just before, with " +
      "no server running; more than 1 % of it is in everybody's p99.",
    "",
    ...plots.map((name) => `![${name}](${result.name}-${name}.svg)`),
    "",
    ...table(
      [
        "rate",
        "system",
        "answered /s",
        "p50",
        "p90",
        "p99",
        "… least to most",
        "p99.9",
        "max",
        "fdatasync p99 then",
        "the machine then",
      ],
      result.latencies.map((one) => [
        amount(one.rate),
        systemNamed(one.system).title,
        amount(one.perSecond),
        ...[one.p50Ms, one.p90Ms, one.p99Ms].map((value) => value.toFixed(2)),
        `${Math.min(...one.p99MsOfWindows).toFixed(1)} … ${Math.max(...one.p99MsOfWindows).toFixed(1)}`,
        ...[one.p999Ms, one.maxMs].map((value) => value.toFixed(2)),
        `${(one.fsync.p99Us / 1_000).toFixed(2)}`,
        describeStalls(one.stalls),
      ]),
      [0, 2, 3, 4, 5, 6, 7, 8, 9],
    ),
  ];
}

function crashSection(result: Result): readonly string[] {
  if (result.crashes.length === 0) return [];
  return [
    "",
    "## kill -9 under full load",
    "",
    "Holdfast's process is killed; a new one recovers; what had not been answered is sent again by the " +
      "same numbers. Then every position must hold exactly what was acknowledged.",
    "",
    ...table(
      [
        "answered before",
        "unanswered, repeated",
        "new process ready after",
        "units lost",
        "units oversold",
        "units off",
      ],
      result.crashes.map((crash) => [
        amount(crash.answered),
        amount(crash.unanswered),
        `${amount(crash.restartMs)} ms`,
        amount(crash.audit.lost),
        amount(crash.audit.oversold),
        amount(crash.audit.difference),
      ]),
      [0, 1, 2, 3, 4, 5],
    ),
  ];
}

function inProcessSection({ inProcess }: Result): readonly string[] {
  if (inProcess.length === 0) return [];
  const row = (title: string, values: readonly number[]): readonly string[] => [title, spread(values)];
  return [
    "",
    "## Within one process",
    "",
    ...table(
      ["", "operations a second"],
      [
        row(
          "shard core: reserve and release with journal records, one thread",
          inProcess.map((one) => one.corePerSecond),
        ),
        row(
          "mailbox of Map and Promise, the same work without a journal",
          inProcess.map((one) => one.promiseMailboxPerSecond),
        ),
        row(
          "mailbox in shared memory to a thread and back, 1,024 commands a message",
          inProcess.map((one) => one.ringPerSecond),
        ),
        row(
          "postMessage a command, to a thread and back",
          inProcess.map((one) => one.postMessagePerSecond),
        ),
        row(
          "piscina.run a command",
          inProcess.map((one) => one.piscinaPerSecond),
        ),
      ],
      [1],
    ),
  ];
}

function profileSection({ profile }: Result): readonly string[] {
  if (profile === null || profile.length === 0) return [];
  const kinds = THREAD_KINDS.filter((kind) => profile.some((one) => one.thread === kind));
  const workloads = WORKLOADS.filter((workload) => profile.some((one) => one.workload === workload));
  const timeOf = (workload: Workload, thread: ThreadTime["thread"]): ThreadTime | undefined =>
    profile.find((one) => one.workload === workload && one.thread === thread);
  return [
    "",
    "## Where the time goes",
    "",
    "From sampling profiles of the threads of Holdfast's process (PostgreSQL is not in them) during the " +
      "measured peaks; sleep is left out. Rates are lower than without profiles. Two limits: time that a " +
      "thread waits for a core counts as its own (the projector and the snapshots, which run niced, wait " +
      "most); and what the event loop does itself between two callbacks, reading from sockets above all, " +
      "cannot be told from sleep. A function without a file is native or made at run time; `(program)` is " +
      "native code outside of any function.",
    "",
    "Busy seconds a million applied operations, threads of one kind together:",
    "",
    ...table(
      ["thread", ...workloads.map((workload) => WORKLOAD_TITLES[workload])],
      kinds.map((kind) => [
        kind,
        ...workloads.map((workload) => (timeOf(workload, kind)?.busySecondsPerMillion ?? 0).toFixed(3)),
      ]),
      workloads.map((_, index) => index + 1),
    ),
    ...workloads.flatMap((workload) =>
      functionsTable(
        workload,
        kinds.map((kind) => timeOf(workload, kind)).filter((one) => one !== undefined),
      ),
    ),
  ];
}

/** A column for each thread: its functions with the largest self time, in per cent of its busy time. */
function functionsTable(workload: Workload, threads: readonly ThreadTime[]): readonly string[] {
  const rows = Math.max(...threads.map(({ functions }) => functions.length));
  return [
    "",
    `Functions with the largest self time, ${WORKLOAD_TITLES[workload]}; per cent of the busy seconds of ` +
      "the column:",
    "",
    ...table(
      threads.map(({ thread }) => thread),
      Array.from({ length: rows }, (_, row) =>
        threads.map(({ functions }) => {
          const one = functions[row];
          if (one === undefined) return "";
          return `${one.percent.toFixed(1)} % \`${one.name}\` ${one.file}`.trimEnd();
        }),
      ),
      [],
    ),
  ];
}

function variantsSection(result: Result): readonly string[] {
  const rows = Object.entries(result.variants).flatMap(([system, { best, rates }]) =>
    Object.entries(rates).map(([variant, rate]) => [
      systemNamed(system).title,
      variant === best ? `**${variant}**` : variant,
      amount(rate),
    ]),
  );
  if (rows.length === 0) return [];
  return [
    "",
    "## How each system was found to be at its best",
    "",
    "Short runs on the hot SKU before the rounds; the best form went into them.",
    "",
    ...table(["system", "form", "operations a second"], rows, [2]),
  ];
}

function systemsIn(result: Result): readonly string[] {
  const names = result.rounds.flatMap((round) => round.measurements.map((one) => one.system));
  return [...new Set(names)].sort(
    (a, b) => (median(ratesOf(result, b, "hot")) ?? 0) - (median(ratesOf(result, a, "hot")) ?? 0),
  );
}

function measurementsOf(result: Result, name: string): readonly Measurement[] {
  return result.rounds.flatMap((round) => round.measurements.filter((one) => one.system === name));
}

/** Operations a second; where requests are orders, orders a second. */
function ratesOf(result: Result, name: string, workload: Workload): readonly number[] {
  return measurementsOf(result, name)
    .map((one) => one.peaks[workload])
    .map((peak) => (workload === "orders" ? peak?.requestsPerSecond : peak?.perSecond))
    .filter((rate) => rate !== undefined);
}
