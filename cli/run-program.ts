/** Runs a command line to its end, and turns every outcome into an exit status. */
import { type Command, CommanderError } from "commander";
import { UserProblem } from "./problem.ts";
import { note, paint } from "./terminal.ts";

/** Ends the process. Status 0: all went well. 1: something did not. 2: the command line is wrong. 3: see `fenced`. */
export async function runProgram(program: Command): Promise<never> {
  for (const command of withSubcommands(program)) {
    command.exitOverride().showHelpAfterError("(--help lists commands and options)");
  }
  process.stdout.on("error", stopUnread);
  const status = await statusOf(program);
  // Output to a pipe may still be on its way. It is written before the process ends.
  await new Promise((resolve) => process.stdout.write("", resolve));
  process.exit(status);
}

/**
 * Whoever read the output has read enough, as `head` does: nothing more is to be done for it. A command that
 * stops in an order of its own does so.
 */
function stopUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  if (process.listenerCount("SIGTERM") > 0) process.kill(process.pid, "SIGTERM");
  else process.exit(1);
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

async function statusOf(program: Command): Promise<number> {
  try {
    await program.parseAsync(process.argv);
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help or version that was asked for is no error. Everything else is a wrong command line.
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
