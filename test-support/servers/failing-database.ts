/** Crashes between the effects of one operation, for tests. */
import type { Database } from "../../store/sql/database.ts";

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

type Context = { readonly database: object; readonly allocator: object };

/**
 * The context of a process that dies before it has done anything more than `calls`: statements and
 * transactions of the database, and commits of the engine.
 */
export function dyingAfter<T extends Context>(
  context: T,
  calls: number,
): { readonly context: T; readonly isDead: () => boolean } {
  let left = calls;
  let isDead = false;
  const counted = <O extends object>(target: O, names: readonly string[]): O =>
    new Proxy(target, {
      get: (owner, property) => {
        const value: unknown = Reflect.get(owner, property);
        if (typeof value !== "function") return value;
        if (!names.includes(String(property))) return value.bind(owner);
        return (...given: readonly unknown[]) => {
          isDead ||= left === 0;
          if (isDead) return Promise.reject(new Error("crash"));
          left -= 1;
          return value.apply(owner, given);
        };
      },
    });
  const database = counted(context.database, ["query", "connect"]);
  const allocator = counted(context.allocator, ["reserveOrder", "execute"]);
  return { context: { ...context, database, allocator }, isDead: () => isDead };
}
