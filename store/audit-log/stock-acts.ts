/** What the audit log knows of who has counted and corrected stock. */
import type { Queryable } from "../sql/database.ts";

type Position = { readonly sku: string; readonly locationId: string };

/** A position as the audit log names it. */
export function stockSubject({ sku, locationId }: Position): string {
  return `stock:${sku}@${locationId}`;
}

/**
 * Until this transaction ends, nobody else takes these positions. What is read of them here is so still true
 * when it is recorded who acts next.
 */
export async function lockStockActs(client: Queryable, subjects: readonly string[]): Promise<void> {
  // In one order, so that two transactions do not wait for each other.
  await client.query(
    `select pg_advisory_xact_lock(key) from (
       select distinct hashtextextended('stock acts ' || subject, 0) as key from unnest($1::text[]) as subject
        order by key) as keys`,
    [subjects],
  );
}

/**
 * For each of the counts: who has counted under its id at its position. That is whoever asked for the count,
 * and who the stock's movements say it was, for counts that are older than the audit log. Empty: nobody has.
 */
export async function whoCounted(
  client: Queryable,
  counts: readonly (Position & { readonly countId: string })[],
): Promise<readonly (readonly string[])[]> {
  const { rows } = await client.query<{ nth: number; by: string }>(
    `with asked as (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
         with ordinality as asked(subject, sku, location_id, count_id, nth))
     select nth::int, acted_by as by from asked join audit_entry e using (subject)
      where act = 'stock.commanded' and after ->> 'type' = 'count' and after ->> 'countId' = count_id
     union
     select nth::int, substring(cause from '\\(([^()]*)\\)$') from asked join stock_movement m using (sku, location_id)
      where m.kind = 'count-pending' and m.reference = count_id`,
    [
      counts.map(stockSubject),
      counts.map(({ sku }) => sku),
      counts.map(({ locationId }) => locationId),
      counts.map(({ countId }) => countId),
    ],
  );
  return counts.map((_, index) => rows.filter(({ nth }) => nth === index + 1).map(({ by }) => by));
}

/**
 * Units by which somebody has asked to adjust each of these positions in the last 24 hours, up or down.
 *
 * @param but ids of commands that do not count: they are being sent again
 */
export async function unitsAdjusted(
  client: Queryable,
  by: string,
  subjects: readonly string[],
  but: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  // Positions follow time, so the range of the index ends where the day does. A command that is sent again
  // has its effect once.
  const { rows } = await client.query<{ subject: string; units: number }>(
    `select subject, sum(units)::float8 as units from (
       select subject, max(abs((after ->> 'delta')::numeric)) as units from audit_entry
        where subject = any($1) and acted_by = $2 and act = 'stock.commanded' and after ->> 'type' = 'adjust'
          and not after ->> 'commandId' = any($3) and at > now() - interval '1 day'
          and position > coalesce((select position from audit_entry where at <= now() - interval '1 day'
                                    order by at desc limit 1), 0)
        group by subject, after ->> 'commandId') as command
      group by subject`,
    [subjects, by, but],
  );
  return new Map(rows.map(({ subject, units }) => [subject, units]));
}
