/**
 * A finished order leaves the busy tables, and comes back. All of its rows become one document, beside what it
 * is found by; ADR 0069 says why.
 *
 * Owns the two ways and what belongs to an order (table `order_part`). When an order may go is said in
 * `finished-orders.ts`, how one is read in `archive-reader.ts`.
 *
 * A1 An order is in the busy tables or in the archive, whole, and moves by one statement: so it is for
 *    everybody who looks and after every crash.
 * A2 What comes back is what went: every row and column, places in feeds included.
 * A3 Keys that tell a repeat come back with it, before what is repeated is looked at.
 */
import { ERASED } from "../../config/person-seal.ts";
import type { Queryable } from "../sql/database.ts";

export type OrderPart = {
  readonly name: string;
  /** On the table's rows `t`; $1 is the order. */
  readonly condition: string;
};

/** Statements that archive one order, $1. Read again for each batch: a newer version may have added a table. */
export async function readArchiving(client: Queryable): Promise<string> {
  const { rows } = await client.query<OrderPart>("select name, condition from order_part order by place");
  return archiving(rows);
}

/** What somebody may name an order by, or something of it; from the rows that have just left. */
const NAMES = `
  select 'order' as kind, id as name, null as place from left_orders
  union select 'token', tracking_token, null from left_orders
  union select 'fulfillment', id, location_id from left_fulfillment_order
  union select 'shipment', id, null from left_shipment
  union select 'tracking', tracking_number, null from left_shipment
  union select 'tracking', upper(tracking_number), null from left_done_elsewhere where tracking_number is not null
  union select 'return', id, null from left_return_authorization
  union select 'refund', id, null from left_refund
  union select 'claim', id, null from left_claim
  union select 'payment', reference, null from left_payment_authorization where reference is not null
  union select 'sku', sku, null from left_order_line where sku is not null
  union select 'channel_sku', channel_sku, null from left_order_line`;

function archiving(parts: readonly OrderPart[]): string {
  const leaving = parts.map(
    ({ name, condition }) =>
      `left_${name} as (delete from ${name} t where ${condition.replaceAll("$1", "$1::text")} returning t.*)`,
  );
  const rows = parts.map(({ name }) => `('${name}', (select jsonb_agg(to_jsonb(r)) from left_${name} r))`);
  return `with ${leaving.join(", ")},
  month as (select id, date_trunc('month', updated_at at time zone 'UTC')::date as first from left_orders),
  known as (
    insert into archived_order (order_id, month, company_id, channel_id, external_id, external_number, status,
      payment_status, fulfillment_status, return_status, currency, total_minor, exponent, unit_count,
      customer_name, placed_at, captured_at, updated_at, ship_by, deliver_by, document, content_hash,
      has_payload, labels_since, mails_since, has_person)
    select o.id, month.first, o.company_id, o.channel_id, o.external_id, o.external_number, o.status,
      o.payment_status, o.fulfillment_status, o.return_status, o.currency, o.total_minor, o.exponent,
      o.unit_count, o.customer_name, o.placed_at, o.captured_at, o.updated_at, o.ship_by, o.deliver_by,
      coalesce((select jsonb_object_agg(key, value) from jsonb_each(o.document)
                 where key in ('tags', 'customFields')), '{}'), o.content_hash,
      o.raw_payload <> '', (select min(created_at) from left_shipment where label_zpl <> ''),
      (select min(sent_at) from left_notification where recipient <> '${ERASED}'), o.customer_name <> '${ERASED}'
    from left_orders o join month using (id)
  ), named as (
    insert into archived_name (order_id, kind, name, place)
    select month.id, n.kind, n.name, n.place from month cross join (${NAMES}) n
  )
  insert into archived_document (order_id, month, rows)
  select month.id, month.first,
    (select jsonb_object_agg(name, rows) from (values ${rows.join(", ")}) part(name, rows) where rows is not null)
  from month`;
}

/**
 * This transaction has locked the order against everybody (`for update`), and its month has a partition.
 *
 * @param statement of `readArchiving`
 * @returns false: there is no such order
 */
export async function archiveOrder(client: Queryable, statement: string, orderId: string): Promise<boolean> {
  const { rowCount } = await client.query({ name: "archive-order", text: statement, values: [orderId] });
  return rowCount === 1;
}

/** The months of these orders' ends have their partitions from now on, and so have the next two months. */
export async function makePartitions(client: Queryable, orderIds: readonly string[]): Promise<void> {
  await client.query(
    `select archive_partition(month) from (
       select date_trunc('month', updated_at at time zone 'UTC')::date as month from orders where id = any($1)
       union select (date_trunc('month', now() at time zone 'UTC') + ahead * interval '1 month')::date
         from generate_series(0, 2) ahead) needed
     order by month`,
    [orderIds],
  );
}

/**
 * What is about to change an archived order brings it back first, in its own transaction.
 *
 * @returns whether it came back by this; false also where there is no such order
 */
export async function bringBackOrder(client: Queryable, orderId: string): Promise<boolean> {
  const { rows } = await client.query<{ back: boolean }>("select bring_back_order($1) as back", [orderId]);
  return rows[0]?.back === true;
}
