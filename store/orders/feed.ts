/**
 * The feed: every order's timeline in one sequence that can be resumed without a gap.
 *
 * Rows are ordered by (transaction, id), and only rows of transactions older than every open one are read. So
 * a row that commits later always lies behind the cursor of every reader. Ordering by id alone would let a
 * slow transaction slip its rows in before a cursor that has passed them.
 */
import type { FeedEvent } from "../../contract/stream.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

/** Everything up to and including this place has been read. */
export type FeedCursor = { readonly transaction: bigint; readonly id: bigint };

/** `status` is the order's when the entry was read. */
export type FeedEntry = FeedEvent & { readonly cursor: FeedCursor };

/** Without an event after the cursor, one row of nulls beside the horizon. */
type FeedRow = FeedEvent & { readonly horizon: string; readonly tx: string | null; readonly id: string };

type FeedPage = {
  readonly entries: readonly FeedEntry[];
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
  const { rows } = await database.query<{ horizon: string }>(
    "select pg_snapshot_xmin(pg_current_snapshot())::text as horizon",
  );
  return { transaction: BigInt(rows[0]?.horizon ?? "0"), id: 0n };
}

/** Entries after `after`, of one order where `orderId` is given. */
export async function readFeed(
  database: Queryable,
  after: FeedCursor,
  options: { readonly limit: number; readonly orderId?: string | null },
): Promise<FeedPage> {
  const { rows } = await database.query<FeedRow>(
    `with horizon as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as xmin)
     select horizon.xmin::text as horizon, event.tx::text as tx, event.id::text as id, event.order_id as "orderId",
            o.channel_id as "channelId", o.status, event.key, event.type, event.summary, event.cause, event.data,
            ${iso("event.at")} as at
       from horizon
       left join lateral (
         select * from order_event
          where (tx, id) > ($1::text::xid8, $2::bigint) and tx < horizon.xmin
            and ($4::text is null or order_id = $4)
          order by tx, id limit $3) event on true
       left join orders o on o.id = event.order_id
      order by event.tx, event.id`,
    [after.transaction.toString(), after.id.toString(), options.limit, options.orderId ?? null],
  );
  const entries = rows.flatMap(({ horizon: _horizon, tx, id, ...entry }): FeedEntry[] =>
    tx === null ? [] : [{ ...entry, cursor: { transaction: BigInt(tx), id: BigInt(id) } }],
  );
  const more = entries.length === options.limit;
  const last = entries.at(-1);
  if (more && last !== undefined) return { entries, cursor: last.cursor, more };
  const horizon = { transaction: BigInt(rows[0]?.horizon ?? "0"), id: 0n };
  return { entries, cursor: compareFeedCursors(horizon, after) > 0 ? horizon : after, more };
}
