import { join } from "node:path";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { projectRoot } from "./project-root.ts";

/**
 * Starts a worker thread from its built file: Node 20 does not load TypeScript in a worker.
 *
 * @param file path below the project, without extension, e.g. `engine/threads/shard-thread`.
 */
export function startThread(
  file: string,
  name: string,
  workerData: unknown,
  resourceLimits: ResourceLimits = {},
): Worker {
  return new Worker(join(projectRoot, "dist", `${file}.js`), { name, workerData, resourceLimits });
}
