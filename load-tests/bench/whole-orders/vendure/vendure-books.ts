/**
 * The audit of what Vendure has sold: read from its own tables and held against what was put into the shop,
 * by SKU. An order counts once it is placed, that is, when the shopper has been told so.
 */
import type pg from "pg";

/** One SKU as Vendure's tables have it. */
export type VendureStock = {
  readonly sku: string;
  /** Units in orders that are placed and not cancelled. */
  readonly sold: number;
  /** What its counters of stock leave to be sold: on hand without allocated. */
  readonly free: number;
};

export type VendureAudit = {
  readonly received: number;
  readonly sold: number;
  /** Units sold beyond what was received, over all SKUs. */
  readonly oversold: number;
  /** Units that its counters of stock leave to be sold, and that are sold. */
  readonly drifted: number;
  /** SKUs whose counters say something else than their orders. */
  readonly driftedSkus: number;
};

export async function readVendureStock(database: pg.Pool): Promise<readonly VendureStock[]> {
  const { rows } = await database.query<VendureStock>(
    `select v.sku,
            coalesce((select sum(l.quantity) from order_line l join "order" o on o.id = l."orderId"
                       where l."productVariantId" = v.id and o."orderPlacedAt" is not null
                         and o.state <> 'Cancelled'), 0)::integer as sold,
            coalesce((select sum(s."stockOnHand" - s."stockAllocated") from stock_level s
                       where s."productVariantId" = v.id), 0)::integer as free
       from product_variant v`,
  );
  return rows;
}

/** @param received units by SKU; what is not in it was not received */
export function auditVendure(
  stock: readonly VendureStock[],
  received: ReadonlyMap<string, number>,
): VendureAudit {
  let sold = 0;
  let oversold = 0;
  let drifted = 0;
  let driftedSkus = 0;
  for (const one of stock) {
    const left = (received.get(one.sku) ?? 0) - one.sold;
    sold += one.sold;
    oversold += Math.max(0, -left);
    drifted += Math.max(0, one.free - left);
    if (one.free !== left) driftedSkus += 1;
  }
  return {
    received: [...received.values()].reduce((sum, units) => sum + units, 0),
    sold,
    oversold,
    drifted,
    driftedSkus,
  };
}

export async function readDelivered(database: pg.Pool): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::integer as count from "order" where state = 'Delivered'`,
  );
  return rows[0]?.count ?? 0;
}
