/** `holdfast company`: the company's name, time zone, currency and GS1 prefix. */
import type { Command } from "commander";
import type { ChangeCompanyBody, CompanyView } from "../../contract/company.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type UpdateOptions = AccessOptions & {
  readonly name?: string;
  readonly timeZone?: string;
  readonly currency?: string;
  readonly gs1Prefix?: string;
};

const PATH = "/v1/company";

export function addCompanyCommand(program: Command): void {
  const company = program
    .command("company")
    .summary("show and change the company")
    .description("Shows and changes the company's name, time zone, currency and GS1 prefix.");
  withAccess(company.command("show").description("Show the company")).action(show);
  withAccess(company.command("update").description("Change the company; what is left out stays as it is"))
    .option("--name <name>", "its name")
    .option("--time-zone <zone>", "where its days begin, such as Europe/Zurich")
    .option("--currency <code>", "ISO 4217; stays once there are products or orders")
    .option(
      "--gs1-prefix <digits>",
      'what its SSCCs begin with, 6 to 12 digits from GS1; "none": it has none',
    )
    .action(update);
}

async function show(options: AccessOptions): Promise<void> {
  tell(await new RestClient(await findAccess(options)).get<CompanyView>(PATH), options);
}

async function update(options: UpdateOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version } = await rest.get<CompanyView>(PATH);
  const { name, timeZone, currency, gs1Prefix } = options;
  const body: ChangeCompanyBody = {
    version,
    ...(name === undefined ? {} : { name }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(currency === undefined ? {} : { currency }),
    ...(gs1Prefix === undefined ? {} : { gs1Prefix: gs1Prefix === "none" ? null : gs1Prefix }),
  };
  tell(await rest.patch<CompanyView>(PATH, body), options);
}

function tell(company: CompanyView, options: AccessOptions): void {
  if (options.json) {
    printJson(company);
    return;
  }
  print(
    [
      `${paint("bold", company.name)} ${paint("dim", company.id)}`,
      table([
        ["  time zone", company.timeZone],
        ["  currency", company.currency],
        ["  GS1 prefix", company.gs1Prefix ?? "none"],
      ]),
    ].join("\n"),
  );
}
