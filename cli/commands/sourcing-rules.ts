/** `holdfast sourcing-rules`: the rules by which orders are sourced are shown, checked and set. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type {
  SourcingRulesBody,
  SourcingRulesCheck,
  SourcingRulesView,
  SourcingStep,
} from "../../contract/sourcing-rules.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

const PATH = "/v1/settings/sourcing-rules";

export function addSourcingRulesCommand(program: Command): void {
  const rules = program
    .command("sourcing-rules")
    .summary("show, check and set the rules by which orders are sourced")
    .description(
      "The rules by which a place is chosen that an order ships from: a list of steps, of which the first that tells two " +
        "plans apart decides. What is set counts at once, in every process; every version is kept.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast sourcing-rules show --json > rules.json
  $ npx holdfast sourcing-rules check rules.json
  $ npx holdfast sourcing-rules set rules.json
  $ npx holdfast sourcing-rules history`,
    );
  withAccess(rules.command("show").description("Show the rules that count")).action(show);
  withAccess(rules.command("check").description("Say everything that is wrong with a file, and set nothing"))
    .argument("<file>", 'JSON: {"rules": [{"rule": "fewest_parcels", "reason": "…"}, …]}')
    .action(check);
  withAccess(rules.command("set").description("Set all rules by which orders are sourced from now on"))
    .argument("<file>", "JSON, as for check")
    .action(set);
  withAccess(
    rules.command("history").description("List every version that ever counted, newest first"),
  ).action(history);
}

async function show(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<SourcingRulesView>(PATH), options);
}

async function check(file: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { problems } = await rest.post<SourcingRulesCheck>(`${PATH}/check`, { rules: await rulesIn(file) });
  if (options.json) printJson({ problems });
  if (problems.length > 0) {
    const list = problems.map(({ path, problem }) => `  ${path || "the list"} ${problem}`);
    throw new UserProblem(
      "sourcing_rules_invalid",
      `${file} cannot be set:\n${list.join("\n")}`,
      "Correct the file; nothing has changed.",
    );
  }
  if (!options.json) print(`${paint("green", "✓")} ${file} can be set.`);
}

async function set(file: string, options: AccessOptions): Promise<void> {
  const rules = await rulesIn(file);
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<SourcingRulesView>(PATH);
  const body: SourcingRulesBody = { version, rules };
  tell(await rest.post<SourcingRulesView>(PATH, body), options);
}

async function history(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const versions: SourcingRulesView[] = [];
  for await (const version of rest.all<SourcingRulesView>(`${PATH}/versions`)) versions.push(version);
  if (options.json) {
    for (const version of versions) printJson(version);
    return;
  }
  const rows = versions.map(({ version, setAt, setBy, rules }) => [
    String(version),
    setAt,
    setBy,
    rules.map(nameOf).join(", "),
  ]);
  print(table([["version", "set at", "by", "steps"].map((one) => paint("dim", one)), ...rows], [0]));
}

async function rulesIn(file: string): Promise<readonly unknown[]> {
  const problem = (reason: string, cause?: unknown): UserProblem =>
    new UserProblem(
      "sourcing_rules_unreadable",
      `${file}: ${reason}.`,
      "Give a file as `sourcing-rules show --json` prints it.",
      {
        cause,
        exitStatus: 2,
      },
    );
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw problem(reasonOf(cause), cause);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw problem(`no JSON: ${reasonOf(cause)}`, cause);
  }
  const rules =
    typeof content === "object" && content !== null && "rules" in content ? content.rules : undefined;
  if (!Array.isArray(rules)) throw problem('no object with a list "rules"');
  return rules;
}

function tell(view: SourcingRulesView, options: AccessOptions): void {
  if (options.json) {
    printJson(view);
    return;
  }
  const rows = view.rules.map((step, index) => [`  ${index + 1}`, nameOf(step), step.reason]);
  print(`${paint("bold", `Version ${view.version}`)}, set by ${view.setBy} at ${view.setAt}\n${table(rows)}`);
}

function nameOf(step: SourcingStep): string {
  const rules = "weighted" in step ? step.weighted : [step];
  return rules
    .map((one) => {
      const name = one.rule === "custom" ? `${one.attribute ?? ""} (${one.prefer ?? ""})` : one.rule;
      return "weight" in one ? `${one.weight} × ${name}` : name;
    })
    .join(" + ");
}
