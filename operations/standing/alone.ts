import type { OperationContext } from "../context.ts";

/**
 * Work of which one process at a time does all. The lock ends with its connection, however the process ends.
 *
 * @param lock arbitrary but fixed: names it among this database's advisory locks
 * @returns false: another process has it
 */
export async function alone(
  { database }: Pick<OperationContext, "database">,
  lock: number,
  work: () => Promise<void>,
): Promise<boolean> {
  const client = await database.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [lock]);
    if (rows[0]?.mine !== true) return false;
    try {
      await work();
    } finally {
      await client.query("select pg_advisory_unlock($1)", [lock]);
    }
    return true;
  } finally {
    client.release();
  }
}
