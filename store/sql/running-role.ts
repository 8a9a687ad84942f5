/**
 * The role of PostgreSQL that a process runs by, where it is not the one that owns the tables and migrates
 * them. It reads and writes rows; it makes, alters and empties no table, and changes nothing of the audit log
 * or of what was migrated. So whoever gets hold of the process's connection cannot take the traces away.
 */
import pg from "pg";

/** There is no such role on the server. Nothing was granted. */
export class RoleUnknownError extends Error {
  override readonly name = "RoleUnknownError";
}

/**
 * By the owner of the tables. What later migrations make is granted with it, and a repeat changes nothing.
 * @throws RoleUnknownError
 */
export async function grantRunning(client: pg.Client, role: string): Promise<void> {
  const { rows } = await client.query("select 1 from pg_roles where rolname = $1", [role]);
  if (rows.length === 0) throw new RoleUnknownError(`the server has no role ${role}`);
  const to = pg.escapeIdentifier(role);
  for (const statement of [
    `grant usage on schema public to ${to}`,
    `grant select, insert, update, delete on all tables in schema public to ${to}`,
    `grant usage, select on all sequences in schema public to ${to}`,
    `alter default privileges in schema public grant select, insert, update, delete on tables to ${to}`,
    `alter default privileges in schema public grant usage, select on sequences to ${to}`,
    `revoke insert, update, delete on schema_version from ${to}`,
    `revoke update, delete on audit_entry from ${to}`,
    // Shows the archive of orders to whoever may read orders.
    `do $$ begin
       if to_regprocedure('archive_views()') is not null then perform archive_views(); end if;
     end $$`,
  ])
    await client.query(statement);
}
