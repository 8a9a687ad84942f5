/** Entry of a simulation thread: runs one range of seeds after the other. */
import { parentPort } from "node:worker_threads";
import { runSeeds, type SeedRange } from "./seed-range.ts";

// There are thousands of simulated faults a second. The place of each is only asked for in the story of one
// seed.
Error.stackTraceLimit = 0;

parentPort?.on("message", (range: SeedRange) => {
  runSeeds(range).then(
    (result) => parentPort?.postMessage(result),
    (error: unknown) => {
      throw error;
    },
  );
});
