/** The `holdfast` command line: finds the command, runs it, and turns every outcome into an exit status. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { projectRoot } from "../config/project-root.ts";
import { addCreateProductCommand } from "./commands/create-product.ts";
import { addLoadCommand } from "./commands/load.ts";
import { addMapSkuCommand } from "./commands/map-sku.ts";
import { addOrderCommand } from "./commands/order.ts";
import { addSendCommand } from "./commands/send.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addSimulateDayCommand } from "./commands/simulate-day.ts";
import { addStartCommand } from "./commands/start.ts";
import { addStockCommand } from "./commands/stock.ts";
import { UserProblem } from "./problem.ts";
import { note, paint } from "./terminal.ts";

function buildProgram(): Command {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(join(projectRoot, "package.json"), "utf8"),
  );
  const program = new Command("holdfast")
    .description("A real-time order management system.")
    .version(manifest.version)
    .showHelpAfterError("(--help shows what there is)")
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      "after",
      `
Examples:
  $ npm start                                             everything on this machine
  $ npx holdfast send --channel shopify orders-create.json
  $ npx holdfast order shopify-820982911946154508 --watch
  $ npx holdfast simulate-day --orders 1000

Exit status: 0 all went well, 1 something did not, 2 the command line is wrong.`,
    );
  addStartCommand(program);
  addServeCommand(program);
  addSendCommand(program);
  addOrderCommand(program);
  addSimulateDayCommand(program);
  addLoadCommand(program);
  addMapSkuCommand(program);
  addCreateProductCommand(program);
  addStockCommand(program);
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError("(--help shows what there is)");
  return program;
}

async function main(): Promise<number> {
  try {
    await buildProgram().parseAsync(process.argv);
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

const status = await main();
// Output that is still on its way to a pipe goes out before the process ends; nothing else holds it.
await new Promise((resolve) => process.stdout.write("", resolve));
process.exit(status);
