/**
 * How the main thread sees, without asking, that a shard thread is alive: a counter in shared memory that the
 * thread raises with every shard that it serves, and a word that says what it is doing.
 *
 * The watch counts silence in time that this process was really running: one observation counts for two
 * periods at most. So a process that was suspended, or whose main thread was busy for long, does not take its
 * threads for hung when it wakes up.
 */

/** What a thread is doing; a thread that has not begun is `starting`. */
export const ACTIVITY = { starting: 0, waiting: 1, running: 2, recovering: 3, replying: 4 } as const;

type Activity = (typeof ACTIVITY)[keyof typeof ACTIVITY];

const BEATS = 0;
const DOING = 1;

export function createHeartbeat(): SharedArrayBuffer {
  return new SharedArrayBuffer(8);
}

/** The thread's side. */
export class Heartbeat {
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  beat(activity: Activity): void {
    Atomics.store(this.words, DOING, activity);
    Atomics.add(this.words, BEATS, 1);
  }
}

type SilenceLimits = {
  /** Milliseconds without a beat after which a thread that has something to do counts as hung. */
  readonly working: number;
  /** The same for a thread that starts, recovers a shard or waits until a large reply is read. */
  readonly longer: number;
};

/** The main thread's side. */
export class HeartbeatWatch {
  private readonly words: Int32Array;
  private readonly periodMs: number;
  private readonly limits: SilenceLimits;
  private lastBeat = 0;
  private silentMs = 0;

  /** @param periodMs between two observations, as planned. */
  constructor(memory: SharedArrayBuffer, periodMs: number, limits: SilenceLimits) {
    this.words = new Int32Array(memory);
    this.periodMs = periodMs;
    this.limits = limits;
  }

  /**
   * Looks at the thread; true: it hangs.
   *
   * @param elapsedMs since the last observation.
   * @param asked whether an answer of the thread is outstanding; a thread with nothing to do may be silent
   *   for ever.
   */
  observe(elapsedMs: number, asked: boolean): boolean {
    const beat = Atomics.load(this.words, BEATS);
    if (beat !== this.lastBeat || !asked) {
      this.lastBeat = beat;
      this.silentMs = 0;
      return false;
    }
    this.silentMs += Math.min(elapsedMs, 2 * this.periodMs);
    return this.silentMs >= this.limit();
  }

  private limit(): number {
    const doing = Atomics.load(this.words, DOING);
    return doing === ACTIVITY.running || doing === ACTIVITY.waiting
      ? this.limits.working
      : this.limits.longer;
  }
}
