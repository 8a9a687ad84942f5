/**
 * An order while it moves: its document, its ledger and what it waits for, read under a lock; and the one
 * place that writes ledgers and statuses.
 *
 * Decides nothing: `orders/line-ledger.ts` says what a step makes of a line, `orders/order-status.ts` what
 * statuses follow.
 *
 * Invariants: P1 a ledger that breaks an invariant is never written: `LedgerViolation` fails the transaction.
 * P2 what is written was worked out from what this transaction has locked; a write from an older reading
 * fails.
 */
import { changedLedger, type LedgerChange, type LineLedger, newLedger } from "../../orders/line-ledger.ts";
import { rescale } from "../../orders/money.ts";
import type { Fulfiller, HoldReason, LineKind, OrderDocument, PaymentStatus } from "../../orders/order.ts";
import { lineShares } from "../../orders/order-amounts.ts";
import { type OrderStatuses, rollUp } from "../../orders/order-status.ts";
import { moneyMissing } from "../../orders/payment/order-completion.ts";
import { bringBackOrder } from "../archive/archive-order.ts";
import { batchedByDatabase } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";
import { readMoneyFacts } from "./money-facts.ts";

type LineProgress = LineLedger & {
  readonly lineId: string;
  readonly sku: string | null;
  readonly title: string;
  readonly kind: LineKind;
  readonly fulfilledBy: Fulfiller;
  /** In units of the order's exponent; discount, tax and share are the whole line's. */
  readonly unitPriceMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
  /** What the line bears of the order's amounts, and its own charges. */
  readonly shareMinor: number;
};

export type OrderProgress = Pick<OrderStatuses, "status" | "paymentStatus" | "holdReasons"> & {
  readonly orderId: string;
  /** Goes up with every change. */
  readonly version: number;
  /** Of its document; goes up with every change that was accepted. */
  readonly revision: number;
  readonly channelId: string;
  readonly externalNumber: string;
  readonly shopName: string;
  readonly currency: string;
  readonly exponent: number;
  readonly customerName: string;
  readonly customerEmail: string | null;
  /** ISO 8601 calendar days. */
  readonly shipBy: string | null;
  readonly deliverBy: string | null;
  readonly trackingToken: string;
  /** What is there leaves before the rest. */
  readonly shipsParts: boolean;
  readonly document: OrderDocument;
  /** The provider's token of the means of payment that we charge; null where there is none. */
  readonly paymentMethod: string | null;
  readonly lines: readonly LineProgress[];
};

/** The lines of the row `o` of `orders`, as JSON for `OrderProgress`. */
export const PROGRESS_LINES_JSON = `(select jsonb_agg(jsonb_build_object(
    'lineId', l.line_id, 'sku', l.sku, 'title', l.title, 'kind', l.kind, 'fulfilledBy', l.fulfilled_by, 'ordered', l.ordered, 'cancelled', l.cancelled,
    'allocated', l.allocated, 'fulfilled', l.fulfilled, 'shipped', l.shipped,
    'fulfilledElsewhere', l.fulfilled_elsewhere, 'delivered', l.delivered,
    'returnRequested', l.return_requested, 'returnReceived', l.return_received,
    'returnDismissed', l.return_dismissed, 'writtenOff', l.written_off,
    'unitPriceMinor', l.unit_price_minor, 'discountMinor', l.discount_minor, 'taxMinor', l.tax_minor,
    'shareMinor', l.share_minor)
    order by l.line_id) from order_line l where l.order_id = o.id)`;

/** Of a row `orders` named `o`: whether what is there leaves before the rest. */
export const SHIPS_PARTS = `(o.ships_parts or coalesce(o.document->>'allocation', '')
    in ('ship_available', 'ship_available_backorder_rest'))`;

/** SQL: the fields of `OrderProgress`, of `ORDER_SOURCE`. */
export const ORDER_FIELDS = `o.id as "orderId", o.version, o.revision, o.channel_id as "channelId",
    o.external_number as "externalNumber", c.name as "shopName", o.status,
    o.payment_status as "paymentStatus", o.hold_reasons as "holdReasons", o.currency, o.exponent, o.customer_name as "customerName",
    o.customer_email as "customerEmail", o.ship_by as "shipBy", o.deliver_by as "deliverBy",
    o.tracking_token as "trackingToken", ${SHIPS_PARTS} as "shipsParts", o.document,
    coalesce(o.payment_method, o.document->>'paymentMethod') as "paymentMethod", coalesce(${PROGRESS_LINES_JSON}, '[]') as lines`;

export const ORDER_SOURCE = "orders o join company c on c.id = o.company_id";

const ORDER = `select ${ORDER_FIELDS} from ${ORDER_SOURCE}`;

