/**
 * How far each connected channel is read and told, and what keeps it from being so.
 *
 * G1 A look is kept page by page: who begins after a crash goes on with the page that was not taken whole.
 *    `read_to` moves when the look has come to its end, since not every channel lists by time of change.
 */
import type { OrderWordKind } from "../../ports/channel-connection.ts";
import type { Queryable } from "../sql/database.ts";
import type { FeedCursor } from "../sql/feed-cursor.ts";

export type ChannelLook = {
  readonly since: Date;
  readonly began: Date;
  readonly page: string | null;
  readonly newest: Date | null;
};

export type ChannelProgress = {
  readonly readTo: Date;
  /** Null: none is under way. */
  readonly look: ChannelLook | null;
  readonly lookedAt: Date | null;
  readonly position: FeedCursor;
  readonly listingsAt: Date | null;
  readonly comparedAt: Date | null;
};

type Row = {
  readonly readTo: Date;
  readonly since: Date | null;
  readonly began: Date | null;
  readonly page: string | null;
  readonly newest: Date | null;
  readonly lookedAt: Date | null;
  readonly tx: string;
  readonly place: string;
  readonly listingsAt: Date | null;
  readonly comparedAt: Date | null;
};

/** @returns null where the channel is not connected (any more) */
export async function readChannelProgress(
  client: Queryable,
  channelId: string,
): Promise<ChannelProgress | null> {
  const { rows } = await client.query<Row>(
    `select read_to as "readTo", look_since as since, look_began as began, look_page as page,
            look_newest as newest, looked_at as "lookedAt", position_tx::text as tx, position_id::text as place,
            listings_at as "listingsAt", compared_at as "comparedAt"
       from channel_progress where channel_id = $1`,
    [channelId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { since, began, page, newest, tx, place, ...rest } = row;
  return {
    ...rest,
    look: since === null || began === null ? null : { since, began, page, newest },
    position: { transaction: BigInt(tx), id: BigInt(place) },
  };
}

/** A page was taken whole (G1). */
export async function noteLook(client: Queryable, channelId: string, look: ChannelLook): Promise<void> {
  await client.query(
    `update channel_progress set look_since = $2, look_began = $3, look_page = $4, look_newest = $5
      where channel_id = $1`,
    [channelId, look.since, look.began, look.page, look.newest],
  );
}

/** The look has come to its end. */
export async function endLook(client: Queryable, channelId: string, readTo: Date, at: Date): Promise<void> {
  await client.query(
    `update channel_progress
        set read_to = greatest(read_to, $2), looked_at = $3, look_since = null, look_began = null,
            look_page = null, look_newest = null
      where channel_id = $1`,
    [channelId, readTo, at],
  );
}

/** Its page is not known to the channel any more: the look begins anew. */
export async function dropLook(client: Queryable, channelId: string): Promise<void> {
  await client.query(
    `update channel_progress set look_since = null, look_began = null, look_page = null, look_newest = null
      where channel_id = $1`,
    [channelId],
  );
}

/** @param problem null: there is none any more */
export async function noteChannelProblem(
  client: Queryable,
  channelId: string,
  problem: { readonly code: string; readonly detail: string } | null,
): Promise<void> {
  await client.query(
    `update channel_progress
        set problem_code = $2, problem = $3,
            problem_at = case when $2::text is null then null else coalesce(problem_at, now()) end
      where channel_id = $1 and (problem_code, problem) is distinct from ($2, $3)`,
    [channelId, problem?.code ?? null, problem?.detail ?? null],
  );
}

/** What the channel can be told of an order, as its connection says. */
export async function noteChannelWords(
  client: Queryable,
  channelId: string,
  tells: ReadonlySet<OrderWordKind>,
): Promise<void> {
  await client.query(
    "update channel_progress set tells = $2 where channel_id = $1 and tells is distinct from $2",
    [channelId, [...tells].sort()],
  );
}

/** What the vendor has not granted to the account, as its connection says. */
export async function noteChannelShortfalls(
  client: Queryable,
  channelId: string,
  shortfalls: readonly string[],
): Promise<void> {
  await client.query(
    "update channel_progress set shortfalls = $2 where channel_id = $1 and shortfalls is distinct from $2",
    [channelId, shortfalls],
  );
}

/** By who has read from `from` only. @returns false: somebody else has moved on from there */
export async function movePosition(
  client: Queryable,
  channelId: string,
  from: FeedCursor,
  to: FeedCursor,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update channel_progress set position_tx = $4::text::xid8, position_id = $5::bigint
      where channel_id = $1 and position_tx = $2::text::xid8 and position_id = $3::bigint`,
    [channelId, from.transaction.toString(), from.id.toString(), to.transaction.toString(), to.id.toString()],
  );
  return rowCount === 1;
}

export async function noteListingsRead(client: Queryable, channelId: string, at: Date): Promise<void> {
  await client.query("update channel_progress set listings_at = $2 where channel_id = $1", [channelId, at]);
}

export type Backfill = {
  readonly id: string;
  readonly since: Date;
  readonly until: Date;
  readonly page: string | null;
};

/** The oldest that has not come to its end; null: none. */
export async function nextBackfill(client: Queryable, channelId: string): Promise<Backfill | null> {
  const { rows } = await client.query<Backfill>(
    `select id::text, since, until, page from channel_backfill
      where channel_id = $1 and ended_at is null order by channel_backfill.id limit 1`,
    [channelId],
  );
  return rows[0] ?? null;
}

export async function addBackfill(
  client: Queryable,
  backfill: {
    readonly channelId: string;
    readonly since: Date;
    readonly until: Date;
    readonly by: string;
  },
): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into channel_backfill (channel_id, since, until, asked_by) values ($1, $2, $3, $4)
     returning id::text`,
    [backfill.channelId, backfill.since, backfill.until, backfill.by],
  );
  await client.query("select pg_notify('settings', 'channel_backfill')");
  return rows[0]?.id ?? "";
}

/** @param done.problem why it ended before its end; null where it did not */
export async function noteBackfill(
  client: Queryable,
  id: string,
  done: {
    readonly page: string | null;
    readonly orders: number;
    readonly refused: number;
    readonly hasEnded: boolean;
    readonly problem: string | null;
  },
): Promise<void> {
  await client.query(
    `update channel_backfill
        set page = $2, orders = orders + $3, refused = refused + $4, problem = $6,
            ended_at = case when $5 then now() end
      where id = $1`,
    [id, done.page, done.orders, done.refused, done.hasEnded, done.problem],
  );
}
