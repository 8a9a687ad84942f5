/**
 * Many callers, one query. Look-ups by key that arrive while a query is on its way, or in the same turn of
 * the event loop, are answered together by the next query. Nothing is cached.
 *
 * The next query does not wait for ever: one that has fallen silent with its connection would otherwise take
 * everybody with it.
 */

/** Milliseconds. Some ten times what a look-up takes; a slow database is asked ten times a second at most. */
const PATIENCE_MS = 100;

export function batched<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  type Waiter = { resolve(value: V | undefined): void; reject(error: unknown): void };
  type Batch = ReadonlyMap<string, readonly Waiter[]>;
  let waiting = new Map<string, Waiter[]>();
  let running = false;

  const answer = async (batch: Batch): Promise<void> => {
    try {
      const found = await load([...batch.keys()]);
      for (const [key, waiters] of batch) for (const waiter of waiters) waiter.resolve(found.get(key));
    } catch (error) {
      for (const waiters of batch.values()) for (const waiter of waiters) waiter.reject(error);
    }
  };

  const run = async (): Promise<void> => {
    while (waiting.size > 0) {
      const batch = waiting;
      waiting = new Map();
      await within(PATIENCE_MS, answer(batch));
    }
    running = false;
  };

  return (key) =>
    new Promise((resolve, reject) => {
      const waiters = waiting.get(key);
      if (waiters === undefined) waiting.set(key, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
      if (running) return;
      running = true;
      setImmediate(() => void run());
    });
}

/** The same for each database that a process has: one look-up of it, however many ask. */
export function batchedByDatabase<Database extends object, V>(
  load: (database: Database, keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (database: Database, key: string) => Promise<V | undefined> {
  const lookUps = new WeakMap<Database, (key: string) => Promise<V | undefined>>();
  return (database, key) => {
    let lookUp = lookUps.get(database);
    if (lookUp === undefined) {
      lookUp = batched((keys) => load(database, keys));
      lookUps.set(database, lookUp);
    }
    return lookUp(key);
  };
}

/** Until the work is done, but no longer. */
function within(milliseconds: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
