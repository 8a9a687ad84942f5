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
