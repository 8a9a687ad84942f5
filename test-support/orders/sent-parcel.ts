/** A parcel that left, written as packing and shipping write it, without their saga. */
import { recordEntry } from "../../store/orders/timeline.ts";
import { type Database, inTransaction } from "../../store/sql/database.ts";

/**
 * Sends units of the order's first line.
 *
 * @param parcel tells parcels of one order apart, counted from 1
 * @param handlingUnit that it was packed from
 */
export async function sendParcel(
  database: Database,
  orderId: string,
  quantity: number,
  parcel = 1,
  locationId = "east",
  handlingUnit: string | null = null,
): Promise<string> {
  const part = `${orderId}-F${parcel}`;
  const shipmentId = `${part}-S1`;
  const { rows } = await database.query<{ id: string; sku: string }>(
    "select line_id as id, sku from order_line where order_id = $1 order by line_id limit 1",
    [orderId],
  );
  const [line] = rows;
  await inTransaction(database, async (client) => {
    await client.query(
      `insert into fulfillment_order (id, order_id, location_id, status, stage, handling_unit)
       values ($1, $2, $3, 'closed', 'shipped', $4)`,
      [part, orderId, locationId, handlingUnit],
    );
    await client.query(
      `insert into fulfillment_order_line (fulfillment_order_id, line_id, hold_id, sku, quantity, picked)
       values ($1, $2, $3, $4, $5, $5)`,
      [part, line?.id, `${part}:1`, line?.sku, quantity],
    );
    await client.query(
      `insert into shipment (id, order_id, fulfillment_order_id, carrier_provider, carrier_account, carrier_shipment_id,
         carrier, service, tracking_number, cost_minor, currency, weight_grams, label_zpl, label_pdf, shipped_at)
       values ($1, $2, $3, 'own-fleet', 'default', $1, 'UPS', 'Ground', $4, 500, 'USD', 400, '', '', now())`,
      [shipmentId, orderId, part, `1Z-${orderId}-${parcel}`],
    );
    await client.query(`update order_line set shipped = shipped + $3 where order_id = $1 and line_id = $2`, [
      orderId,
      line?.id,
      quantity,
    ]);
    await recordEntry(client, {
      orderId,
      key: `shipped:${shipmentId}`,
      type: "shipment.shipped",
      summary: "It left.",
      cause: "saga:ship-stock",
      data: { shipmentId, fulfillmentOrderId: part },
    });
  });
  return shipmentId;
}
