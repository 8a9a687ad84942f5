/** Webhooks of channels that had an effect, by the digest of what their signature covers. */
import type { Queryable } from "../sql/database.ts";

/** An order by our id and the channel's. */
export type OrderTold = { readonly order: string; readonly externalId: string | null };

/** @returns the orders that it was about; undefined: it has not come before */
export async function readChannelWebhook(
  client: Queryable,
  channelId: string,
  digest: Buffer,
): Promise<readonly OrderTold[] | undefined> {
  const { rows } = await client.query<{ orders: OrderTold[] }>(
    "select orders from channel_webhook where channel_id = $1 and digest = $2",
    [channelId, digest],
  );
  return rows[0]?.orders;
}

export async function addChannelWebhook(
  client: Queryable,
  channelId: string,
  digest: Buffer,
  orders: readonly OrderTold[],
): Promise<void> {
  await client.query(
    "insert into channel_webhook (channel_id, digest, orders) values ($1, $2, $3) on conflict do nothing",
    [channelId, digest, JSON.stringify(orders)],
  );
}

/**
 * Forgets those that no channel repeats any more. An order that is known, older versions of it, and a refund
 * that is known are recognised all the same.
 */
export async function forgetChannelWebhooks(database: Queryable): Promise<void> {
  await database.query("delete from channel_webhook where taken_at < now() - interval '30 days'");
}
