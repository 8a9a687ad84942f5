/**
 * Work that goes on after its request was answered, so that how long it takes tells the caller nothing. A stop
 * waits for what has begun.
 */
import type { Logger } from "pino";

export class BackgroundWork {
  private readonly logger: Logger;
  private readonly running = new Set<Promise<void>>();

  constructor(logger: Logger) {
    this.logger = logger;
  }

  /** @param name says in the log what has failed */
  run(name: string, work: () => Promise<void>): void {
    const ended = Promise.resolve()
      .then(work)
      .catch((error: unknown) =>
        this.logger.warn({ err: error, work: name }, "work in the background failed"),
      )
      .finally(() => this.running.delete(ended));
    this.running.add(ended);
  }

  /** Resolves once nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
