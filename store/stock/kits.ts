/** Kits: SKUs that are sold as one and picked as several. */
import type { Queryable } from "../sql/database.ts";

export type StoredKit = {
  readonly sku: string;
  readonly components: readonly { readonly sku: string; readonly quantity: number }[];
};

export async function readKits(client: Queryable): Promise<readonly StoredKit[]> {
  const { rows } = await client.query<StoredKit>(
    `select kit_sku as sku, jsonb_agg(jsonb_build_object('sku', sku, 'quantity', quantity) order by position) as components
     from kit_component group by kit_sku order by kit_sku`,
  );
  return rows;
}

/** Defines kits whose products, and whose components' products, are there. */
export async function insertKits(client: Queryable, kits: readonly StoredKit[]): Promise<void> {
  const rows = kits.flatMap((kit) =>
    kit.components.map((component, index) => ({ kit: kit.sku, position: index + 1, ...component })),
  );
  await client.query(
    `insert into kit_component (kit_sku, position, sku, quantity)
     select kit, position, sku, quantity
       from jsonb_to_recordset($1) as row(kit text, position integer, sku text, quantity integer)`,
    [JSON.stringify(rows)],
  );
}

/** The whole definition from now on; without components it is no kit. */
export async function replaceKit(client: Queryable, kit: StoredKit): Promise<void> {
  await client.query("delete from kit_component where kit_sku = $1", [kit.sku]);
  await insertKits(client, [kit]);
}

/** Whether any position of the SKU has units. */
export async function hasStock(client: Queryable, sku: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "select from stock_position where sku = $1 and on_hand <> 0 limit 1",
    [sku],
  );
  return rowCount !== 0;
}

/** Those of these SKUs that are kits, with their components. */
export async function kitsAmong(
  client: Queryable,
  skus: readonly string[],
): Promise<ReadonlyMap<string, StoredKit["components"]>> {
  const { rows } = await client.query<StoredKit>(
    `select kit_sku as sku, jsonb_agg(jsonb_build_object('sku', sku, 'quantity', quantity) order by position) as components
       from kit_component where kit_sku = any($1) group by kit_sku`,
    [skus],
  );
  return new Map(rows.map(({ sku, components }) => [sku, components]));
}

/** Kits that have any of these SKUs as a component. */
export async function kitsOf(client: Queryable, skus: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    "select distinct kit_sku as sku from kit_component where sku = any($1)",
    [skus],
  );
  return rows.map(({ sku }) => sku);
}

/** Components of those of these SKUs that are kits. */
export async function kitPartsOf(client: Queryable, skus: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    "select distinct sku from kit_component where kit_sku = any($1)",
    [skus],
  );
  return rows.map(({ sku }) => sku);
}

export type StockRules = {
  readonly stockPool: string | null;
  readonly stockBuffer: number;
  /** Another text whenever they change, places open or close, or kits are made of something else. */
  readonly stamp: string;
};

/** What decides, beside the positions, what a channel may sell. @returns null where there is no such channel */
export async function readStockRules(client: Queryable, channelId: string): Promise<StockRules | null> {
  const { rows } = await client.query<StockRules>(
    `select c.stock_pool as "stockPool", c.stock_buffer as "stockBuffer", concat_ws(' ', c.stock_pool, c.stock_buffer,
        (select coalesce(sum(hashtextextended(l.id, 0)), 0) from location l where l.active),
        (select coalesce(sum(hashtextextended(k.kit_sku || ' ' || k.sku || ' ' || k.quantity, 0)), 0) from kit_component k)) as stamp
       from channel c where c.id = $1`,
    [channelId],
  );
  return rows[0] ?? null;
}
