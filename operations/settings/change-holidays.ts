/**
 * Sets the days on which locations do not work: for what is reserved and promised from then on, in every
 * process. What is promised already stays as it is.
 */
import type { HolidaysBody } from "../../contract/settings/holidays.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { readSourcingLocations } from "../../store/catalog/locations.ts";
import {
  holidaysSubject,
  inOrder,
  readHolidays,
  unknownLocations,
  writeHolidays,
} from "../../store/settings/holidays.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

export async function changeHolidays(
  context: OperationContext,
  companyId: string,
  { version, holidays }: HolidaysBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const { database, allocator } = context;
  const twice = holidays.find((one, index) =>
    holidays.some((other, at) => at < index && other.day === one.day && other.name === one.name),
  );
  if (twice !== undefined)
    return refuse("holidays_invalid", `${twice.name} is given twice for ${twice.day}.`);
  const sorted = inOrder(holidays);
  const changed = await changeSetting<{ readonly holidays: HolidaysBody["holidays"] }>(context, {
    subject: holidaysSubject(companyId),
    version,
    by,
    read: async (client) => {
      const named = sorted.flatMap(({ locations }) => locations ?? []);
      const [unknown] = await unknownLocations(client, companyId, [...new Set(named)]);
      return unknown === undefined
        ? { holidays: await readHolidays(client, companyId) }
        : refuse("location_not_found", `There is no location "${unknown}".`);
    },
    next: () => ({ holidays: sorted }),
    write: (client, next) => writeHolidays(client, companyId, next.holidays),
  });
  if (changed.status === "done") {
    catalogOf(database).forgetSettings();
    allocator.setLocations(await readSourcingLocations(database));
  }
  return changed;
}
