/**
 * Places in a feed: rows of one table in a sequence that can be resumed without a gap.
 *
 * Rows are ordered by (transaction, id), and only rows of transactions older than every open one are read. So
 * a row that commits later always lies behind the cursor of every reader. Ordering by id alone would let a
 * slow transaction slip its rows in before a cursor that has passed them. The numbers are PostgreSQL's own, but
 * on a server to which a backup was restored (`feed_offset` in the migrations).
 */
import type { Queryable } from "./database.ts";

/** Everything up to and including this place has been read. */
export type FeedCursor = { readonly transaction: bigint; readonly id: bigint };

/** `horizon` of every row that is read; without an event after the cursor one row with nothing beside it. */
export type FeedRow<Event> = Event & {
  readonly horizon: string;
  readonly tx: string | null;
  readonly id: string;
};

export type FeedPage<Entry> = {
  readonly entries: readonly Entry[];
  /**
   * Where to read on. Beyond the last entry where the page was not full, so that entries are not read again.
   */
  readonly cursor: FeedCursor;
  /** Whether more may be read at once. */
  readonly more: boolean;
};

const CURSOR = /^(\d{1,19})\.(\d{1,19})$/;
/** Largest value of a bigint column. */
const MAX_ID = 2n ** 63n - 1n;

export function formatFeedCursor(cursor: FeedCursor): string {
  return `${cursor.transaction}.${cursor.id}`;
}

/** @returns null where `text` is not a cursor */
export function parseFeedCursor(text: string): FeedCursor | null {
  const match = CURSOR.exec(text);
  if (match === null) return null;
  const cursor = { transaction: BigInt(match[1] ?? "0"), id: BigInt(match[2] ?? "0") };
  return cursor.transaction <= MAX_ID && cursor.id <= MAX_ID ? cursor : null;
}

export function compareFeedCursors(a: FeedCursor, b: FeedCursor): number {
  if (a.transaction !== b.transaction) return a.transaction < b.transaction ? -1 : 1;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

/** The place after which everything is new. */
export async function feedEnd(database: Queryable): Promise<FeedCursor> {
  const { rows } = await database.query<{ horizon: string }>("select feed_horizon()::text as horizon");
  return { transaction: BigInt(rows[0]?.horizon ?? "0"), id: 0n };
}

/** The page that rows make which were read after `after`, `limit` of them at most. */
export function feedPage<Event, Entry>(
  rows: readonly FeedRow<Event>[],
  after: FeedCursor,
  limit: number,
  entryOf: (row: FeedRow<Event>, cursor: FeedCursor) => Entry,
): FeedPage<Entry> {
  const read = rows.flatMap((row) => {
    if (row.tx === null) return [];
    const cursor = { transaction: BigInt(row.tx), id: BigInt(row.id) };
    return [{ entry: entryOf(row, cursor), cursor }];
  });
  const entries = read.map(({ entry }) => entry);
  const more = entries.length === limit;
  const last = read.at(-1);
  if (more && last !== undefined) return { entries, cursor: last.cursor, more };
  const horizon = { transaction: BigInt(rows[0]?.horizon ?? "0"), id: 0n };
  return { entries, cursor: compareFeedCursors(horizon, after) > 0 ? horizon : after, more };
}
