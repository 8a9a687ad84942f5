/**
 * Orders as their channels know them: by the channel's ids of their lines, whatever was added, taken off or
 * sent in another's place here.
 */
import type { Queryable } from "../sql/database.ts";

export type OrderAtOurs = {
  readonly orderId: string;
  readonly channelId: string;
  readonly externalId: string;
  readonly externalNumber: string;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly currency: string;
  /** Of minor units. */
  readonly exponent: number;
  readonly status: string;
  /** Who cancelled the whole of it; null: nobody has. */
  readonly cancelledBy: string | null;
  /** The order's lines of every revision that the channel has an id of. */
  readonly lines: readonly LineAtOurs[];
};

export type LineAtOurs = {
  readonly lineId: string;
  readonly externalLineId: string;
  readonly channelSku: string;
  /** Sent in the place of what was ordered. */
  readonly isSubstitute: boolean;
  readonly ordered: number;
  readonly cancelled: number;
  readonly shipped: number;
  readonly fulfilledElsewhere: number;
};

/** @returns undefined where there is no such order among those that are not archived */
export async function readOrderAtOurs(client: Queryable, orderId: string): Promise<OrderAtOurs | undefined> {
  const { rows } = await client.query<OrderAtOurs>(
    `with known as (
       select distinct on (line->>'lineId') line->>'lineId' as line_id, line->>'externalLineId' as external_id,
              line->>'channelSku' as channel_sku, line ? 'substituteFor' as is_substitute
         from (select 2147483647 as revision, document from orders where id = $1
               union all select revision, document from order_revision where order_id = $1) version,
              jsonb_array_elements(version.document->'lines') as line
        order by line->>'lineId', revision desc)
     select o.id as "orderId", o.channel_id as "channelId", o.external_id as "externalId",
            o.external_number as "externalNumber", coalesce(o.document->'externalIds', '{}') as "externalIds",
            o.currency, o.exponent, o.status,
            (select e.data->>'by' from order_event e where e.order_id = o.id and e.key = 'cancelled') as "cancelledBy",
            coalesce((select jsonb_agg(jsonb_build_object(
                'lineId', l.line_id, 'externalLineId', k.external_id, 'channelSku', k.channel_sku,
                'isSubstitute', k.is_substitute, 'ordered', l.ordered, 'cancelled', l.cancelled,
                'shipped', l.shipped, 'fulfilledElsewhere', l.fulfilled_elsewhere) order by l.line_id)
              from order_line l join known k on k.line_id = l.line_id
             where l.order_id = o.id and k.external_id <> ''), '[]') as lines
       from orders o where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

/** Whether the channel hands over all of it itself. */
export async function isChannelsToShip(client: Queryable, orderId: string): Promise<boolean> {
  const { rows } = await client.query<{ theirs: boolean | null }>(
    `select bool_and(coalesce(line->>'fulfilledBy', 'us') = 'channel') as theirs
       from orders, jsonb_array_elements(document->'lines') as line where id = $1`,
    [orderId],
  );
  return rows[0]?.theirs === true;
}

export type ParcelToTell = {
  readonly shipmentId: string;
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly shippedAt: Date;
  /** Of the handling unit that it was packed from, under the company's own GS1 prefix; null: there is none. */
  readonly sscc: string | null;
  /** Components that were picked for it, by line of ours. */
  readonly picked: readonly {
    readonly lineId: string;
    readonly sku: string;
    readonly quantity: number;
    readonly perUnit: number;
  }[];
};

/** @returns undefined where it has not left, or is none of ours to the shopper */
export async function readParcelToTell(
  client: Queryable,
  shipmentId: string,
): Promise<ParcelToTell | undefined> {
  const { rows } = await client.query<ParcelToTell>(
    `select s.id as "shipmentId", s.carrier, s.service, s.tracking_number as "trackingNumber",
            s.shipped_at as "shippedAt",
            (select f.handling_unit from fulfillment_order f, company c
              where f.id = s.fulfillment_order_id and starts_with(substr(f.handling_unit, 2), c.gs1_prefix)) as sscc,
            coalesce((select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'quantity', l.picked,
                                                          'perUnit', l.per_unit))
               from fulfillment_order_line l where l.fulfillment_order_id = s.fulfillment_order_id), '[]') as picked
       from shipment s where s.id = $1 and s.shipped_at is not null and s.return_id is null`,
    [shipmentId],
  );
  return rows[0];
}

/** Parcels of the order that have left. */
export async function shipmentsOfOrder(client: Queryable, orderId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select id from shipment where order_id = $1 and shipped_at is not null and return_id is null order by id",
    [orderId],
  );
  return rows.map(({ id }) => id);
}

export type RefundToTell = {
  readonly refundId: string;
  readonly currency: string;
  /** That the channel has not confirmed yet, ISO 4217 minor units. */
  readonly dueMinor: number;
  readonly reason: string;
};

export async function readRefundToTell(
  client: Queryable,
  refundId: string,
): Promise<RefundToTell | undefined> {
  const { rows } = await client.query<RefundToTell>(
    `select id as "refundId", currency, channel_minor - confirmed_minor as "dueMinor", reason from refund
      where id = $1 and status = 'due_at_channel'`,
    [refundId],
  );
  return rows[0];
}

/** Units that a channel knows will not come, by its lines. */
export async function readGivenUp(client: Queryable, orderId: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ id: string; quantity: number }>(
    `select external_line_id as id, quantity from channel_units_given_up where order_id = $1`,
    [orderId],
  );
  return new Map(rows.map(({ id, quantity }) => [id, quantity]));
}

export async function writeGivenUp(
  client: Queryable,
  orderId: string,
  units: ReadonlyMap<string, number>,
): Promise<void> {
  await client.query(
    `insert into channel_units_given_up (order_id, external_line_id, quantity)
     select $1, id, quantity from unnest($2::text[], $3::integer[]) as given(id, quantity)
     on conflict (order_id, external_line_id) do update set quantity = excluded.quantity`,
    [orderId, [...units.keys()], [...units.values()]],
  );
}

/** Also of one that is in the archive. */
export async function isOrderKnown(client: Queryable, orderId: string): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean }>(
    `select exists (select from orders where id = $1)
         or exists (select from archived_order where order_id = $1) as known`,
    [orderId],
  );
  return rows[0]?.known === true;
}
