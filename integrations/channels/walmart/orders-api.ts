/**
 * Reads orders at Walmart, node type by node type: those that Walmart fulfils are asked for apart.
 *
 * P1 `nextCursor` is a query, and goes out as it came in.
 * P2 The end of what is asked stands open unless somebody asks for one: an order that changes while we read
 *    would leave a closed range, and what is behind it would move up, unread. What changes behind us is later
 *    than the reading's beginning, which is as far as `newestMs` goes.
 */
import { addMoney, type Money, zeroMoney } from "../../../orders/money.ts";
import type { OrderAtChannel, OrdersAsked, OrdersPage } from "../../../ports/channel-connection.ts";
import {
  amount,
  at,
  countAt,
  firstText,
  listAt,
  parseJson,
  textAt,
  writeJson,
} from "../../vendor-kit/vendor-json.ts";
import { negated } from "../reading.ts";
import { answerOf, isUnknown, type WalmartApi } from "./api.ts";
import { chargesOf, orList } from "./lines.ts";

const PAGE = 100;
/** Walmart has orders of the last half year. */
const EVERY_ORDER_MS = 179 * 86_400_000;

export async function readOrders(
  { ask, nodeTypes, now }: WalmartApi,
  asked: OrdersAsked,
): Promise<OrdersPage> {
  const known = asked.page === null ? undefined : parseJson(asked.page);
  const node = countAt(known, "node") || 0;
  const cursor = textAt(known, "cursor");
  const beganMs = countAt(known, "beganMs") || now();
  const query = cursor === "" ? firstQuery(asked, nodeTypes[node] ?? "SellerFulfilled") : cursor;
  const reply = await ask({ path: "/v3/orders", query });
  // Walmart answers 404 where it finds none.
  const found = reply.status === 404 ? {} : answerOf(reply, "the orders");
  const orders = orList(at(found, "list", "elements", "order"));
  const next = textAt(found, "list", "meta", "nextCursor");
  return {
    payloads: orders.map((order) => writeJson({ order })),
    next:
      next !== ""
        ? JSON.stringify({ node, beganMs, cursor: next.startsWith("?") ? next : `?${next}` })
        : node + 1 < nodeTypes.length
          ? JSON.stringify({ node: node + 1, beganMs, cursor: "" })
          : null,
    newestMs: newestOf(orders, beganMs),
  };
}

function firstQuery({ sinceMs, untilMs }: OrdersAsked, nodeType: string): string {
  const query = new URLSearchParams({
    lastModifiedStartDate: new Date(sinceMs).toISOString(),
    ...(untilMs === undefined ? {} : { lastModifiedEndDate: new Date(untilMs).toISOString() }),
    limit: String(PAGE),
    productInfo: "false",
    replacementInfo: "true",
    shipNodeType: nodeType,
  });
  return `?${query.toString()}`;
}

/**
 * Walmart dates lines, not orders.
 *
 * @param beganMs what changed later may lie behind us, on a page that is read
 */
function newestOf(orders: readonly unknown[], beganMs: number): number | null {
  const moments = orders
    .flatMap((order) => [
      countAt(order, "orderDate"),
      ...orList(at(order, "orderLines", "orderLine")).map((line) => countAt(line, "statusDate")),
    ])
    .filter(Number.isFinite);
  return moments.length === 0 ? null : Math.min(beganMs, Math.max(...moments));
}

/** The order's document; null: Walmart has none such. */
export async function readOrder(api: WalmartApi, externalId: string): Promise<unknown> {
  const { ask, market } = api;
  if (market === "mx") return searchOrder(api, externalId);
  const reply = await ask({
    path: `/v3/orders/${encodeURIComponent(externalId)}`,
    query: "?productInfo=false&replacementInfo=true",
  });
  if (isUnknown(reply)) return null;
  const found = answerOf(reply, "an order");
  return at(found, "order") ?? found;
}

