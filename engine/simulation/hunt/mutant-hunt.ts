/** Lets the simulation look for planted bugs. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { huntEach, type Mutant } from "./planted-program.ts";

/** The folders that the simulation runs from. */
const FOLDERS = ["actors", "config", "engine", "ports", "store"];

/**
 * A bug may make the engine's code loop for ever; that counts as found. A sound seed takes a second at most.
 */
const MAX_SEED_MS = 60_000;

export type MutantOutcome = {
  readonly mutant: Mutant;
  /** The first seed that found it; `null`: none did. */
  readonly seed: number | null;
  readonly promise: string | null;
};

type HuntOptions = {
  readonly seeds: number;
  readonly operations: number;
  /** Whether several nodes share the shards in each run. */
  readonly withNodes: boolean;
  /** Bugs looked for at the same time. */
  readonly workers: number;
  readonly onOutcome: (outcome: MutantOutcome) => void;
};

/** @throws Error where a mutant does not fit the built program. */
export function huntMutants(
  mutants: readonly Mutant[],
  options: HuntOptions,
): Promise<readonly MutantOutcome[]> {
  return huntEach(mutants, {
    needs: FOLDERS.map((folder) => join("dist", folder)),
    workers: options.workers,
    hunt: (copy, { from = 1 }) => hunt(copy, from, options),
    onOutcome: options.onOutcome,
  });
}

/** Runs seeds in the copy, from `from` on, until one of them finds what is wrong. */
function hunt(
  copy: string,
  from: number,
  { seeds, operations, withNodes }: HuntOptions,
): Promise<{ readonly seed: number | null; readonly promise: string | null }> {
  const main = join(copy, "dist", "engine", "simulation", "hunt", "hunt-main.js");
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        "--enable-source-maps=false",
        main,
        String(from),
        String(seeds),
        String(operations),
        withNodes ? "nodes" : "owners",
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    let errors = "";
    let isStuck = false;
    const stuck = setTimeout(() => {
      isStuck = true;
      child.kill("SIGKILL");
    }, MAX_SEED_MS);
    child.stdout.on("data", (lines: Buffer) => {
      output += lines.toString();
      stuck.refresh();
    });
    child.stderr.on("data", (lines: Buffer) => {
      errors += lines.toString();
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(stuck);
      const lines = output.trim().split("\n");
      const last = lines.at(-1) ?? "";
      if (last.startsWith("{")) resolve(JSON.parse(last));
      else if (isStuck) resolve({ seed: Number(last), promise: "liveness: the engine runs in circles" });
      else reject(new Error(`the hunt in ${copy} failed: ${errors.slice(-2_000)}`));
    });
  });
}
