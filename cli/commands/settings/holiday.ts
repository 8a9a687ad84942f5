/** `holdfast holiday`: days on which locations do not work, kept once for many of them. */
import type { Command } from "commander";
import type { HolidaysBody, HolidaysView } from "../../../contract/settings/holidays.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { UserProblem } from "../../problem.ts";
import { paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";

type Holiday = HolidaysView["holidays"][number];

const PATH = "/v1/holidays";

export function addHolidayCommand(program: Command): void {
  const command = program
    .command("holiday")
    .summary("set the days on which locations do not work")
    .description(
      "Days on which locations do not work, kept once for many of them; each location may have more of its own. What is set " +
        "counts for orders that are reserved and promised from then on.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast holiday add 2026-12-25 "Christmas Day"
  $ npx holdfast holiday add 2026-11-26 Thanksgiving --locations fc-reno,fc-newark
  $ npx holdfast holiday remove 2026-12-25 "Christmas Day"`,
    );
  withAccess(command.command("list").description("List all of them")).action(list);
  withAccess(command.command("add").description("Add a day, or change at which locations it counts"))
    .argument("<day>", "e.g. 2026-12-25")
    .argument("<name>", "what people call it")
    .option("--locations <ids>", "only at these, with commas between them (default: all)")
    .action(add);
  withAccess(command.command("remove").description("Take a day away"))
    .argument("<day>", "e.g. 2026-12-25")
    .argument("<name>", "what people call it")
    .action(remove);
}

async function list(options: AccessOptions): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  tell(await rest.get<HolidaysView>(PATH), options);
}

async function add(
  day: string,
  name: string,
  options: AccessOptions & { readonly locations?: string },
): Promise<void> {
  const locations = options.locations?.split(",").map((id) => id.trim()) ?? null;
  await change(options, (holidays) => [...without(holidays, day, name), { day, name, locations }]);
}

async function remove(day: string, name: string, options: AccessOptions): Promise<void> {
  await change(options, (holidays) => {
    const rest = without(holidays, day, name);
    if (rest.length === holidays.length)
      throw new UserProblem(
        "holiday_not_found",
        `There is no ${name} on ${day}.`,
        "`holdfast holiday list` has them.",
      );
    return rest;
  });
}

async function change(
  options: AccessOptions,
  next: (holidays: readonly Holiday[]) => readonly Holiday[],
): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const { version, holidays } = await rest.get<HolidaysView>(PATH);
  const body: HolidaysBody = { version, holidays: next(holidays) };
  tell(await rest.post<HolidaysView>(PATH, body), options);
}

function without(holidays: readonly Holiday[], day: string, name: string): readonly Holiday[] {
  return holidays.filter((one) => one.day !== day || one.name !== name);
}

function tell({ version, holidays }: HolidaysView, options: AccessOptions): void {
  if (options.json) {
    printJson({ version, holidays });
    return;
  }
  const rows = holidays.map(({ day, name, locations }) => [day, name, locations?.join(", ") ?? "everywhere"]);
  const head = ["day", "name", "at"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "No holidays." : table([head, ...rows]));
}
