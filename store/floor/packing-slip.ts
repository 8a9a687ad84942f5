import type { Address } from "../../orders/address.ts";
import type { OrderDocument } from "../../orders/order.ts";
import type { Queryable } from "../sql/database.ts";

/** What stands on the packing slip of one fulfillment order. */
type PackingSlipFacts = {
  readonly shopName: string;
  readonly orderId: string;
  readonly externalNumber: string;
  /** Calendar day of the company, ISO 8601. */
  readonly placedOn: string;
  readonly handlingUnit: string | null;
  readonly locationName: string;
  readonly from: Address;
  readonly to: Address | null;
  /** One row for each line, however many holds it is picked from. */
  readonly lines: readonly {
    readonly sku: string;
    readonly title: string;
    /** What was ordered, where this is sent in its place. */
    readonly insteadOf: string | null;
    readonly quantity: number;
  }[];
};

/** @returns null where there is no such fulfillment order */
export async function readPackingSlipFacts(
  database: Queryable,
  fulfillmentOrderId: string,
): Promise<PackingSlipFacts | null> {
  const { rows } = await database.query<Omit<PackingSlipFacts, "to"> & { readonly document: OrderDocument }>(
    `select company.name as "shopName",
            orders.id as "orderId",
            orders.external_number as "externalNumber",
            (orders.placed_at at time zone company.time_zone)::date as "placedOn",
            fulfillment_order.handling_unit as "handlingUnit",
            location.name as "locationName",
            location.address as "from",
            orders.document,
            (select coalesce(jsonb_agg(picked order by picked."lineId"), '[]')
               from (select line.line_id as "lineId", line.sku, order_line.title,
                            wanted.title as "insteadOf", sum(line.quantity)::int as quantity
                       from fulfillment_order_line line
                       join order_line on order_line.order_id = orders.id and order_line.line_id = line.line_id
                       left join order_line wanted
                         on wanted.order_id = orders.id and wanted.line_id = order_line.substitute_for
                      where line.fulfillment_order_id = fulfillment_order.id
                      group by line.line_id, line.sku, order_line.title, wanted.title) picked) as lines
       from fulfillment_order
       join orders on orders.id = fulfillment_order.order_id
       join company on company.id = orders.company_id
       join location on location.id = fulfillment_order.location_id
      where fulfillment_order.id = $1`,
    [fulfillmentOrderId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { document, ...facts } = row;
  return { ...facts, to: document.shippingAddress ?? null };
}

/**
 * Which fulfillment orders are printed: those that are named, and of orders all that are not cancelled. In the
 * order in which a packer goes: place by place, the oldest first.
 *
 * @param asked.locations whose alone; null: all. `channels`: the same
 */
export async function findToPrint(
  database: Queryable,
  asked: {
    readonly fulfillmentOrders: readonly string[];
    readonly orders: readonly string[];
    readonly locations: readonly string[] | null;
    readonly channels: readonly string[] | null;
  },
): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select f.id from fulfillment_order f join orders o on o.id = f.order_id
      where (f.id = any($1) or (f.order_id = any($2) and f.status <> 'cancelled'))
        and ($3::text[] is null or f.location_id = any($3))
        and ($4::text[] is null or o.channel_id = any($4))
      order by f.location_id, f.created_at, f.id`,
    [asked.fulfillmentOrders, asked.orders, asked.locations, asked.channels],
  );
  return rows.map(({ id }) => id);
}
