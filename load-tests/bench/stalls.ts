/**
 * How often the machine itself stands still: one thread for each core does nothing but read the clock. The
 * time that it misses was taken by a hypervisor or the kernel. Where that is more than a hundredth, it is in
 * every system's p99.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { projectRoot } from "../../config/project-root.ts";

const THREAD = join(projectRoot, "dist", "load-tests", "bench", "stalls-thread.js");

export type Stalls = {
  /** Share of the time of all threads, 0 to 1, that was lost in pauses of `PAUSE_MS` or more. */
  readonly lostShare: number;
  readonly longestMs: number;
};

/** What a thread of the probe reports, in milliseconds. */
export type ThreadStalls = { readonly lostMs: number; readonly longestMs: number };

/** Shorter pauses are the kernel's own work between two threads. */
export const PAUSE_MS = 0.5;

export async function probeStalls(milliseconds: number): Promise<Stalls> {
  const threads = Array.from(
    { length: availableParallelism() },
    () => new Worker(THREAD, { workerData: { milliseconds } }),
  );
  const found = await Promise.all(
    threads.map(
      (thread) =>
        new Promise<ThreadStalls>((resolve, reject) => {
          thread.once("message", resolve);
          thread.once("error", reject);
        }),
    ),
  );
  return {
    lostShare: found.reduce((sum, { lostMs }) => sum + lostMs, 0) / (found.length * milliseconds),
    longestMs: Math.max(...found.map(({ longestMs }) => longestMs)),
  };
}

export function describeStalls({ lostShare, longestMs }: Stalls): string {
  return `${(lostShare * 100).toFixed(1)} % in pauses, the longest ${longestMs.toFixed(1)} ms`;
}
