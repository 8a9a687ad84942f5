/**
 * Many callers, one piece of work at a time. What is asked for while a batch is done, or in the same turn of
 * the event loop, is done together by the next one: the busier it gets, the less each costs. Nothing waits for
 * a timer.
 *
 * The next batch does not wait for ever: one that has fallen silent with its connection would otherwise take
 * everybody with it.
 */
import { isDatabaseFault } from "./database-fault.ts";

/** Milliseconds. Some ten times what a look-up takes; a slow database is asked ten times a second at most. */
const PATIENCE_MS = 100;

type BatchOptions = {
  /** Works of one batch. */
  readonly most?: number;
  /**
   * Each work of a batch that failed is tried by itself, so that one that cannot be done takes nobody with it.
   * Where the database is away, nobody is tried again.
   */
  readonly apart?: boolean;
};

/** @param run does what one batch has; its answers are in the works' order */
export function inBatches<Work, Answer>(
  run: (works: readonly Work[]) => Promise<readonly Answer[]>,
  { most = Number.POSITIVE_INFINITY, apart = false }: BatchOptions = {},
): (work: Work) => Promise<Answer> {
  type Waiter = { readonly work: Work; resolve(answer: Answer): void; reject(error: unknown): void };
  let waiting: Waiter[] = [];
  let running = false;

  const answer = async (batch: readonly Waiter[]): Promise<void> => {
    try {
      const answers = await run(batch.map(({ work }) => work));
      for (const [nth, waiter] of batch.entries()) waiter.resolve(answers[nth] as Answer);
    } catch (error) {
      if (apart && batch.length > 1 && !isDatabaseFault(error))
        await Promise.all(batch.map((waiter) => answer([waiter])));
      else for (const waiter of batch) waiter.reject(error);
    }
  };

  const runAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      await within(PATIENCE_MS, answer(batch));
    }
    running = false;
  };

  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push({ work, resolve, reject });
      if (running) return;
      running = true;
      setImmediate(() => void runAll());
    });
}

/** The same batches for everybody who has the same database. */
export function byDatabase<Database extends object, Work, Answer>(
  make: (database: Database) => (work: Work) => Promise<Answer>,
): (database: Database, work: Work) => Promise<Answer> {
  const made = new WeakMap<Database, (work: Work) => Promise<Answer>>();
  return (database, work) => {
    let join = made.get(database);
    if (join === undefined) {
      join = make(database);
      made.set(database, join);
    }
    return join(work);
  };
}

/**
 * Look-ups by key: those that come at once are answered together by one query. Nothing is cached.
 */
export function batched<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  return inBatches(async (keys: readonly string[]) => {
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
