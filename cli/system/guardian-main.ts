/**
 * Ends what a run has started, where its main process dies without being able to: out of memory, `kill -9`. A
 * process of its own, since nothing of the dying one can be relied upon; it notices by the channel between
 * them, which closes with either. A run that ends in order tells it to go.
 */
import { ProcessBook, stopProcess } from "../embedded/processes.ts";

export type GuardianTask = {
  readonly dataFolder: string;
  /** The main process that it watches. */
  readonly pid: number;
};

/** By their first signal servers end in order. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGKILL"] as const;
const PATIENCE_MS = 8_000;

let task: GuardianTask | undefined;

async function endAll({ dataFolder, pid }: GuardianTask): Promise<void> {
  const records = await new ProcessBook(dataFolder).readPrevious();
  // A new run has begun meanwhile, and has cleared up itself.
  if (records.find(({ name }) => name === "holdfast")?.pid !== pid) return;
  const others = records.filter(({ name }) => name !== "holdfast");
  // The database last: the others may still write to it.
  const last = others.filter(({ name }) => name === "postgres");
  const first = others.filter(({ name }) => name !== "postgres");
  for (const group of [first, last])
    await Promise.all(group.map((record) => stopProcess(record, SIGNALS, PATIENCE_MS)));
}

process.on("message", (message: GuardianTask | "bye") => {
  if (message === "bye") process.exit(0);
  task = message;
});
process.once("disconnect", () => {
  if (task === undefined) process.exit(0);
  endAll(task).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
// They are for the main process, which ends everything in order.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
