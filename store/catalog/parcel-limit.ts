/** How much one parcel may weigh: what carriers take, and what its company and its place allow. */
import type { Queryable } from "../sql/database.ts";

/**
 * @param carriersGrams what a carrier takes; `null`: no carrier brings it, so that it is no parcel
 * @param locationIds where it is packed
 * @returns the smallest limit of all
 */
export async function parcelLimitAt(
  client: Queryable,
  carriersGrams: number | null,
  locationIds: readonly string[],
): Promise<number | null> {
  if (carriersGrams === null) return null;
  const { rows } = await client.query<{ grams: number | null }>(
    `select min(least(l.max_parcel_grams, c.max_parcel_grams)) as grams
     from location l join company c on c.id = l.company_id where l.id = any($1)`,
    [locationIds],
  );
  return Math.min(carriersGrams, rows[0]?.grams ?? carriersGrams);
}
