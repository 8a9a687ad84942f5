/** What was measured, compared with what was promised. */
import type { EngineFigures } from "./engine-main.ts";
import type { StallFigures } from "./stall.ts";

const MILLION = 1_000_000;
const MEMORY_MB = 500;
const RECOVERY_MS = 10_000;
const STALL_MS = 20;

export type Measured = {
  readonly empty: EngineFigures;
  readonly positions: EngineFigures;
  /** Starts with the events after the snapshots, one after the other. */
  readonly recoveries: readonly EngineFigures[];
  readonly events: number;
  /** Whether every shard was the same after its recovery as before. */
  readonly sameAfterRecovery: boolean;
  readonly laneReservations: EngineFigures;
  readonly namedHolds: EngineFigures;
};

/** `met: null` where this run cannot say, for the reason given. */
export type Bar = {
  readonly met: boolean | null;
  readonly why: string;
  readonly [figure: string]: boolean | number | string | readonly number[] | null;
};

export function barsOf(measured: Measured): Readonly<Record<string, Bar>> {
  const { empty, positions, laneReservations, namedHolds } = measured;
  return {
    "a million positions within 500 MB": memoryBar(
      "positions",
      positions.positions - empty.positions,
      positions.rssMb - empty.rssMb,
    ),
    "a million positions and a million events recovered within 10 s on 2 threads": recoveryBar(measured),
    "a million lane reservations within 500 MB more": memoryBar(
      "lane reservations",
      laneReservations.holds - positions.holds,
      laneReservations.rssMb - positions.rssMb,
    ),
    "a million named holds within 500 MB more": memoryBar(
      "named holds",
      namedHolds.holds - laneReservations.holds,
      namedHolds.rssMb - laneReservations.rssMb,
    ),
    "a snapshot holds its shard up for 20 ms at most": stallBar(namedHolds.stall),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? 0;
  // To the tenth that the figures have.
  return Math.round(5 * ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0))) / 10;
}

function memoryBar(what: string, count: number, mb: number): Bar {
  const figures = { count, mb, at_most_mb: MEMORY_MB };
  if (count < MILLION) return { met: null, why: `there were only ${count} ${what}`, ...figures };
  const met = mb <= MEMORY_MB;
  return { met, why: `${count} ${what} took ${mb} MB of ${MEMORY_MB}`, ...figures };
}

function recoveryBar({ recoveries, events, sameAfterRecovery }: Measured): Bar {
  const wallMs = median(recoveries.map(({ startMs }) => startMs));
  const cpuMs = median(recoveries.map(({ startCpuMs }) => startCpuMs));
  const positions = Math.min(...recoveries.map((recovery) => recovery.positions));
  const figures = {
    positions,
    events,
    wall_ms: wallMs,
    at_most_ms: RECOVERY_MS,
    cpu_ms_of_all_threads: cpuMs,
    wall_ms_of_each_start: recoveries.map(({ startMs }) => startMs),
    cpu_ms_of_each_start: recoveries.map(({ startCpuMs }) => startCpuMs),
    same_state_afterwards: sameAfterRecovery,
  };
  if (!sameAfterRecovery) return { met: false, why: "what came back is not what was there", ...figures };
  if (positions < MILLION || events < MILLION) {
    return { met: null, why: `there were only ${positions} positions and ${events} events`, ...figures };
  }
  const met = wallMs <= RECOVERY_MS;
  const took = `${wallMs} ms, and ${cpuMs} ms of processor time`;
  const why = `the median of ${recoveries.length} starts took ${took}`;
  return { met, why, ...figures };
}

function stallBar(stall: StallFigures | null): Bar {
  if (stall === null) return { met: null, why: "it was not measured" };
  const withOne = median(stall.questionGapsWith);
  const without = median(stall.questionGapsWithout);
  const commitsWith = median(stall.commitGapsWith);
  const commitsWithout = median(stall.commitGapsWithout);
  const figures = {
    longest_gap_with_a_snapshot_ms: withOne,
    longest_gap_without_ms: without,
    at_most_ms: STALL_MS,
    longest_gap_between_commits_with_a_snapshot_ms: commitsWith,
    longest_gap_between_commits_without_ms: commitsWithout,
    snapshot_ms: median(stall.snapshotMs),
    repetitions: stall.questionGapsWith.length,
    gaps_with_ms: stall.questionGapsWith,
    gaps_without_ms: stall.questionGapsWithout,
    gaps_between_commits_with_ms: stall.commitGapsWith,
    gaps_between_commits_without_ms: stall.commitGapsWithout,
  };
  const said =
    `the longest gap in the shard's own work was ${withOne} ms with a snapshot and ${without} ` +
    "ms without";
  if (withOne > STALL_MS && without > STALL_MS) {
    return { met: null, why: `${said}: this machine stops a shard for longer by itself`, ...figures };
  }
  // The disk's own pauses are in both.
  const added = Math.max(0, commitsWith - commitsWithout);
  const met = withOne <= STALL_MS && added <= STALL_MS;
  const why = `${said}; between commits it was ${commitsWith} ms with one and ${commitsWithout} ms without`;
  return { met, why, ...figures };
}
