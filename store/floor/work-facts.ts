/**
 * What `orders/work-left.ts` asks about an order besides its lines, as one moment has it: one statement,
 * because every message to the order's saga asks for all of it.
 */
import { isCollected } from "../../orders/fulfillment/collection.ts";
import { isMoneyToMove, moneyMissing } from "../../orders/payment/order-completion.ts";
import type { WorkFacts } from "../../orders/work-left.ts";
import { moneyFactsOf, type StoredMoney, storedMoneyJson } from "../orders/money-facts.ts";
import type { OrderProgress } from "../orders/order-progress.ts";
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

type StoredFacts = FloorFacts & { readonly orderId: string; readonly storedMoney: StoredMoney };

const FACTS = `select o.id as "orderId",
   (select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'status', f.status, 'stage', f.stage,
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
   ${storedMoneyJson("o.id")} as "storedMoney"
 from unnest(${givenList("$1")}) as o(id)`;

async function readStored(client: Queryable, orderIds: readonly string[]) {
  const { rows } = await client.query<StoredFacts>(FACTS, [orderIds]);
  return new Map(rows.map((row) => [row.orderId, row]));
}

export async function readWorkFacts(client: Queryable, order: OrderProgress): Promise<WorkFacts> {
  return workFactsOf(order, (await readStored(client, [order.orderId])).get(order.orderId));
}

const findStored = batchedByDatabase<Database, StoredFacts>(readStored);

/** The same outside of a transaction: what is asked about several orders at once is read by one statement. */
export async function findWorkFacts(database: Database, order: OrderProgress): Promise<WorkFacts> {
  return workFactsOf(order, await findStored(database, order.orderId));
}

function workFactsOf(order: OrderProgress, stored: StoredFacts | undefined): WorkFacts {
  if (stored === undefined) throw new Error(`nothing was read of ${order.orderId}`);
  const { orderId: _, storedMoney, ...floor } = stored;
  const money = moneyFactsOf(order, storedMoney);
  return {
    ...floor,
    money: moneyMissing(money)?.detail ?? null,
    moneyToMove: isMoneyToMove(money),
    holdReasons: order.holdReasons,
    lines: order.lines,
    isCollected: isCollected(order.document),
  };
}
