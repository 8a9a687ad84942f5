/**
 * The audit of ended orders: completed ones whose units or money do not agree. There must be none; one that
 * is found has ended wrongly, or something has moved its money since.
 */
import type { EndedWrong } from "../../contract/orders.ts";
import { missingOf } from "../../orders/payment/order-completion.ts";
import type { Queryable } from "../sql/database.ts";
import { moneyFactsOf, type StoredMoney, storedMoneyJson } from "./money-facts.ts";
import { type OrderProgress, PROGRESS_LINES_JSON } from "./order-progress.ts";

/** How many orders one question looks at. */
const BATCH = 500;

type EndedOrder = Pick<
  OrderProgress,
  "orderId" | "document" | "currency" | "exponent" | "paymentStatus" | "holdReasons" | "lines"
> & { readonly money: StoredMoney };

/**
 * Looks at the next completed orders, by their ids.
 *
 * @param after where the last question ended
 */
export async function auditEndedOrders(
  database: Queryable,
  after: string,
): Promise<{
  readonly checked: number;
  readonly wrong: readonly EndedWrong[];
  /** Null: that were all. */
  readonly next: string | null;
}> {
  const { rows } = await database.query<EndedOrder>(
    `select o.id as "orderId", o.document, o.currency, o.exponent, o.payment_status as "paymentStatus",
       o.hold_reasons as "holdReasons", coalesce(${PROGRESS_LINES_JSON}, '[]') as lines,
       ${storedMoneyJson("o.id")} as money
     from orders o where o.status = 'completed' and o.id > $1 order by o.id limit $2`,
    [after, BATCH],
  );
  const wrong = rows.flatMap((order): readonly EndedWrong[] => {
    const missing = missingOf(order.lines, moneyFactsOf(order, order.money));
    return missing.length === 0 ? [] : [{ order: order.orderId, missing }];
  });
  return {
    checked: rows.length,
    wrong,
    next: rows.length < BATCH ? null : (rows.at(-1)?.orderId ?? null),
  };
}
