/** `holdfast staff`: the people who sign in. */
import type { Command } from "commander";
import type {
  ChangeStaffBody,
  CreateStaffBody,
  IssuedLink,
  SessionsEnded,
  StaffView,
} from "../../contract/people.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type Fields = AccessOptions & { readonly name?: string; readonly role?: string; readonly email?: string };

export function addStaffCommand(program: Command): void {
  const staff = program
    .command("staff")
    .summary("add people, change them, switch them off")
    .description(
      "Adds people and says what they may do. Who is new gets a link by which they set a password; it is shown once, and " +
        "mailed. What is changed counts at once.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast staff create wanda@acme.example --name "Wanda Ware" --role warehouse
  $ npx holdfast staff update wanda@acme.example --role operations
  $ npx holdfast staff disable wanda@acme.example`,
    );
  const onPerson = (name: string, description: string): Command =>
    withAccess(staff.command(name).description(description)).argument(
      "<person>",
      "their id or e-mail address",
    );
  withAccess(staff.command("list").description("List the people of the company")).action(list);
  onPerson("show", "Show a person").action(show);
  withAccess(staff.command("create").description("Add a person; their link for a password is shown once"))
    .argument("<email>", "the address that they sign in with")
    .requiredOption("--name <name>", "what they are called")
    .requiredOption("--role <role>", "what they may do")
    .action(create);
  onPerson("update", "Change a person; a new address or role signs them out")
    .option("--email <address>", "the address that they sign in with")
    .option("--name <name>", "what they are called")
    .option("--role <role>", "what they may do")
    .action(update);
  onPerson("disable", "Switch a person off: signed out at once, and not let in again").action(
    (person: string, options: AccessOptions) => act(person, "disable", options),
  );
  onPerson("enable", "Switch a person on again").action((person: string, options: AccessOptions) =>
    act(person, "enable", options),
  );
  onPerson("end-sessions", "Sign a person out everywhere").action(endSessions);
  onPerson("reset-password", "Make a link by which a person sets a new password; it is shown once").action(
    resetPassword,
  );
  onPerson("remove-second-factor", "Take a lost second factor away").action(
    (person: string, options: AccessOptions) => act(person, "remove-second-factor", options),
  );
}

function pathOf(id: string, action = ""): string {
  return `/v1/staff/${encodeURIComponent(id)}${action}`;
}

/** People know each other's addresses; the API goes by id, which stays when an address changes. */
async function idOf(rest: RestClient, person: string): Promise<string> {
  if (!person.includes("@")) return person;
  const { items } = await rest.get<Page<StaffView>>("/v1/staff");
  const found = items.find(({ email }) => email === person.trim().toLowerCase());
  if (found !== undefined) return found.id;
  throw new UserProblem(
    "person_not_found",
    `Nobody signs in as ${person}.`,
    "`holdfast staff list` shows who does.",
  );
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<StaffView>>("/v1/staff");
  if (options.json) {
    for (const person of items) printJson(person);
    return;
  }
  const rows = items.map((one) => [one.id, one.name, one.email, one.role, one.state, one.lastSeenAt ?? ""]);
  const head = ["id", "name", "e-mail", "role", "state", "seen"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "Nobody." : table([head, ...rows]));
}

async function show(person: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<StaffView>(pathOf(await idOf(rest, person))), options);
}

async function create(email: string, options: Fields): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body: CreateStaffBody = { email, name: options.name ?? "", role: options.role ?? "" };
  tellLink(await rest.post<IssuedLink>("/v1/staff", body), options);
}

async function update(person: string, options: Fields): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const id = await idOf(rest, person);
  const { version } = await rest.get<StaffView>(pathOf(id));
  const { email, name, role } = options;
  const body: ChangeStaffBody = {
    version,
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
    ...(role === undefined ? {} : { role }),
  };
  tell(await rest.patch<StaffView>(pathOf(id), body), options);
}

async function act(person: string, action: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.post<StaffView>(pathOf(await idOf(rest, person), `/${action}`), {}), options);
}

async function endSessions(person: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const answer = await rest.post<SessionsEnded>(pathOf(await idOf(rest, person), "/end-sessions"), {});
  if (options.json) printJson(answer);
  else print(`${answer.ended} ended`);
}

async function resetPassword(person: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const id = await idOf(rest, person);
  tellLink(await rest.post<IssuedLink>(pathOf(id, "/reset-password"), {}), options);
}

function tell(person: StaffView, options: AccessOptions): void {
  if (options.json) printJson(person);
  else print(describe(person));
}

function tellLink(issued: IssuedLink, options: AccessOptions): void {
  if (options.json) {
    printJson(issued);
    return;
  }
  const { person, link, expiresAt, mailed } = issued;
  const lines = [describe(person)];
  if (link !== null)
    lines.push(
      `link  ${link}`,
      `It is shown this once, and counts once, until ${expiresAt}. ${mailed ? "It was mailed as well." : "It was not mailed: hand it over."}`,
    );
  print(lines.join("\n"));
}

function describe(person: StaffView): string {
  return [
    `${paint("bold", person.name)} ${paint("dim", person.id)}`,
    table([
      ["  e-mail", person.email],
      ["  role", person.role],
      ["  state", person.state],
      ["  second factor", person.secondFactor ? "on" : "off"],
      ["  passkeys", String(person.passkeys)],
      ["  sessions", String(person.sessions)],
      ["  seen", person.lastSeenAt ?? "never"],
    ]),
  ].join("\n");
}
