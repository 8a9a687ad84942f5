/** Runs a built program of minutes as a user would: its progress is seen at once, its lines at the end. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";

type Outcome = { readonly status: number; readonly lines: readonly string[] };

/** @param program below `dist/` */
export function runLongProgram(program: string, options: readonly string[]): Promise<Outcome> {
  const main = join(projectRoot, "dist", program);
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...options], { maxBuffer: 1 << 28 }, (error, output) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ status, lines: output.trimEnd().split("\n") });
    });
    child.stderr?.pipe(process.stderr);
  });
}

export function show(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
