/** What became of the units that robots took: packed, with their order, or apart where a person finds them. */
import type { Queryable } from "../../../store/sql/database.ts";

export type LoadCounts = {
  /** Units. */
  readonly packed: number;
  readonly carried: number;
  readonly adrift: number;
  readonly apart: number;
};

export type LoadAudit = { readonly units: LoadCounts; readonly findings: readonly string[] };

export async function auditLoads(database: Queryable): Promise<LoadAudit> {
  const { rows: units } = await database.query<LoadCounts>(
    `select coalesce(sum(quantity) filter (where status = 'packed'), 0)::integer as packed,
       coalesce(sum(quantity) filter (where status = 'carried'), 0)::integer as carried,
       coalesce(sum(quantity) filter (where status = 'adrift'), 0)::integer as adrift,
       coalesce(sum(quantity) filter (where status = 'adrift' and set_apart), 0)::integer as apart
     from robot_load`,
  );
  const { rows: lost } = await database.query<{ id: string; why: string }>(
    `select l.id, 'is carried for ' || f.id || ', which is ' || f.status as why
       from robot_load l join fulfillment_order f on f.id = l.fulfillment_order_id
      where l.status = 'carried' and f.status in ('closed', 'cancelled')
     union all
     select id, 'is adrift (' || cause || ') and the stock does not know' from robot_load
      where status = 'adrift' and not set_apart and not_set_apart is null
     order by 1 limit 20`,
  );
  const [counts = { packed: 0, carried: 0, adrift: 0, apart: 0 }] = units;
  return { units: counts, findings: lost.map(({ id, why }) => `load ${id} ${why}`) };
}
