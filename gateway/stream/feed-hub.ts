/**
 * One reader feeds any number of subscribers: while there is a subscriber, one query at a time reads what is
 * new and gives it to all. A subscriber that resumes from an older cursor first catches up by its own reads.
 * It joins the others when it stands where they stand, so it misses nothing. A subscriber that reads more
 * slowly than entries come goes back to catching up at its own pace: it lags, but it loses nothing and fills
 * no memory.
 *
 * What the entries are, and what a place among them is, is known by the source.
 */
import type { Logger } from "pino";
import { FEED_MESSAGE_BYTES, FEED_POLL_MS } from "../../config/limits.ts";
import { logFailure } from "../wire/problem.ts";

export type FeedSource<Entry, Cursor, Filter> = {
  /** The place from which on everything is new. */
  end(): Promise<Cursor>;
  /** The entries after a place. `filter` may leave out what it does not match; null: everything. */
  read(after: Cursor, filter: Filter | null): Promise<FeedPage<Entry, Cursor>>;
  matches(entry: Entry, filter: Filter): boolean;
  /** Whether the entry lies after the place. */
  isAfter(entry: Entry, cursor: Cursor): boolean;
  /** Whether everything up to `other` lies behind `cursor`. */
  covers(cursor: Cursor, other: Cursor): boolean;
  /** The place that lies behind both. */
  later(a: Cursor, b: Cursor): Cursor;
  /** The place right after an entry within a page; null: only the end of a page is one. */
  placeOf(entry: Entry): Cursor | null;
  /** An estimate that is rather too high. */
  bytesOf(entry: Entry): number;
};

type FeedPage<Entry, Cursor> = {
  readonly entries: readonly Entry[];
  /** Where to read on. */
  readonly cursor: Cursor;
  /** Whether more may be read at once. */
  readonly more: boolean;
};

type Subscriber<Entry, Cursor, Filter> = {
  readonly filter: Filter;
  /** Gets entries in order, never an empty list. */
  deliver(entries: readonly Entry[], cursor: Cursor): void;
  /** Whether what was delivered has piled up. */
  congested(): boolean;
  /** Resolves when more may be delivered; false where the subscriber is gone. */
  writable(): Promise<boolean>;
  /** The feed cannot be read for this subscriber; it should resume later. */
  fail(error: unknown): void;
};

type Subscription<Entry, Cursor, Filter> = {
  readonly subscriber: Subscriber<Entry, Cursor, Filter>;
  cursor: Cursor;
  active: boolean;
};

/** Wait after a failed read. */
const RETRY_MS = 1_000;

export class FeedHub<Entry, Cursor, Filter> {
  private readonly source: FeedSource<Entry, Cursor, Filter>;
  private readonly logger: Logger;
  private readonly live = new Set<Subscription<Entry, Cursor, Filter>>();
  private readonly all = new Set<Subscription<Entry, Cursor, Filter>>();
  /** Up to where the shared reader has read; null while it rests. */
  private head: Cursor | null = null;
  private reading: Promise<void> | null = null;
  private wake: (() => void) | null = null;
  private stopped = false;

  constructor(source: FeedSource<Entry, Cursor, Filter>, logger: Logger) {
    this.source = source;
    this.logger = logger;
  }

  /**
   * @param after null: from now on
   * @returns where the subscription begins; how to begin it, once the caller has told its client where; and
   *   how to end it
   */
  async subscribe(
    subscriber: Subscriber<Entry, Cursor, Filter>,
    after: Cursor | null,
  ): Promise<{ readonly cursor: Cursor; start(): void; end(): void }> {
    const cursor = after ?? (await this.source.end());
    const subscription: Subscription<Entry, Cursor, Filter> = { subscriber, cursor, active: true };
    this.all.add(subscription);
    return {
      cursor,
      start: () => this.start(subscription),
      end: () => this.end(subscription),
    };
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const subscription of [...this.all]) this.end(subscription);
    this.wake?.();
    await this.reading;
  }

  private end(subscription: Subscription<Entry, Cursor, Filter>): void {
    subscription.active = false;
    this.all.delete(subscription);
    this.live.delete(subscription);
  }

  private start(subscription: Subscription<Entry, Cursor, Filter>): void {
    this.catchUp(subscription).catch((error: unknown) => {
      this.end(subscription);
      subscription.subscriber.fail(error);
    });
  }

  private async catchUp(subscription: Subscription<Entry, Cursor, Filter>): Promise<void> {
    const { subscriber } = subscription;
    await this.startReading();
    while (subscription.active && (await subscriber.writable())) {
      const page = await this.source.read(subscription.cursor, subscriber.filter);
      for (const part of this.inParts(page.entries)) {
        if (!subscription.active || !(await subscriber.writable())) return;
        const last = part.at(-1);
        const isLast = last === page.entries.at(-1);
        const place = last === undefined || isLast ? page.cursor : this.source.placeOf(last);
        this.give(subscription, part, place ?? subscription.cursor);
      }
      if (!subscription.active) return;
      this.give(subscription, [], page.cursor);
      // No await between this comparison and joining: the shared reader cannot move on in between.
      if (!page.more && this.head !== null && this.source.covers(subscription.cursor, this.head)) {
        this.live.add(subscription);
        return;
      }
    }
  }

  /**
   * Gives a live subscriber what is new, or puts it back to catching up where that is more than it can take.
   */
  private giveLive(
    subscription: Subscription<Entry, Cursor, Filter>,
    page: FeedPage<Entry, Cursor>,
    parts: readonly (readonly Entry[])[],
  ): void {
    if (parts.length > 1 || subscription.subscriber.congested()) {
      this.live.delete(subscription);
      this.start(subscription);
    } else {
      this.give(subscription, page.entries, page.cursor);
    }
  }

  /** Delivers what the subscriber has not seen and wants. */
  private give(
    subscription: Subscription<Entry, Cursor, Filter>,
    entries: readonly Entry[],
    cursor: Cursor,
  ): void {
    const { subscriber } = subscription;
    const wanted = entries.filter(
      (entry) =>
        this.source.isAfter(entry, subscription.cursor) && this.source.matches(entry, subscriber.filter),
    );
    subscription.cursor = this.source.later(subscription.cursor, cursor);
    if (wanted.length > 0) subscriber.deliver(wanted, subscription.cursor);
  }

  private async startReading(): Promise<void> {
    if (this.head !== null || this.stopped) return;
    const head = await this.source.end();
    if (this.head !== null || this.stopped) return;
    this.head = head;
    this.reading = this.read();
  }

  private async read(): Promise<void> {
    while (!this.stopped && this.all.size > 0 && this.head !== null) {
      let pause = FEED_POLL_MS;
      try {
        if (this.live.size > 0) {
          const page = await this.source.read(this.head, null);
          this.head = page.cursor;
          const parts = this.inParts(page.entries);
          for (const subscription of [...this.live]) this.giveLive(subscription, page, parts);
          if (page.more) pause = 0;
        }
      } catch (error) {
        logFailure(this.logger, error, {}, "the feed could not be read");
        pause = RETRY_MS;
      }
      await this.sleep(pause);
    }
    this.head = null;
  }

  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Cuts entries into lists of at most `FEED_MESSAGE_BYTES`, or one entry where that alone is larger. */
  private inParts(entries: readonly Entry[]): readonly (readonly Entry[])[] {
    const parts: Entry[][] = [];
    let room = 0;
    for (const entry of entries) {
      const bytes = this.source.bytesOf(entry);
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
}
