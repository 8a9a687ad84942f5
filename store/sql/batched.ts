/**
 * Many callers, one query. Look-ups by key that arrive while a query is on its way, or in the same turn of
 * the event loop, are answered together by the next query. Nothing is cached.
 */
import { byDatabase, inRounds } from "./rounds.ts";

export function batched<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  return inRounds(async (keys: readonly string[]) => {
    const found = await load([...new Set(keys)]);
    return keys.map((key) => found.get(key));
  });
}

/** The same for each database that a process has: one look-up of it, however many ask. */
export function batchedByDatabase<Database extends object, V>(
  load: (database: Database, keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (database: Database, key: string) => Promise<V | undefined> {
  return byDatabase((database) => batched((keys) => load(database, keys)));
}
