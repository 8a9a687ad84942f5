/**
 * Days on which locations do not work, kept once for many of them. A location's calendar has them beside its
 * own.
 */
import type { HolidaysView } from "../../contract/settings/holidays.ts";
import type { Queryable } from "../sql/database.ts";

export type Holiday = HolidaysView["holidays"][number];

export const holidaysSubject = (companyId: string): string => `holidays:${companyId}`;

/** By day, then by name as a reader looks for it; no database sorts names as another one does. */
export function inOrder(holidays: readonly Holiday[]): readonly Holiday[] {
  return [...holidays].sort((a, b) => `${a.day} ${a.name}`.localeCompare(`${b.day} ${b.name}`, "en"));
}

export async function readHolidays(client: Queryable, companyId: string): Promise<readonly Holiday[]> {
  const { rows } = await client.query<Holiday>(
    "select day::text as day, name, locations from holiday where company_id = $1",
    [companyId],
  );
  return inOrder(rows);
}

/** The whole list from now on. */
export async function writeHolidays(
  client: Queryable,
  companyId: string,
  holidays: readonly Holiday[],
): Promise<void> {
  await client.query("delete from holiday where company_id = $1", [companyId]);
  await client.query(
    `insert into holiday (company_id, day, name, locations)
     select $1, h.day, h.name, h.locations
       from jsonb_to_recordset($2::jsonb) as h(day date, name text, locations text[])`,
    [companyId, JSON.stringify(holidays)],
  );
}

/** Those of these that are no location of the company. */
export async function unknownLocations(
  client: Queryable,
  companyId: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select given.id from unnest($2::text[]) as given(id)
      where not exists (select from location l where l.id = given.id and l.company_id = $1) order by given.id`,
    [companyId, ids],
  );
  return rows.map(({ id }) => id);
}
