/**
 * `holdfast account`: accounts at payment providers, carriers and mail servers are set, tried, switched off.
 */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type {
  ChangeVendorAccountBody,
  CreateVendorAccountBody,
  IssuedVendorSecret,
  RotateVendorSecretBody,
  TriedView,
  VendorAccountDetail,
  VendorDeclarationView,
} from "../../../contract/settings/vendor-accounts.ts";
import type { VendorAccountView } from "../../../contract/settings.ts";
import type { Page } from "../../../contract/shapes.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { reasonOf, UserProblem } from "../../problem.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";
import { eachOf, pairs, wholeNumber } from "../option-values.ts";

type ValueOptions = AccessOptions & {
  readonly name?: string;
  readonly value: readonly string[];
  readonly secretFile: readonly string[];
  readonly place?: string;
  readonly services?: string;
  readonly untried?: boolean;
};

type RotateOptions = AccessOptions & { readonly overlapHours?: string; readonly secretFile?: string };

type Key = readonly [kind: string, provider: string, account: string];

export function addAccountCommand(program: Command): void {
  const command = program
    .command("account")
    .summary("set accounts at payment providers, carriers and mail servers")
    .description(
      "Accounts at vendors. Before one is saved the vendor is asked whether it knows us; what is set counts at once, in every " +
        "process, and a secret is never shown again.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast account vendors
  $ npx holdfast account create payments stripe eu --secret-file STRIPE_SECRET_KEY=./stripe-key
  $ npx holdfast account update carriers easypost eu --services "UPS Ground,USPS Priority"
  $ npx holdfast account try payments stripe eu
  $ npx holdfast account disable carriers easypost eu`,
    );
  const onAccount = (name: string, description: string): Command =>
    withAccess(command.command(name).description(description))
      .argument("<kind>", "payments, carriers or notifications")
      .argument("<provider>", "such as stripe")
      .argument("<account>", "its id: a-z, 0-9 and _");
  withAccess(command.command("list").description("List accounts in the order in which they are used")).action(
    list,
  );
  withAccess(
    command.command("vendors").description("Which vendors there are, and what has to be set for each"),
  ).action(vendors);
  onAccount("show", "Show what is set for an account").action(show);
  withValues(onAccount("create", "Make an account")).action(create);
  withValues(onAccount("update", "Change an account; what is left out stays as it is")).action(update);
  onAccount("try", "Ask the vendor whether it knows us").action(tryIt);
  onAccount("disable", "Begin nothing new at an account").action(
    (kind: string, provider: string, account: string, options: AccessOptions) =>
      change([kind, provider, account], { active: false }, options),
  );
  onAccount("enable", "Begin new business at an account again").action(
    (kind: string, provider: string, account: string, options: AccessOptions) =>
      change([kind, provider, account], { active: true }, options),
  );
  onAccount("rotate-secret", "Give its webhooks another secret; the one before counts on")
    .option("--overlap-hours <hours>", "how long the one before counts on; 0: not at all (default: 24)")
    .option("--secret-file <file>", "secret that the vendor has made (default: one is made here)")
    .action(rotate);
  onAccount("remove", "Remove an account at which nothing has begun").action(removeIt);
}

function withValues(command: Command): Command {
  return command
    .option("--name <name>", "what people call it")
    .option(
      "--value <setting=value>",
      "a value that is no secret; `vendors` has their names; may be repeated",
      eachOf,
      [],
    )
    .option("--secret-file <setting=file>", "a secret, from a file; may be repeated", eachOf, [])
    .option("--place <n>", "those with the lower number come first")
    .option(
      "--services <list>",
      "carriers: only these service levels, with commas between them; all: every one",
    )
    .option("--untried", "save it though the vendor does not answer");
}

function pathOf([kind, provider, account]: Key, action = ""): string {
  return `/v1/vendor-accounts/${[kind, provider, account].map(encodeURIComponent).join("/")}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<VendorAccountView>>("/v1/vendor-accounts");
  if (options.json) {
    for (const one of items) printJson(one);
    return;
  }
  const rows = items.map((one) => [
    one.kind,
    one.provider,
    one.account,
    one.state,
    one.from,
    one.open === null ? "" : String(one.open),
    one.name,
  ]);
  const head = ["kind", "provider", "account", "state", "set by", "open", "name"];
  print(rows.length === 0 ? "No accounts." : table([head.map((one) => paint("dim", one)), ...rows], [5]));
}

async function vendors(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<VendorDeclarationView>>("/v1/vendors");
  for (const one of items) {
    if (options.json) printJson(one);
    else {
      const rows = one.settings.map(({ name, secret, meaning, standard }) => [
        `  ${name}`,
        secret ? "secret" : "",
        `${meaning} (${standard})`,
      ]);
      print(`${paint("bold", `${one.kind} ${one.provider}`)}\n${table(rows)}`);
    }
  }
}

async function show(kind: string, provider: string, account: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<VendorAccountDetail>(pathOf([kind, provider, account])), options);
}

