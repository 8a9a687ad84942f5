/**
 * Orders as the rows of a table, for spreadsheets. No address, e-mail address or telephone number is in it.
 */
import type { OrderSummary } from "../contract/orders.ts";
import type { CustomValue, CustomValues } from "../orders/custom-fields/custom-fields.ts";
import { decimalText } from "../orders/money.ts";
import { readCustomFields } from "../store/catalog/custom-fields.ts";
import { exportedOrders, type OrderFilter, readClearFields } from "../store/orders/order-list.ts";
import type { OperationContext } from "./context.ts";

const COLUMNS = [
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

/**
 * A column for each of the company's own fields of orders, unless it is personal data, is called by its key
 * behind `field:`.
 *
 * @param most rows at most
 */
export async function exportOrders(
  { database }: Pick<OperationContext, "database">,
  companyId: string,
  filter: OrderFilter,
  most: number,
): Promise<{ readonly columns: readonly string[]; readonly rows: readonly Row[] }> {
  const fields = await readCustomFields(database, companyId);
  const keys = fields
    .filter(({ subject, personal, active }) => subject === "order" && !personal && active)
    .map(({ key }) => key);
  const rows: Row[] = [];
  for await (const orders of exportedOrders(database, filter, most)) {
    const ids = orders.map(({ id }) => id);
    const values = keys.length === 0 ? NO_VALUES : await readClearFields(database, ids);
    for (const order of orders) {
      const own = values.get(order.id) ?? {};
      rows.push([...rowOf(order), ...keys.map((key) => cellOf(own[key]))]);
    }
  }
  return { columns: [...COLUMNS, ...keys.map((key) => `field:${key}`)], rows };
}

const NO_VALUES: ReadonlyMap<string, CustomValues> = new Map();

function cellOf(value: CustomValue | undefined): string | number | null {
  return typeof value === "boolean" ? String(value) : (value ?? null);
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
