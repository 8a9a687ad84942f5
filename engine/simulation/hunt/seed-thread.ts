/** Entry of a simulation thread: runs one range of seeds after the other. */
import { parentPort } from "node:worker_threads";
import { runSeeds, type SeedRange } from "./seed-range.ts";

// Thousands of simulated faults a second: where each was made is asked of one seed, by its story.
Error.stackTraceLimit = 0;

parentPort?.on("message", (range: SeedRange) => {
  runSeeds(range).then(
    (result) => parentPort?.postMessage(result),
    (error: unknown) => {
      throw error;
    },
  );
});
