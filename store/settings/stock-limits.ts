/** How far one person alone may correct stock, as set on the page. */
import { STOCK_APPROVAL_UNITS } from "../../config/limits.ts";
import type { Queryable } from "../sql/database.ts";

export const STOCK_LIMITS_SUBJECT = "stock-limits";

export type StockLimits = {
  /** Units: a larger correction needs a second person. */
  readonly approvalUnits: number;
};

export async function readStockLimits(client: Queryable): Promise<StockLimits> {
  const { rows } = await client.query<StockLimits>(
    'select approval_units as "approvalUnits" from stock_limit_setting',
  );
  return rows[0] ?? { approvalUnits: STOCK_APPROVAL_UNITS };
}

export async function writeStockLimits(client: Queryable, { approvalUnits }: StockLimits): Promise<void> {
  await client.query(
    `insert into stock_limit_setting (approval_units) values ($1)
     on conflict (only_row) do update set approval_units = excluded.approval_units`,
    [approvalUnits],
  );
}
