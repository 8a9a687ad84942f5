/**
 * What orders need before Holdfast's process starts: a company, one location, a channel, and a product for
 * each position.
 */
import pg from "pg";
import { migrate } from "../../../store/sql/migrate.ts";
import { ORDER_CHANNEL, ORDER_POSITIONS } from "../systems/holdfast-orders.ts";
import { LOCATION, skuOf } from "../systems/holdfast-stock.ts";

export async function prepareOrderCatalog(databaseUrl: string): Promise<void> {
  await migrate(databaseUrl);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("insert into company (id, name, currency) values ('bench', 'Bench', 'USD')");
    await client.query(
      `insert into location (id, company_id, name, kind, address, latitude, longitude)
       values ($1, 'bench', 'Bench', 'fulfillment_center', '{"country": "US"}', 39.5, -119.8)`,
      [LOCATION],
    );
    await client.query(
      `insert into channel (id, company_id, name, kind, on_shortage, charged_by)
       values ($1, 'bench', 'Bench', 'holdfast', 'refuse', 'order')`,
      [ORDER_CHANNEL],
    );
    // One more than there are positions: the one that is sold out.
    const skus = Array.from({ length: ORDER_POSITIONS + 1 }, (_, position) => skuOf(position));
    await client.query(
      `insert into product
         (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
       select sku, 'bench', sku, 100, 1000, 'USD', '610990', 'US', '09521234999990'
         from unnest($1::text[]) as sku`,
      [skus],
    );
  } finally {
    await client.end();
  }
}
