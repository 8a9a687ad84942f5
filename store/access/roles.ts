/** Roles of staff as they are stored. What a role was shipped with is known to the gateway. */
import type { Queryable } from "../sql/database.ts";

export type StoredRole = {
  readonly id: string;
  readonly name: string;
  /** Null: what it was shipped with. */
  readonly permissions: readonly string[] | null;
  /** The only places and channels that it is for; null: all. */
  readonly locations: readonly string[] | null;
  readonly channels: readonly string[] | null;
  readonly enabled: boolean;
  readonly builtIn: boolean;
};

const COLUMNS = 'r.id, r.name, r.permissions, r.locations, r.channels, r.enabled, r.built_in as "builtIn"';

export type RoleWithPeople = StoredRole & { readonly people: number };

/** All of them, the built-in ones first. */
export async function listRoles(client: Queryable): Promise<readonly RoleWithPeople[]> {
  const { rows } = await client.query<RoleWithPeople>(
    `select ${COLUMNS}, (select count(*) from staff s where s.role = r.id) as people
       from role r order by r.built_in desc, r.id`,
  );
  return rows;
}

export async function readRole(client: Queryable, id: string): Promise<RoleWithPeople | null> {
  const { rows } = await client.query<RoleWithPeople>(
    `select ${COLUMNS}, (select count(*) from staff s where s.role = r.id) as people from role r where r.id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

export async function writeRole(client: Queryable, role: Omit<StoredRole, "builtIn">): Promise<void> {
  await client.query(
    `insert into role (id, name, permissions, locations, channels, enabled) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set name = excluded.name, permissions = excluded.permissions,
       locations = excluded.locations, channels = excluded.channels, enabled = excluded.enabled`,
    [role.id, role.name, role.permissions, role.locations, role.channels, role.enabled],
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
