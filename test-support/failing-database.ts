/** A crash between two transactions of one operation, for tests. */
import type { Database } from "../store/sql/database.ts";

/** The database as it was, in which the second transaction and all after it never begin. */
export function failingTransactions(database: Database): Database {
  let isFirst = true;
  return new Proxy(database, {
    get: (target, property) => {
      if (property === "connect" && !isFirst) return () => Promise.reject(new Error("crash"));
      if (property === "connect") isFirst = false;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
