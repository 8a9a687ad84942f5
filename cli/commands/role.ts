/** `holdfast role`: what members of staff may do, and where. */
import { type Command, Option } from "commander";
import type { ChangeRoleBody, CreateRoleBody, PermissionView, RoleView } from "../../contract/roles.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type RoleOptions = AccessOptions & {
  readonly name?: string;
  readonly permissions?: string;
  readonly add?: string;
  readonly remove?: string;
  readonly shipped?: boolean;
  readonly locations?: string;
  readonly channels?: string;
  readonly secondFactor?: string;
};

/** What says that a role is bound to no place, or no channel. */
const EVERYWHERE = "all";

export function addRoleCommand(program: Command): void {
  const role = program
    .command("role")
    .summary("show and change what members of staff may do, and where")
    .description(
      "Shows roles, makes new ones and changes them. What is changed counts for the next request of every member.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast role create returns-desk --permissions returns.read,returns.receive,returns.inspect
  $ npx holdfast role update warehouse --remove stock.adjust
  $ npx holdfast role update returns-desk --locations fc-reno,fc-memphis
  $ npx holdfast role update admin --second-factor demanded`,
    );
  withAccess(role.command("list").description("List every role")).action(list);
  const onRole = (name: string, description: string): Command =>
    withAccess(role.command(name).description(description)).argument("<id>");
  onRole("show", "Show a role with its permissions").action(show);
  withTerms(onRole("create", "Make a role"))
    .requiredOption("--permissions <names>", "what its members may do, separated by commas")
    .action(create);
  withTerms(onRole("update", "Change a role; what is left out stays as it is"))
    .option("--permissions <names>", "all that its members may do, separated by commas")
    .option("--add <names>", "permissions on top of those that it has")
    .option("--remove <names>", "permissions that it no longer has")
    .option("--shipped", "the permissions that it was shipped with")
    .action(update);
  onRole("disable", "Switch a role off: its members may do nothing").action(
    (id: string, options: AccessOptions) => enable(id, false, options),
  );
  onRole("enable", "Switch a role on again").action((id: string, options: AccessOptions) =>
    enable(id, true, options),
  );
  withAccess(role.command("permissions").description("List all permissions that there are")).action(
    listPermissions,
  );
}

function withTerms(command: Command): Command {
  return command
    .option("--name <name>", "what people call it")
    .option(
      "--locations <ids>",
      `the only places it is for, separated by commas; "${EVERYWHERE}": every place`,
    )
    .option(
      "--channels <ids>",
      `the only channels it is for, separated by commas; "${EVERYWHERE}": every channel`,
    )
    .addOption(
      new Option(
        "--second-factor <demand>",
        '"demanded": whoever signs in by a password needs a second factor or a passkey first',
      ).choices(["demanded", "free"]),
    );
}

function pathOf(id: string, action = ""): string {
  return `/v1/roles/${encodeURIComponent(id)}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<RoleView>>("/v1/roles");
  if (options.json) {
    for (const role of items) printJson(role);
    return;
  }
  const rows = items.map((role) => [
    role.id,
    role.name,
    role.enabled ? (role.asShipped ? "as shipped" : "set") : "switched off",
    String(role.permissions.length),
    String(role.people),
    whereOf(role),
  ]);
  const head = ["role", "name", "state", "permissions", "people", "where"];
  print(table([head.map((one) => paint("dim", one)), ...rows], [3, 4]));
}

function whereOf({ locations, channels }: RoleView): string {
  const places = locations === null ? "every place" : locations.join(", ");
  return channels === null ? places : `${places}; ${channels.join(", ")}`;
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<RoleView>(pathOf(id)), options);
}

function tell(role: RoleView, options: AccessOptions): void {
  if (options.json) {
    printJson(role);
    return;
  }
  const { id, name, enabled, asShipped, people, permissions } = role;
  print(
    [
      `${paint("bold", id)}: ${name}`,
      table([
        ["  state", enabled ? (asShipped ? "as shipped" : "set") : "switched off"],
        ["  where", whereOf(role)],
        ["  people", String(people)],
        ["  second factor", role.secondFactorDemanded ? "demanded" : "as each likes"],
        ...permissions.map((permission, index) => [index === 0 ? "  may" : "", permission]),
      ]),
    ].join("\n"),
  );
}

async function create(id: string, options: RoleOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body: CreateRoleBody = {
    id,
    name: options.name ?? id,
    permissions: namesOf(options.permissions),
    ...termsOf(options),
  };
  tell(await rest.post<RoleView>("/v1/roles", body), options);
}

async function update(id: string, options: RoleOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const now = await rest.get<RoleView>(pathOf(id));
  const permissions = permissionsOf(now, options);
  const body: ChangeRoleBody = {
    version: now.version,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(permissions === undefined ? {} : { permissions }),
    ...termsOf(options),
  };
  tell(await rest.patch<RoleView>(pathOf(id), body), options);
}

/** Undefined: as they are. */
function permissionsOf(now: RoleView, options: RoleOptions): readonly string[] | null | undefined {
  const { permissions, add, remove, shipped } = options;
  const ways = [permissions, shipped, add ?? remove].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new UserProblem(
      "invalid_argument",
      "Say what the role may do in one way.",
      "Either --permissions, or --shipped, or --add and --remove.",
      { exitStatus: 2 },
    );
  if (shipped) return null;
  if (permissions !== undefined) return namesOf(permissions);
  if (add === undefined && remove === undefined) return undefined;
  const without = new Set(namesOf(remove));
  return [...new Set([...now.permissions, ...namesOf(add)])].filter((name) => !without.has(name));
}

function termsOf({
  locations,
  channels,
  secondFactor,
}: RoleOptions): Pick<ChangeRoleBody, "locations" | "channels" | "secondFactorDemanded"> {
  return {
    ...(secondFactor === undefined ? {} : { secondFactorDemanded: secondFactor === "demanded" }),
    ...(locations === undefined ? {} : { locations: boundOf(locations) }),
    ...(channels === undefined ? {} : { channels: boundOf(channels) }),
  };
}

function boundOf(text: string): readonly string[] | null {
  return text === EVERYWHERE ? null : namesOf(text);
}

function namesOf(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

async function enable(id: string, enabled: boolean, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const role = await rest.post<RoleView>(pathOf(id, enabled ? "/enable" : "/disable"), {});
  if (options.json) printJson(role);
  else print(`${id} is switched ${role.enabled ? "on" : "off"}.`);
}

async function listPermissions(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<PermissionView>>("/v1/permissions");
  for (const one of items) {
    if (options.json) printJson(one);
    else print(one.yours ? one.permission : `${one.permission}  ${paint("dim", "not yours to give")}`);
  }
}
