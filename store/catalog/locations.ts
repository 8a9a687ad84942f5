/**
 * Locations: as people set them, as sourcing sees them, and as a promise needs them. What capture keeps a
 * copy of is in `catalog.ts`.
 */
import { dayBeganMs, dayOfIso, type OpenDay, type WorkCalendar } from "../../config/work-calendar.ts";
import { type LocationHours, type LocationSettings, WEEKDAYS } from "../../contract/locations.ts";
import type { Address } from "../../orders/address.ts";
import type { Queryable } from "../sql/database.ts";

/** A column that says nothing is left out: the engine has its own defaults. */
type StoredLocation = WorkCalendar & {
  readonly locationId: string;
  readonly kind: "fulfillment_center" | "store" | "supplier";
  readonly priority: number;
  readonly latitude: number;
  readonly country: string;
  readonly parcelCostMinor?: number;
  readonly unitCostMinor?: number;
  readonly costPerKmMinor?: number;
  readonly zones?: readonly { readonly upToKm: number; readonly costMinor: number; readonly days: number }[];
  readonly openCapacity?: number;
  readonly attributes?: Readonly<Record<string, number>>;
};

/** What of a row is its calendar. */
export type CalendarRow = {
  readonly timeZone: string | null;
  readonly hours: readonly LocationHours[] | null;
  readonly closedOn: readonly string[];
  readonly cutOffMinute: number | null;
  readonly leadTimeDays: number | null;
};

const OWN_CALENDAR_COLUMNS = `time_zone as "timeZone", hours, array_to_json(closed_on) as "closedOn",
  cut_off_minute as "cutOffMinute", lead_time_days as "leadTimeDays"`;

/** Of a row of `location`: when it works, with the days that are kept once for many (`holiday`). */
export const CALENDAR_COLUMNS = `time_zone as "timeZone", hours,
  array_to_json(closed_on || array(
    select h.day from holiday h
     where h.company_id = location.company_id and (h.locations is null or location.id = any(h.locations))))
    as "closedOn", cut_off_minute as "cutOffMinute", lead_time_days as "leadTimeDays"`;

export function calendarOf(row: CalendarRow): Omit<WorkCalendar, "longitude"> {
  const { timeZone, hours, closedOn, cutOffMinute, leadTimeDays } = row;
  return {
    ...(timeZone === null ? {} : { timeZone }),
    ...(hours === null ? {} : { week: hours.map(openDay) }),
    ...(closedOn.length === 0 ? {} : { closedDays: closedOn.map(dayOfIso) }),
    ...(cutOffMinute === null ? {} : { cutOffMinute }),
    ...(leadTimeDays === null ? {} : { leadTimeDays }),
  };
}

function openDay({ day, opens, closes, cutOff }: LocationHours): OpenDay {
  return {
    weekday: WEEKDAYS.indexOf(day) + 1,
    opensMinute: minuteOf(opens),
    closesMinute: minuteOf(closes),
    cutOffMinute: cutOff === null ? null : minuteOf(cutOff),
  };
}

/** @param time `HH:MM` */
export function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

