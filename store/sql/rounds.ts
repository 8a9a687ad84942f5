/**
 * Many callers, one piece of work at a time. What is asked for while a round runs, or in the same turn of the
 * event loop, is done together by the next one: the busier it gets, the less each costs. Nothing waits for a
 * timer.
 *
 * The next round does not wait for ever: one that has fallen silent with its connection would otherwise take
 * everybody with it.
 */

/** Milliseconds. Some ten times what a look-up takes; a slow database is asked ten times a second at most. */
const PATIENCE_MS = 100;

type RoundOptions = {
  /** Works of one round. */
  readonly most?: number;
  /** Each work of a round that failed is tried by itself, so that one that fails takes nobody with it. */
  readonly apart?: boolean;
};

/** @param run does what one round has; its answers are in the works' order */
export function inRounds<Work, Answer>(
  run: (works: readonly Work[]) => Promise<readonly Answer[]>,
  { most = Number.POSITIVE_INFINITY, apart = false }: RoundOptions = {},
): (work: Work) => Promise<Answer> {
  type Waiter = { readonly work: Work; resolve(answer: Answer): void; reject(error: unknown): void };
  let waiting: Waiter[] = [];
  let running = false;

  const answer = async (round: readonly Waiter[]): Promise<void> => {
    try {
      const answers = await run(round.map(({ work }) => work));
      for (const [nth, waiter] of round.entries()) waiter.resolve(answers[nth] as Answer);
    } catch (error) {
      if (!apart || round.length === 1) for (const waiter of round) waiter.reject(error);
      else for (const waiter of round) await answer([waiter]);
    }
  };

  const runAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const round = waiting.slice(0, most);
      waiting = waiting.slice(most);
      await within(PATIENCE_MS, answer(round));
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

/** The same rounds for everybody who has the same database. */
export function byDatabase<Database extends object, Work, Answer>(
  make: (database: Database) => (work: Work) => Promise<Answer>,
): (database: Database, work: Work) => Promise<Answer> {
  const rounds = new WeakMap<Database, (work: Work) => Promise<Answer>>();
  return (database, work) => {
    let round = rounds.get(database);
    if (round === undefined) {
      round = make(database);
      rounds.set(database, round);
    }
    return round(work);
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
