/**
 * Counts what the sagas' worker does: how long each step took and how often it failed, and what the relays of
 * the outbox carried out. Stands beside the steps and knows nothing of what is in them.
 */
import type { Worker } from "@temporalio/worker";
import { Distribution } from "../../config/distribution.ts";
import type { SagaFigures } from "../../ports/sagas.ts";

/** What a relay tells of each row that it has seen to. */
export type RelayCount = { delivered: number; failed: number };

export class SagaMeter {
  private readonly steps = new Map<string, { readonly seconds: Distribution; failures: number }>();
  readonly queues: { readonly sagas: RelayCount; readonly mails: RelayCount } = {
    sagas: { delivered: 0, failed: 0 },
    mails: { delivered: 0, failed: 0 },
  };

  /** Times an attempt of a step. Steps are named by us, so their number is bounded. */
  async measure<T>(step: string, work: () => Promise<T>): Promise<T> {
    const beganAt = performance.now();
    const counted = this.of(step);
    try {
      return await work();
    } catch (error) {
      counted.failures += 1;
      throw error;
    } finally {
      counted.seconds.observe((performance.now() - beganAt) / 1_000);
    }
  }

  /** @param sizes how much the worker may do at a time, by kind */
  figures(worker: Worker, sizes: SlotSizes): SagaFigures {
    const status = worker.getStatus();
    const used: SlotSizes = {
      workflow_task: status.numInFlightWorkflowActivations,
      activity: status.numInFlightNonLocalActivities,
      local_activity: status.numInFlightLocalActivities,
    };
    return {
      isRunning: status.runState === "RUNNING",
      slots: SLOT_KINDS.map((kind) => ({ kind, used: used[kind], size: sizes[kind] })),
      cachedWorkflows: status.numCachedWorkflows,
      steps: [...this.steps].map(([step, { seconds, failures }]) => ({
        step,
        seconds: seconds.figures(),
        failures,
      })),
      queues: Object.entries(this.queues).map(([queue, count]) => ({ queue, ...count })),
    };
  }

  private of(step: string) {
    let counted = this.steps.get(step);
    if (counted === undefined) {
      counted = { seconds: new Distribution(), failures: 0 };
      this.steps.set(step, counted);
    }
    return counted;
  }
}

const SLOT_KINDS = ["workflow_task", "activity", "local_activity"] as const;
export type SlotSizes = Readonly<Record<(typeof SLOT_KINDS)[number], number>>;
