/** Roles of staff as they are stored. What a role was shipped with is known to the gateway. */

import type { Queryable } from "../sql/database.ts";
import { STAFF_ROLES } from "./staff.ts";

export type StoredRole = {
  readonly id: string;
  readonly name: string;
  /** Null: what it was shipped with. */
  readonly permissions: readonly string[] | null;
  /** The only places and channels that it is for; null: all. */
  readonly locations: readonly string[] | null;
  readonly channels: readonly string[] | null;
  /** Whoever signs in by a password here needs a second factor or a passkey before anything else. */
  readonly secondFactorDemanded: boolean;
  readonly enabled: boolean;
  readonly builtIn: boolean;
};

const COLUMNS = `r.id, r.name, r.permissions, r.locations, r.channels, r.enabled, r.built_in as "builtIn",
  r.second_factor_demanded as "secondFactorDemanded"`;

/** The role of a row of `staff`, as JSON; null where there is none. */
export const ROLE_OF_STAFF = `(select to_jsonb(found) from (select ${COLUMNS} from role r where r.id = staff.role) as found)`;

export type ShownRole = StoredRole & { readonly people: number; readonly version: number };

/** As the page of roles has them: what follows is counted for nobody else. */
const SHOWN = `${COLUMNS}, (select count(*) from staff s where s.role = r.id) as people,
  (select coalesce(max(c.version), 1) from setting_change c where c.subject = 'role:' || r.id) as version`;
const IN_ORDER = "order by array_position($1::text[], r.id), r.id";

/** All of them, the built-in ones first. */
export async function listRoles(client: Queryable): Promise<readonly StoredRole[]> {
  const { rows } = await client.query<StoredRole>(`select ${COLUMNS} from role r ${IN_ORDER}`, [STAFF_ROLES]);
  return rows;
}

export async function readRole(client: Queryable, id: string): Promise<StoredRole | null> {
  const { rows } = await client.query<StoredRole>(`select ${COLUMNS} from role r where r.id = $1`, [id]);
  return rows[0] ?? null;
}

export async function listShownRoles(client: Queryable): Promise<readonly ShownRole[]> {
  const { rows } = await client.query<ShownRole>(`select ${SHOWN} from role r ${IN_ORDER}`, [STAFF_ROLES]);
  return rows;
}

export async function readShownRole(client: Queryable, id: string): Promise<ShownRole | null> {
  const { rows } = await client.query<ShownRole>(`select ${SHOWN} from role r where r.id = $1`, [id]);
  return rows[0] ?? null;
}

/** Adds a role, or sets all of one that is there; a built-in one stays built in. */
export async function writeRole(client: Queryable, role: Omit<StoredRole, "builtIn">): Promise<void> {
  const { id, name, permissions, locations, channels, secondFactorDemanded, enabled } = role;
  const values = [id, name, permissions, locations, channels, enabled, secondFactorDemanded];
  const { rowCount } = await client.query(
    `update role set name = $2, permissions = $3, locations = $4, channels = $5, enabled = $6,
            second_factor_demanded = $7
      where id = $1`,
    values,
  );
  if (rowCount === 1) return;
  await client.query(
    `insert into role (id, name, permissions, locations, channels, enabled, second_factor_demanded)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    values,
  );
}

/** Which of these are no places, or no channels. */
export async function unknownBounds(
  client: Queryable,
  { locations, channels }: Pick<StoredRole, "locations" | "channels">,
): Promise<{ readonly location?: string | undefined; readonly channel?: string | undefined }> {
  const { rows } = await client.query<{ location: string | null; channel: string | null }>(
    `select (select min(id) from unnest($1::text[]) as asked(id)
              where not exists (select from location l where l.id = asked.id)) as location,
            (select min(id) from unnest($2::text[]) as asked(id)
              where not exists (select from channel c where c.id = asked.id)) as channel`,
    [locations ?? [], channels ?? []],
  );
  return { location: rows[0]?.location ?? undefined, channel: rows[0]?.channel ?? undefined };
}
