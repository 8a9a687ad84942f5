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
  /** The quantity is of picked units, which are on the shelf again; else of those not picked yet. */
  readonly ofPicked?: boolean;
};

/** @param delayMs how long from now it is left alone: until then `withdrawStockErrands` may take it back */
export async function addStockErrands(
  client: Queryable,
  orderId: string,
  errands: readonly StockErrand[],
  delayMs = 0,
): Promise<void> {
  await client.query(
    `insert into stock_errand (command_id, order_id, kind, hold_id, sku, location_id, quantity, of_picked, due_at)
     select "commandId", $1, kind, "holdId", sku, "locationId", quantity, coalesce("ofPicked", false), now() + $3 * interval '1 millisecond'
     from json_to_recordset($2::json)
       as e("commandId" text, kind text, "holdId" text, sku text, "locationId" text, quantity integer,
         "ofPicked" boolean)
     on conflict do nothing`,
    [orderId, JSON.stringify(errands), delayMs],
  );
}

/** @returns whether none of them was begun: then they are gone */
export async function withdrawStockErrands(
  client: Queryable,
  errands: readonly StockErrand[],
): Promise<boolean> {
  const { rowCount } = await client.query(
    "delete from stock_errand where command_id = any($1) and begun_at is null and done_at is null",
    [errands.map(({ commandId }) => commandId)],
  );
  return rowCount === errands.length;
}

const ERRAND = `kind, command_id as "commandId", hold_id as "holdId", sku, location_id as "locationId", quantity,
  of_picked as "ofPicked"`;

/** What is to be done now, begun or not. */
export async function readStockErrands(client: Queryable, orderId: string): Promise<readonly StockErrand[]> {
  const { rows } = await client.query<StockErrand>(
    `select ${ERRAND} from stock_errand
     where order_id = $1 and done_at is null and due_at <= now() order by command_id`,
    [orderId],
  );
  return rows;
}

/**
 * Begins what is to be done now; `all`: errands of changes under way, too. Whoever begins an errand and
 * whoever takes it back exclude each other. What was begun before and is not done is begun again.
 *
 * No lock is held from here to `markErrandsDone`: a commit of the stock may itself wait for the order.
 */
export async function beginStockErrands(
  client: Queryable,
  orderId: string,
  which: "due" | "all",
): Promise<readonly StockErrand[]> {
  const { rows } = await client.query<StockErrand>(
    `with begun as (
       update stock_errand set begun_at = coalesce(begun_at, now())
       where order_id = $1 and done_at is null and ($2 or due_at <= now()) returning *
     )
     select ${ERRAND} from begun order by command_id`,
    [orderId, which === "all"],
  );
  return rows;
}

/** Orders with an errand that has been due for so long that their saga has not heard of it. */
export async function ordersWithOldErrands(
  client: Queryable,
  ageMs: number,
): Promise<readonly { readonly orderId: string; readonly commandId: string }[]> {
  const { rows } = await client.query<{ orderId: string; commandId: string }>(
    `select order_id as "orderId", min(command_id) as "commandId" from stock_errand
     where done_at is null and due_at < now() - $1 * interval '1 millisecond' group by order_id limit 500`,
    [ageMs],
  );
  return rows;
}

export async function markErrandsDone(client: Queryable, commandIds: readonly string[]): Promise<void> {
  await client.query("update stock_errand set done_at = now() where command_id = any($1)", [commandIds]);
}
