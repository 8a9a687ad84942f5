import { ordersWithOldErrands } from "../../store/floor/stock-errands.ts";
import type { OperationContext } from "../context.ts";
import { tellOrderSaga } from "../tell-saga.ts";

/** A saga does its errands at once when it hears of them. */
const OLD_MS = 60_000;

/**
 * Tells the sagas of orders whose errands nobody does: their change died on its way. @returns how many orders
 */
export async function remindOfStockErrands(context: OperationContext): Promise<number> {
  const orders = await ordersWithOldErrands(context.database, OLD_MS);
  for (const { orderId, commandId } of orders)
    await tellOrderSaga(context.database, orderId, {
      key: `fulfillment-changed:errand:${commandId}`,
      type: "fulfillment-changed",
    });
  return orders.length;
}
