/**
 * What the stock is still to be told after a change of fulfillment orders was committed. An errand is written
 * in the transaction of the change, and done by the order's saga (`runStockErrands`): a crash between the two
 * leaves no unit held for nobody.
 */
import type { Queryable } from "../sql/database.ts";

export type StockErrand = {
  readonly kind: "allocate" | "deallocate";
  /** The stock command's id. */
  readonly commandId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly locationId: string;
  /** Of `deallocate`; `null`: all that the hold has. */
  readonly quantity: number | null;
};

export async function addStockErrands(
  client: Queryable,
  orderId: string,
  errands: readonly StockErrand[],
): Promise<void> {
  await client.query(
    `insert into stock_errand (command_id, order_id, kind, hold_id, sku, location_id, quantity)
     select "commandId", $1, kind, "holdId", sku, "locationId", quantity from json_to_recordset($2::json)
       as e("commandId" text, kind text, "holdId" text, sku text, "locationId" text, quantity integer)
     on conflict do nothing`,
    [orderId, JSON.stringify(errands)],
  );
}

/** Those that are not done yet. */
export async function readStockErrands(client: Queryable, orderId: string): Promise<readonly StockErrand[]> {
  const { rows } = await client.query<StockErrand>(
    `select kind, command_id as "commandId", hold_id as "holdId", sku, location_id as "locationId", quantity
     from stock_errand where order_id = $1 and done_at is null order by command_id`,
    [orderId],
  );
  return rows;
}

export async function markErrandsDone(client: Queryable, commandIds: readonly string[]): Promise<void> {
  await client.query("update stock_errand set done_at = now() where command_id = any($1)", [commandIds]);
}
