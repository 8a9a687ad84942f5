/**
 * Runs the measurements within one process, each round in a new one: code that V8 compiled in the last round
 * must not help this one.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../../../config/project-root.ts";
import type { InProcessResult } from "./result.ts";

const run = promisify(execFile);

/** @param milliseconds of each measurement */
export async function runInProcess(milliseconds: number): Promise<InProcessResult> {
  const file = join(projectRoot, "dist/load-tests/bench/in-process/main.js");
  const { stdout } = await run(process.execPath, [file, String(milliseconds)]);
  return JSON.parse(stdout);
}
