/** Channels' books held against ours: when, and what differed. */
import type { Queryable } from "../sql/database.ts";

export const DIFFERENCE_KINDS = ["order", "shipment", "cancellation", "money", "stock"] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/**
 * `late`: the channel's word had not come. `edited_at_channel`: somebody has changed it there. `refused`: the
 * channel would not be told. `not_told`: it never was. `drift`: both had agreed.
 */
export const DIFFERENCE_CAUSES = ["late", "edited_at_channel", "refused", "not_told", "drift"] as const;
export type DifferenceCause = (typeof DIFFERENCE_CAUSES)[number];

export const DIFFERENCE_STATES = ["repairing", "raised", "repaired", "accepted"] as const;
export type DifferenceState = (typeof DIFFERENCE_STATES)[number];

export type Difference = {
  readonly kind: DifferenceKind;
  readonly subject: string;
  /** The channel's line; empty: it is about no line. */
  readonly line: string;
  readonly orderId: string | null;
  readonly ours: string;
  readonly theirs: string;
  readonly cause: DifferenceCause;
  readonly isRepaired: boolean;
};

export type OpenComparison = { readonly id: string; readonly since: Date };

export async function askForComparison(
  client: Queryable,
  asked: { readonly channelId: string; readonly since: Date; readonly by: string },
): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into channel_comparison (channel_id, since, asked_by) values ($1, $2, $3) returning id::text`,
    [asked.channelId, asked.since, asked.by],
  );
  await client.query("select pg_notify('settings', 'channel_comparison')");
  return rows[0]?.id ?? "";
}

/** The oldest that has not ended; one that a process began and did not end is made anew. */
export async function nextComparison(client: Queryable, channelId: string): Promise<OpenComparison | null> {
  const { rows } = await client.query<OpenComparison>(
    `select id::text, since from channel_comparison
      where channel_id = $1 and ended_at is null order by channel_comparison.id limit 1`,
    [channelId],
  );
  return rows[0] ?? null;
}

export async function beginComparison(client: Queryable, id: string): Promise<void> {
  await client.query("update channel_comparison set began_at = now() where id = $1", [id]);
}

/**
 * What was open and was not found again is repaired.
 *
 * @param problem why it has not come to its end; null: it has, and what it has not found is no more
 */
export async function endComparison(
  client: Queryable,
  channelId: string,
  id: string,
  done: { readonly orders: number; readonly listings: number; readonly problem: string | null },
): Promise<void> {
  if (done.problem === null)
    await client.query(
      `update channel_difference d set state = 'repaired', settled_at = now()
         from channel_comparison c
        where c.id = $2 and d.channel_id = $1 and d.state in ('repairing', 'raised') and d.seen_at < c.began_at`,
      [channelId, id],
    );
  await client.query(
    `update channel_comparison set ended_at = now(), orders = $2, listings = $3, problem = $4 where id = $1`,
    [id, done.orders, done.listings, done.problem],
  );
  await client.query("update channel_progress set compared_at = now() where channel_id = $1", [channelId]);
}

/** Of one that is open already: what it is now. Where the repair has not helped, it is raised. */
export async function noteDifference(
  client: Queryable,
  channelId: string,
  comparisonId: string,
  found: Difference,
): Promise<void> {
  await client.query(
    `insert into channel_difference as d (channel_id, comparison_id, kind, subject, line, order_id, ours, theirs, cause, state)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (channel_id, kind, subject, line) where state in ('repairing', 'raised')
     do update set ours = excluded.ours, theirs = excluded.theirs, cause = excluded.cause, seen_at = now(),
       state = case when d.comparison_id <> excluded.comparison_id then 'raised' else excluded.state end`,
    [
      channelId,
      comparisonId,
      found.kind,
      found.subject,
      found.line,
      found.orderId,
      found.ours,
      found.theirs,
      found.cause,
      found.isRepaired ? "repairing" : "raised",
    ],
  );
}

/** Where a person has said that it may stay as it is, as long as it does. */
export async function isAccepted(client: Queryable, channelId: string, found: Difference): Promise<boolean> {
  const { rows } = await client.query(
    `select from channel_difference where channel_id = $1 and kind = $2 and subject = $3 and line = $4
        and state = 'accepted' and ours = $5 and theirs = $6 limit 1`,
    [channelId, found.kind, found.subject, found.line, found.ours, found.theirs],
  );
  return rows.length > 0;
}

/** @returns false: there is none such that is open */
export async function acceptDifference(
  client: Queryable,
  channelId: string,
  id: string,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update channel_difference set state = 'accepted', settled_at = now(), settled_by = $3, reason = $4
      where channel_id = $1 and id = $2 and state in ('repairing', 'raised')`,
    [channelId, id, by, reason],
  );
  return rowCount === 1;
}

export type ComparedOrder = {
  readonly orderId: string;
  readonly externalId: string;
  readonly totalMinor: number;
  readonly exponent: number;
  readonly currency: string;
  /** What the channel has said that it refunded. */
  readonly refundedMinor: number;
  /** Whether something of it is still to be told, or was refused; by kind. */
  readonly waiting: readonly string[];
  readonly dead: readonly string[];
  readonly told: readonly string[];
};

/**
 * Orders that were captured or changed since then, and those of open differences; in the order of their ids.
 */
export async function ordersToCompare(
  client: Queryable,
  channelId: string,
  since: Date,
  after: string,
  limit: number,
): Promise<readonly ComparedOrder[]> {
  const { rows } = await client.query<ComparedOrder>(
    `select o.id as "orderId", o.external_id as "externalId", o.total_minor as "totalMinor", o.exponent, o.currency,
            (select coalesce(sum(amount_minor), 0)::bigint from channel_refund r where r.order_id = o.id) as "refundedMinor",
            array(select distinct kind from channel_telling t where t.order_id = o.id and t.state = 'waiting') as waiting,
            array(select distinct kind from channel_telling t where t.order_id = o.id and t.state in ('dead', 'dropped')) as dead,
            array(select distinct kind from channel_telling t where t.order_id = o.id and t.state = 'told') as told
       from orders o
      where o.channel_id = $1 and o.id > $3
        and (o.updated_at >= $2 or exists (select from channel_difference d
              where d.channel_id = $1 and d.order_id = o.id and d.state in ('repairing', 'raised')))
      order by o.id limit $4`,
    [channelId, since, after, limit],
  );
  return rows;
}

export type ComparedListing = {
  readonly channelSku: string;
  readonly told: number;
};

/** Of these, those that were told what they are to have, some time ago. */
export async function listingsToCompare(
  client: Queryable,
  channelId: string,
  channelSkus: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<ComparedListing>(
    `select channel_sku as "channelSku", told from channel_listing
      where channel_id = $1 and channel_sku = any($2) and told = wanted
        and told_at < now() - interval '1 minute' and coalesce(wanted_at, told_at) < now() - interval '1 minute'`,
    [channelId, channelSkus],
  );
  return new Map(rows.map(({ channelSku, told }) => [channelSku, told]));
}
