/** A process that dies at one of its statements, with all that it had open: for tests of what comes after. */
import type { Database } from "../store/sql/database.ts";

export class ProcessDied extends Error {
  constructor() {
    super("the process died");
    this.name = "ProcessDied";
  }
}

export type Death = {
  /** At which statement, from 1. */
  readonly at: number;
  readonly when: "before" | "after";
};

/**
 * The same database, until the death: from then on nothing gets through, so that what was not committed is
 * rolled back as PostgreSQL does with a connection that is gone.
 *
 * @returns with it, whether it has died
 */
export function dyingDatabase(database: Database, death: Death): { database: Database; hasDied(): boolean } {
  let count = 0;
  let isDead = false;
  const run = async (query: () => Promise<unknown>): Promise<unknown> => {
    if (isDead) throw new ProcessDied();
    count += 1;
    const isNow = count === death.at;
    if (isNow && death.when === "before") isDead = true;
    if (isDead) throw new ProcessDied();
    const result = await query();
    if (isNow) isDead = true;
    if (isDead) throw new ProcessDied();
    return result;
  };
  const watched = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== "function") return value;
        if (name === "query") return (...values: unknown[]) => run(async () => value.apply(of, values));
        if (name === "connect") return async () => watched((await value.call(of)) as object);
        return value.bind(of);
      },
    });
  return { database: watched(database), hasDied: () => isDead };
}
