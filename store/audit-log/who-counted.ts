import type { Queryable } from "../sql/database.ts";

/**
 * Who has counted under this id at this position: whoever asked for the count, and who the stock's movements
 * say it was, for counts that are older than the audit log. Empty: nobody has.
 */
export async function whoCounted(
  client: Queryable,
  count: { readonly sku: string; readonly locationId: string; readonly countId: string },
): Promise<readonly string[]> {
  const { rows } = await client.query<{ by: string }>(
    `select acted_by as by from audit_entry
      where subject = $1 and act = 'stock.commanded' and after ->> 'type' = 'count' and after ->> 'countId' = $4
     union
     select substring(cause from '\\(([^()]*)\\)$') from stock_movement
      where sku = $2 and location_id = $3 and kind = 'count-pending' and reference = $4`,
    [stockSubject(count), count.sku, count.locationId, count.countId],
  );
  return rows.map(({ by }) => by);
}

/** A position as the audit log names it. */
export function stockSubject({
  sku,
  locationId,
}: {
  readonly sku: string;
  readonly locationId: string;
}): string {
  return `stock:${sku}@${locationId}`;
}
