/**
 * The newest events, read once for every endpoint that is told as they happen. An endpoint that is behind
 * reads by itself, until it is where the others are.
 *
 * T1 The tail has every event between its beginning and its end: whoever stands between the two gets all that
 *    follow.
 */
import type { WebhookSource } from "../../contract/settings/webhook-events.ts";
import type { Database } from "../../store/sql/database.ts";
import { compareFeedCursors, type FeedCursor, type FeedPage } from "../../store/sql/feed-cursor.ts";
import { readWebhookEvents, type WebhookEvent } from "../../store/webhooks/webhook-events.ts";

const PAGE = 1_000;
const MOST_EVENTS = 8_000;

type Tail = {
  readonly begin: FeedCursor;
  readonly end: FeedCursor;
  readonly events: readonly WebhookEvent[];
};

export class EventTail {
  private readonly database: Database;
  private readonly everyMs: number;
  private readonly tails: Record<WebhookSource, Tail | null> = { orders: null, system: null };
  private readonly reading: Record<WebhookSource, Promise<void> | null> = { orders: null, system: null };
  private readonly readAt: Record<WebhookSource, number> = { orders: -Infinity, system: -Infinity };

  /** @param everyMs at most so often is looked for new ones; milliseconds */
  constructor(database: Database, everyMs: number) {
    this.database = database;
    this.everyMs = everyMs;
  }

  /** Events after a place, as a page of the feed has them. */
  async read(source: WebhookSource, after: FeedCursor): Promise<FeedPage<WebhookEvent>> {
    const tail = this.tails[source];
    // It begins with whoever comes first, and anew where nobody has been at its end for long.
    if (tail === null) this.tails[source] = { begin: after, end: after, events: [] };
    if (compareFeedCursors(after, this.tails[source]?.end ?? after) === 0) await this.lookFurther(source);
    return this.pageFrom(source, after) ?? (await this.readAlone(source, after));
  }

  private pageFrom(source: WebhookSource, after: FeedCursor): FeedPage<WebhookEvent> | null {
    const tail = this.tails[source];
    if (tail === null || compareFeedCursors(after, tail.begin) < 0 || compareFeedCursors(after, tail.end) > 0)
      return null;
    const first = tail.events.findIndex(({ cursor }) => compareFeedCursors(cursor, after) > 0);
    if (first < 0) return { entries: [], cursor: tail.end, more: false };
    const entries = tail.events.slice(first, first + PAGE);
    const more = first + PAGE < tail.events.length;
    return { entries, cursor: more ? (entries.at(-1)?.cursor ?? after) : tail.end, more: true };
  }

  private async readAlone(source: WebhookSource, after: FeedCursor): Promise<FeedPage<WebhookEvent>> {
    const page = await readWebhookEvents(this.database, source, after, PAGE);
    const tail = this.tails[source];
    if (tail === null || compareFeedCursors(page.cursor, tail.end) <= 0) return page;
    if (compareFeedCursors(after, tail.end) > 0) {
      // The tail has fallen behind those who are told as things happen: it begins anew where they are.
      this.tails[source] = { begin: page.cursor, end: page.cursor, events: [] };
      return page;
    }
    // Whoever comes from behind joins the others at the tail's end, and does not pass them.
    const entries = page.entries.filter(({ cursor }) => compareFeedCursors(cursor, tail.end) <= 0);
    return { entries, cursor: tail.end, more: true };
  }

  private async lookFurther(source: WebhookSource): Promise<void> {
    if (performance.now() - this.readAt[source] < this.everyMs) return;
    this.reading[source] ??= (async () => {
      const tail = this.tails[source];
      if (tail === null) return;
      const page = await readWebhookEvents(this.database, source, tail.end, PAGE);
      if (!page.more) this.readAt[source] = performance.now();
      const events = [...tail.events, ...page.entries];
      const left = events.slice(Math.max(0, events.length - MOST_EVENTS));
      const lost = events[events.length - left.length - 1];
      this.tails[source] = { begin: lost?.cursor ?? tail.begin, end: page.cursor, events: left };
    })().finally(() => {
      this.reading[source] = null;
    });
    await this.reading[source];
  }
}
