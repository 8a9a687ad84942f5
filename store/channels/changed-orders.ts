/**
 * Orders that a channel has named as changed without sending them: kept until each has been read there.
 *
 * O1 A row an order: named ten times while it waits, it is read once.
 * O2 A row goes only where it was not named again since its reading was begun: what changed meanwhile is read
 *    once more.
 */
import type { Queryable } from "../sql/database.ts";

export type ChangedOrder = {
  readonly externalId: string;
  /** How often it had been named by then (O2). */
  readonly named: number;
  readonly attempts: number;
};

/**
 * Whether it was named before or not; the pause after a reading that failed stands, however often it is
 * named.
 *
 * @returns false: nobody reads at this channel, since it is not connected or switched off
 */
export async function nameChangedOrder(
  client: Queryable,
  channelId: string,
  externalId: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into channel_changed_order (channel_id, external_id)
     select channel_id, $2 from channel_account where channel_id = $1 and active
     on conflict (channel_id, external_id) do update
       set named = channel_changed_order.named + 1, named_at = now()`,
    [channelId, externalId],
  );
  return rowCount === 1;
}

/** Those to be read now, the one that was named longest ago first. */
export async function changedOrdersDue(
  client: Queryable,
  channelId: string,
  limit: number,
): Promise<readonly ChangedOrder[]> {
  const { rows } = await client.query<ChangedOrder>(
    `select external_id as "externalId", named, attempts from channel_changed_order
      where channel_id = $1 and due_at <= now() order by due_at, external_id limit $2`,
    [channelId, limit],
  );
  return rows;
}

/** It was read, or is left to the next poll (O2). */
export async function forgetChangedOrder(
  client: Queryable,
  channelId: string,
  { externalId, named }: ChangedOrder,
): Promise<void> {
  await client.query(
    "delete from channel_changed_order where channel_id = $1 and external_id = $2 and named = $3",
    [channelId, externalId, named],
  );
}

export async function postponeChangedOrder(
  client: Queryable,
  channelId: string,
  { externalId }: ChangedOrder,
  why: {
    readonly code: string;
    readonly problem: string;
    readonly pauseMs: number;
    /** False: the fault is none of this order's. */
    readonly counts: boolean;
  },
): Promise<void> {
  await client.query(
    `update channel_changed_order
        set attempts = attempts + $3::integer, code = $4, problem = $5,
            due_at = now() + $6 * interval '1 millisecond'
      where channel_id = $1 and external_id = $2`,
    [channelId, externalId, why.counts ? 1 : 0, why.code, why.problem, why.pauseMs],
  );
}
