/** Runs a command line to its end, and turns every outcome into an exit status. */
import { type Command, CommanderError } from "commander";
import { UserProblem } from "./problem.ts";
import { note, paint } from "./terminal.ts";

/** Ends the process: status 0 all went well, 1 something did not, 2 the command line is wrong. */
export async function runProgram(program: Command): Promise<never> {
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showHelpAfterError("(--help shows what there is)");
  }
  const status = await statusOf(program);
  // Output that is still on its way to a pipe goes out before the process ends; nothing else holds it.
  await new Promise((resolve) => process.stdout.write("", resolve));
  process.exit(status);
}

async function statusOf(program: Command): Promise<number> {
  try {
    await program.parseAsync(process.argv);
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version that were asked for are no error; everything else is a wrong command line.
      return error.exitCode === 0 ? 0 : 2;
    }
    if (error instanceof UserProblem) {
      note(`${paint("red", "error:", process.stderr)} ${error.message}`);
      note(`  ${error.advice}`);
      return error.exitStatus;
    }
    note(`${paint("red", "error:", process.stderr)} this should not have happened; please report it`);
    note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  }
}
