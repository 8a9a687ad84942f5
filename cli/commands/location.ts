/** `holdfast location`: locations are made, shown, changed, closed and opened. */
import type { Command } from "commander";
import type { LocationClosed, LocationView } from "../../contract/catalog.ts";
import type {
  ChangeLocationBody,
  CreateLocationBody,
  LocationDetail,
  LocationHours,
} from "../../contract/locations.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";
import { decimalNumber, wholeNumber } from "./option-values.ts";

type SettingOptions = AccessOptions & {
  readonly name?: string;
  readonly kind?: LocationDetail["kind"];
  readonly line1?: string;
  readonly line2?: string;
  readonly city?: string;
  readonly region?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly phone?: string;
  readonly latitude?: string;
  readonly longitude?: string;
  readonly priority?: string;
  readonly timeZone?: string;
  readonly hours?: string;
  readonly cutOff?: string;
  readonly closedOn?: string;
  readonly leadTimeDays?: string;
  readonly dailyCapacity?: string;
  readonly parcelCostMinor?: string;
  readonly unitCostMinor?: string;
  readonly costPerKmMinor?: string;
};

type CreateOptions = SettingOptions & {
  readonly id: string;
  readonly name: string;
  readonly kind: LocationDetail["kind"];
  readonly line1: string;
  readonly city: string;
  readonly country: string;
};

const WEEKDAYS: readonly LocationHours["day"][] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** What takes a value away again. */
const NONE = "none";

