/**
 * What Holdfast knows before its process starts: a company, one location, the channels that send orders, and a
 * product for each position, since stock is taken for known ones only.
 */
import pg from "pg";
import { migrate } from "../../../store/sql/migrate.ts";
import { ORDER_CHANNELS } from "../systems/channel-orders.ts";
import { LOCATION, SKU_PREFIX } from "../systems/holdfast-stock.ts";

/** @param positions that are used; one more is made: the one that is sold out */
export async function prepareCatalog(databaseUrl: string, positions: number): Promise<void> {
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
    for (const [id, kind] of ORDER_CHANNELS) {
      await client.query(
        `insert into channel (id, company_id, name, kind, on_shortage, charged_by)
         values ($1, 'bench', $1, $2, 'refuse', 'order')`,
        [id, kind],
      );
    }
    await client.query(
      `insert into product
         (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
       select $1 || position, 'bench', $1 || position, 100, 1000, 'USD', '610990', 'US', '09521234999990'
         from generate_series(0, $2::integer) as position`,
      [SKU_PREFIX, positions],
    );
  } finally {
    await client.end();
  }
}
