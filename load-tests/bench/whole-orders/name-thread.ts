/**
 * Loaded into every Node thread of the measured system before anything else (`--import`): writes down under
 * which number the kernel knows this thread and which file it runs, since Node 20 gives its threads no names.
 * Costs nothing afterwards.
 */
import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { THREAD_NAMES_FOLDER } from "./processor-time.ts";

const folder = process.env[THREAD_NAMES_FOLDER];
if (folder !== undefined) {
  // `<process>/task/<thread>`, of the thread that asks.
  const [, , thread] = readlinkSync("/proc/thread-self").split("/");
  const name = isMainThread ? "main" : basename(process.argv[1] ?? "", ".js");
  if (thread !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, thread), name);
  }
}
