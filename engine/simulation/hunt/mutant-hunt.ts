/**
 * Plants each bug in a copy of the built program and lets the simulation look for it.
 *
 * The program itself has no hooks for this: a mutant is a search text and its replacement in one built file.
 * A text that is not found exactly once means that the program has moved on, and fails the run.
 */
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../../config/project-root.ts";
import type { Mutant } from "./mutants.ts";

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
  /** Bugs looked for at the same time. */
  readonly workers: number;
  readonly onOutcome: (outcome: MutantOutcome) => void;
};

/** @throws Error where a mutant does not fit the built program. */
export async function huntMutants(
  mutants: readonly Mutant[],
  options: HuntOptions,
): Promise<MutantOutcome[]> {
  const built = join(projectRoot, "dist");
  const planted = await Promise.all(mutants.map((mutant) => plantedText(built, mutant)));
  const outcomes: MutantOutcome[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: options.workers }, async () => {
      const copy = await copyOf(built);
      try {
        for (let index = next++; index < mutants.length; index = next++) {
          const mutant = mutants[index];
          const text = planted[index];
          if (mutant === undefined || text === undefined) break;
          const file = join(copy, "dist", mutant.file);
          const sound = await readFile(file, "utf8");
          await writeFile(file, text);
          const outcome = { mutant, ...(await hunt(copy, options)) };
          await writeFile(file, sound);
          outcomes[index] = outcome;
          options.onOutcome(outcome);
        }
      } finally {
        await rm(copy, { recursive: true });
      }
    }),
  );
  return outcomes;
}

async function plantedText(built: string, { name, file, search, replacement }: Mutant): Promise<string> {
  const text = await readFile(join(built, file), "utf8");
  const times = text.split(search).length - 1;
  if (times !== 1) throw new Error(`mutant "${name}" is stale: its text is ${times} times in ${file}`);
  return text.replace(search, () => replacement);
}

async function copyOf(built: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "holdfast-mutant-"));
  for (const folder of FOLDERS)
    await cp(join(built, folder), join(copy, "dist", folder), { recursive: true });
  await symlink(join(projectRoot, "node_modules"), join(copy, "node_modules"));
  await cp(join(projectRoot, "package.json"), join(copy, "package.json"));
  return copy;
}

/** Runs seeds in the copy until one of them finds what is wrong. */
function hunt(
  copy: string,
  { seeds, operations }: HuntOptions,
): Promise<{ readonly seed: number | null; readonly promise: string | null }> {
  const main = join(copy, "dist", "engine", "simulation", "hunt", "hunt-main.js");
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--enable-source-maps=false", main, String(seeds), String(operations)],
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
      else if (isStuck) resolve({ seed: Number(last) + 1, promise: "liveness: the engine runs in circles" });
      else reject(new Error(`the hunt in ${copy} failed: ${errors.slice(-2_000)}`));
    });
  });
}
