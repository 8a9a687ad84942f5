/** What the edge needs to know of the sagas' worker in its process, to serve it as numbers. */
import type { DistributionFigures } from "../config/distribution.ts";

export type SagaFigures = {
  readonly isRunning: boolean;
  /** What the worker does at this moment, and may do at a time. */
  readonly slots: readonly { readonly kind: string; readonly used: number; readonly size: number }[];
  readonly cachedWorkflows: number;
  /** Attempts of each step that has run here; failed ones are among those that were timed. */
  readonly steps: readonly {
    readonly step: string;
    readonly seconds: DistributionFigures;
    readonly failures: number;
  }[];
  /** Rows of the outbox that this process has seen to. */
  readonly queues: readonly { readonly queue: string; readonly delivered: number; readonly failed: number }[];
};
