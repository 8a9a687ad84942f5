/**
 * Orders of which nothing is open any more, and that ended long enough ago to leave the busy tables. What
 * their money says is asked by who archives them (`operations/archive/`).
 */
import type { Queryable } from "../sql/database.ts";

export type FinishedRule = {
  /** Since anything has happened to the order. */
  readonly days: number;
  /** Days in which a return may be announced, of channels that do not say. */
  readonly returnDays: number;
  /** Days in which a customer's returns count for the next one. */
  readonly returnsCountDays: number;
};

/** When anything happened to it last, to the microsecond. */
export type FinishedOrder = { readonly orderId: string; readonly at: string };

/** Each of these keeps an order `o` where it is. */
const OPEN: readonly string[] = [
  "select from return_authorization r where r.order_id = o.id and r.status not in ('refunded', 'declined', 'cancelled')",
  `select from return_authorization r where r.order_id = o.id
     and r.requested_at > now() - $6 * interval '1 day'`,
  `select from claim c where c.order_id = o.id
     and (c.status in ('open', 'received') or c.carrier_status in ('to_file', 'filed'))`,
  `select from refund r where r.order_id = o.id
     and r.status in ('requested', 'pending', 'failed', 'due_at_channel', 'owed_by_customer')`,
  "select from payment_dispute d where d.order_id = o.id and d.status = 'open'",
  "select from payment_transaction t where t.order_id = o.id and t.status = 'pending'",
  "select from fulfillment_order f where f.order_id = o.id and f.status not in ('closed', 'cancelled')",
  "select from shortage s where s.order_id = o.id and s.settled_at is null",
  "select from stock_errand e where e.order_id = o.id and e.done_at is null",
  "select from robot_load l where l.order_id = o.id and l.status in ('carried', 'adrift')",
  `select from floor_task t join fulfillment_order f on f.id = t.fulfillment_order_id
    where f.order_id = o.id and t.status in ('queued', 'assigned')`,
  "select from shipment s where s.order_id = o.id and s.ask_carrier_at is not null",
  `select from shipment s where s.order_id = o.id and s.return_id is null
     and s.delivered_at > now() - coalesce((channel.return_rules->>'windowDays')::integer, $2) * interval '1 day'`,
  "select from collection c where c.order_id = o.id and c.collected_at is null and c.expired_at is null",
  "select from webhook_delivery d where d.order_id = o.id",
  "select from channel_telling t where t.order_id = o.id and t.state in ('waiting', 'dead')",
  "select from provider_request r where r.order_id = o.id and r.state <> 'ended'",
  // A parcel with goods of several orders, by its label or by its number.
  "select from fulfillment_order f where f.order_id = o.id and f.combined_parcel_id is not null",
  `select from shipment s join shipment other on other.tracking_number = s.tracking_number
    where s.order_id = o.id and other.order_id <> o.id`,
  // Found in one order's parcel, and belonging to another's.
  `select from return_unknown_item u join return_authorization r on r.id in (u.return_id, u.attached_return_id)
    where r.order_id = o.id and exists (select from return_authorization other
      where other.id in (u.return_id, u.attached_return_id) and other.order_id <> o.id)`,
  // What it replaces goes first, or with it (named as \`replacementIds\` in orders/order-identity.ts does).
  `select from return_authorization r join orders replaced on replaced.id = r.order_id
    where r.id || '-X1' = o.id`,
  `select from claim c join orders replaced on replaced.id = c.order_id where c.id || '-X1' = o.id`,
  // Of a former version, and in clear: it is encrypted first (store/persons/encrypt-former.ts).
  `select from personal_data_key where not exists (select from order_person p where p.order_id = o.id
     and (p.sealed_at is not null or p.erased_at is not null))`,
  // What its sagas are still to be told, and its shopper.
  `select from outbox m where m.done_at is null
     and (m.payload->>'orderId' = o.id or m.payload->>'workflowId' = o.id
       or m.payload->>'workflowId' like replace(o.id, '_', '\\_') || '-%')`,
];

/** The oldest first. @param after the last of those before */
export async function readFinished(
  client: Queryable,
  rule: FinishedRule,
  after: FinishedOrder | null,
  limit: number,
): Promise<readonly FinishedOrder[]> {
  const { rows } = await client.query<FinishedOrder>(
    `select o.id as "orderId", o.updated_at::text as at
       from orders o join channel on channel.id = o.channel_id
      where o.status in ('completed', 'cancelled') and o.updated_at < now() - $1 * interval '1 day'
        and ($3::timestamptz is null or (o.updated_at, o.id) > ($3, $4))
        and ${OPEN.map((open) => `not exists (${open})`).join("\n        and ")}
      order by o.updated_at, o.id limit $5`,
    [rule.days, rule.returnDays, after?.at ?? null, after?.orderId ?? null, limit, rule.returnsCountDays],
  );
  return rows;
}

/**
 * Locks the order against everybody, and looks again whether it is as it was. @returns false: somebody has
 * it, or has changed it
 */
export async function lockFinished(client: Queryable, order: FinishedOrder): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from orders where id = $1 and updated_at = $2 and status in ('completed', 'cancelled')
       for update skip locked`,
    [order.orderId, order.at],
  );
  return rowCount === 1;
}
