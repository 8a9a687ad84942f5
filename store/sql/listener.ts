/**
 * Work that a NOTIFY asks for: done at once after a notification, and now and then without one.
 *
 * Owns the connection that listens, and when the work runs. The caller owns what the work is and where its
 * rows are: a notification only says that there may be something.
 *
 * N1 `work` never runs twice at once; whatever wakes it while it runs makes it run once more
 * N2 `work` runs after each connection and at least every `everyMs`: a notification that nobody heard costs
 *    time only
 * N3 a failure of the connection or of the work ends nothing; the next try comes soon, later ones less soon
 * N4 the connection does nothing else, and is closed in the end: a pooled one must not go on listening
 */
import type { Database, DatabaseClient } from "./database.ts";

export type Listener = {
  /** Has the work run soon. */
  wake(): void;
  /** Waits for the work that runs. */
  stop(): Promise<void>;
};

export type ListenerOptions = {
  readonly database: Database;
  /** Of `NOTIFY`; a plain lower-case name. */
  readonly channel: string;
  /** Milliseconds that the work waits at most for a notification. */
  readonly everyMs: number;
  /**
   * Asked on each new connection. False: another process does the work, and this one asks again after
   * `everyMs`. A lock that this takes lasts as long as the connection.
   */
  readonly admit?: (client: DatabaseClient) => Promise<boolean>;
  /**
   * @param isDue whether `everyMs` have passed since the work was last told so
   * @returns whether there is more to do at once
   */
  readonly work: (isDue: boolean) => Promise<boolean>;
  readonly onFault: (error: unknown) => void;
  /** After each time that the work was done. */
  readonly onDone?: () => void;
};

const FIRST_RETRY_MS = 200;

export function startListener(options: ListenerOptions): Listener {
  const listener = new NotifiedWork(options);
  const running = listener.run();
  return {
    wake: () => listener.wake(),
    stop: async () => {
      listener.end();
      await running;
    },
  };
}

class NotifiedWork {
  private readonly options: ListenerOptions;
  private connection: DatabaseClient | null = null;
  /** Gives the connection back, once. */
  private close: (reason: Error | true) => void = () => {};
  private isWoken = false;
  private isStopped = false;
  /** Of the monotonic clock, in milliseconds. */
  private dueAt = 0;
  private endSleep: () => void = () => {};

  constructor(options: ListenerOptions) {
    this.options = options;
  }

  wake(): void {
    this.isWoken = true;
    this.endSleep();
  }

  end(): void {
    this.isStopped = true;
    this.endSleep();
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.isStopped) {
      this.isWoken = false;
      try {
        const isMore = await this.workOnce();
        failures = 0;
        if (!isMore) await this.sleep(this.dueAt - performance.now());
      } catch (error) {
        this.options.onFault(error);
        await this.sleep(Math.min(FIRST_RETRY_MS * 2 ** failures, this.options.everyMs));
        failures += 1;
        // What was left undone is due now, also where a notification ended the wait.
        this.dueAt = 0;
      }
    }
    this.close(true);
  }

  /** @returns whether there is more to do at once */
  private async workOnce(): Promise<boolean> {
    this.connection ??= await this.listen();
    if (this.isStopped) return false;
    const now = performance.now();
    const isDue = now >= this.dueAt;
    if (isDue) this.dueAt = now + this.options.everyMs;
    if (this.connection === null) return false;
    const isMore = await this.options.work(isDue);
    this.options.onDone?.();
    return isMore;
  }

  /** @returns null where this process must not do the work now */
  private async listen(): Promise<DatabaseClient | null> {
    const client = await this.options.database.connect();
    let isGiven = false;
    // Also where it breaks just as the work ends, and both would give it back.
    const close = (reason: Error | true): void => {
      if (!isGiven) client.release(reason);
      isGiven = true;
    };
    this.close = close;
    client.on("notification", () => this.wake());
    client.on("error", (error) => {
      close(error);
      if (this.connection !== client) return;
      this.connection = null;
      this.options.onFault(error);
      this.wake();
    });
    try {
      await client.query(`listen ${this.options.channel}`);
      if (this.options.admit === undefined || (await this.options.admit(client))) return client;
    } catch (error) {
      close(true);
      throw error;
    }
    close(true);
    return null;
  }

  private async sleep(ms: number): Promise<void> {
    if (this.isWoken || this.isStopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        // The timer decides, not the clock: it may ring a fraction of a millisecond early.
        this.dueAt = 0;
        resolve();
      }, ms);
      this.endSleep = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endSleep = () => {};
  }
}
