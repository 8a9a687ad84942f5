/**
 * What orders did that may happen only once, for an audit to compare with the calls that the outside world
 * got.
 */
import type { Queryable } from "../sql/database.ts";

/** Channels' orders that are stored more than once. */
export async function readRepeatedCaptures(
  client: Queryable,
  orderIds: readonly string[],
): Promise<readonly { readonly channelId: string; readonly externalId: string }[]> {
  const { rows } = await client.query<{ channelId: string; externalId: string }>(
    `select channel_id as "channelId", external_id as "externalId" from orders where id = any($1)
      group by channel_id, external_id having count(*) > 1`,
    [orderIds],
  );
  return rows;
}

export type PaymentTotals = {
  readonly orderId: string;
  /** How often the provider has authorised, and how much in all, given back or not. */
  readonly authorizations: number;
  readonly authorizedMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
};

export async function readPaymentTotals(
  client: Queryable,
  orderIds: readonly string[],
): Promise<readonly PaymentTotals[]> {
  const { rows } = await client.query<PaymentTotals>(
    `select p.order_id as "orderId", p.captured_minor as "capturedMinor", p.refunded_minor as "refundedMinor",
            a.count as authorizations, a.sum as "authorizedMinor"
       from payment p cross join lateral (
         select count(*)::integer as count, coalesce(sum(t.amount_minor), 0)::bigint as sum
           from payment_transaction t
          where t.order_id = p.order_id and t.type = 'authorization' and t.status = 'succeeded') a
      where p.order_id = any($1)`,
    [orderIds],
  );
  return rows;
}

/** Parcels that need a label: what customers collect in a store has none, and what orders share counts with the first. */
type ParcelCounts = { readonly orderId: string; readonly parcels: number; readonly returns: number };

export async function readParcelCounts(
  client: Queryable,
  orderIds: readonly string[],
): Promise<readonly ParcelCounts[]> {
  const { rows } = await client.query<ParcelCounts>(
    `select order_id as "orderId", (count(*) filter (where return_id is null))::integer as parcels,
            (count(*) filter (where return_id is not null))::integer as returns
       from shipment where order_id = any($1) and carrier_provider <> 'store' and shares_label_of is null group by order_id`,
    [orderIds],
  );
  return rows;
}
