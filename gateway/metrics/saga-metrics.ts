/** The sagas' worker of this node, and the relays of the outbox as far as they run here. */
import type { SagaFigures } from "../../ports/sagas.ts";
import type { MetricBook, Sample } from "./metric-book.ts";

export function addSagaMetrics(book: MetricBook, figures: () => SagaFigures): void {
  const scope = "node" as const;
  book.gauge(
    {
      name: "holdfast_saga_worker_up",
      help: "1 where the sagas' worker runs, 0 where it broke and is started again.",
      labels: [],
      scope,
    },
    () => [[{}, figures().isRunning ? 1 : 0]],
  );
  const ofSlots = (name: string, help: string, field: "used" | "size"): void =>
    book.gauge({ name, help, labels: ["kind"], scope }, () =>
      figures().slots.map((slots): Sample => [{ kind: slots.kind }, slots[field]]),
    );
  ofSlots(
    "holdfast_saga_slots_used",
    "What the worker does at this moment, by kind: workflow_task, activity, local_activity.",
    "used",
  );
  ofSlots("holdfast_saga_slots", "What the worker may do at a time, by kind.", "size");
  book.gauge(
    {
      name: "holdfast_saga_cached_workflows",
      help: "Sagas in the worker's memory; others are replayed when they go on.",
      labels: [],
      scope,
    },
    () => [[{}, figures().cachedWorkflows]],
  );
  book.histogram(
    {
      name: "holdfast_saga_step_duration_seconds",
      help: "Time of one attempt of a saga's step, by step; goOn does several of them one after the other.",
      labels: ["step"],
      scope,
    },
    () => figures().steps.map(({ step, seconds }) => [{ step }, seconds] as const),
  );
  book.counter(
    {
      name: "holdfast_saga_step_failures_total",
      help: "Attempts of a saga's step that failed and are tried again, or told to a person; by step.",
      labels: ["step"],
      scope,
    },
    () => figures().steps.map(({ step, failures }): Sample => [{ step }, failures]),
  );
  book.counter(
    {
      name: "holdfast_outbox_deliveries_total",
      help: "Outbox messages that this node carried out or could not, by queue (sagas, mails) and outcome.",
      labels: ["queue", "outcome"],
      scope,
    },
    () =>
      figures().queues.flatMap(({ queue, delivered, failed }): readonly Sample[] => [
        [{ queue, outcome: "done" }, delivered],
        [{ queue, outcome: "failed" }, failed],
      ]),
  );
}