export async function readOrderProgress(
  client: Queryable,
  orderId: string,
): Promise<OrderProgress | undefined> {
  const text = `${ORDER} where o.id = $1`;
  const { rows } = await client.query<OrderProgress>({ name: "read-order", text, values: [orderId] });
  return rows[0];
}

/** The same outside of a transaction: orders that are asked for at once are read by one statement. */
export const findOrderProgress = batchedByDatabase(async (database: Database, ids) => {
  const { rows } = await database.query<OrderProgress>(`${ORDER} where o.id = any(${givenList("$1")})`, [
    ids,
  ]);
  return new Map(rows.map((order) => [order.orderId, order]));
});

/**
 * The same; locks the order, so that no other transaction changes it before this one ends. One that is
 * archived comes back with it.
 */
export async function lockOrder(client: Queryable, orderId: string): Promise<OrderProgress | undefined> {
  await lockOrderRow(client, orderId);
  return readOrderProgress(client, orderId);
}

/**
 * Apart from what reads the order, so that the reader sees what the previous holder of the lock has written.
 */
export async function lockOrderRow(client: Queryable, orderId: string): Promise<void> {
  // `no key`: a timeline entry only refers to the order, so it need not wait.
  const { rowCount } = await client.query(LOCK_ORDER, [orderId]);
  if (rowCount === 0) {
    await bringBackOrder(client, orderId);
    // Another transaction may have brought it.
    await client.query(LOCK_ORDER, [orderId]);
  }
}

const LOCK_ORDER = "select from orders where id = $1 for no key update";

/** Locks these orders as `lockOrder` does, in the order of their ids, in which everybody takes several. */
export async function lockOrders(client: Queryable, orderIds: readonly string[]): Promise<void> {
  await client.query(
    `select from orders where id = any(${givenList("$1")}) order by id collate "C" for no key update`,
    [orderIds],
  );
}