export function addLocationCommand(program: Command): void {
  const location = program
    .command("location")
    .summary("make locations, change them, close them")
    .description(
      "Makes and changes the places that orders are served from. What is changed counts at once, in every process: for what " +
        "is reserved and promised from then on.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast location create --id fc-leipzig --name "Leipzig" --kind fulfillment_center \\
      --line1 "Messe-Allee 1" --city Leipzig --postal-code 04356 --country DE --time-zone Europe/Berlin
  $ npx holdfast location update fc-leipzig --hours "mon-fri 07:00-20:00/15:00, sat 08:00-12:00" --daily-capacity 4000
  $ npx holdfast location update fc-leipzig --closed-on 2026-12-25,2026-12-26
  $ npx holdfast location close fc-leipzig`,
    );
  const onLocation = (name: string, description: string): Command =>
    withAccess(location.command(name).description(description)).argument("<id>");
  withAccess(location.command("list").description("List every location, also the closed ones")).action(list);
  onLocation("show", "Show where a location is, when it works and what it can take on").action(show);
  withSettings(
    withAccess(location.command("create").description("Make a location; orders are served from it at once")),
    true,
  )
    .requiredOption("--id <id>", "its id: a-z, 0-9, - and _")
    .action(create);
  withSettings(onLocation("update", "Change a location; what is left out stays as it is"), false).action(
    update,
  );
  onLocation("close", "Serve no orders from it; what nobody has picked there comes from elsewhere")
    .alias("disable")
    .action(close);
  onLocation("open", "Serve orders from it again").alias("enable").action(open);
}

function withSettings(command: Command, needed: boolean): Command {
  const must = (flags: string, description: string): void => {
    if (needed) command.requiredOption(flags, description);
    else command.option(flags, description);
  };
  must("--name <name>", "what people call it");
  must("--kind <kind>", "fulfillment_center, store or supplier");
  must("--line1 <text>", "street and number");
  must("--city <text>", "city");
  must("--country <code>", "ISO 3166-1, two letters");
  return command
    .option("--line2 <text>", "second line of the address")
    .option("--region <text>", "state, province or region")
    .option("--postal-code <text>", "postal code")
    .option("--phone <text>", "phone number for carriers")
    .option("--latitude <degrees>", "where sourcing measures from (default: the middle of state or country)")
    .option("--longitude <degrees>", "the same")
    .option("--priority <n>", "lower is preferred where all else is equal (default: 100)")
    .option("--time-zone <name>", "such as Europe/Berlin; none: local time by longitude")
    .option(
      "--hours <week>",
      'such as "mon-fri 09:00-18:00/14:00, sat 10:00-14:00", the cut-off after /; none: Mon-Fri',
    )
    .option("--cut-off <time>", "from when on an order leaves a day later; none: 14:00")
    .option("--closed-on <days>", "holidays, such as 2026-12-25,2026-12-26; none: no day")
    .option("--lead-time-days <n>", "days that an order needs there before it leaves")
    .option("--daily-capacity <n>", "parcels that it sends in a day; none: no limit")
    .option("--parcel-cost-minor <n>", "what a parcel costs before it travels, in minor units")
    .option("--unit-cost-minor <n>", "what handling a unit costs, in minor units")
    .option("--cost-per-km-minor <n>", "what a parcel costs for each kilometer, in minor units");
}

function pathOf(id: string, action = ""): string {
  return `/v1/locations/${encodeURIComponent(id)}${action}`;
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { items } = await rest.get<Page<LocationView>>("/v1/locations?state=all");
  if (options.json) {
    for (const location of items) printJson(location);
    return;
  }
  const rows = items.map((one) => [
    one.id,
    one.kind,
    one.active ? "open" : "closed",
    one.city,
    one.country,
    one.name,
  ]);
  const head = ["id", "kind", "state", "city", "country", "name"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "No locations." : table([head, ...rows]));
}

async function show(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<LocationDetail>(pathOf(id)), options);
}

async function create(options: CreateOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { id, name, kind, line1, city, country } = options;
  const body: CreateLocationBody = {
    id,
    ...settingsOf(options),
    name,
    kind,
    address: { name, line1, city, country, ...addressOf(options) },
  };
  tell(await rest.post<LocationDetail>("/v1/locations", body), options);
}

async function update(id: string, options: SettingOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version, address } = await rest.get<LocationDetail>(pathOf(id));
  const changed = addressOf(options);
  const body: ChangeLocationBody = {
    version,
    ...settingsOf(options),
    ...(Object.keys(changed).length === 0 ? {} : { address: { ...address, ...changed } }),
  };
  tell(await rest.patch<LocationDetail>(pathOf(id), body), options);
}

async function close(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const closing = await rest.post<LocationClosed>(pathOf(id, "/close"), {});
  if (options.json) printJson(closing);
  else
    print(
      `${id} is closed: ${closing.givenUp.length} fulfillment orders come from elsewhere, ` +
        `${closing.goingOn.length} that have begun still leave from there.`,
    );
}

async function open(id: string, options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const opened = await rest.post<{ readonly status: string }>(pathOf(id, "/open"), {});
  if (options.json) printJson(opened);
  else print(`${id} is open.`);
}

/** The parts of an address that were given; the name on it is the location's. */
function addressOf(options: SettingOptions): Partial<LocationDetail["address"]> {
  const { line1, line2, city, region, postalCode, country, phone } = options;
  const parts = { line1, line2, city, region, postalCode, country, phone };
  return Object.fromEntries(Object.entries(parts).filter(([, text]) => text !== undefined));
}

function settingsOf(options: SettingOptions): Omit<ChangeLocationBody, "version" | "address"> {
  const { name, kind, timeZone, cutOff, hours, closedOn, dailyCapacity } = options;
  const optional = <Key extends string, Value>(
    key: Key,
    text: string | undefined,
    read: (text: string) => Value,
  ): { readonly [K in Key]?: Value } =>
    text === undefined ? {} : ({ [key]: read(text) } as { readonly [K in Key]: Value });
  const orNone =
    <Value>(read: (text: string) => Value) =>
    (text: string): Value | null =>
      text === NONE ? null : read(text);
  const whole = (option: string) => (text: string) => wholeNumber(option, text);
  const decimal = (option: string) => (text: string) => decimalNumber(option, text);
  return {
    ...optional("name", name, (text) => text),
    ...(kind === undefined ? {} : { kind }),
    ...optional("latitude", options.latitude, decimal("--latitude")),
    ...optional("longitude", options.longitude, decimal("--longitude")),
    ...optional("priority", options.priority, whole("--priority")),
    ...optional(
      "timeZone",
      timeZone,
      orNone((text) => text),
    ),
    ...optional("hours", hours, orNone(readHours)),
    ...optional(
      "cutOff",
      cutOff,
      orNone((text) => text),
    ),
    ...optional("closedOn", closedOn, (text) =>
      text === NONE ? [] : text.split(",").map((day) => day.trim()),
    ),
    ...optional("leadTimeDays", options.leadTimeDays, whole("--lead-time-days")),
    ...optional("dailyCapacity", dailyCapacity, orNone(whole("--daily-capacity"))),
    ...optional("parcelCostMinor", options.parcelCostMinor, whole("--parcel-cost-minor")),
    ...optional("unitCostMinor", options.unitCostMinor, whole("--unit-cost-minor")),
    ...optional("costPerKmMinor", options.costPerKmMinor, decimal("--cost-per-km-minor")),
  };
}

/** `mon-fri 09:00-18:00/14:00, sat 10:00-14:00`. What the times may be, the system says. */
function readHours(text: string): LocationHours[] {
  return text.split(",").flatMap((part) => {
    const match = /^\s*([a-z]{3})(?:-([a-z]{3}))?\s+(\d\d:\d\d)-(\d\d:\d\d)(?:\/(\d\d:\d\d))?\s*$/.exec(part);
    const [, from = "", to = from, opens = "", closes = "", cutOff] = match ?? [];
    const [first, last] = [from, to].map((name) => (WEEKDAYS as readonly string[]).indexOf(name));
    if (match === null || first === undefined || last === undefined || first < 0 || last < first) {
      throw new UserProblem(
        "invalid_argument",
        `--hours cannot be read: "${part.trim()}".`,
        'Example: --hours "mon-fri 09:00-18:00/14:00, sat 10:00-14:00"',
        { exitStatus: 2 },
      );
    }
    return WEEKDAYS.slice(first, last + 1).map((day) => ({ day, opens, closes, cutOff: cutOff ?? null }));
  });
}

function tell(detail: LocationDetail, options: AccessOptions): void {
  if (options.json) printJson(detail);
  else print(describe(detail));
}

function describe(location: LocationDetail): string {
  const { address, hours } = location;
  const week = hours?.map(
    ({ day, opens, closes, cutOff }) => `${day} ${opens}-${closes}${cutOff === null ? "" : `/${cutOff}`}`,
  );
  const street = [
    address.line1,
    address.line2,
    address.city,
    address.region,
    address.postalCode,
    address.country,
  ];
  return [
    `${paint("bold", location.id)}: ${location.name}`,
    table([
      ["  kind", location.kind],
      ["  state", location.active ? "open" : "closed"],
      ["  address", street.filter((part) => part !== undefined && part !== "").join(", ")],
      ["  coordinates", `${location.latitude}, ${location.longitude}`],
      ["  priority", String(location.priority)],
      ["  time zone", location.timeZone ?? "by longitude"],
      ["  works", week?.join(", ") ?? "Monday to Friday"],
      ["  cut-off", location.cutOff ?? "14:00"],
      ["  closed on", location.closedOn.length === 0 ? "no day" : location.closedOn.join(", ")],
      ["  lead time", `${location.leadTimeDays} days`],
      [
        "  capacity",
        location.dailyCapacity === null
          ? "no limit"
          : `${location.dailyCapacity} parcels a day, ${location.openCapacity ?? 0} left today`,
      ],
    ]),
  ].join("\n");
}
