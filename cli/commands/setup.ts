/** `holdfast setup`: an empty database becomes somebody's system. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Setup } from "../../contract/company.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import type { SetupDatabase } from "../system/set-up-database.ts";
import { isInteractive, note, paint, print, printJson, table } from "../terminal.ts";
import type { Answers } from "./setup-questions.ts";

type SetupOptions = Answers & { readonly adminPasswordFile?: string; readonly json?: boolean };

/** What has no sensible standard: each is asked for, or has to be given. */
const REQUIRED = {
  company: "--company",
  timeZone: "--time-zone",
  currency: "--currency",
  location: "--location",
  address: "--address",
  city: "--city",
  country: "--country",
} as const;
const ADMINISTRATOR = { adminEmail: "--admin-email", adminPasswordFile: "--admin-password-file" } as const;

/** Named again, see `cli/program.test.ts`. */
const LOCATION_KINDS: Readonly<Record<NonNullable<Setup["location"]["kind"]>, true>> = {
  fulfillment_center: true,
  store: true,
};

export function addSetupCommand(program: Command): void {
  program
    .command("setup")
    .summary("make company, first administrator and first location in an empty database")
    .description(
      "Brings the database that DATABASE_URL names up to date, and makes its company, its first administrator and one " +
        "location, all or nothing, once. On a terminal it asks for what is not given. Where the company has no " +
        "administrator any more it makes one, and changes nothing else.",
    )
    .option("--company <name>", "name of the company")
    .option("--time-zone <zone>", "where its days begin, such as Europe/Zurich")
    .option("--currency <code>", "its currency, ISO 4217")
    .option("--admin-email <address>", "who signs in first")
    .option("--admin-name <name>", "what they are called (default: the address up to its @)")
    .option("--admin-password-file <file>", "file with their password; - reads standard input")
    .option("--location <name>", "name of the first location")
    .option(
      "--location-kind <kind>",
      `${Object.keys(LOCATION_KINDS).join(" or ")} (default: fulfillment_center)`,
    )
    .option("--address <line>", "its street and number")
    .option("--city <name>", "its town")
    .option("--region <code>", "its state, province or region")
    .option("--postal-code <code>", "its postal code")
    .option("--country <code>", "its country, ISO 3166-1 alpha-2")
    .option("--latitude <degrees>", "where it is; left out: roughly, by its region or country")
    .option("--longitude <degrees>", "the same")
    .option("--json", "print what was made as one JSON document, and ask nothing")
    .addHelpText(
      "after",
      `
Examples:
  $ DATABASE_URL=postgres://… npx holdfast setup
  $ DATABASE_URL=postgres://… npx holdfast setup --company "Acme Outfitters" --time-zone America/New_York \\
      --currency USD --admin-email ada@acme.example --admin-password-file password.txt --location Newark \\
      --address "1 Dock Road" --city Newark --region NJ --postal-code 07101 --country US --json`,
    )
    .action(setup);
}

async function setup(options: SetupOptions): Promise<void> {
  const databaseUrl = process.env["DATABASE_URL"]?.trim() ?? "";
  if (databaseUrl === "")
    throw new UserProblem(
      "no_database",
      "DATABASE_URL is not set.",
      "It names the PostgreSQL database: postgres://user:password@host:port/database.",
      { exitStatus: 2 },
    );
  const asks = options.json !== true && isInteractive(process.stdin as unknown as NodeJS.WriteStream);
  const { openForSetup } = await import("../system/set-up-database.ts");
  const opened = await openForSetup(databaseUrl);
  try {
    await run(opened, options, asks);
  } catch (error) {
    // Somebody else was quicker, between our look and our own try.
    if (!(error instanceof UserProblem && error.code === "already_set_up")) throw error;
    tellThere((await opened.look()).company, options);
  } finally {
    await opened.close();
  }
}

async function run(opened: SetupDatabase, options: SetupOptions, asks: boolean): Promise<void> {
  const { requireAdministrator, requireSetup } = await import("../system/set-up-database.ts");
  const { askForAdministrator, askForSetup } = await import("./setup-questions.ts");
  const { state, company } = await opened.look();
  if (state.state === "there") {
    tellThere(company, options);
    return;
  }
  const isEmpty = state.state === "empty";
  if (!asks) requireAll(options, isEmpty ? { ...REQUIRED, ...ADMINISTRATOR } : ADMINISTRATOR);
  const password = await passwordOf(options.adminPasswordFile);
  if (!isEmpty) note(`${state.company} has no administrator who can sign in: one is made.`);
  const made = isEmpty
    ? await opened.setUp(
        requireSetup(asks ? await askForSetup(options, password) : setupOf(options, password)),
      )
    : await opened.setUpAdministrator(
        state.company,
        requireAdministrator(
          asks ? await askForAdministrator(options, password) : administratorOf(options, password),
        ),
      );
  if (options.json) {
    printJson({ status: "done", ...made });
    return;
  }
  print(
    [
      `${paint("green", "set up")} ${made.company}`,
      table([
        ["  administrator", made.administrator],
        ...(made.location === null ? [] : [["  location", made.location]]),
        ["  key", made.key.secret],
      ]),
      `The key has every right and counts until ${made.key.expiresAt}. It is shown this once; it is for the command`,
      "line: HOLDFAST_KEY=… npx holdfast key create … makes lasting ones.",
      "Next: npx holdfast serve, then sign in.",
    ].join("\n"),
  );
}

function tellThere(company: string | null, options: SetupOptions): void {
  if (options.json) printJson({ status: "there", company });
  else
    print(
      `It is set up already: ${company}. Nothing was changed: another company gets a database of its own.`,
    );
}

function requireAll(options: SetupOptions, names: Readonly<Record<string, string>>): void {
  const given = options as Readonly<Record<string, unknown>>;
  const missing = Object.entries(names).flatMap(([name, flag]) => (given[name] === undefined ? [flag] : []));
  if (missing.length === 0) return;
  throw new UserProblem(
    "missing_options",
    `Nobody can be asked here, and these are missing: ${missing.join(", ")}.`,
    "Give them, or run the same on a terminal.",
    { exitStatus: 2 },
  );
}

/** The file's first line; editors end it with a line break, which is no part of it. */
async function passwordOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    const text = file === "-" ? await readInput() : await readFile(file, "utf8");
    return text.split(/\r?\n/, 1)[0] ?? "";
  } catch (error) {
    throw new UserProblem(
      "unreadable_file",
      `The password cannot be read from ${file} (${reasonOf(error)}).`,
      "Name a file that holds the password and nothing else.",
      { exitStatus: 2 },
    );
  }
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

function setupOf(options: SetupOptions, password: string | undefined): unknown {
  const degrees = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number(text);
  return withoutGaps({
    company: { name: options.company, timeZone: options.timeZone, currency: options.currency },
    administrator: administratorOf(options, password),
    location: withoutGaps({
      name: options.location,
      kind: options.locationKind,
      line1: options.address,
      city: options.city,
      region: options.region,
      postalCode: options.postalCode,
      country: options.country,
      latitude: degrees(options.latitude),
      longitude: degrees(options.longitude),
    }),
  });
}

function administratorOf({ adminEmail, adminName }: SetupOptions, password: string | undefined): unknown {
  return { email: adminEmail, name: adminName ?? adminEmail?.split("@", 1)[0], password };
}

function withoutGaps(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