/** Mexico has no call for one order: it is searched for, node type by node type as all are. */
async function searchOrder({ ask, nodeTypes, now }: WalmartApi, externalId: string): Promise<unknown> {
  for (const shipNodeType of nodeTypes) {
    const search = new URLSearchParams({
      purchaseOrderId: externalId,
      createdStartDate: new Date(now() - EVERY_ORDER_MS).toISOString(),
      shipNodeType,
      limit: "1",
    });
    const reply = await ask({ path: "/v3/orders", query: `?${search.toString()}` });
    const found = reply.status === 404 ? {} : answerOf(reply, "an order");
    const orders = orList(at(found, "list", "elements", "order"));
    const order = orders.find((one) => textAt(one, "purchaseOrderId") === externalId);
    if (order !== undefined) return order;
  }
  return null;
}

/** A line of the order, with its units by where they are. */
export type LineState = {
  readonly number: string;
  readonly sku: string;
  readonly raw: unknown;
  readonly quantity: number;
  /** Neither acknowledged nor anything after. */
  readonly created: number;
  readonly shipped: number;
  readonly cancelled: number;
  /** Still to be shipped. */
  readonly open: number;
  readonly trackingNumbers: readonly string[];
};

export function linesOf(order: unknown): readonly LineState[] {
  return orList(at(order, "orderLines", "orderLine")).map((raw) => {
    const statuses = orList(at(raw, "orderLineStatuses", "orderLineStatus"));
    const units = (...names: readonly string[]) =>
      statuses
        .filter((one) => names.includes(textAt(one, "status").toLowerCase()))
        .reduce<number>((sum, one) => sum + (countAt(one, "statusQuantity", "amount") || 0), 0);
    const quantity = countAt(raw, "orderLineQuantity", "amount") || 0;
    const shipped = units("shipped", "delivered", "refund");
    const cancelled = units("cancelled", "canceled");
    return {
      number: textAt(raw, "lineNumber"),
      sku: textAt(raw, "item", "sku"),
      raw,
      quantity,
      created: units("created"),
      shipped,
      cancelled,
      open: Math.max(0, quantity - shipped - cancelled),
      trackingNumbers: statuses
        .map((one) => textAt(one, "trackingInfo", "trackingNumber"))
        .filter((text) => text !== ""),
    };
  });
}

/** Amounts of refunds, which Walmart writes below zero. */
export function refundsOf(line: unknown): readonly unknown[] {
  return [...orList(at(line, "refund")), ...orList(at(line, "refunds", "refund"))];
}

export function chargeSum(charges: readonly unknown[], currency: string): Money {
  return charges
    .flatMap((charge) => [
      amount(textAt(charge, "chargeAmount", "amount"), currency, "a charge"),
      amount(textAt(charge, "tax", "taxAmount", "amount"), currency, "a tax"),
    ])
    .reduce(addMoney, zeroMoney(currency));
}

export function currencyOf(order: unknown): string {
  return firstText(
    ...orList(at(order, "orderLines", "orderLine")).flatMap((line) =>
      chargesOf(line).map((charge) => textAt(charge, "chargeAmount", "currency")),
    ),
    "USD",
  ).toUpperCase();
}

export function stateOf(order: unknown): OrderAtChannel {
  const currency = currencyOf(order);
  const lines = linesOf(order);
  const refunded = chargeSum(
    lines.flatMap(({ raw }) =>
      refundsOf(raw).flatMap((refund) =>
        listAt(refund, "refundCharges", "refundCharge").map((one) => at(one, "charge")),
      ),
    ),
    currency,
  );
  return {
    externalId: textAt(order, "purchaseOrderId"),
    state: lines.every(({ quantity, cancelled }) => cancelled >= quantity)
      ? "cancelled"
      : lines.every(({ open }) => open === 0)
        ? "complete"
        : "open",
    total: lines.map(({ raw }) => chargeSum(chargesOf(raw), currency)).reduce(addMoney, zeroMoney(currency)),
    refunded: refunded.minor < 0 ? negated(refunded) : refunded,
    lines: lines.map(({ number, sku, quantity, shipped, cancelled }) => ({
      externalLineId: number,
      channelSku: sku,
      quantity,
      shipped,
      cancelled,
    })),
  };
}
