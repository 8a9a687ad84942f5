/**
 * Plants bugs, one at a time, in copies of the built program, and has each looked for.
 *
 * The program itself has no hooks for this: a mutant is a search text and its replacement in one built file.
 * A text that is not found exactly once means that the program has moved on, and fails the run.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../../config/project-root.ts";

export type Mutant = {
  readonly name: string;
  /** The promise that it breaks. */
  readonly breaks: string;
  /** Below the built program. */
  readonly file: string;
  /** Occurs exactly once there. */
  readonly search: string;
  readonly replacement: string;
  /**
   * The first of the seeds, or sequences, that are tried, where those from 1 on would find it late: it was
   * found by this one. Once the program has moved on it may be another one, which only takes longer.
   */
  readonly from?: number;
};

type PlantOptions<T> = {
  /** What the hunt needs, below the project: folders of the built program, and files beside it. */
  readonly needs: readonly string[];
  /** Bugs looked for at the same time. */
  readonly workers: number;
  /** Runs the program in the folder `copy`, in which one bug is planted. */
  readonly hunt: (copy: string, mutant: Mutant) => Promise<T>;
  readonly onOutcome: (outcome: T & { readonly mutant: Mutant }) => void;
};

/**
 * @returns one outcome a mutant, in their order
 * @throws Error where a mutant does not fit the built program.
 */
export async function huntEach<T extends object>(
  mutants: readonly Mutant[],
  { needs, workers, hunt, onOutcome }: PlantOptions<T>,
): Promise<readonly (T & { readonly mutant: Mutant })[]> {
  const planted = await Promise.all(mutants.map(plantedText));
  const outcomes: (T & { readonly mutant: Mutant })[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      const copy = await copyOf(needs);
      try {
        for (let index = next++; index < mutants.length; index = next++) {
          const mutant = mutants[index];
          const text = planted[index];
          if (mutant === undefined || text === undefined) break;
          const file = join(copy, "dist", mutant.file);
          const sound = await readFile(file, "utf8");
          await writeFile(file, text);
          const outcome = { ...(await hunt(copy, mutant)), mutant };
          await writeFile(file, sound);
          outcomes[index] = outcome;
          onOutcome(outcome);
        }
      } finally {
        await rm(copy, { recursive: true });
      }
    }),
  );
  return outcomes;
}

async function plantedText({ name, file, search, replacement }: Mutant): Promise<string> {
  const text = await readFile(join(projectRoot, "dist", file), "utf8");
  const times = text.split(search).length - 1;
  if (times !== 1) throw new Error(`mutant "${name}" is stale: its text is ${times} times in ${file}`);
  return text.replace(search, () => replacement);
}

async function copyOf(needs: readonly string[]): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "holdfast-mutant-"));
  for (const path of [...needs, "package.json"])
    await cp(join(projectRoot, path), join(copy, path), { recursive: true });
  await symlink(join(projectRoot, "node_modules"), join(copy, "node_modules"));
  return copy;
}
