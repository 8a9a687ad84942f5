/** Of the built program: how a command ends whose output nobody reads any more. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { projectRoot } from "../config/project-root.ts";

const RUN_PROGRAM = pathToFileURL(join(projectRoot, "dist", "cli", "run-program.js")).href;

/** Runs a command that writes for ever, closes its output after the first line, and waits for its end. */
function readOneLine(setUp: string): Promise<{ readonly status: number | null; readonly errors: string }> {
  const program = `
    import { Command } from "commander";
    import { setTimeout } from "node:timers/promises";
    import { runProgram } from ${JSON.stringify(RUN_PROGRAM)};
    ${setUp}
    await runProgram(new Command("count").action(async () => {
      for (let count = 1; ; count += 1) {
        process.stdout.write(count + "\\n");
        await setTimeout(10);
      }
    }));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { cwd: projectRoot });
  let errors = "";
  child.stderr.on("data", (text: Buffer) => {
    errors += text.toString();
  });
  child.stdout.once("data", () => child.stdout.destroy());
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, errors })));
}

it("a command ends without a word once nobody reads its output", async () => {
  expect(await readOneLine("")).toEqual({ status: 1, errors: "" });
});

it("a command that has an order of its own to stop in is told to stop", async () => {
  const inOrder = `process.once("SIGTERM", () => process.exit(7));`;
  expect(await readOneLine(inOrder)).toEqual({ status: 7, errors: "" });
});
