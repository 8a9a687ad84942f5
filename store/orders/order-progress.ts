/**
 * An order while it moves: its document, its ledger and what it waits for, read under a lock; and the one place that
 * writes its statuses, each of which rolls up from quantities and money (`orders/line-ledger.ts`).
 */
import {
  fulfillmentStatusOf,
  type LineLedger,
  orderStatusOf,
  returnStatusOf,
} from "../../orders/line-ledger.ts";
import type { HoldReason, OrderDocument, OrderStatus, PaymentStatus } from "../../orders/order.ts";
import type { Queryable } from "../sql/database.ts";

export type LineProgress = LineLedger & {
  readonly lineId: string;
  readonly sku: string | null;
  readonly title: string;
  /** In units of the order's exponent; discount and tax are the whole line's. */
  readonly unitPriceMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
};

export type OrderProgress = {
  readonly orderId: string;
  readonly channelId: string;
  readonly externalNumber: string;
  readonly shopName: string;
  readonly status: OrderStatus;
  readonly paymentStatus: PaymentStatus;
  readonly holdReasons: readonly HoldReason[];
  readonly currency: string;
  readonly exponent: number;
  readonly customerName: string;
  readonly customerEmail: string | null;
  /** ISO 8601 calendar days. */
  readonly shipBy: string | null;
  readonly deliverBy: string | null;
  readonly trackingToken: string;
  readonly document: OrderDocument;
  readonly lines: readonly LineProgress[];
};

const LINES = `(select jsonb_agg(jsonb_build_object(
    'lineId', l.line_id, 'sku', l.sku, 'title', l.title, 'ordered', l.ordered, 'cancelled', l.cancelled,
    'allocated', l.allocated, 'fulfilled', l.fulfilled, 'shipped', l.shipped, 'delivered', l.delivered,
    'returnRequested', l.return_requested, 'returnReceived', l.return_received,
    'returnDismissed', l.return_dismissed, 'writtenOff', l.written_off,
    'unitPriceMinor', l.unit_price_minor, 'discountMinor', l.discount_minor, 'taxMinor', l.tax_minor)
    order by l.line_id) from order_line l where l.order_id = o.id)`;

const ORDER = `select o.id as "orderId", o.channel_id as "channelId", o.external_number as "externalNumber",
    c.name as "shopName", o.status, o.payment_status as "paymentStatus", o.hold_reasons as "holdReasons", o.currency,
    o.exponent, o.customer_name as "customerName", o.customer_email as "customerEmail", o.ship_by as "shipBy",
    o.deliver_by as "deliverBy",
    o.tracking_token as "trackingToken", o.document, coalesce(${LINES}, '[]') as lines
  from orders o join company c on c.id = o.company_id where o.id = $1`;

export async function readOrder(client: Queryable, orderId: string): Promise<OrderProgress | undefined> {
  const { rows } = await client.query<OrderProgress>({ name: "read-order", text: ORDER, values: [orderId] });
  return rows[0];
}

/** The same, and nobody else changes the order before this transaction ends. */
export async function lockOrder(client: Queryable, orderId: string): Promise<OrderProgress | undefined> {
  // Apart from the read, so that the read sees what the previous holder of the lock has written.
  await client.query("select from orders where id = $1 for update", [orderId]);
  return readOrder(client, orderId);
}

/** Brings the statuses in line with ledger, hold reasons and payment. This transaction has locked the order. */
export async function rollUpOrder(
  client: Queryable,
  orderId: string,
  change: { readonly holdReasons?: readonly HoldReason[]; readonly paymentStatus?: PaymentStatus } = {},
): Promise<void> {
  const { rows } = await client.query<Pick<OrderProgress, "holdReasons" | "paymentStatus" | "lines">>({
    name: "roll-up-read",
    text: `select o.hold_reasons as "holdReasons", o.payment_status as "paymentStatus", coalesce(${LINES}, '[]') as lines
      from orders o where o.id = $1`,
    values: [orderId],
  });
  const [order] = rows;
  if (order === undefined) return;
  const holdReasons = change.holdReasons ?? order.holdReasons;
  const paymentStatus = change.paymentStatus ?? order.paymentStatus;
  await client.query({
    name: "roll-up-write",
    text: `update orders set status = $2, fulfillment_status = $3, return_status = $4, hold_reasons = $5,
      payment_status = $6, version = version + 1, updated_at = now() where id = $1`,
    values: [
      orderId,
      orderStatusOf(order.lines, holdReasons, paymentStatus),
      fulfillmentStatusOf(order.lines),
      returnStatusOf(order.lines),
      JSON.stringify(holdReasons),
      paymentStatus,
    ],
  });
}

/** Adds `quantity` units to one column of the ledger, line by line. */
export async function addToLedger(
  client: Queryable,
  orderId: string,
  column: "allocated" | "shipped" | "delivered" | "return_requested" | "return_received" | "return_dismissed",
  lines: readonly { readonly lineId: string; readonly quantity: number }[],
): Promise<void> {
  await client.query(
    `update order_line o set ${column} = ${column} + l.quantity
     from (select line_id, sum(quantity)::integer as quantity
           from unnest($2::text[], $3::integer[]) as u(line_id, quantity) group by line_id) l
     where o.order_id = $1 and o.line_id = l.line_id`,
    [orderId, lines.map((line) => line.lineId), lines.map((line) => line.quantity)],
  );
}

/** Cancels what is not shipped and not cancelled yet of every line. */
export async function cancelUnshipped(client: Queryable, orderId: string): Promise<void> {
  await client.query(
    `update order_line set cancelled = ordered - shipped, allocated = shipped, fulfilled = shipped
     where order_id = $1`,
    [orderId],
  );
}
