/** What one parcel may weigh by company and by place: columns of their rows. */
import type { Queryable } from "../sql/database.ts";

export const parcelLimitsSubject = (companyId: string): string => `parcel-limits:${companyId}`;

type PlaceLimit = { readonly location: string; readonly name: string; readonly maxGrams: number | null };

export type StoredParcelLimits = {
  readonly company: number | null;
  /** Of every place of the company. */
  readonly places: readonly PlaceLimit[];
};

export async function readParcelLimits(client: Queryable, companyId: string): Promise<StoredParcelLimits> {
  const { rows } = await client.query<StoredParcelLimits>(
    `select c.max_parcel_grams as company, coalesce((select jsonb_agg(jsonb_build_object('location', l.id,
         'name', l.name, 'maxGrams', l.max_parcel_grams) order by l.name, l.id)
       from location l where l.company_id = c.id), '[]') as places
     from company c where c.id = $1`,
    [companyId],
  );
  const [limits] = rows;
  if (limits === undefined) throw new Error(`there is no company ${companyId}`);
  return limits;
}

/** @param places those that change */
export async function writeParcelLimits(
  client: Queryable,
  companyId: string,
  company: number | null,
  places: ReadonlyMap<string, number | null>,
): Promise<void> {
  await client.query("update company set max_parcel_grams = $2 where id = $1", [companyId, company]);
  for (const [location, maxGrams] of places)
    await client.query("update location set max_parcel_grams = $3 where id = $2 and company_id = $1", [
      companyId,
      location,
      maxGrams,
    ]);
}
