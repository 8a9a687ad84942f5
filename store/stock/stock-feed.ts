/**
 * The change feed of stock: each position that has changed, with its newest numbers, in a sequence that can
 * be resumed without a gap.
 *
 * A place in it is the last projected journal row of each shard. The projector works through a shard's rows
 * in their order, each with its numbers, so nothing can slip in behind a place once it was read. Rows are
 * known by their number in the journal, so places outlive a crash after which the projection is made again. A
 * position that has changed ten times since is given once.
 */
import { MAX_STOCK_CURSOR_LENGTH } from "../../config/limits.ts";
import type { StockChange } from "../../contract/stream.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

/** Everything up to and including this journal row has been read, by shard. */
export type StockFeedCursor = readonly number[];

export type StockFeedEntry = StockChange & {
  readonly shard: number;
  /** The journal row that changed the position last. */
  readonly sequence: number;
};

/** A shard in which nothing has changed is one row without a position: its `sequence` is `null`. */
type FeedRow = Omit<StockFeedEntry, "sequence" | "availableToPromise"> & {
  readonly head: number;
  readonly from: number;
  readonly sequence: number | null;
};

export type StockFeedFilter = {
  /** `null`: all. */
  readonly skus: readonly string[] | null;
  readonly locations: readonly string[] | null;
};

type StockFeedPage = {
  readonly entries: readonly StockFeedEntry[];
  readonly cursor: StockFeedCursor;
  /** Whether more may be read at once. */
  readonly more: boolean;
};

/** Decimal, so that a reader may be shown where it stands. */
const CURSOR = /^\d{1,15}(\.\d{1,15}){0,255}$/;

export function formatStockFeedCursor(cursor: StockFeedCursor): string {
  return cursor.length === 0 ? "0" : cursor.join(".");
}

/** @returns null where `text` is not a cursor */
export function parseStockFeedCursor(text: string): StockFeedCursor | null {
  return text.length <= MAX_STOCK_CURSOR_LENGTH && CURSOR.test(text) ? text.split(".").map(Number) : null;
}

/** Whether everything up to `other` lies behind `cursor`. */
export function coversStockFeed(cursor: StockFeedCursor, other: StockFeedCursor): boolean {
  return other.every((sequence, shard) => sequence <= (cursor[shard] ?? 0));
}

export function laterStockFeedCursor(a: StockFeedCursor, b: StockFeedCursor): StockFeedCursor {
  const [longer, shorter] = a.length >= b.length ? [a, b] : [b, a];
  return longer.map((sequence, shard) => Math.max(sequence, shorter[shard] ?? 0));
}

/** The place after which everything is new. */
export async function stockFeedEnd(database: Queryable): Promise<StockFeedCursor> {
  const { rows } = await database.query<{ shard: number; sequence: number }>(
    "select shard, sequence from journal_projection",
  );
  return cursorOf(rows);
}

/** Positions that changed after `after`, about `limit` at most, by shard and row. */
export async function readStockFeed(
  database: Queryable,
  after: StockFeedCursor,
  filter: StockFeedFilter,
  limit: number,
): Promise<StockFeedPage> {
  // One statement is one view of the database: the heads and the positions belong together. Positions that
  // one journal row changed stay together, so that a place between two pages is a place between two rows.
  const { rows } = await database.query<FeedRow>({
    name: "stock-feed",
    text: `with place as materialized (
       select shard, sequence as head, coalesce(($1::bigint[])[shard + 1], 0) as after,
         greatest(1, $4::integer / count(*) over ()) as share
       from journal_projection
     )
     select place.shard, place.head, place.after as "from", p.sequence, p.sku, p.location_id as "locationId",
       p.on_hand as "onHand", p.reserved, p.allocated, p.picked, p.unavailable, p.safety_stock as "safetyStock",
       p.incoming, p.fenced, ${iso("p.updated_at")} as at
     from place
     left join lateral (
       select * from stock_position
       where shard = place.shard and sequence > place.after
         and ($2::text[] is null or sku = any($2)) and ($3::text[] is null or location_id = any($3))
       order by sequence
       fetch first (place.share) rows with ties
     ) p on place.head > place.after
     order by place.shard, p.sequence`,
    values: [after, filter.skus, filter.locations, limit],
  });
  const share = Math.max(1, Math.floor(limit / Math.max(1, new Set(rows.map((row) => row.shard)).size)));
  const entries: StockFeedEntry[] = [];
  const byShard = new Map<number, { count: number; last: number; readonly head: number }>();
  for (const { head, from, sequence, ...row } of rows) {
    const read = byShard.get(row.shard) ?? { count: 0, last: from, head: Math.max(head, from) };
    byShard.set(row.shard, read);
    if (sequence === null) continue;
    read.count += 1;
    read.last = sequence;
    const { onHand, reserved, allocated, picked, unavailable, safetyStock, fenced } = row;
    const availableToPromise = onHand - reserved - allocated - picked - unavailable - safetyStock - fenced;
    entries.push({ ...row, sequence, availableToPromise });
  }
  let more = false;
  const places = [...byShard].map(([shard, read]) => {
    const full = read.count >= share;
    more ||= full;
    return { shard, sequence: full ? read.last : read.head };
  });
  return { entries, cursor: laterStockFeedCursor(cursorOf(places), after), more };
}

function cursorOf(places: readonly { readonly shard: number; readonly sequence: number }[]): StockFeedCursor {
  const cursor: number[] = [];
  for (const { shard, sequence } of places) {
    while (cursor.length <= shard) cursor.push(0);
    cursor[shard] = sequence;
  }
  return cursor;
}
