/** By what an archived order is found: any name that somebody outside has of it, or of something of it. */
import type { Queryable } from "../sql/database.ts";

export type NameKind =
  | "order"
  | "fulfillment"
  | "shipment"
  | "tracking"
  | "return"
  | "refund"
  | "claim"
  | "token"
  | "payment";

/** SKUs name orders, too, but no single one. */
const SINGLE = "kind not in ('sku', 'channel_sku')";

/** Ids of the archived orders of which something has one of these names. */
export async function findArchived(
  client: Queryable,
  names: readonly string[],
  kind: NameKind | null = null,
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const { rows } = await client.query<{ id: string }>(
    `select distinct order_id as id from archived_name
      where name = any($1) and ${SINGLE} and ($2::text is null or kind = $2) order by 1`,
    [names, kind],
  );
  return rows.map(({ id }) => id);
}

/** How many orders are in the archive, as the planner's statistics say. Counting them would take long. */
export async function countArchived(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ orders: number }>(
    "select greatest(reltuples, 0)::bigint as orders from pg_class where oid = 'archived_order'::regclass",
  );
  return rows[0]?.orders ?? 0;
}
