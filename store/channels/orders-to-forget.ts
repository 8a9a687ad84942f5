/**
 * Orders whose people were erased and whose channel keeps something of them in files of its own: written down
 * by the transaction that erases, gone once the channel's connection has forgotten them.
 */
import type { Queryable } from "../sql/database.ts";

/** An order of a channel that is not connected has nobody who could be told. */
export async function addOrderToForget(client: Queryable, orderId: string): Promise<void> {
  await client.query(
    `insert into channel_order_to_forget (channel_id, external_id)
     select o.channel_id, o.external_id from orders o join channel_account a on a.channel_id = o.channel_id
      where o.id = $1 on conflict do nothing`,
    [orderId],
  );
}

/** @returns the channel's ids of some of them */
export async function ordersToForget(
  client: Queryable,
  channelId: string,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ externalId: string }>(
    `select external_id as "externalId" from channel_order_to_forget where channel_id = $1
      order by external_id limit $2`,
    [channelId, limit],
  );
  return rows.map(({ externalId }) => externalId);
}

export async function noteForgotten(
  client: Queryable,
  channelId: string,
  externalIds: readonly string[],
): Promise<void> {
  await client.query("delete from channel_order_to_forget where channel_id = $1 and external_id = any($2)", [
    channelId,
    externalIds,
  ]);
}
