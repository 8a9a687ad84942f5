/**
 * The feed for any number of subscribers by one reader: while anybody listens, one query at a time reads what is new and
 * gives it to all. A subscriber that resumes from an older cursor first catches up by its own reads and joins the others
 * when it stands where they stand, so it sees every entry once and in order.
 */
import type { Logger } from "pino";
import { FEED_BATCH, FEED_POLL_MS } from "../../config/limits.ts";
import type { Database } from "../../store/database.ts";
import { compareFeedCursors, type FeedCursor, type FeedEntry, feedEnd, readFeed } from "../../store/feed.ts";

export type Subscriber = {
  /** Only this order's entries; null: every order's. */
  readonly orderId: string | null;
  /** Only this channel's entries; null: every channel's. */
  readonly channelId: string | null;
  /** Gets entries in order, never an empty list. */
  deliver(entries: readonly FeedEntry[], cursor: FeedCursor): void;
  /** Resolves when more may be delivered; false where nobody is there any more. */
  writable(): Promise<boolean>;
  /** The feed cannot be read for this subscriber; it should resume later. */
  fail(error: unknown): void;
};

type Subscription = { readonly subscriber: Subscriber; cursor: FeedCursor; active: boolean };

/** Wait after a failed read. */
const RETRY_MS = 1_000;

export class FeedHub {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #live = new Set<Subscription>();
  readonly #all = new Set<Subscription>();
  /** Up to where the shared reader has read; null while it rests. */
  #head: FeedCursor | null = null;
  #reading: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #stopped = false;

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
  }

  /**
   * @param after null: from now on
   * @returns where the subscription begins, a way to begin it (once the caller has told its client where), and its end
   */
  async subscribe(
    subscriber: Subscriber,
    after: FeedCursor | null,
  ): Promise<{ readonly cursor: FeedCursor; start(): void; end(): void }> {
    const cursor = after ?? (await feedEnd(this.#database));
    const subscription: Subscription = { subscriber, cursor, active: true };
    this.#all.add(subscription);
    return {
      cursor,
      start: () => {
        this.#catchUp(subscription).catch((error: unknown) => {
          this.#end(subscription);
          subscriber.fail(error);
        });
      },
      end: () => this.#end(subscription),
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const subscription of [...this.#all]) this.#end(subscription);
    this.#wake?.();
    await this.#reading;
  }

  #end(subscription: Subscription): void {
    subscription.active = false;
    this.#all.delete(subscription);
    this.#live.delete(subscription);
  }

  async #catchUp(subscription: Subscription): Promise<void> {
    const { subscriber } = subscription;
    await this.#startReading();
    while (subscription.active && (await subscriber.writable())) {
      const page = await readFeed(this.#database, subscription.cursor, {
        limit: FEED_BATCH,
        orderId: subscriber.orderId,
      });
      if (!subscription.active) return;
      this.#give(subscription, page.entries, page.cursor);
      // No await between this comparison and joining: the shared reader cannot move on in between.
      if (!page.more && this.#head !== null && compareFeedCursors(subscription.cursor, this.#head) >= 0) {
        this.#live.add(subscription);
        return;
      }
    }
  }

  /** Delivers what the subscriber has not seen and wants. */
  #give(subscription: Subscription, entries: readonly FeedEntry[], cursor: FeedCursor): void {
    const { subscriber } = subscription;
    const wanted = entries.filter(
      (entry) =>
        compareFeedCursors(entry.cursor, subscription.cursor) > 0 &&
        (subscriber.orderId === null || entry.orderId === subscriber.orderId) &&
        (subscriber.channelId === null || entry.channelId === subscriber.channelId),
    );
    if (compareFeedCursors(cursor, subscription.cursor) > 0) subscription.cursor = cursor;
    if (wanted.length > 0) subscriber.deliver(wanted, subscription.cursor);
  }

  async #startReading(): Promise<void> {
    if (this.#head !== null || this.#stopped) return;
    const head = await feedEnd(this.#database);
    if (this.#head !== null || this.#stopped) return;
    this.#head = head;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    while (!this.#stopped && this.#all.size > 0 && this.#head !== null) {
      let pause = FEED_POLL_MS;
      try {
        if (this.#live.size > 0) {
          const page = await readFeed(this.#database, this.#head, { limit: FEED_BATCH });
          this.#head = page.cursor;
          for (const subscription of [...this.#live]) this.#give(subscription, page.entries, page.cursor);
          if (page.more) pause = 0;
        }
      } catch (error) {
        this.#logger.error({ err: error }, "the feed could not be read");
        pause = RETRY_MS;
      }
      await this.#sleep(pause);
    }
    this.#head = null;
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
