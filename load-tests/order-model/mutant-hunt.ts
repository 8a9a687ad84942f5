/** Lets the order model look for planted bugs. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { huntEach, type Mutant } from "../../engine/simulation/hunt/planted-program.ts";

/** What the model runs from: the whole program. */
const NEEDS = ["dist"];

/** Sequences at a time: the first of them finds most bugs, and the others only hold it up. */
const BESIDE = 4;

/** A bug must not make the run endless. What it has not found by then counts as not found. */
const MAX_MS = 600_000;

export type MutantOutcome = {
  readonly mutant: Mutant;
  /** The first sequence that found it; `null`: none did. */
  readonly sequence: number | null;
  readonly promise: string | null;
};

type HuntOptions = {
  /** The PostgreSQL of all hunts. */
  readonly serverUrl: string;
  readonly seed: number;
  readonly sequences: number;
  readonly steps: number;
  /** Bugs looked for at the same time. */
  readonly workers: number;
  readonly onOutcome: (outcome: MutantOutcome) => void;
};

/** @throws Error where a mutant does not fit the built program. */
export function huntMutants(
  mutants: readonly Mutant[],
  options: HuntOptions,
): Promise<readonly MutantOutcome[]> {
  const { workers, onOutcome } = options;
  return huntEach(mutants, {
    needs: NEEDS,
    workers,
    hunt: (copy, { from = 1 }) => hunt(copy, from, options),
    onOutcome,
  });
}

/** Plays sequences in the copy, from `from` on, until one of them finds what is wrong. */
function hunt(
  copy: string,
  from: number,
  { serverUrl, seed, sequences, steps }: HuntOptions,
): Promise<{ readonly sequence: number | null; readonly promise: string | null }> {
  const main = join(copy, "dist", "load-tests", "order-model", "main.js");
  const options = { server: serverUrl, seed, from, sequences, steps, beside: BESIDE, processes: 1 };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...words, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: MAX_MS,
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (lines: Buffer) => {
      output += lines.toString();
    });
    child.stderr.on("data", (lines: Buffer) => {
      errors += lines.toString();
    });
    child.on("error", reject);
    child.on("close", (_status, signal) => {
      const last = output.trim().split("\n").at(-1) ?? "";
      if (last.startsWith("{")) resolve(JSON.parse(last).broken ?? { sequence: null, promise: null });
      else if (signal !== null) resolve({ sequence: null, promise: "not found in time" });
      else reject(new Error(`the hunt in ${copy} failed: ${errors.slice(-2_000)}`));
    });
  });
}
