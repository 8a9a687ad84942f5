/** `holdfast device`: devices are registered, shown, changed; and what the broker is to let them do. */
import type { Command } from "commander";
import type {
  ChangeDeviceBody,
  DeviceAcl,
  DeviceDetail,
  DeviceView,
  IssuedDevice,
  RegisterDeviceBody,
} from "../../contract/devices.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

type RegisterOptions = AccessOptions & {
  readonly kind: RegisterDeviceBody["kind"];
  readonly site: string;
  readonly protocol: string;
  readonly name?: string;
  readonly settings?: string;
  readonly certificate?: boolean;
};

type ChangeOptions = AccessOptions & {
  readonly site?: string;
  readonly protocol?: string;
  readonly name?: string;
  readonly settings?: string;
};

export function addDeviceCommand(program: Command): void {
  const device = program
    .command("device")
    .summary("register devices, switch them off, give them passwords")
    .description(
      "Registers robots, conveyors and portals, and shows what the broker is to let them do. What is changed " +
        "counts at once; a password is shown once.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast device register amr-7 --kind robot --site fc-reno --protocol vda5050-2.1
  $ npx holdfast device acl amr-7 --mosquitto >> /etc/mosquitto/acl
  $ npx holdfast device disable amr-7`,
    );
  const onDevice = (name: string, description: string): Command =>
    withAccess(device.command(name).description(description)).argument("<id>");
  withAccess(device.command("list").description("List every device with its state")).action(list);
  onDevice("show", "Show what is registered of a device").action(show);
  onDevice("register", "Register a device; its secret is shown once")
    .requiredOption("--kind <kind>", "robot, conveyor or rfid_portal")
    .requiredOption("--site <location>", "where it stands")
    .requiredOption("--protocol <protocol>", "what it speaks, such as vda5050-2.1")
    .option("--name <name>", "what people call it (default: its id)")
    .option("--settings <json>", "settings of its kind, as a JSON object")
    .option("--certificate", "it signs in with a certificate and gets no password")
    .action(register);
  onDevice("change", "Change what is registered of a device")
    .option("--site <location>", "where it stands")
    .option("--protocol <protocol>", "what it speaks")
    .option("--name <name>", "what people call it")
    .option("--settings <json>", "settings of its kind as a whole, as a JSON object")
    .action(change);
  onDevice("rotate", "Make a new password; the one before no longer counts").action(rotate);
  onDevice("disable", "Switch a device off: what it says is put aside, and it gets no work").action(
    (id: string, options: AccessOptions) => enable(id, false, options),
  );
  onDevice("enable", "Switch a device on again").action((id: string, options: AccessOptions) =>
    enable(id, true, options),
  );
  onDevice("acl", "Show what the broker is to let a device do")
    .option("--mosquitto", "only the lines for mosquitto's acl_file")
    .option("--password-line", "only the line for mosquitto's password_file")
    .action(acl);
}

function pathOf(id: string, action = ""): string {
  return `/v1/devices/${encodeURIComponent(id)}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<DeviceView>>("/v1/devices");
  if (options.json) {
    for (const device of items) printJson(device);
    return;
  }
  const rows = items.map((one) => [
    one.id,
    one.kind,
    one.locationId,
    one.protocol,
    one.enabled ? one.connection : "switched off",
    one.activity,
    String(one.deadLetters),
    one.name,
  ]);
  const head = ["id", "kind", "site", "protocol", "connection", "activity", "put aside", "name"];
  print(rows.length === 0 ? "No devices." : table([head.map((one) => paint("dim", one)), ...rows], [6]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const detail = await rest.get<DeviceDetail>(pathOf(id));
  if (options.json) printJson(detail);
  else print(describe(detail));
}

function describe(device: DeviceDetail): string {
  return [
    `${paint("bold", device.id)}: ${device.name}`,
    table([
      ["  kind", device.kind],
      ["  site", device.locationId],
      ["  protocol", device.protocol],
      ["  switched", device.enabled ? "on" : "off"],
      ["  password", device.passwordIssuedAt === null ? "none" : `since ${device.passwordIssuedAt}`],
      ["  settings", JSON.stringify(device.settings)],
    ]),
  ].join("\n");
}

async function register(id: string, options: RegisterOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const body: RegisterDeviceBody = {
    id,
    name: options.name ?? id,
    kind: options.kind,
    locationId: options.site,
    protocol: options.protocol,
    ...settingsOf(options),
    credentials: options.certificate === true ? "certificate" : "password",
  };
  tell(await rest.post<IssuedDevice>("/v1/devices", body), options);
}

async function change(id: string, options: ChangeOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const settings = settingsOf(options);
  const { version } = await rest.get<DeviceDetail>(pathOf(id));
  const body: ChangeDeviceBody = {
    version,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.site === undefined ? {} : { locationId: options.site }),
    ...(options.protocol === undefined ? {} : { protocol: options.protocol }),
    ...settings,
  };
  const changed = await rest.patch<DeviceDetail>(pathOf(id), body);
  if (options.json) printJson(changed);
  else print(describe(changed));
}

async function rotate(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.post<IssuedDevice>(pathOf(id, "/rotate"), {}), options);
}

async function enable(id: string, enabled: boolean, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const detail = await rest.post<DeviceDetail>(pathOf(id, enabled ? "/enable" : "/disable"), {});
  if (options.json) printJson(detail);
  else print(`${id} is switched ${detail.enabled ? "on" : "off"}.`);
}

async function acl(
  id: string,
  options: AccessOptions & { readonly mosquitto?: boolean; readonly passwordLine?: boolean },
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const given = await rest.get<DeviceAcl>(pathOf(id, "/acl"));
  if (options.json) printJson(given);
  else if (options.passwordLine) {
    if (given.mosquitto.passwordLine === null) {
      throw new UserProblem(
        "device_without_password",
        `The device "${id}" has no password.`,
        `It signs in with a certificate; \`holdfast device rotate ${id}\` gives it a password.`,
      );
    }
    print(given.mosquitto.passwordLine);
  } else if (options.mosquitto) print(given.mosquitto.acl.trimEnd());
  else print(describeAcl(given));
}

function describeAcl({ username, publish, subscribe }: DeviceAcl): string {
  return table([
    ["user", username],
    ...publish.map((topic) => ["may say", topic]),
    ...subscribe.map((topic) => ["may hear", topic]),
  ]);
}

function tell(answer: IssuedDevice, options: AccessOptions): void {
  if (options.json) {
    printJson(answer);
    return;
  }
  const { device, secret, acl: given } = answer;
  const lines = [`${paint("green", "registered")} ${device.id}`, describeAcl(given)];
  if (secret !== null) lines.push(`password  ${secret}`, "It is shown this once: nothing keeps it.");
  print(lines.join("\n"));
}

function settingsOf(options: { readonly settings?: string }): {
  readonly settings?: Record<string, unknown>;
} {
  if (options.settings === undefined) return {};
  let given: unknown;
  try {
    given = JSON.parse(options.settings);
  } catch {
    // Told below, as everything else that is no object.
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new UserProblem(
      "invalid_argument",
      `--settings is no JSON object: ${options.settings}`,
      `Example: --settings '{"manufacturer":"acme"}'`,
      { exitStatus: 2 },
    );
  }
  return { settings: given as Record<string, unknown> };
}
