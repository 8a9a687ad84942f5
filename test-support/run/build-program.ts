import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";
import { onceARun } from "./once-a-run.ts";

/**
 * Builds what worker threads and child processes run, without the type check, which `npm run check` does.
 */
export function buildProgram(): void {
  onceARun("program", () =>
    execFileSync(
      process.execPath,
      [
        join(projectRoot, "node_modules", "typescript", "bin", "tsc"),
        "-p",
        "tsconfig.build.json",
        "--noCheck",
        "--incremental",
        "false",
      ],
      { cwd: projectRoot, stdio: "inherit" },
    ),
  );
}
