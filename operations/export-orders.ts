/**
 * Orders as the rows of a table, for spreadsheets. No address, e-mail address or telephone number is in it.
 */
import type { OrderSummary } from "../contract/orders.ts";
import { decimalText } from "../orders/money.ts";
import { exportedOrders, type OrderFilter } from "../store/orders/order-list.ts";
import type { OperationContext } from "./context.ts";

export const ORDER_COLUMNS = [
  "order",
  "order_number",
  "channel",
  "customer",
  "status",
  "hold_reasons",
  "fulfillment",
  "payment",
  "return",
  "units",
  "currency",
  "total",
  "placed_at",
  "captured_at",
  "ship_by",
  "deliver_by",
] as const;

type Row = readonly (string | number | null)[];

/** @param most rows at most */
export async function exportOrders(
  { database }: Pick<OperationContext, "database">,
  filter: OrderFilter,
  most: number,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const orders of exportedOrders(database, filter, most)) rows.push(...orders.map(rowOf));
  return rows;
}

function rowOf(order: OrderSummary): Row {
  return [
    order.id,
    order.externalNumber,
    order.channelId,
    order.customerName,
    order.status,
    order.holdReasons.map(({ code }) => code).join(" "),
    order.fulfillmentStatus,
    order.paymentStatus,
    order.returnStatus,
    order.unitCount,
    order.currency,
    decimalText({ minor: order.totalMinor, currency: order.currency, exponent: order.exponent }),
    order.placedAt,
    order.capturedAt,
    order.shipBy,
    order.deliverBy,
  ];
}
