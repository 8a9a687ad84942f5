/**
 * Square's side of `ports/channel-connection.ts`, for one location: a store's till.
 *
 * L1 Orders are read in the order of their change, which Square's cursor follows: what changes meanwhile moves
 *    to the end and is read there.
 * L2 An order that changed in nothing but a dispute of its payment is not known to be among those that changed.
 *    What of the disputes changed is read with the last page, so that its moments count when all before was read.
 * L3 Webhooks are the seller's, of all locations: an order of another one is none of this channel's.
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
import { currencyOf } from "./adapter.ts";
import { createSquareClient, found, isId, SERVICE, VARIABLES } from "./api.ts";
import { createDisputes, type Disputes, disputesOf, momentsOf } from "./dispute-calls.ts";
import { DISPUTE } from "./disputes.ts";
import { readListings, skusOf, tellStock } from "./listings.ts";
import { moneyOf } from "./money.ts";
import { shippedByUs } from "./parcels.ts";
import { isGiven } from "./refunds.ts";
import { createTeller, TELLS } from "./words.ts";

const PAGE_SIZE = 100;

export function createSquareConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const call = createSquareClient(values, options.timeoutMs);
  const locationId = values[VARIABLES.location] ?? "";
  const now = options.now ?? Date.now;
  const disputes = createDisputes(call, locationId, now);
  return {
    limits: { concurrency: 4, perSecond: 8, burst: 20, stockBatch: 100 },
    tells: TELLS,
    tryConnection: () => tryConnection(call, locationId),
    readShortfalls: async () => ((await disputes.isAllowed()) ? [] : [NO_DISPUTES]),
    readOrders: (asked) => readOrders(call, disputes, asked, locationId),
    async readOrder(externalId) {
      const isDispute = externalId.startsWith(DISPUTE);
      const id = isDispute
        ? await orderOfDispute(disputes, externalId.slice(DISPUTE.length), locationId)
        : externalId;
      if (id === null || !isId(id)) return null;
      const reply = await call({ method: "GET", path: `/v2/orders/${id}` });
      const order = at(found(reply, "read an order"), "order");
      if (order === undefined || textAt(order, "location_id") !== locationId) return null;
      const listed = (await disputes.all(isDispute ? "now" : "lately")) ?? [];
      const [whole] = await wholeOrders(call, [order], listed);
      return writeJson(whole);
    },
    async readOrderStates(externalIds) {
      const orderIds = externalIds.filter(isId);
      if (orderIds.length === 0) return [];
      return (await withSkus(call, await ordersBy(call, orderIds, locationId))).map(stateOf);
    },
    tell: createTeller(call, locationId),
    tellStock: (levels, key) => tellStock(call, levels, { key, locationId, now }),
    readListings: (page) => readListings(call, page, locationId),
  };
}

const NO_DISPUTES =
  "Disputes are not read, so that no order waits for one: the access token lacks the permission DISPUTES_READ. Grant it to the application at Square, and enter its new access token here.";

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

/** The order that a dispute is about; null: there is none such at this location, or it may not be read. */
async function orderOfDispute(disputes: Disputes, id: string, locationId: string): Promise<string | null> {
  const dispute = await disputes.one(id);
  const isHere = textAt(dispute, "location_id") === locationId;
  return isHere ? disputes.orderOf(dispute) : null;
}

async function ordersBy(
  call: RestClient,
  ids: readonly string[],
  locationId: string,
): Promise<readonly unknown[]> {
  const orders: unknown[] = [];
  for (let from = 0; from < ids.length; from += PAGE_SIZE) {
    const json = { location_id: locationId, order_ids: ids.slice(from, from + PAGE_SIZE) };
    const reply = await call({ method: "POST", path: "/v2/orders/batch-retrieve", json });
    orders.push(...listAt(found(reply, "read orders"), "orders"));
  }
  return orders;
}

async function readOrders(
  call: RestClient,
  disputes: Disputes,
  asked: OrdersAsked,
  locationId: string,
): Promise<OrdersPage> {
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
  const listed = (await disputes.all(cursor === "" || next === "" ? "now" : "lately")) ?? [];
  const moved =
    next === "" ? await movedByDisputes(call, disputes, asked, { orders, listed, locationId }) : null;
  return {
    payloads: (await wholeOrders(call, [...orders, ...(moved?.orders ?? [])], listed)).map(writeJson),
    next: next === "" ? null : writePage({ cursor: next }),
    newestMs: newestOf(
      [...orders.map((order) => textAt(order, "updated_at")), ...(moved?.moments ?? [])],
      Number.POSITIVE_INFINITY,
    ),
  };
}

/** Orders whose disputes moved in the stretch of time that is asked for, without those that are read anyway (L2). */
async function movedByDisputes(
  call: RestClient,
  disputes: Disputes,
  { sinceMs, untilMs = Number.POSITIVE_INFINITY }: OrdersAsked,
  read: {
    readonly orders: readonly unknown[];
    readonly listed: readonly unknown[];
    readonly locationId: string;
  },
): Promise<{ readonly orders: readonly unknown[]; readonly moments: readonly string[] }> {
  const isAsked = (moment: number) => moment >= sinceMs && moment < untilMs;
  const moved = read.listed.filter((dispute) => momentsOf(dispute).some(isAsked));
  const known = new Set(read.orders.flatMap((order) => disputesOf(order, moved)));
  const ids = new Set<string>();
  for (const dispute of moved.filter((one) => !known.has(one))) {
    const id = await disputes.orderOf(dispute);
    if (id !== null) ids.add(id);
  }
  return {
    orders: await ordersBy(call, [...ids], read.locationId),
    moments: moved.flatMap((dispute) =>
      momentsOf(dispute)
        .filter(isAsked)
        .map((moment) => new Date(moment).toISOString()),
    ),
  };
}

/** The orders with what the adapter needs beside them. @param listed disputes of all orders */
async function wholeOrders(
  call: RestClient,
  orders: readonly unknown[],
  listed: readonly unknown[],
): Promise<readonly unknown[]> {
  return (await withSkus(call, orders)).map((order) => {
    const own = disputesOf(order, listed);
    return own.length === 0 || !isObject(order) ? order : { ...order, disputes: own };
  });
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
  const refunds = listAt(order, "refunds").filter(isGiven);
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
