/**
 * Time as the engine's core sees it: handed in, so that a simulation owns every tick of it.
 *
 * The core, the committer and what they use read no clock and set no timer but through this.
 */
export interface Scheduler {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `fn` once, about `ms` from now: as soon after as can be, or before by what the turn of the event
   * loop has taken so far. The function returned takes it back.
   */
  after(ms: number, fn: () => void): () => void;
  /** Calls `fn` once what is under way in this turn of the event loop is done: what it brings comes along. */
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
