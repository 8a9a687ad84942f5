import type { SourcingLocation } from "../engine/allocator-client.ts";
import type { Database } from "../store/database.ts";

/** The locations that orders may be served from, as the engine wants to know them. */
export async function sourcingLocations(database: Database): Promise<readonly SourcingLocation[]> {
  const { rows } = await database.query<SourcingLocation>(
    `select id as "locationId", kind, priority, latitude, longitude, address->>'country' as country
       from location where active order by id`,
  );
  return rows;
}
