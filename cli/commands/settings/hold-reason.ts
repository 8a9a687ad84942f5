/** `holdfast hold-reason`: a company's own reasons to put an order on hold. */
import type { Command } from "commander";
import type {
  ChangeHoldReasonBody,
  CreateHoldReasonBody,
  HoldReasonView,
} from "../../../contract/settings/hold-reasons.ts";
import type { Page } from "../../../contract/shapes.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { yesOrNo } from "../option-values.ts";

type SetOptions = AccessOptions & {
  readonly label?: string;
  readonly guidance?: string;
  readonly releasedBy?: string;
  readonly keepsStock?: string;
};

const PATH = "/v1/hold-reasons";

export function addHoldReasonCommand(program: Command): void {
  const command = program
    .command("hold-reason")
    .summary("set your own reasons to put orders on hold")
    .description(
      "A company's own reasons to put an order on hold, beside the built-in ones: what they are called, what is to be done, who " +
        "lets such orders go, and whether these keep their stock meanwhile.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast hold-reason create fraud_check --label "Fraud check" --guidance "Call the customer" --released-by finance
  $ npx holdfast hold-reason update fraud_check --keeps-stock no
  $ npx holdfast order hold web-1001 --own-reason fraud_check
  $ npx holdfast hold-reason disable fraud_check`,
    );
  withAccess(command.command("list").description("List all of them")).action(list);
  const onReason = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description)).argument("<code>", "such as fraud_check");
  const withSettings = (reason: Command): Command =>
    reason
      .option("--guidance <text>", "what whoever finds such an order is to do")
      .option(
        "--released-by <roles>",
        "who lets such orders go, with commas between them; all: everybody who may",
      )
      .option("--keeps-stock <yes|no>", "whether such orders keep what nobody has begun to pick");
  withSettings(onReason("create", "Make a reason; its code is for good"))
    .requiredOption("--label <text>", "what people call it")
    .action(create);
  withSettings(onReason("update", "Change a reason; what is left out stays as it is"))
    .option("--label <text>", "what people call it")
    .action((code: string, options: SetOptions) => change(code, settingsOf(options), options));
  onReason("disable", "Put it on no more orders").action((code: string, options: AccessOptions) =>
    change(code, { active: false }, options),
  );
  onReason("enable", "Use it again").action((code: string, options: AccessOptions) =>
    change(code, { active: true }, options),
  );
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<HoldReasonView>>(PATH);
  if (options.json) {
    for (const one of items) printJson(one);
    return;
  }
  const rows = items.map((one) => [
    one.code,
    one.label,
    one.active ? "on" : "off",
    one.releasedBy?.join(", ") ?? "everybody who may",
    one.keepsStock ? "kept" : "given back",
    one.guidance,
  ]);
  const head = ["code", "label", "", "released by", "stock", "guidance"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "No reasons of your own." : table([head, ...rows]));
}

async function create(code: string, options: SetOptions & { readonly label: string }): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body: CreateHoldReasonBody = { code, ...settingsOf(options), label: options.label };
  tell(await rest.post<HoldReasonView>(PATH, body), options);
}

async function change(
  code: string,
  given: Omit<ChangeHoldReasonBody, "version">,
  options: AccessOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const path = `${PATH}/${encodeURIComponent(code)}`;
  const { version } = await rest.get<HoldReasonView>(path);
  tell(await rest.patch<HoldReasonView>(path, { version, ...given }), options);
}

function settingsOf({
  label,
  guidance,
  releasedBy,
  keepsStock,
}: SetOptions): Omit<ChangeHoldReasonBody, "version" | "active"> {
  return {
    ...(label === undefined ? {} : { label }),
    ...(guidance === undefined ? {} : { guidance }),
    ...(releasedBy === undefined
      ? {}
      : { releasedBy: releasedBy === "all" ? null : releasedBy.split(",").map((role) => role.trim()) }),
    ...(keepsStock === undefined ? {} : { keepsStock: yesOrNo("--keeps-stock", keepsStock) }),
  };
}

function tell(reason: HoldReasonView, options: AccessOptions): void {
  if (options.json) printJson(reason);
  else print(`${paint("bold", reason.code)}: ${reason.label}, ${reason.active ? "on" : "off"}`);
}
