/**
 * How values are spread: how many were at most so large, for each of a few bounds, and their sum. A handful of
 * integers, so that counting costs nothing beside what is counted, and plain data crosses threads.
 */
export type DistributionFigures = {
  /** Upper bounds, rising. What is beyond the last one counts in `count` only. */
  readonly bounds: readonly number[];
  /** How many values were at most the bound in the same place, and above the one before. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
};

/** From a millisecond to half a minute: what waits for a disk, a database or another service. Seconds. */
export const SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

export class Distribution {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private count = 0;
  private sum = 0;

  /** @param bounds rising; in the unit of what is observed */
  constructor(bounds: readonly number[] = SECONDS) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.count += 1;
    this.sum += value;
    const place = this.bounds.findIndex((bound) => value <= bound);
    if (place >= 0) this.counts[place] = (this.counts[place] ?? 0) + 1;
  }

  figures(): DistributionFigures {
    return { bounds: this.bounds, counts: [...this.counts], count: this.count, sum: this.sum };
  }
}
