/**
 * Which SKUs and locations there are, for stock commands from outside: a position, once there, is for ever, and
 * its units are promised.
 *
 * G1 What was found is remembered in this process and costs a look into a set from then on; products and
 *    locations are never taken away. What was not found is asked for each time, so that it counts as soon as it
 *    is there, in every process and without anybody telling.
 */
import { batched } from "../sql/batched.ts";
import type { Database } from "../sql/database.ts";

export type KnownGoods = {
  /** Without asking anybody. False: it has not been seen yet. */
  hasSku(sku: string): boolean;
  hasLocation(id: string): boolean;
  /** Asks for those that have not been seen. @returns those that there are not */
  unknownSkus(skus: ReadonlySet<string>): Promise<ReadonlySet<string>>;
  unknownLocations(ids: ReadonlySet<string>): Promise<ReadonlySet<string>>;
};

/** Some 80 MB each at the most; of a larger catalog the database is asked for what is beyond. */
const MOST_REMEMBERED = 1_000_000;

const known = new WeakMap<Database, KnownGoods>();

/** One a process and database. */
export function knownGoodsOf(database: Database): KnownGoods {
  const there = known.get(database);
  if (there !== undefined) return there;
  const skus = remembered(database, "find-known-skus", "select sku as name from product where sku = any($1)");
  const locations = remembered(
    database,
    "find-known-locations",
    "select id as name from location where id = any($1)",
  );
  const created: KnownGoods = {
    hasSku: skus.has,
    hasLocation: locations.has,
    unknownSkus: skus.unknown,
    unknownLocations: locations.unknown,
  };
  known.set(database, created);
  return created;
}

function remembered(database: Database, name: string, text: string) {
  const seen = new Set<string>();
  const find = batched(async (names: readonly string[]) => {
    const { rows } = await database.query<{ name: string }>({ name, text, values: [names] });
    return new Map(rows.map((row) => [row.name, true]));
  });
  return {
    has: (one: string): boolean => seen.has(one),
    unknown: async (names: ReadonlySet<string>): Promise<ReadonlySet<string>> => {
      const asked = await Promise.all([...names].map(async (one) => [one, await find(one)] as const));
      const missing = new Set<string>();
      for (const [one, isThere] of asked) {
        if (isThere === undefined) missing.add(one);
        else if (seen.size < MOST_REMEMBERED) seen.add(one);
      }
      return missing;
    },
  };
}
