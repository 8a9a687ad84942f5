/** What a load scenario is told and what it reports. */
import type { LatencySummary } from "./histogram.ts";

export type Target = {
  /** Base URL of the gateway. */
  readonly url: string;
  /** A key with every right. */
  readonly key: string;
};

export type ScenarioResult = {
  readonly scenario: string;
  readonly seconds: number;
  /** Answered requests or messages, by their answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly perSecond: number;
  readonly latency: LatencySummary;
  /** Answers that are neither a success nor an expected refusal; 0 in a healthy run. */
  readonly errors: number;
};