function timeOf(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

type SourcingRow = CalendarRow & {
  readonly location: Omit<StoredLocation, keyof WorkCalendar | "openCapacity"> & {
    readonly longitude: number;
  };
  readonly dailyCapacity: number | null;
};

/**
 * The locations that orders may be served from.
 * @param atMs whose day counts for what a place can still take on
 */
export async function readSourcingLocations(
  client: Queryable,
  atMs: number = Date.now(),
): Promise<readonly StoredLocation[]> {
  const { rows } = await client.query<SourcingRow>(
    `select jsonb_strip_nulls(jsonb_build_object(
              'locationId', id, 'kind', kind, 'priority', priority, 'latitude', latitude, 'longitude', longitude,
              'country', address->>'country', 'parcelCostMinor', parcel_cost_minor, 'unitCostMinor', unit_cost_minor,
              'costPerKmMinor', cost_per_km_minor, 'zones', zones, 'attributes', attributes)) as location,
            daily_capacity as "dailyCapacity", ${CALENDAR_COLUMNS}
       from location where active order by id`,
  );
  const locations = rows.map(({ location, dailyCapacity, ...calendar }) => ({
    ...location,
    ...calendarOf(calendar),
    dailyCapacity,
  }));
  const taken = await takenToday(
    client,
    locations.filter(({ dailyCapacity }) => dailyCapacity !== null),
    atMs,
  );
  return locations.map(({ dailyCapacity, ...location }) =>
    dailyCapacity === null
      ? location
      : { ...location, openCapacity: Math.max(0, dailyCapacity - (taken.get(location.locationId) ?? 0)) },
  );
}

/** Fulfillment orders that each place has been given since its day began. */
async function takenToday(
  client: Queryable,
  places: readonly (WorkCalendar & { readonly locationId: string })[],
  atMs: number,
): Promise<ReadonlyMap<string, number>> {
  if (places.length === 0) return new Map();
  const { rows } = await client.query<{ id: string; taken: number }>(
    `select place.id, count(f.id)::integer as taken
       from unnest($1::text[], $2::timestamptz[]) as place(id, began)
       join fulfillment_order f on f.location_id = place.id and f.created_at >= place.began and f.status <> 'cancelled'
      group by place.id`,
    [places.map(({ locationId }) => locationId), places.map((place) => new Date(dayBeganMs(place, atMs)))],
  );
  return new Map(rows.map(({ id, taken }) => [id, taken]));
}

export const locationSubject = (locationId: string): string => `location:${locationId}`;

/** A location as people set it. */
export type LocationRow = { readonly active: boolean; readonly settings: LocationSettings };

type SettingsRow = CalendarRow & {
  readonly active: boolean;
  readonly rest: Omit<LocationSettings, keyof CalendarRow | "cutOff">;
};

/** Those of these ids that are locations'. */
export async function locationsAmong(
  client: Queryable,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>("select id from location where id = any($1)", [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** @returns undefined where there is no such location */
export async function readLocation(client: Queryable, id: string): Promise<LocationRow | undefined> {
  const { rows } = await client.query<SettingsRow>(
    `select active, ${OWN_CALENDAR_COLUMNS}, jsonb_build_object(
              'name', name, 'kind', kind, 'address', address, 'latitude', latitude, 'longitude', longitude,
              'priority', priority, 'dailyCapacity', daily_capacity, 'parcelCostMinor', coalesce(parcel_cost_minor, 0),
              'unitCostMinor', coalesce(unit_cost_minor, 0), 'costPerKmMinor', coalesce(cost_per_km_minor, 0),
              'zones', zones, 'attributes', attributes) as rest
       from location where id = $1`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { active, rest, cutOffMinute, leadTimeDays, ...calendar } = row;
  return {
    active,
    settings: {
      ...rest,
      ...calendar,
      cutOff: cutOffMinute === null ? null : timeOf(cutOffMinute),
      leadTimeDays: leadTimeDays ?? 0,
    },
  };
}

/** Parcels that an active place can still take on today; null: no limit, or none. */
export async function readOpenCapacity(client: Queryable, id: string, atMs: number): Promise<number | null> {
  const locations = await readSourcingLocations(client, atMs);
  return locations.find(({ locationId }) => locationId === id)?.openCapacity ?? null;
}

/** Sets everything that people set of a location; it is there. */
export async function writeLocation(
  client: Queryable,
  id: string,
  settings: LocationSettings,
): Promise<void> {
  const { cutOff, hours, zones, address, attributes } = settings;
  await client.query(
    `update location set name = $2, kind = $3, address = $4, latitude = $5, longitude = $6, priority = $7,
       time_zone = $8, hours = $9, closed_on = $10, cut_off_minute = $11, lead_time_days = $12, daily_capacity = $13,
       parcel_cost_minor = $14, unit_cost_minor = $15, cost_per_km_minor = $16, zones = $17, attributes = $18
     where id = $1`,
    [
      id,
      settings.name,
      settings.kind,
      JSON.stringify(address),
      settings.latitude,
      settings.longitude,
      settings.priority,
      settings.timeZone,
      hours === null ? null : JSON.stringify(hours),
      settings.closedOn,
      cutOff === null ? null : minuteOf(cutOff),
      settings.leadTimeDays,
      settings.dailyCapacity,
      settings.parcelCostMinor,
      settings.unitCostMinor,
      settings.costPerKmMinor,
      zones === null ? null : JSON.stringify(zones),
      JSON.stringify(attributes),
    ],
  );
}

type NewLocation = Pick<StoredLocation, "locationId" | "kind" | "priority" | "latitude" | "longitude"> & {
  readonly name: string;
  readonly address: Address;
  /** IANA name; null or absent: local time by longitude. */
  readonly timeZone?: string | null;
};

export async function insertLocations(
  client: Queryable,
  companyId: string,
  locations: readonly NewLocation[],
): Promise<void> {
  await client.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude, priority, time_zone)
     select "locationId", $1, name, kind, address, latitude, longitude, priority, "timeZone"
       from jsonb_to_recordset($2) as row(
         "locationId" text, name text, kind text, address jsonb, latitude double precision,
         longitude double precision, priority integer, "timeZone" text)`,
    [companyId, JSON.stringify(locations)],
  );
}

/** Whether there is such a location, open or not. */
export async function findLocation(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query("select from location where id = $1", [id]);
  return rowCount === 1;
}

/** Whether orders may be served from the location, from now on. */
export async function setLocationActive(client: Queryable, id: string, active: boolean): Promise<void> {
  await client.query("update location set active = $2 where id = $1", [id, active]);
}
