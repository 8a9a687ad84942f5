/**
 * Many callers, one statement. What is asked while a statement is on its way, or in the same turn of the event
 * loop, goes together in the next one. Nothing is cached.
 *
 * The next statement does not wait for ever: one that has fallen silent with its connection would otherwise
 * take everybody with it. So two may be on their way at once, and those that lock rows lock them in one order.
 */

/** Milliseconds. Some ten times what a look-up takes; a slow database is asked ten times a second at most. */
const PATIENCE_MS = 100;

/**
 * Each item is worked on once and gets its own answer, however much it is like another.
 *
 * @param work gives an answer for each item, in their order; where it fails, all of them fail
 */
export function gathered<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
): (item: T) => Promise<R> {
  type Waiter = { readonly item: T; resolve(answer: R): void; reject(error: unknown): void };
  let waiting: Waiter[] = [];
  let running = false;

  const answer = async (together: readonly Waiter[]): Promise<void> => {
    try {
      const answers = await work(together.map(({ item }) => item));
      for (const [index, { resolve }] of together.entries()) resolve(answers[index] as R);
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const together = waiting;
      waiting = [];
      await within(PATIENCE_MS, answer(together));
    }
    running = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (running) return;
      running = true;
      setImmediate(() => void run());
    });
}

/** Look-ups by key: a key is looked up once, however many ask for it together. */
export function batched<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  return gathered(async (keys) => {
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

/** Of `gathered`, for each database that a process has. */
export function gatheredByDatabase<Database extends object, T, R>(
  work: (database: Database, items: readonly T[]) => Promise<readonly R[]>,
): (database: Database, item: T) => Promise<R> {
  return byDatabase((database) => gathered((items) => work(database, items)));
}

function byDatabase<Database extends object, T, R>(
  make: (database: Database) => (item: T) => Promise<R>,
): (database: Database, item: T) => Promise<R> {
  const made = new WeakMap<Database, (item: T) => Promise<R>>();
  return (database, item) => {
    let ofDatabase = made.get(database);
    if (ofDatabase === undefined) {
      ofDatabase = make(database);
      made.set(database, ofDatabase);
    }
    return ofDatabase(item);
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
