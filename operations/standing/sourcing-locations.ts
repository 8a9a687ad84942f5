import type { SourcingLocation } from "../../engine/allocator-client.ts";
import type { Database } from "../../store/sql/database.ts";

/** The locations that orders may be served from, as the engine wants to know them. */
export async function sourcingLocations(database: Database): Promise<readonly SourcingLocation[]> {
  // A column that says nothing is left out: the engine has its own standards.
  const { rows } = await database.query<{ location: SourcingLocation }>(
    `select jsonb_strip_nulls(jsonb_build_object(
              'locationId', id, 'kind', kind, 'priority', priority, 'latitude', latitude, 'longitude', longitude,
              'country', address->>'country', 'parcelCostMinor', parcel_cost_minor, 'unitCostMinor', unit_cost_minor,
              'costPerKmMinor', cost_per_km_minor, 'zones', zones, 'cutOffMinute', cut_off_minute,
              'leadTimeDays', lead_time_days, 'openCapacity', open_capacity, 'attributes', attributes)) as location
       from location where active order by id`,
  );
  return rows.map((row) => row.location);
}
