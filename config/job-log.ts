/** When jobs that run by themselves were last done, so that one that has silently stopped is noticed. */
export type JobFigures = {
  readonly job: string;
  /** How often it is done where nothing calls for it sooner. Seconds. */
  readonly everySeconds: number;
  /** Seconds since 1970. Where it was not done yet: since when it is to be. */
  readonly lastDoneAt: number;
  /** How often it could not be done, since the process started. */
  readonly failures: number;
};

/** What a job tells of itself. */
export type JobRecord = { done(): void; failed(): void };

export class JobLog {
  private readonly now: () => number;
  private readonly jobs = new Map<string, { everySeconds: number; lastDoneAt: number; failures: number }>();

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** @param everyMs how often the job is done where nothing calls for it sooner */
  of(job: string, everyMs: number): JobRecord {
    const entry = { everySeconds: everyMs / 1_000, lastDoneAt: this.now() / 1_000, failures: 0 };
    this.jobs.set(job, entry);
    return {
      done: () => {
        entry.lastDoneAt = this.now() / 1_000;
      },
      failed: () => {
        entry.failures += 1;
      },
    };
  }

  figures(): readonly JobFigures[] {
    return [...this.jobs].map(([job, entry]) => ({ job, ...entry }));
  }
}
