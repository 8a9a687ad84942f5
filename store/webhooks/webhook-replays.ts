/**
 * Ranges of time that a webhook is told once more. Each is worked through in pieces: what is found of a piece
 * becomes messages to be sent again, in the commit that moves on to the next one. So a process may die
 * anywhere.
 */
import type { WebhookSource } from "../../contract/settings/webhook-events.ts";
import type { WebhookReplayView } from "../../contract/settings/webhooks.ts";
import type { Page } from "../../contract/shapes.ts";
import { toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import type { FeedCursor } from "../sql/feed-cursor.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { iso } from "../sql/view-sql.ts";
import type { WebhookEvent } from "./webhook-events.ts";

export type RunningReplay = {
  readonly id: string;
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly events: readonly string[] | null;
  readonly source: WebhookSource;
  /** Null: from the beginning of the range. */
  readonly position: FeedCursor | null;
};

const VIEW = `id::text, ${iso("from_at")} as "from", ${iso("to_at")} as "to", events, state, found,
  asked_by as "askedBy", ${iso("created_at")} as "createdAt", ${iso("done_at")} as "doneAt"`;

export async function writeReplay(
  client: Queryable,
  replay: {
    readonly subscriptionId: string;
    readonly from: string;
    readonly to: string;
    readonly events: readonly string[] | null;
    readonly by: string;
  },
): Promise<WebhookReplayView> {
  const { subscriptionId, from, to, events, by } = replay;
  const { rows } = await client.query<WebhookReplayView>(
    `insert into webhook_replay (subscription_id, from_at, to_at, events, asked_by) values ($1, $2, $3, $4, $5)
     returning ${VIEW}`,
    [subscriptionId, from, to, events, by],
  );
  return rows[0] as WebhookReplayView;
}

export async function countRunningReplays(client: Queryable, subscriptionId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "select count(*)::integer as count from webhook_replay where subscription_id = $1 and state = 'running'",
    [subscriptionId],
  );
  return rows[0]?.count ?? 0;
}

/** @returns false: there is none that is running */
export async function cancelReplay(client: Queryable, subscriptionId: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update webhook_replay set state = 'cancelled', done_at = now()
      where subscription_id = $1 and id = $2::bigint and state = 'running'`,
    [subscriptionId, id],
  );
  return rowCount === 1;
}

/** Newest first, unless `sort` is `createdAt`. */
export async function listReplays(
  client: Queryable,
  filter: {
    readonly subscriptionId: string;
    readonly sort: string | undefined;
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Promise<Page<WebhookReplayView>> {
  const { subscriptionId, cursor, limit } = filter;
  const order = readingOrder("-createdAt", filter.sort);
  const [last] = order.placeIn(cursor, [/^\d{1,18}$/]);
  const { rows } = await client.query<WebhookReplayView>(
    `select ${VIEW} from webhook_replay
      where subscription_id = $1 and ($2::bigint is null or id ${order.further} $2)
      order by webhook_replay.id ${order.direction} limit $3`,
    [subscriptionId, last ?? null, limit + 1],
  );
  return toPage(
    rows,
    limit,
    (row) => row,
    (row) => order.placeOf(row.id),
  );
}

/** The oldest that is still to be worked at; null: there is none. */
export async function nextReplay(client: Queryable, subscriptionId: string): Promise<RunningReplay | null> {
  const { rows } = await client.query<
    Omit<RunningReplay, "position"> & { readonly tx: string | null; readonly place: string | null }
  >(
    `select id::text, from_at as "fromAt", to_at as "toAt", events, source, position_tx::text as tx,
            position_id::text as place
       from webhook_replay where subscription_id = $1 and state = 'running' order by webhook_replay.id limit 1`,
    [subscriptionId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { tx, place, ...replay } = row;
  const position = tx === null || place === null ? null : { transaction: BigInt(tx), id: BigInt(place) };
  return { ...replay, position };
}

/**
 * Has these messages sent again, and moves on. What is waiting for its first delivery anyway stays as it is.
 *
 * @param next null: it is done
 */
export async function recordReplayed(
  client: Queryable,
  subscriptionId: string,
  replayId: string,
  messages: readonly { readonly messageId: string; readonly event: WebhookEvent }[],
  next: { readonly source: WebhookSource; readonly position: FeedCursor | null } | null,
): Promise<void> {
  const rows = messages.map(({ messageId, event }) => ({
    messageId,
    source: event.source,
    orderId: event.orderId,
    key: event.key,
    type: event.type,
    subject: event.subject,
    tx: event.cursor.transaction.toString(),
    place: event.cursor.id.toString(),
  }));
  await client.query(
    `with replay as (
       update webhook_replay set found = found + $4, source = coalesce($5, source), position_tx = $6::text::xid8,
              position_id = $7::bigint, state = case when $5::text is null then 'done' else state end,
              done_at = case when $5::text is null then now() end
        where id = $2::bigint and state = 'running' returning 1
     )
     insert into webhook_delivery as d (subscription_id, message_id, source, order_id, event_key, event_type, subject,
       event_tx, event_id, state, attempts)
     select $1, m."messageId", m.source, m."orderId", m.key, m.type, m.subject, m.tx::xid8, m.place, 'again', 0
       from jsonb_to_recordset($3) as m("messageId" text, source text, "orderId" text, key text, type text, subject text,
         tx text, place bigint)
      where exists (select from replay)
     on conflict (subscription_id, message_id) do update
       set state = 'again', due_at = null, first_tried_at = now() where d.state <> 'waiting'`,
    [
      subscriptionId,
      replayId,
      JSON.stringify(rows),
      rows.length,
      next?.source ?? null,
      next?.position?.transaction.toString() ?? null,
      next?.position?.id.toString() ?? null,
    ],
  );
}
