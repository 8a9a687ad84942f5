/**
 * An order with what `orders/work-left.ts` asks about it, as one moment has it: one statement, because every
 * message to the order's saga asks for all of it.
 */
import { isCollected } from "../../orders/fulfillment/collection.ts";
import { isMoneyToMove, moneyMissing } from "../../orders/payment/order-completion.ts";
import type { WorkFacts } from "../../orders/work-left.ts";
import { moneyFactsOf, type StoredMoney, storedMoneyJson } from "../orders/money-facts.ts";
import { lockOrderRow, ORDER_FIELDS, ORDER_SOURCE, type OrderProgress } from "../orders/order-progress.ts";
import { batchedByDatabase } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";
import { HELD_IN_NO_PART } from "./fulfillment.ts";

type FloorFacts = Pick<
  WorkFacts,
  | "fulfillmentOrders"
  | "waitingForCompanions"
  | "waitingForOthers"
  | "hasStockErrands"
  | "isUnsourced"
  | "underWay"
>;

/** An order, and what there is to do for it. */
export type OrderAtWork = { readonly order: OrderProgress; readonly facts: WorkFacts };

type StoredFacts = FloorFacts & { readonly storedMoney: StoredMoney };

/** Of the row `o` of `orders`. */
const FACTS = `(select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'status', f.status, 'stage', f.stage,
      'releaseOn', f.release_on) order by f.id), '[]')
    from fulfillment_order f where f.order_id = o.id) as "fulfillmentOrders",
   -- Who has found company waits no longer.
   array(select f.id from fulfillment_order f
    where f.order_id = o.id and f.combine_until > now() and f.combined_parcel_id is null
      and f.status = 'open') as "waitingForCompanions",
   -- Until all of a shared parcel are packed, and then all but the first, for which the label is bought.
   array(select f.id from fulfillment_order f join combined_parcel c on c.id = f.combined_parcel_id
    where f.order_id = o.id and c.ended_at is null and exists (select from fulfillment_order other
      where other.combined_parcel_id = c.id and other.id <> f.id
        and (other.stage <> 'packed' or other.id collate "C" < f.id collate "C"))) as "waitingForOthers",
   exists (select from stock_errand e
    where e.order_id = o.id and e.done_at is null and e.due_at <= now()) as "hasStockErrands",
   exists (select ${HELD_IN_NO_PART} and h.order_id = o.id) as "isUnsourced",
   array(select s.id from shipment s
    where s.order_id = o.id and s.return_id is null and s.shipped_at is not null and s.delivered_at is null
    order by s.id) as "underWay",
   ${storedMoneyJson("o.id")} as "storedMoney"`;

const ORDER_AT_WORK = `select ${ORDER_FIELDS}, ${FACTS} from ${ORDER_SOURCE}`;

/** Outside of a transaction: orders that are asked for at once are read by one statement. */
export const findOrderAtWork = batchedByDatabase(async (database: Database, ids) => {
  const text = `${ORDER_AT_WORK} where o.id = any(${givenList("$1")})`;
  const { rows } = await database.query<OrderProgress & StoredFacts>(text, [ids]);
  return new Map(rows.map((row) => [row.orderId, atWork(row)]));
});

/** Locks the order as `lockOrder` does. @returns undefined where there is no such order */
export async function lockOrderAtWork(client: Queryable, orderId: string): Promise<OrderAtWork | undefined> {
  await lockOrderRow(client, orderId);
  const { rows } = await client.query<OrderProgress & StoredFacts>(`${ORDER_AT_WORK} where o.id = $1`, [
    orderId,
  ]);
  return rows[0] && atWork(rows[0]);
}

function atWork(row: OrderProgress & StoredFacts): OrderAtWork {
  const { storedMoney, fulfillmentOrders, waitingForCompanions, waitingForOthers, ...rest } = row;
  const { hasStockErrands, isUnsourced, underWay, ...order } = rest;
  const money = moneyFactsOf(order, storedMoney);
  const facts = {
    fulfillmentOrders,
    waitingForCompanions,
    waitingForOthers,
    hasStockErrands,
    isUnsourced,
    underWay,
    money: moneyMissing(money)?.detail ?? null,
    moneyToMove: isMoneyToMove(money),
    holdReasons: order.holdReasons,
    lines: order.lines,
    isCollected: isCollected(order.document),
  };
  return { order, facts };
}
