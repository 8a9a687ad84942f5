/** Pieces of SQL that several read models share. Column names only: no value ever enters these texts. */

/** A timestamptz column as ISO 8601 in UTC, the form that every view shows. */
export function iso(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/**
 * The calendar day of a timestamptz at a row of `location`: by its time zone, or by its longitude where it
 * has none, as its calendar reckons (`config/work-calendar.ts`).
 */
export function localDay(column: string, location: string): string {
  return `(${column} at time zone coalesce(${location}.time_zone, 'UTC') + case when ${location}.time_zone is null
    then floor(coalesce(${location}.longitude, 0) / 15 + 0.5) * interval '1 hour' else interval '0' end)::date`;
}

/** A timestamptz column as microseconds since the epoch, for cursors. */
export function microseconds(column: string): string {
  return `(extract(epoch from ${column}) * 1000000)::bigint::text`;
}

/** The reverse of `microseconds` for a parameter such as `$3`, exact to the microsecond. */
export function fromMicroseconds(parameter: string): string {
  return `(timestamptz 'epoch' + ${parameter}::bigint * interval '1 microsecond')`;
}

/** `text` as a pattern that finds it anywhere, with its own wildcards made harmless. */
export function containing(text: string): string {
  return `%${beginning(text)}`;
}

/** The same for a text that begins with it. */
export function beginning(text: string): string {
  return `${text.replace(/[\\%_]/g, "\\$&")}%`;
}

/** A row `shipment` as the API's shipment, with its reports. */
export const SHIPMENT_JSON = `jsonb_build_object(
  'id', shipment.id, 'carrier', shipment.carrier, 'service', shipment.service,
  'trackingNumber', shipment.tracking_number, 'trackingStatus', shipment.tracking_status,
  'costMinor', shipment.cost_minor, 'currency', shipment.currency,
  'shippedAt', ${iso("shipment.shipped_at")}, 'deliveredAt', ${iso("shipment.delivered_at")},
  'reports', (select coalesce(jsonb_agg(jsonb_build_object('status', report.status, 'message', report.message,
      'place', report.place, 'at', ${iso("report.at")}) order by report.at, report.report_id), '[]')
    from tracking_report report where report.tracking_number = shipment.tracking_number))`;

/**
 * What came of the refunds of table `refund` that `condition` picks, together, as the API's `RefundState`;
 * null where nothing goes back. The worst status stands for all.
 */
export function refundStateJson(condition: string): string {
  return `(select jsonb_build_object('status', (array_agg(refund.status order by array_position(
      array['failed', 'requested', 'pending', 'due_at_channel', 'confirmed_by_channel', 'done'], refund.status)))[1],
      'payer', (select channel.name from orders join channel on channel.id = orders.channel_id
        where orders.id = refund.order_id),
      'paymentMinor', sum(refund.payment_minor), 'storeCreditMinor', sum(refund.store_credit_minor),
      'bonusMinor', sum(refund.bonus_minor), 'channelMinor', sum(refund.channel_minor),
      'confirmedMinor', sum(refund.confirmed_minor), 'exchangeMinor', sum(refund.exchange_minor))
    from refund where ${condition} and refund.amount_minor > 0
      and refund.status in ('failed', 'requested', 'pending', 'due_at_channel', 'confirmed_by_channel', 'done')
    group by refund.order_id)`;
}

/** A row `return_authorization` named `r` as the API's return summary. */
export const RETURN_JSON = `jsonb_build_object(
  'id', r.id, 'orderId', r.order_id, 'status', r.status, 'reason', r.reason, 'method', r.method,
  'orderNumber', (select external_number from orders where id = r.order_id),
  'customerName', (select customer_name from orders where id = r.order_id),
  'waitsForPerson', r.waits_for_person and r.status = 'requested',
  'requestedAt', ${iso("r.requested_at")}, 'refundMinor', r.refund_minor,
  'refund', ${refundStateJson("refund.return_id = r.id")}, 'currency', r.currency,
  'units', (select coalesce(sum(line.requested), 0)::int from return_line line where line.return_id = r.id),
  -- named as \`replacementIds\` in orders/order-identity.ts does
  'exchangeOrderId', (select id from orders where id = r.id || '-X1'))`;

/** A row `fulfillment_order` named `f` joined with its `location`; actions are added by `withActions`. */
export const FULFILLMENT_ORDER_JSON = `jsonb_build_object(
  'id', f.id, 'locationId', f.location_id, 'locationName', location.name, 'status', f.status, 'stage', f.stage,
  'handlingUnit', f.handling_unit, 'releaseOn', f.release_on,
  'combinedWith', (select coalesce(jsonb_agg(jsonb_build_object('fulfillmentOrderId', other.id, 'orderId', other.order_id,
      'orderNumber', other_order.external_number, 'stage', other.stage, 'handlingUnit', other.handling_unit) order by other.id), '[]')
    from fulfillment_order other join orders other_order on other_order.id = other.order_id
    where other.combined_parcel_id = f.combined_parcel_id and other.id <> f.id),
  'lines', (select coalesce(jsonb_agg(jsonb_build_object('holdId', line.hold_id, 'lineId', line.line_id,
      'sku', line.sku, 'quantity', line.quantity, 'picked', line.picked, 'verified', line.verified,
      'check', (select case when not product.tagged then product.packing_check end from product
        where product.sku = line.sku)) order by line.hold_id), '[]')
    from fulfillment_order_line line where line.fulfillment_order_id = f.id))`;
