/** Removes a data folder that only a test has used. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Pids of the servers that run on it, as recorded when they were started. */
export function serversOf(folder: string): readonly { readonly name: string; readonly pid: number }[] {
  const file = join(folder, "processes.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
}

/**
 * Ends what still runs on it and removes it, with the database cluster where that had to go elsewhere. Waits
 * for nothing, so that an exit hook of the process can call it.
 */
export function discardDataFolder(folder: string): void {
  for (const { pid } of serversOf(folder)) kill(pid, "SIGKILL");
  const pointer = join(folder, "postgres-location");
  if (existsSync(pointer)) discard(readFileSync(pointer, "utf8").trim());
  discard(folder);
}

/** Sends a signal to a process that may have ended already. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ESRCH") throw error;
  }
}

/** A server that was killed just now may still have put a file there. */
function discard(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
