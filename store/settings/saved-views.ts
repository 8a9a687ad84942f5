/** Views of lists, by whose they are. A name of somebody's stands once in a list. */
import { randomBytes } from "node:crypto";
import type { SavedView } from "../../contract/saved-views.ts";
import type { Queryable } from "../sql/database.ts";

/** Of whom the views are read: their own, and those that are shared with their role. */
type Viewer = { readonly staffId: string; readonly role: string };

const VIEW = `v.id, v.list, v.name, v.query, v.shared_with as "sharedWith", v.staff_id = $1 as own, staff.name as by`;

/** By list and name, a person's own ones first. */
export async function listSavedViews(
  database: Queryable,
  { staffId, role }: Viewer,
): Promise<readonly SavedView[]> {
  const { rows } = await database.query<SavedView>(
    `select ${VIEW} from saved_view v join staff on staff.id = v.staff_id
      where v.staff_id = $1 or v.shared_with = $2
      order by v.list, v.staff_id <> $1, lower(v.name), v.id`,
    [staffId, role],
  );
  return rows;
}

/**
 * Saves a view; where the person has one of this name in this list, that one becomes it.
 *
 * @param most how many a person may keep
 * @returns null where the person has as many
 */
export async function saveView(
  database: Queryable,
  view: Pick<SavedView, "list" | "name" | "query" | "sharedWith"> & { readonly staffId: string },
  most: number,
): Promise<SavedView | null> {
  const { staffId, list, name, query, sharedWith } = view;
  const { rows } = await database.query<SavedView>(
    `with v as (
       insert into saved_view (id, staff_id, list, name, query, shared_with)
       select $2, $1, $3, $4, $5, $6
        where (select count(*) from saved_view where staff_id = $1) < $7
           or exists (select from saved_view where staff_id = $1 and list = $3 and name = $4)
       on conflict (staff_id, list, name) do update set query = excluded.query, shared_with = excluded.shared_with
       returning *)
     select ${VIEW} from v join staff on staff.id = v.staff_id`,
    [staffId, `v${randomBytes(8).toString("hex")}`, list, name, query, sharedWith, most],
  );
  return rows[0] ?? null;
}

/** @param staffId whose it has to be; null: anybody's @returns whether there was such a view */
export async function deleteView(database: Queryable, id: string, staffId: string | null): Promise<boolean> {
  const { rowCount } = await database.query(
    "delete from saved_view where id = $1 and ($2::text is null or staff_id = $2)",
    [id, staffId],
  );
  return rowCount === 1;
}
