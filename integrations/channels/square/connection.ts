/**
 * Square's side of `ports/channel-connection.ts`, for one location: a store's till.
 *
 * Orders are read in the order of their change, which Square's cursor follows: what changes meanwhile moves to
 * the end and is read there.
 */
import type {
  ChannelConnection,
  OrderAtChannel,
  OrdersAsked,
  OrdersPage,
} from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { readPage, writePage } from "../../vendor-kit/page-token.ts";
import { newestOf } from "../../vendor-kit/reading-start.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { at, countAt, firstText, isObject, listAt, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { sum } from "../reading.ts";
import { currencyOf, moneyOf } from "./adapter.ts";
import { createSquareClient, found, isId, SERVICE, VARIABLES } from "./api.ts";
import { readListings, skusOf, tellStock } from "./listings.ts";
import { shippedByUs } from "./parcels.ts";
import { createTeller, TELLS } from "./words.ts";

const PAGE_SIZE = 100;

export function createSquareConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const call = createSquareClient(values, options.timeoutMs);
  const locationId = values[VARIABLES.location] ?? "";
  const now = options.now ?? Date.now;
  return {
    limits: { concurrency: 4, perSecond: 8, burst: 20, stockBatch: 100 },
    tells: TELLS,
    tryConnection: () => tryConnection(call, locationId),
    readOrders: (asked) => readOrders(call, asked, locationId),
    async readOrder(externalId) {
      if (!isId(externalId)) return null;
      const reply = await call({ method: "GET", path: `/v2/orders/${externalId}` });
      const order = at(found(reply, "read an order"), "order");
      if (order === undefined) return null;
      const [whole] = await withSkus(call, [order]);
      return writeJson(whole);
    },
    async readOrderStates(externalIds) {
      const orderIds = externalIds.filter(isId);
      if (orderIds.length === 0) return [];
      const reply = await call({
        method: "POST",
        path: "/v2/orders/batch-retrieve",
        json: { location_id: locationId, order_ids: orderIds },
      });
      const orders = await withSkus(call, listAt(found(reply, "read orders"), "orders"));
      return orders.map(stateOf);
    },
    tell: createTeller(call, locationId),
    tellStock: (levels, key) => tellStock(call, levels, { key, locationId, now }),
    readListings: (page) => readListings(call, page, locationId),
  };
}

async function tryConnection(
  call: RestClient,
  locationId: string,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  try {
    const reply = await call({ method: "GET", path: `/v2/locations/${encodeURIComponent(locationId)}` });
    const location = at(found(reply, "read the location"), "location");
    return location === undefined
      ? { works: false, detail: `Square has no location ${locationId}.` }
      : { works: true, detail: `Square location ${firstText(textAt(location, "name"), locationId)}` };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const isToken = error.code === "unauthorized";
    const detail = isToken ? "Square refuses the access token, or it lacks a permission." : error.message;
    return { works: false, detail };
  }
}

async function readOrders(call: RestClient, asked: OrdersAsked, locationId: string): Promise<OrdersPage> {
  const { cursor } = readPage(SERVICE, asked.page, { cursor: "" });
  const reply = await call({
    method: "POST",
    path: "/v2/orders/search",
    json: {
      location_ids: [locationId],
      // The same query has to come with each cursor.
      query: {
        filter: {
          date_time_filter: {
            updated_at: {
              start_at: new Date(asked.sinceMs).toISOString(),
              ...(asked.untilMs === undefined ? {} : { end_at: new Date(asked.untilMs).toISOString() }),
            },
          },
        },
        sort: { sort_field: "UPDATED_AT", sort_order: "ASC" },
      },
      limit: PAGE_SIZE,
      ...(cursor === "" ? {} : { cursor }),
    },
  });
  const page = found(reply, "search orders");
  const orders = listAt(page, "orders").filter((order) => textAt(order, "state") !== "DRAFT");
  const next = textAt(page, "cursor");
  return {
    payloads: (await withSkus(call, orders)).map(writeJson),
    next: next === "" ? null : writePage({ cursor: next }),
    newestMs: newestOf(
      orders.map((order) => textAt(order, "updated_at")),
      Number.POSITIVE_INFINITY,
    ),
  };
}

/** The orders with the SKU of each line that names a variation of the catalog. */
async function withSkus(call: RestClient, orders: readonly unknown[]): Promise<readonly unknown[]> {
  const lines = orders.flatMap((order) => listAt(order, "line_items"));
  const ids = new Set(lines.map((line) => textAt(line, "catalog_object_id")).filter((id) => id !== ""));
  const skus = await skusOf(call, [...ids]);
  return orders.map((order) => ({
    ...(isObject(order) ? order : {}),
    line_items: listAt(order, "line_items").map((line) => {
      const sku = skus.get(textAt(line, "catalog_object_id")) ?? "";
      return sku === "" || !isObject(line) ? line : { ...line, sku };
    }),
  }));
}

function stateOf(order: unknown): OrderAtChannel {
  const currency = currencyOf(order);
  const state = textAt(order, "state");
  const states = listAt(order, "fulfillments").map((one) => textAt(one, "state"));
  const isCancelled =
    state === "CANCELED" ||
    (states.length > 0 && states.every((one) => one === "CANCELED" || one === "FAILED"));
  const isDone = states.length === 0 ? state === "COMPLETED" : states.every((one) => one === "COMPLETED");
  const refunds = listAt(order, "refunds").filter(
    (refund) => !["REJECTED", "FAILED"].includes(textAt(refund, "status")),
  );
  return {
    externalId: textAt(order, "id"),
    state: isCancelled ? "cancelled" : isDone ? "complete" : "open",
    total: moneyOf(at(order, "total_money"), "total_money", currency),
    refunded: sum(
      refunds.map((refund) => moneyOf(at(refund, "amount_money"), "a refund", currency)),
      currency,
    ),
    lines: listAt(order, "line_items").map((line, index) => {
      const quantity = countAt(line, "quantity") || 0;
      const shipped = isDone ? quantity : shippedByUs(order, index);
      return {
        externalLineId: firstText(textAt(line, "uid"), String(index)),
        channelSku: firstText(textAt(line, "sku"), `catalog_object_id:${textAt(line, "catalog_object_id")}`),
        quantity,
        shipped,
        cancelled: isCancelled ? quantity - shipped : 0,
      };
    }),
  };
}
