/**
 * Reads orders at Amazon, by the API of 2026-01-01 or by v0, as payloads that the adapter takes.
 *
 * O1 A page goes on by Amazon's own token with the first page's query, whose end does not move with the clock.
 * O2 Amazon refuses an end that is less than two minutes past. Whoever asks for one gets what there is.
 * O3 Of v0, an order is read with all pages of its items, so that it never looks smaller than it is.
 */
import type { OrderAtChannel, OrdersAsked, OrdersPage } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
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
import { amazonAdapter } from "./adapter.ts";
import { type AmazonApi, errorOf, SERVICE } from "./api.ts";

export type OrderReader = {
  readOrders(asked: OrdersAsked): Promise<OrdersPage>;
  readOrder(externalId: string): Promise<string | null>;
};

const PAGE = 100;
const SETTLING_MS = 120_000;
/** What is asked for beside the bare order. */
const INCLUDED = ["PROCEEDS", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX", "PAYMENT"];
const PEOPLE = ["BUYER", "RECIPIENT"];

/** @param seesPeople whether Amazon has granted the application names and addresses */
export function createReader2026(api: AmazonApi, seesPeople: boolean): OrderReader {
  const includedData = [...(seesPeople ? PEOPLE : []), ...INCLUDED];
  return {
    async readOrders(asked) {
      const page = pageOf(asked, api.now());
      const reply = await api.ask({
        operation: "searchOrders",
        path: "/orders/2026-01-01/orders",
        query: {
          lastUpdatedAfter: page.after,
          lastUpdatedBefore: page.before,
          marketplaceIds: api.account.marketplaceIds,
          maxResultsPerPage: String(PAGE),
          includedData,
          paginationToken: page.token,
        },
      });
      const orders = listAt(answerOf(reply, "searchOrders"), "orders");
      return {
        payloads: orders.map((order) => writeJson({ order })),
        next: nextPage(page, textAt(reply.json, "pagination", "nextToken")),
        newestMs: newestOf(orders, "lastUpdatedTime"),
      };
    },
    async readOrder(externalId) {
      const order = await readOrder2026(api, externalId, includedData);
      return order === null ? null : writeJson({ order });
    },
  };
}

/** The order's document; null: there is none such. */
export async function readOrder2026(
  api: AmazonApi,
  externalId: string,
  includedData: readonly string[] = INCLUDED,
): Promise<unknown> {
  const reply = await api.ask({
    operation: "getOrder2026",
    path: `/orders/2026-01-01/orders/${encodeURIComponent(externalId)}`,
    query: { includedData },
  });
  return isUnknown(reply) ? null : at(answerOf(reply, "getOrder"), "order");
}

export function createReaderV0(api: AmazonApi, seesPeople: boolean): OrderReader {
  async function withItems(order: unknown): Promise<string> {
    const id = textAt(order, "AmazonOrderId");
    const documents = [writeJson(order)];
    let token = "";
    do {
      const reply = await api.ask({
        operation: "getOrderItems",
        path: `/orders/v0/orders/${encodeURIComponent(id)}/orderItems`,
        query: { NextToken: token },
        isRestricted: seesPeople,
      });
      documents.push(writeJson(answerOf(reply, "getOrderItems")));
      token = textAt(reply.json, "payload", "NextToken");
    } while (token !== "");
    return amazonAdapter.join(documents)[0] ?? writeJson(order);
  }

  return {
    async readOrders(asked) {
      const page = pageOf(asked, api.now());
      const reply = await api.ask({
        operation: "getOrders",
        path: "/orders/v0/orders",
        query: {
          LastUpdatedAfter: page.after,
          LastUpdatedBefore: page.before,
          MarketplaceIds: api.account.marketplaceIds,
          MaxResultsPerPage: String(V0_PAGE),
          NextToken: page.token,
        },
        isRestricted: seesPeople,
      });
      const orders = listAt(answerOf(reply, "getOrders"), "payload", "Orders");
      const payloads: string[] = [];
      for (const order of orders) payloads.push(await withItems(order));
      return {
        payloads,
        next: nextPage(page, textAt(reply.json, "payload", "NextToken")),
        newestMs: newestOf(orders, "LastUpdateDate"),
      };
    },
    async readOrder(externalId) {
      const reply = await api.ask({
        operation: "getOrder",
        path: `/orders/v0/orders/${encodeURIComponent(externalId)}`,
        isRestricted: seesPeople,
      });
      return isUnknown(reply) ? null : withItems(at(answerOf(reply, "getOrder"), "payload"));
    },
  };
}

/** Small, since each order's items are calls of their own and a page is read whole or not at all. */
const V0_PAGE = 25;

type Page = {
  readonly after: string;
  readonly before: string | undefined;
  readonly token: string | undefined;
};

function pageOf({ sinceMs, untilMs, page }: OrdersAsked, nowMs: number): Page {
  if (page !== null) {
    const known = parseJson(page);
    const before = textAt(known, "before");
    return {
      after: textAt(known, "after"),
      before: before === "" ? undefined : before,
      token: textAt(known, "token"),
    };
  }
  const latest = nowMs - SETTLING_MS;
  const isPast = untilMs !== undefined && untilMs <= latest;
  return {
    after: new Date(Math.min(sinceMs, latest)).toISOString(),
    before: isPast ? new Date(untilMs).toISOString() : undefined,
    token: undefined,
  };
}

function nextPage(page: Page, token: string): string | null {
  return token === "" ? null : JSON.stringify({ after: page.after, before: page.before, token });
}

function newestOf(orders: readonly unknown[], field: string): number | null {
  const moments = orders.map((order) => Date.parse(textAt(order, field))).filter(Number.isFinite);
  return moments.length === 0 ? null : Math.max(...moments);
}

/** Amazon answers 404, and 400 where the id is none of its own. */
function isUnknown(reply: JsonReply): boolean {
  return reply.status === 404 || (reply.status === 400 && /order ?id/i.test(errorOf(reply).message));
}

/** @throws ServiceFault where the request itself is wrong: that is ours to mend */
function answerOf(reply: JsonReply, operation: string): unknown {
  if (reply.status >= 200 && reply.status < 300) return reply.json;
  const { code, message } = errorOf(reply);
  throw new ServiceFault(`Amazon refused ${operation}: ${code}: ${message}`, {
    service: SERVICE,
    code: "request_refused",
    retryable: false,
    status: reply.status,
  });
}

/** Amazon says nowhere in its orders what was refunded: that is 0 here. */
export function stateOf(order: unknown): OrderAtChannel {
  const total = at(order, "proceeds", "grandTotal");
  const currency = firstText(textAt(total, "currencyCode"), "XXX").toUpperCase();
  const status = textAt(order, "fulfillment", "fulfillmentStatus");
  return {
    externalId: textAt(order, "orderId"),
    state: status === "CANCELLED" ? "cancelled" : status === "SHIPPED" ? "complete" : "open",
    total: amount(textAt(total, "amount"), currency, "grandTotal"),
    refunded: amount("0", currency, "refunded"),
    lines: listAt(order, "orderItems").map((item) => {
      const quantity = countAt(item, "quantityOrdered") || 0;
      const shipped = countAt(item, "fulfillment", "quantityFulfilled") || 0;
      const open = countAt(item, "fulfillment", "quantityUnfulfilled");
      return {
        externalLineId: textAt(item, "orderItemId"),
        channelSku: textAt(item, "product", "sellerSku"),
        quantity,
        shipped,
        cancelled: Number.isNaN(open) ? 0 : Math.max(0, quantity - shipped - open),
      };
    }),
  };
}
