/**
 * BigCommerce's side of `ports/channel-connection.ts`. What is told of orders is in `words.ts`, stock and
 * products are in `listings.ts`.
 *
 * Orders are read by their change and paged by their id (`min_id`): whatever comes or changes meanwhile moves
 * no row from one page to another. Each order costs two more calls, for its products and its addresses, and
 * another two where something was shipped or given back.
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
import { clockOf, newestOf } from "../../vendor-kit/reading-start.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { amount, countAt, isObject, listAt, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { currencyOf } from "./adapter.ts";
import { createBigcommerceClient, found, readOne, readRefunds, SERVICE, VARIABLES } from "./api.ts";
import { readListings, tellStock } from "./listings.ts";
import { STATUS } from "./statuses.ts";
import { createTeller, TELLS } from "./words.ts";

/** Small, for each order costs more calls. */
const PAGE_SIZE = 50;
/** Orders whose resources are read at once. */
const AT_ONCE = 4;

export function createBigcommerceConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const call = createBigcommerceClient(values, options.timeoutMs);
  const locationId = Number(values[VARIABLES.location] ?? "1");
  return {
    // The smallest plan allows 150 calls in 30 seconds.
    limits: { concurrency: 4, perSecond: 4, burst: 20, stockBatch: 100 },
    tells: TELLS,
    tryConnection: () => tryConnection(call, values[VARIABLES.store] ?? ""),
    readOrders: (asked) => readOrders(call, asked, options.now ?? Date.now),
    async readOrder(externalId) {
      const order = await readOne(call, externalId);
      return order === null ? null : writeJson(await whole(call, order));
    },
    async readOrderStates(externalIds) {
      const orders = await some(externalIds, async (id) => {
        const order = await readOne(call, id);
        return order === null ? null : stateOf(await whole(call, order));
      });
      return orders.filter((order) => order !== null);
    },
    tell: createTeller(call),
    tellStock: (levels) => tellStock(call, levels, locationId),
    readListings: (page) => readListings(call, page),
  };
}

async function tryConnection(
  call: RestClient,
  store: string,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  try {
    const reply = await call({ method: "GET", path: "/v2/orders", query: { limit: 1 } });
    return Array.isArray(found(reply, "list orders"))
      ? { works: true, detail: `BigCommerce store ${store}` }
      : { works: false, detail: `BigCommerce has no store ${store}.` };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const isToken = error.code === "unauthorized";
    const detail = isToken ? "BigCommerce refuses the access token, or it lacks a scope." : error.message;
    return { works: false, detail };
  }
}

type Page = { readonly minId: number; readonly startMs: number };

async function readOrders(call: RestClient, asked: OrdersAsked, now: () => number): Promise<OrdersPage> {
  const from = readPage<Page>(SERVICE, asked.page, { minId: 1, startMs: 0 });
  const reply = await call({
    method: "GET",
    path: "/v2/orders",
    query: {
      min_date_modified: new Date(asked.sinceMs).toISOString(),
      max_date_modified: asked.untilMs === undefined ? undefined : new Date(asked.untilMs).toISOString(),
      min_id: from.minId,
      sort: "id:asc",
      limit: PAGE_SIZE,
    },
  });
  const rows = listAt({ list: found(reply, "list orders") }, "list");
  const startMs = from.startMs > 0 ? from.startMs : clockOf(reply.headers, now);
  // Incomplete orders are carts that nobody has paid.
  const placed = rows.filter((row) => textAt(row, "status_id") !== STATUS.incomplete);
  const orders = await some(placed, (row) => whole(call, row));
  const lastId = Number(textAt(rows.at(-1), "id"));
  return {
    payloads: orders.map(writeJson),
    next: rows.length < PAGE_SIZE ? null : writePage({ minId: lastId + 1, startMs }),
    newestMs: newestOf(
      rows.map((row) => textAt(row, "date_modified")),
      startMs,
    ),
  };
}

/** The order with its linked resources in their places. */
async function whole(call: RestClient, order: unknown): Promise<unknown> {
  const path = `/v2/orders/${textAt(order, "id")}`;
  const linked = async (name: string) => {
    const all: unknown[] = [];
    for (let page = 1; ; page += 1) {
      const reply = await call({ method: "GET", path: `${path}/${name}`, query: { limit: 250, page } });
      const rows = listAt({ list: found(reply, `read an order's ${name}`) }, "list");
      all.push(...rows);
      if (rows.length < 250) return all;
    }
  };
  const isShipped = (countAt(order, "items_shipped") || 0) > 0;
  const isRefunded = Number(textAt(order, "refunded_amount")) > 0;
  return {
    ...(isObject(order) ? order : {}),
    products: await linked("products"),
    shipping_addresses: await linked("shipping_addresses"),
    ...(isShipped ? { shipments: await linked("shipments") } : {}),
    ...(isRefunded ? { refunds: await readRefunds(call, textAt(order, "id")) } : {}),
  };
}

function stateOf(order: unknown): OrderAtChannel {
  const currency = currencyOf(order);
  const status = textAt(order, "status_id");
  const isCancelled = [STATUS.cancelled, STATUS.refunded, STATUS.declined].some((one) => one === status);
  const isComplete = [STATUS.shipped, STATUS.completed].some((one) => one === status);
  return {
    externalId: textAt(order, "id"),
    state: isCancelled ? "cancelled" : isComplete ? "complete" : "open",
    total: amount(textAt(order, "total_inc_tax"), currency, "total_inc_tax"),
    refunded: amount(textAt(order, "refunded_amount"), currency, "refunded_amount"),
    lines: listAt(order, "products").map((product) => {
      const quantity = countAt(product, "quantity") || 0;
      const shipped = countAt(product, "quantity_shipped") || 0;
      return {
        externalLineId: textAt(product, "id"),
        channelSku: textAt(product, "sku"),
        quantity,
        shipped,
        cancelled: isCancelled ? quantity - shipped : 0,
      };
    }),
  };
}

/** A few at a time, in their order. */
async function some<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  return results;
}
