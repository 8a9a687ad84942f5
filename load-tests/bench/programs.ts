/**
 * Programs that some rows of the bench need and npm does not install. A row whose program is not on the PATH
 * is left out, and the result says so. All other rows are measured.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { System } from "./system.ts";

const run = promisify(execFile);

const PROGRAMS = ["redis-server", "pgbench"] as const;
type Program = (typeof PROGRAMS)[number];

export type LeftOut = { readonly title: string; readonly because: string };

export function isMissing(program: Program): string {
  return `${program} is not on the PATH`;
}

export async function installedPrograms(): Promise<ReadonlySet<Program>> {
  const installed = await Promise.all(
    PROGRAMS.map((program) =>
      run(program, ["--version"]).then(
        () => [program],
        () => [],
      ),
    ),
  );
  return new Set(installed.flat());
}

/** Divides the systems into those that can be measured here and those that are left out. */
export function partSystems(
  systems: readonly System[],
  installed: ReadonlySet<Program>,
): { readonly measurable: readonly System[]; readonly leftOut: readonly LeftOut[] } {
  const measurable: System[] = [];
  const leftOut: LeftOut[] = [];
  for (const system of systems) {
    if (system.server === "redis" && !installed.has("redis-server")) {
      leftOut.push({ title: system.title, because: isMissing("redis-server") });
    } else {
      measurable.push(system);
    }
  }
  return { measurable, leftOut };
}

export function describeLeftOut({ title, because }: LeftOut): string {
  return `left out: ${title} (${because})`;
}
