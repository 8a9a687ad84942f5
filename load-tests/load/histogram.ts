/** Latencies in milliseconds, kept to three significant digits up to a minute. */
import { build, type Histogram } from "hdr-histogram-js";

export type LatencySummary = { readonly p50Ms: number; readonly p99Ms: number; readonly p999Ms: number };

/** Records in microseconds, so that sub-millisecond answers keep their digits. */
export class Latencies {
  private readonly histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });

  record(milliseconds: number): void {
    this.histogram.recordValue(Math.min(60_000_000, Math.max(1, Math.round(milliseconds * 1_000))));
  }

  summary(): LatencySummary {
    return {
      p50Ms: this.at(50),
      p99Ms: this.at(99),
      p999Ms: this.at(99.9),
    };
  }

  private at(percentile: number): number {
    return this.histogram.getValueAtPercentile(percentile) / 1_000;
  }
}
