/** Whether a system keeps up with what it is given, and what its latencies are: arithmetic without a clock. */

/** What is unfinished at a moment. */
export type BacklogSample = { readonly atMs: number; readonly backlog: number };

/**
 * By how much the backlog grows in a minute: the slope of the straight line that fits the samples best, so
 * that neither the first nor the last sample decides.
 *
 * @returns 0 where there are fewer than two moments
 */
export function growthPerMinute(samples: readonly BacklogSample[]): number {
  const count = samples.length;
  const meanAt = samples.reduce((sum, { atMs }) => sum + atMs, 0) / count;
  const mean = samples.reduce((sum, { backlog }) => sum + backlog, 0) / count;
  let together = 0;
  let spread = 0;
  for (const { atMs, backlog } of samples) {
    together += (atMs - meanAt) * (backlog - mean);
    spread += (atMs - meanAt) ** 2;
  }
  return spread > 0 ? (together / spread) * 60_000 : 0;
}

/** A backlog that grows by less than this share of what is completed does not grow: samples scatter. */
const STEADY_SHARE = 0.05;

/** Whether a rate is sustained: of what comes in, no more than a twentieth is left lying. */
export function isSustained(samples: readonly BacklogSample[], ratePerMinute: number): boolean {
  return ratePerMinute > 0 && growthPerMinute(samples) <= STEADY_SHARE * ratePerMinute;
}

/**
 * By the nearest rank: the smallest value that at least this share of the values does not exceed.
 *
 * @param percent above 0, at most 100
 * @returns null where there is no value
 */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

/** Completed in a minute between two moments; 0 where no time has passed. */
export function perMinute(
  before: { readonly atMs: number; readonly completed: number },
  after: { readonly atMs: number; readonly completed: number },
): number {
  const elapsed = after.atMs - before.atMs;
  return elapsed > 0 ? ((after.completed - before.completed) * 60_000) / elapsed : 0;
}
