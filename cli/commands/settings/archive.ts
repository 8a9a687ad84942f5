/** `holdfast archive`: when finished orders leave the busy tables. */
import type { Command } from "commander";
import type { ArchiveRuleBody, ArchiveRuleView } from "../../../contract/settings/archive.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { UserProblem } from "../../problem.ts";
import { print, printJson } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";

const PATH = "/v1/settings/archive";

export function addArchiveCommand(program: Command): void {
  const command = program
    .command("archive")
    .summary("set when finished orders are archived")
    .description(
      "An order that has ended, and of which nothing is open any more, leaves the busy tables after some days. It stays " +
        "readable, and whatever still comes of it brings it back.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast archive show
  $ npx holdfast archive set 90
  $ npx holdfast archive set 0    # never`,
    );
  withAccess(
    command.command("show").description("Show after how many days, and how many are archived"),
  ).action(show);
  withAccess(
    command.command("set").description("Set after how many days an ended order is archived; 0: never"),
  )
    .argument("<days>", "days after an order's end")
    .action(set);
}

async function show(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<ArchiveRuleView>(PATH), options);
}

async function set(days: string, options: AccessOptions): Promise<void> {
  if (!/^\d{1,4}$/.test(days))
    throw new UserProblem("wrong_command_line", `"${days}" is not a number of days.`, "Example: 90", {
      exitStatus: 2,
    });
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<ArchiveRuleView>(PATH);
  const body: ArchiveRuleBody = { version, days: Number(days) };
  tell(await rest.post<ArchiveRuleView>(PATH, body), options);
}

function tell(rule: ArchiveRuleView, { json }: AccessOptions): void {
  if (json) printJson(rule);
  else
    print(
      rule.days === 0
        ? `Finished orders are never archived; about ${rule.archived} are.`
        : `Orders are archived ${rule.days} days after their end; about ${rule.archived} are.`,
    );
}
