/** Short questions about orders, and what is noted about them outside of ledger and statuses. */
import type { Delivery, DeliveryPromise, HoldReason, OrderStatus } from "../../orders/order.ts";
import { bringBackOrder } from "../archive/archive-order.ts";
import { batchedByDatabase } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";

/** What an answer to a repeated capture needs. */
export type KnownOrder = {
  readonly orderId: string;
  readonly contentHash: string;
  readonly status: OrderStatus;
  readonly holdReasons: readonly HoldReason[];
  readonly promise: DeliveryPromise | null;
  /** Its personal data was erased: what comes now is not kept. */
  readonly isErased: boolean;
  /** What changes it has to bring it back first. */
  readonly isArchived: boolean;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string | null;
    readonly channelSku: string;
    readonly quantity: number;
  }[];
};

/** The order as far as an answer needs it; look-ups of many orders at once share their queries. */
export const findKnownOrder = batchedByDatabase(findKnownOrders);

async function findKnownOrders(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownOrder>> {
  const { rows } = await database.query<KnownOrder>({
    name: "find-known-orders",
    text: `select o.id as "orderId", encode(o.content_hash, 'hex') as "contentHash", o.status,
        o.hold_reasons as "holdReasons",
        exists (select from order_person p where p.order_id = o.id and p.erased_at is not null) as "isErased",
        false as "isArchived",
        case when o.ship_by is null then null
          else jsonb_build_object('shipBy', o.ship_by, 'deliverBy', o.deliver_by) end as promise,
        coalesce((select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'channelSku', l.channel_sku,
          'quantity', l.ordered) order by length(l.line_id), l.line_id)
          from order_line l where l.order_id = o.id), '[]') as lines
      from orders o where o.id = any(${givenList("$1")})
      union all
      select a.order_id, encode(a.content_hash, 'hex'), a.status, '[]',
        exists (select from order_person p where p.order_id = a.order_id and p.erased_at is not null), true,
        case when a.ship_by is null then null
          else jsonb_build_object('shipBy', a.ship_by, 'deliverBy', a.deliver_by) end,
        coalesce((select jsonb_agg(jsonb_build_object('lineId', l->>'line_id', 'sku', l->>'sku',
          'channelSku', l->>'channel_sku', 'quantity', (l->>'ordered')::integer)
            order by length(l->>'line_id'), l->>'line_id')
          from archived_document d cross join jsonb_array_elements(d.rows->'order_line') l
         where d.order_id = a.order_id and d.month = a.month), '[]')
      from archived_order a where a.order_id = any(${givenList("$1")})`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.orderId, row]));
}

export async function setPromise(
  client: Queryable,
  orderId: string,
  promise: DeliveryPromise,
): Promise<void> {
  await client.query("update orders set ship_by = $2, deliver_by = $3 where id = $1", [
    orderId,
    promise.shipBy,
    promise.deliverBy,
  ]);
}

/** From now on, what is there leaves before the rest. */
export async function letShipParts(client: Queryable, orderId: string): Promise<void> {
  await client.query("update orders set ships_parts = true, updated_at = now() where id = $1", [orderId]);
}

/** The order gets a new revision, with another way of delivery. This transaction has locked it. */
export async function reviseDelivery(
  client: Queryable,
  change: {
    readonly orderId: string;
    readonly delivery: Delivery;
    readonly key: string;
    readonly by: string;
  },
): Promise<void> {
  await client.query(
    `with former as (
       insert into order_revision (order_id, revision, document, change_key, changes, changed_by)
       select id, revision, document, $3, jsonb_build_array(jsonb_build_object('kind', 'delivery', 'delivery', $2::jsonb)), $4
       from orders where id = $1 on conflict do nothing
     )
     update orders set document = document || jsonb_build_object('delivery', $2::jsonb, 'revision', revision + 1),
       revision = revision + 1, version = version + 1, updated_at = now() where id = $1`,
    [change.orderId, JSON.stringify(change.delivery), change.key, change.by],
  );
}

/** The facts by which an order can still be cancelled or not; locks the order. */
export async function readCancellable(
  client: Queryable,
  orderId: string,
): Promise<{ readonly status: OrderStatus; readonly shipped: number } | undefined> {
  // Apart from the read, so that the read sees what the previous holder of the lock has written.
  const { rowCount } = await client.query("select from orders where id = $1 for no key update", [orderId]);
  if (rowCount === 0 && (await bringBackOrder(client, orderId))) return readCancellable(client, orderId);
  const { rows } = await client.query<{ status: OrderStatus; shipped: number }>(
    `select o.status, (select coalesce(sum(l.shipped + l.fulfilled_elsewhere), 0)::integer from order_line l where l.order_id = o.id)
       + (select coalesce(sum(l.quantity), 0)::integer from fulfillment_order f
            join fulfillment_order_line l on l.fulfillment_order_id = f.id
           where f.order_id = o.id and f.stage = 'shipped' and f.status = 'in_progress') as shipped
     from orders o where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

/** Whether somebody has asked to cancel the whole order, and has not been refused. */
export async function isCancelRequested(client: Queryable, orderId: string): Promise<boolean> {
  return (await readCancelRequest(client, orderId)) !== null;
}

/** SQL: the entry of the request that stands to cancel the order; `orderId` is an expression. */
export function standingCancelRequest(orderId: string): string {
  return `from order_event where order_id = ${orderId} and key = 'order.cancel_requested'
       and not exists (select from order_event where order_id = ${orderId} and type = 'order.cancellation_refused')`;
}

/**
 * The request that stands to cancel the order: the key and the fingerprint of the change that it came of,
 * where it came of one.
 */
export async function readCancelRequest(
  client: Queryable,
  orderId: string,
): Promise<{ readonly key: string | null; readonly fingerprint: string | null } | null> {
  const { rows } = await client.query<{ key: string | null; fingerprint: string | null }>(
    `select data->>'key' as key, data->>'fingerprint' as fingerprint ${standingCancelRequest("$1")}`,
    [orderId],
  );
  return rows[0] ?? null;
}

/** Until when the shopper may change the order himself. */
export async function shopperWindowEndsAt(client: Queryable, orderId: string): Promise<Date | undefined> {
  const { rows } = await client.query<{ endsAt: Date }>(
    `select o.captured_at + c.shopper_changes_minutes * interval '1 minute' as "endsAt"
     from orders o join channel c on c.id = o.channel_id where o.id = $1`,
    [orderId],
  );
  return rows[0]?.endsAt;
}
