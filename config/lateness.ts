/**
 * How late this thread comes to what is due: what a caller's request waits before anybody looks at it. Work
 * that can wait, such as a backlog, is begun only while the thread is not late, so that it does not stand
 * before what cannot.
 *
 * It counts whatever the cause is: a turn of our own that takes long, or processors that others use. It is
 * looked at only while somebody asks; a process at rest does nothing for it.
 */
import { LATE_MS } from "./limits.ts";

/** Timers of Node are due in whole milliseconds, and up to one later than asked for. */
const LOOK_MS = 10;
const USUAL_MS = 1;
/** Nobody has asked for so long: nobody will soon. */
const FORGOTTEN_MS = 1_000;
/** What the last look counts for, against all before it: some tenth of a second is remembered. */
const NEWEST = 0.2;

export type Clock = {
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** Does not keep the process alive. */
  readonly after: (ms: number, then: () => void) => void;
};

const REAL: Clock = {
  now: () => performance.now(),
  after: (ms, then) => {
    setTimeout(then, ms).unref();
  },
};

export class Lateness {
  private readonly clock: Clock;
  private average = 0;
  private dueAt: number | null = null;
  private askedAt = 0;

  constructor(clock: Clock = REAL) {
    this.clock = clock;
  }

  /** Milliseconds, of the last tenth of a second or so; 0 where nobody has asked for a while. */
  get ms(): number {
    const now = this.clock.now();
    this.askedAt = now;
    if (this.dueAt === null) {
      this.average = 0;
      this.lookLater(now);
    }
    // A thread that is held up now has not come to its look yet.
    const overdue = Math.max(0, now - (this.dueAt ?? now) - USUAL_MS);
    return Math.max(this.average, overdue);
  }

  get isLate(): boolean {
    return this.ms >= LATE_MS;
  }

  private lookLater(now: number): void {
    this.dueAt = now + LOOK_MS;
    this.clock.after(LOOK_MS, () => {
      const at = this.clock.now();
      const late = Math.max(0, at - (this.dueAt ?? at) - USUAL_MS);
      this.average += (late - this.average) * NEWEST;
      if (at - this.askedAt < FORGOTTEN_MS) this.lookLater(at);
      else this.dueAt = null;
    });
  }
}

/** Of this thread. */
export const lateness = new Lateness();
