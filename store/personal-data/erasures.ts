/**
 * The list of erasures: asked for, under way, done. It holds no personal data, and outlives what was erased:
 * on a database that a backup brought back, everything on it is erased again.
 */
import type { Queryable } from "../sql/database.ts";

export type Erasure = {
  readonly id: string;
  readonly orders: readonly string[];
  readonly requestedBy: string;
  readonly requestedAt: string;
  /** Null: it is under way. */
  readonly doneAt: string | null;
};

export type FormerErasure = Pick<Erasure, "id" | "orders" | "requestedBy" | "requestedAt">;

const COLUMNS = `id, orders, requested_by as "requestedBy",
  to_char(requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "requestedAt",
  to_char(done_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "doneAt"`;

/** @returns false: it is on the list already */
export async function addErasure(
  client: Queryable,
  erasure: Pick<Erasure, "id" | "orders" | "requestedBy">,
): Promise<boolean> {
  const { rowCount } = await client.query(
    "insert into erasure (id, orders, requested_by) values ($1, $2, $3) on conflict do nothing",
    [erasure.id, erasure.orders, erasure.requestedBy],
  );
  return rowCount === 1;
}

export async function readErasure(client: Queryable, id: string): Promise<Erasure | null> {
  const { rows } = await client.query<Erasure>(`select ${COLUMNS} from erasure where id = $1`, [id]);
  return rows[0] ?? null;
}

/** Those of a company's orders, the newest first. */
export async function listErasures(
  client: Queryable,
  companyId: string,
  limit: number,
): Promise<readonly Erasure[]> {
  const { rows } = await client.query<Erasure>(
    `select ${COLUMNS} from erasure e
      where exists (select from orders o where o.id = any(e.orders) and o.company_id = $1)
         or exists (select from archived_order a where a.order_id = any(e.orders) and a.company_id = $1)
      order by requested_at desc, id desc limit $2`,
    [companyId, limit],
  );
  return rows;
}

export async function openErasures(client: Queryable): Promise<readonly Erasure[]> {
  const { rows } = await client.query<Erasure>(
    `select ${COLUMNS} from erasure where done_at is null order by requested_at, id`,
  );
  return rows;
}

export async function endErasure(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "update erasure set done_at = now() where id = $1 and done_at is null",
    [id],
  );
  return rowCount === 1;
}

/** After a restore: what was erased before is to be erased again. @returns how many are on the list now */
export async function erasuresAnew(client: Queryable, former: readonly FormerErasure[]): Promise<number> {
  for (const { id, orders, requestedBy, requestedAt } of former)
    await client.query(
      `insert into erasure (id, orders, requested_by, requested_at) values ($1, $2, $3, $4) on conflict (id) do nothing`,
      [id, orders, requestedBy, requestedAt],
    );
  const { rowCount } = await client.query("update erasure set done_at = null");
  return rowCount ?? 0;
}