/** Locks those of these orders that nobody has locked. @returns their ids */
export async function lockFreeOrders(
  client: Queryable,
  orderIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    `select id from orders where id = any(${givenList("$1")}) order by id collate "C" for no key update skip locked`,
    [orderIds],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Locks the order unless somebody has it locked. @returns whether it is locked now, by this transaction */
export async function tryLockOrder(client: Queryable, orderId: string): Promise<boolean> {
  const { rowCount } = await client.query("select from orders where id = $1 for no key update skip locked", [
    orderId,
  ]);
  return rowCount === 1;
}

/** What a step changes in an order. What is left out stays as it is. */
export type OrderChange = {
  /** What becomes of each line's quantities. */
  readonly ledger?: (line: LineProgress) => LedgerChange;
  readonly holdReasons?: readonly HoldReason[];
  readonly paymentStatus?: PaymentStatus;
};

const CHANGE_ORDER = `
with ledger as (
  update order_line l set ordered = c.ordered, cancelled = c.cancelled, allocated = c.allocated,
    fulfilled = c.fulfilled, shipped = c.shipped, fulfilled_elsewhere = c."fulfilledElsewhere",
    delivered = c.delivered, return_requested = c."returnRequested",
    return_received = c."returnReceived", return_dismissed = c."returnDismissed", written_off = c."writtenOff"
  from json_to_recordset($3::json) as c("lineId" text, ordered integer, cancelled integer, allocated integer,
    fulfilled integer, shipped integer, "fulfilledElsewhere" integer, delivered integer, "returnRequested" integer, "returnReceived" integer,
    "returnDismissed" integer, "writtenOff" integer)
  where l.order_id = $1 and l.line_id = c."lineId"
)
update orders set status = $4, payment_status = $5, fulfillment_status = $6, return_status = $7,
  hold_reasons = $8, version = version + 1, updated_at = now()
where id = $1 and version = $2`;

/**
 * Changes facts of an order, and with them the statuses that follow. This transaction must have locked
 * `order`, and changes it only once; what it changes of the order's money it has written before.
 *
 * @throws LedgerViolation where a line would break an invariant
 */
export async function changeOrder(
  client: Queryable,
  order: OrderProgress,
  change: OrderChange,
): Promise<void> {
  const { orderId, version, lines } = order;
  const { ledger, holdReasons = order.holdReasons, paymentStatus = order.paymentStatus } = change;
  const after = ledger === undefined ? lines : lines.map((line) => movedLine(orderId, line, ledger(line)));
  const statuses = rollUp(after, holdReasons, paymentStatus);
  const { status, fulfillmentStatus, returnStatus } =
    statuses.status === "completed" &&
    (await isMoneyOpen(client, { ...order, lines: after, holdReasons, paymentStatus }))
      ? rollUp(after, holdReasons, paymentStatus, true)
      : statuses;
  const { rowCount } = await client.query({
    name: "change-order",
    text: CHANGE_ORDER,
    values: [
      orderId,
      version,
      JSON.stringify(after.filter((line, index) => line !== lines[index])),
      status,
      paymentStatus,
      fulfillmentStatus,
      returnStatus,
      JSON.stringify(holdReasons),
    ],
  });
  if (rowCount !== 1) throw new Error(`order ${orderId} is not as it was read at version ${version}`);
}

async function isMoneyOpen(client: Queryable, order: OrderProgress): Promise<boolean> {
  return moneyMissing(await readMoneyFacts(client, order)) !== null;
}

function movedLine(orderId: string, line: LineProgress, change: LedgerChange): LineProgress {
  const isMoved = Object.values(change).some((units) => units !== 0);
  return isMoved ? { ...line, ...changedLedger({ orderId, lineId: line.lineId }, line, change) } : line;
}

const STATUS_TYPES = {
  status: "text",
  payment_status: "text",
  fulfillment_status: "text",
  return_status: "text",
  hold_reasons: "jsonb",
} as const;

/** The statuses' fields, for `json_to_recordset` in statements over many orders. */
export const STATUS_FIELDS = Object.entries(STATUS_TYPES)
  .map(([column, type]) => `${column} ${type}`)
  .join(", ");

/** The statuses' columns; of the relation `of` where one is named. */
export function statusColumns(of?: string): string {
  return Object.keys(STATUS_TYPES)
    .map((column) => (of === undefined ? column : `${of}.${column}`))
    .join(", ");
}

/** One order's statuses as these fields. */
export function statusRow(statuses: OrderStatuses): Readonly<Record<keyof typeof STATUS_TYPES, unknown>> {
  return {
    status: statuses.status,
    payment_status: statuses.paymentStatus,
    fulfillment_status: statuses.fulfillmentStatus,
    return_status: statuses.returnStatus,
    hold_reasons: statuses.holdReasons,
  };
}

/**
 * Inserts the lines of every row of the relation `orders`, which has an `id` and `lines` that `lineRows` has
 * made.
 */
export function insertLines(orders: string): string {
  return `insert into order_line (order_id, line_id, sku, channel_sku, title, kind, fulfilled_by, ordered,
      fulfilled_elsewhere, unit_price_minor, discount_minor, tax_minor, share_minor, substitute_for)
    select f.id, l.line_id, l.sku, l.channel_sku, l.title, l.kind, l.fulfilled_by, l.ordered,
      l.fulfilled_elsewhere, l.unit_price_minor, l.discount_minor, l.tax_minor, l.share_minor, l.substitute_for
    from ${orders} f cross join lateral jsonb_to_recordset(f.lines) as l(line_id text, sku text,
      channel_sku text, title text, kind text, fulfilled_by text, ordered integer, fulfilled_elsewhere integer,
      unit_price_minor bigint, discount_minor bigint, tax_minor bigint, share_minor bigint, substitute_for text)`;
}

/** The same where lines may be there already, of which nothing has happened yet. */
export function replaceLines(orders: string): string {
  return `${insertLines(orders)}
    on conflict (order_id, line_id) do update set sku = excluded.sku, channel_sku = excluded.channel_sku,
      title = excluded.title, kind = excluded.kind, fulfilled_by = excluded.fulfilled_by,
      ordered = excluded.ordered, fulfilled_elsewhere = excluded.fulfilled_elsewhere,
      unit_price_minor = excluded.unit_price_minor, discount_minor = excluded.discount_minor,
      tax_minor = excluded.tax_minor, share_minor = excluded.share_minor`;
}

/**
 * The lines of an order of which nothing has happened here yet; the document says what others have handed
 * over.
 *
 * @throws LedgerViolation
 */
export function lineRows(document: OrderDocument, exponent: number): readonly object[] {
  const shares = lineShares(document);
  return document.lines.map((line, index) => ({
    line_id: line.lineId,
    sku: line.sku,
    channel_sku: line.channelSku,
    title: line.title,
    kind: line.kind ?? "goods",
    fulfilled_by: line.fulfilledBy ?? "us",
    ordered: line.quantity,
    fulfilled_elsewhere: changedLedger(
      { orderId: document.orderId, lineId: line.lineId },
      newLedger(line.quantity),
      { fulfilledElsewhere: line.fulfilledElsewhere ?? 0 },
    ).fulfilledElsewhere,
    unit_price_minor: rescale(line.unitPrice, exponent),
    discount_minor: rescale(line.discount, exponent),
    // The ledger's tax comes on top of the price.
    tax_minor: document.taxesIncluded === true ? 0 : rescale(line.tax, exponent),
    share_minor: shares[index] ?? 0,
    substitute_for: line.substituteFor ?? null,
  }));
}

/** The order waits for the same as before, in other words: what they told of a person is erased. */
export async function rewordHoldReasons(
  client: Queryable,
  orderId: string,
  reasons: readonly HoldReason[],
): Promise<void> {
  await client.query("update orders set hold_reasons = $2 where id = $1", [orderId, JSON.stringify(reasons)]);
}
