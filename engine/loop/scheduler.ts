/**
 * Time as the engine's core sees it: handed in, so that a simulation controls every tick of it.
 *
 * The core, the committer and what they use read the clock and set timers only through this.
 */
export interface Scheduler {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `fn` once, about `ms` from now: as soon after as possible, or earlier by what the turn of the event
   * loop has taken so far. The returned function cancels it.
   */
  after(ms: number, fn: () => void): () => void;
  /**
   * Calls `fn` once this turn of the event loop is done, so that all that is asked for in it comes together.
   */
  soon(fn: () => void): void;
}

/** Longer timers fire at once in Node. */
const MAX_TIMER_MS = 2_147_483_647;

/** The machine's clock and the event loop's own timers. */
export const realScheduler: Scheduler = {
  now: Date.now,
  after: (ms, fn) => {
    const timer = setTimeout(fn, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  soon: (fn) => {
    setImmediate(fn);
  },
};

/** Resolves after `ms`. */
export function pause(scheduler: Scheduler, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(ms, resolve);
  });
}
