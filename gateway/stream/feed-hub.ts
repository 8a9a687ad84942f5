/**
 * The feed for any number of subscribers by one reader: while anybody listens, one query at a time reads what is new and
 * gives it to all. A subscriber that resumes from an older cursor first catches up by its own reads and joins the others
 * when it stands where they stand, so it sees every entry once and in order. One that reads slower than things happen is
 * put back to catching up, at its own pace: it lags, but it loses nothing and fills no memory.
 */
import type { Logger } from "pino";
import { FEED_BATCH, FEED_MESSAGE_BYTES, FEED_POLL_MS } from "../../config/limits.ts";
import type { Database } from "../../store/database.ts";
import {
  compareFeedCursors,
  type FeedCursor,
  type FeedEntry,
  type FeedPage,
  feedEnd,
  readFeed,
} from "../../store/feed.ts";

export type Subscriber = {
  /** Only this order's entries; null: every order's. */
  readonly orderId: string | null;
  /** Only this channel's entries; null: every channel's. */
  readonly channelId: string | null;
  /** Gets entries in order, never an empty list. */
  deliver(entries: readonly FeedEntry[], cursor: FeedCursor): void;
  /** Whether what was delivered has piled up. */
  congested(): boolean;
  /** Resolves when more may be delivered; false where nobody is there any more. */
  writable(): Promise<boolean>;
  /** The feed cannot be read for this subscriber; it should resume later. */
  fail(error: unknown): void;
};

type Subscription = { readonly subscriber: Subscriber; cursor: FeedCursor; active: boolean };

/** An entry's ids, times and field names, generously. */
const ENTRY_BYTES = 400;
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
      start: () => this.#start(subscription),
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

  #start(subscription: Subscription): void {
    this.#catchUp(subscription).catch((error: unknown) => {
      this.#end(subscription);
      subscription.subscriber.fail(error);
    });
  }

  async #catchUp(subscription: Subscription): Promise<void> {
    const { subscriber } = subscription;
    await this.#startReading();
    while (subscription.active && (await subscriber.writable())) {
      const page = await readFeed(this.#database, subscription.cursor, {
        limit: FEED_BATCH,
        orderId: subscriber.orderId,
      });
      for (const part of inParts(page.entries)) {
        if (!subscription.active || !(await subscriber.writable())) return;
        this.#give(subscription, part, part.at(-1)?.cursor ?? page.cursor);
      }
      if (!subscription.active) return;
      this.#give(subscription, [], page.cursor);
      // No await between this comparison and joining: the shared reader cannot move on in between.
      if (!page.more && this.#head !== null && compareFeedCursors(subscription.cursor, this.#head) >= 0) {
        this.#live.add(subscription);
        return;
      }
    }
  }

  /** Gives a live subscriber what is new, or puts it back to catching up where that is more than it can take now. */
  #giveLive(subscription: Subscription, page: FeedPage, parts: readonly (readonly FeedEntry[])[]): void {
    if (parts.length > 1 || subscription.subscriber.congested()) {
      this.#live.delete(subscription);
      this.#start(subscription);
    } else {
      this.#give(subscription, page.entries, page.cursor);
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
          const parts = inParts(page.entries);
          for (const subscription of [...this.#live]) this.#giveLive(subscription, page, parts);
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

/** Cuts entries into lists of at most `FEED_MESSAGE_BYTES`, or one entry where that alone is larger. */
function inParts(entries: readonly FeedEntry[]): readonly (readonly FeedEntry[])[] {
  const parts: FeedEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const bytes = ENTRY_BYTES + entry.summary.length + JSON.stringify(entry.data).length;
    const open = parts.at(-1);
    if (open === undefined || bytes > room) {
      parts.push([entry]);
      room = FEED_MESSAGE_BYTES - bytes;
    } else {
      open.push(entry);
      room -= bytes;
    }
  }
  return parts;
}