async function create(kind: string, provider: string, account: string, options: ValueOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { values = {}, ...others } = await valuesOf(options);
  const body: CreateVendorAccountBody = {
    kind: kind as CreateVendorAccountBody["kind"],
    provider,
    account,
    values,
    ...others,
  };
  tell(await rest.post<VendorAccountDetail>("/v1/vendor-accounts", body), options);
}

async function update(kind: string, provider: string, account: string, options: ValueOptions): Promise<void> {
  return change([kind, provider, account], await valuesOf(options), options);
}

async function change(
  key: Key,
  given: Omit<ChangeVendorAccountBody, "version">,
  options: AccessOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<VendorAccountDetail>(pathOf(key));
  tell(await rest.patch<VendorAccountDetail>(pathOf(key), { version, ...given }), options);
}

async function tryIt(kind: string, provider: string, account: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const tried = await rest.post<TriedView>(pathOf([kind, provider, account], "/try"), {});
  if (options.json) printJson(tried);
  else print(`${tried.works ? paint("green", "works") : paint("red", "does not work")}: ${tried.detail}`);
  if (!tried.works) process.exitCode = 1;
}

async function rotate(
  kind: string,
  provider: string,
  account: string,
  options: RotateOptions,
): Promise<void> {
  const { overlapHours, secretFile } = options;
  const body: RotateVendorSecretBody = {
    ...(overlapHours === undefined ? {} : { overlapHours: wholeNumber("--overlap-hours", overlapHours) }),
    ...(secretFile === undefined ? {} : { secret: await contentOf(secretFile) }),
  };
  const rest = new RestClient(await findAccess(options));
  const issued = await rest.post<IssuedVendorSecret>(
    pathOf([kind, provider, account], "/rotate-secret"),
    body,
  );
  if (options.json) {
    printJson(issued);
    return;
  }
  tell(issued.account, options);
  if (issued.secret !== null)
    print(`secret  ${issued.secret}\nIt is shown this once: keep it where the vendor signs.`);
}

async function removeIt(
  kind: string,
  provider: string,
  account: string,
  options: AccessOptions,
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.delete<unknown>(pathOf([kind, provider, account]));
  if (options.json) printJson(answer);
  else print(`${account} is removed.`);
}

async function valuesOf(options: ValueOptions): Promise<Omit<ChangeVendorAccountBody, "version">> {
  const { name, place, services, untried } = options;
  const secrets = await Promise.all(
    pairs("--secret-file", options.secretFile).map(
      async ([setting, file]) => [setting, await contentOf(file)] as const,
    ),
  );
  // A value may hold a "=", its name never does.
  const plain = options.value.map((one) => {
    const at = one.indexOf("=");
    if (at < 1)
      throw new UserProblem(
        "invalid_argument",
        `--value must be setting=value, not "${one}".`,
        "Correct it.",
        {
          exitStatus: 2,
        },
      );
    return [one.slice(0, at), one.slice(at + 1)] as const;
  });
  const values = Object.fromEntries([...plain, ...secrets]);
  return {
    ...(name === undefined ? {} : { name }),
    ...(Object.keys(values).length === 0 ? {} : { values }),
    ...(place === undefined ? {} : { place: wholeNumber("--place", place) }),
    ...(services === undefined
      ? {}
      : { services: services === "all" ? null : services.split(",").map((one) => one.trim()) }),
    ...(untried === undefined ? {} : { untried }),
  };
}

/** A secret on the command line would be seen by everybody on the machine. */
async function contentOf(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserProblem(
      "file_unreadable",
      `--secret-file names ${file}, which cannot be read: ${reasonOf(cause)}.`,
      "Correct the path.",
      { cause, exitStatus: 2 },
    );
  });
  return text.trim();
}

function tell(account: VendorAccountDetail, options: AccessOptions): void {
  if (options.json) {
    printJson(account);
    return;
  }
  const { kind, provider, name, active, place, services, values, secrets, webhook, open } = account;
  print(
    [
      `${paint("bold", `${kind} ${provider} ${account.account}`)}: ${name}`,
      table([
        ["  new business", active ? "begins here" : "does not begin here"],
        ["  place", String(place)],
        ...(kind === "carriers" ? [["  services", services === null ? "all" : services.join(", ")]] : []),
        ...Object.entries(values).map(([setting, value]) => [`  ${setting}`, value]),
        ...secrets.map((setting) => [`  ${setting}`, "set"]),
        ...(webhook === null ? [] : [["  webhooks to", webhook.url]]),
        ...(open === null ? [] : [["  open", String(open)]]),
      ]),
    ].join("\n"),
  );
}
