/**
 * A location is made and changed. Each is a change of the setting `location:<id>`. What orders are sourced by
 * follows at once here, and in every other process as soon as it hears of it
 * (`operations/standing/follow-settings.ts`); what is reserved or promised already stays as it is. Closing and
 * opening, which also give up what nobody has picked, are in `operations/shortage/`.
 */
import { isTimeZone } from "../../config/work-calendar.ts";
import {
  type ChangeLocationBody,
  type CreateLocationBody,
  type LocationSettings,
  WEEKDAYS,
} from "../../contract/locations.ts";
import { countryCode, placeOf } from "../../orders/geography.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import {
  findLocation,
  insertLocations,
  locationSubject,
  minuteOf,
  readLocation,
  readSourcingLocations,
  writeLocation,
} from "../../store/catalog/locations.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** Between a fulfillment center of ours and a supplier, in the sandbox's order of preference. */
const USUAL_PRIORITY = 100;

const USUAL: Omit<LocationSettings, "name" | "kind" | "address" | "latitude" | "longitude"> = {
  priority: USUAL_PRIORITY,
  timeZone: null,
  hours: null,
  cutOff: null,
  closedOn: [],
  leadTimeDays: 0,
  dailyCapacity: null,
  parcelCostMinor: 0,
  unitCostMinor: 0,
  costPerKmMinor: 0,
  zones: null,
  attributes: {},
};

type Creation = { readonly body: CreateLocationBody; readonly companyId: string; readonly by: string };

export async function createLocation(
  context: OperationContext,
  request: Creation,
): Promise<SettingChanged | Refusal> {
  const changed = await storeNewLocation(context, request);
  if (changed.status === "done") await followLocations(context);
  return changed;
}

/** Without `followLocations`, which whoever makes many does once for all of them. */
export async function storeNewLocation(
  context: OperationContext,
  request: Creation,
): Promise<SettingChanged | Refusal> {
  const { id, ...body } = request.body;
  const guessed = placeOf({
    ...body.address,
    country: countryCode(body.address.country) ?? body.address.country,
  });
  const { latitude = guessed?.latitude, longitude = guessed?.longitude } = body;
  if (latitude === undefined || longitude === undefined)
    return refuse(
      "location_settings_invalid",
      "Nobody knows where this address is: give latitude and longitude, in degrees.",
    );
  const wanted = tidied({ ...USUAL, ...defined(body), latitude, longitude });
  const problem = problemOf(wanted);
  if (problem !== null) return refuse("location_settings_invalid", problem);
  return changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: locationSubject(id),
    version: null,
    by: request.by,
    read: async (client) =>
      (await findLocation(client, id))
        ? refuse("location_exists", `There is a location "${id}" already: change it, or choose another id.`)
        : {},
    next: () => ({ ...wanted, active: true }),
    write: async (client) => {
      await insertLocations(client, request.companyId, [{ locationId: id, ...wanted }]);
      await writeLocation(client, id, wanted);
    },
  });
}

/** What is left out stays as it is. */
export async function changeLocation(
  context: OperationContext,
  id: string,
  { version, ...body }: ChangeLocationBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const changed = await changeSetting<LocationSettings>(context, {
    subject: locationSubject(id),
    version,
    by,
    read: async (client) =>
      (await readLocation(client, id))?.settings ??
      refuse("location_not_found", `There is no location "${id}".`),
    next: (now) => {
      const next = tidied({ ...now, ...defined(body) });
      const problem = problemOf(next);
      return problem === null ? next : refuse("location_settings_invalid", problem);
    },
    write: (client, next) => writeLocation(client, id, next),
  });
  if (changed.status === "done") await followLocations(context);
  return changed;
}

/** What orders are sourced by is all locations anew. */
export async function followLocations({ allocator, database }: OperationContext): Promise<void> {
  catalogOf(database).forgetSettings();
  allocator.setLocations(await readSourcingLocations(database));
}

/** In the order in which people read it, and the country by its code. */
function tidied(settings: LocationSettings): LocationSettings {
  const { address, hours, closedOn, zones } = settings;
  return {
    ...settings,
    address: { ...address, country: countryCode(address.country) ?? address.country },
    hours:
      hours === null ? null : [...hours].sort((a, b) => WEEKDAYS.indexOf(a.day) - WEEKDAYS.indexOf(b.day)),
    closedOn: [...closedOn].sort(),
    zones: zones === null ? null : [...zones].sort((a, b) => a.upToKm - b.upToKm),
  };
}

/** Why a location cannot be like that; null: it can. */
function problemOf(settings: LocationSettings): string | null {
  const { address, timeZone, hours, zones } = settings;
  if (countryCode(address.country) !== address.country)
    return `"${address.country}" is no country of ISO 3166-1.`;
  if (timeZone !== null && !isTimeZone(timeZone))
    return `"${timeZone}" is no time zone, such as Europe/Berlin.`;
  for (const [index, { day, opens, closes, cutOff: until }] of (hours ?? []).entries()) {
    if (hours?.findIndex((other) => other.day === day) !== index) return `The hours name ${day} twice.`;
    if (minuteOf(opens) >= minuteOf(closes))
      return `On ${day} it would close at ${closes}, before it opens at ${opens}.`;
    if (until !== null && (minuteOf(until) < minuteOf(opens) || minuteOf(until) > minuteOf(closes)))
      return `On ${day} the cut-off ${until} is not within its hours, ${opens} to ${closes}.`;
  }
  if (zones?.some(({ upToKm }, index) => index > 0 && zones[index - 1]?.upToKm === upToKm))
    return "Two zones reach equally far.";
  return null;
}

/** Without what is left out. */
function defined<T extends object>(fields: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
