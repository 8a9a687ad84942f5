/** Locations as sourcing sees them, and as they are set up. What capture knows of them is in `catalog.ts`. */
import type { Address } from "../../orders/address.ts";
import type { Queryable } from "../sql/database.ts";

/**
 * Active locations, with what their rows say. A column that says nothing is left out: the engine has its own
 * defaults.
 */
type StoredLocation = {
  readonly locationId: string;
  readonly kind: "fulfillment_center" | "store" | "supplier";
  readonly priority: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly country: string;
  readonly parcelCostMinor?: number;
  readonly unitCostMinor?: number;
  readonly costPerKmMinor?: number;
  readonly zones?: readonly { readonly upToKm: number; readonly costMinor: number; readonly days: number }[];
  readonly cutOffMinute?: number;
  readonly leadTimeDays?: number;
  readonly openCapacity?: number;
  readonly attributes?: Readonly<Record<string, number>>;
};

/** The locations that orders may be served from. */
export async function readSourcingLocations(client: Queryable): Promise<readonly StoredLocation[]> {
  const { rows } = await client.query<{ location: StoredLocation }>(
    `select jsonb_strip_nulls(jsonb_build_object(
              'locationId', id, 'kind', kind, 'priority', priority, 'latitude', latitude, 'longitude', longitude,
              'country', address->>'country', 'parcelCostMinor', parcel_cost_minor, 'unitCostMinor', unit_cost_minor,
              'costPerKmMinor', cost_per_km_minor, 'zones', zones, 'cutOffMinute', cut_off_minute,
              'leadTimeDays', lead_time_days, 'openCapacity', open_capacity, 'attributes', attributes)) as location
       from location where active order by id`,
  );
  return rows.map((row) => row.location);
}

type NewLocation = Pick<StoredLocation, "locationId" | "kind" | "priority" | "latitude" | "longitude"> & {
  readonly name: string;
  readonly address: Address;
};

export async function insertLocations(
  client: Queryable,
  companyId: string,
  locations: readonly NewLocation[],
): Promise<void> {
  await client.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude, priority)
     select "locationId", $1, name, kind, address, latitude, longitude, priority
       from jsonb_to_recordset($2) as row(
         "locationId" text, name text, kind text, address jsonb, latitude double precision,
         longitude double precision, priority integer)`,
    [companyId, JSON.stringify(locations)],
  );
}

/** Whether there is such a location, open or not. */
export async function findLocation(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query("select from location where id = $1", [id]);
  return rowCount === 1;
}

/** Whether orders may be served from the location, from now on. False: there is no such location. */
export async function setLocationActive(client: Queryable, id: string, active: boolean): Promise<boolean> {
  const { rowCount } = await client.query("update location set active = $2 where id = $1", [id, active]);
  return rowCount === 1;
}
