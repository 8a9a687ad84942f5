/**
 * Magento's side of `ports/channel-connection.ts`. Orders are read by their change and paged by their id:
 * always the first page of those behind the last id, so that nothing moves between pages.
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
import { magentoAdapter, momentAt } from "./adapter.ts";
import { createMagentoClient, type Filter, found, isId, SERVICE, searchOf, VARIABLES } from "./api.ts";
import { readListings, tellStock } from "./listings.ts";
import { partsOf } from "./parts.ts";
import { createTeller, wordsOf } from "./words.ts";

const PAGE_SIZE = 100;

export function createMagentoConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const call = createMagentoClient(values, options.timeoutMs);
  const source = { code: values[VARIABLES.source] ?? "default", stockId: values[VARIABLES.stock] ?? "1" };
  return {
    // Each level of stock costs a call beside those of the batch.
    limits: { concurrency: 4, perSecond: 5, burst: 20, stockBatch: 20 },
    tells: wordsOf(values[VARIABLES.invoices] === "holdfast"),
    tryConnection: () => tryConnection(call, values[VARIABLES.url] ?? ""),
    readOrders: (asked) => readOrders(call, asked, options.now ?? Date.now),
    async readOrder(externalId) {
      if (!isId(externalId)) return null;
      const order = found(await call({ method: "GET", path: `/V1/orders/${externalId}` }), "read an order");
      if (order === null) return null;
      const [whole] = await withParts(call, [order]);
      return writeJson(whole);
    },
    async readOrderStates(externalIds) {
      const ids = externalIds.filter(isId);
      if (ids.length === 0) return [];
      const query = searchOf([["entity_id", "in", ids.join(",")]], "entity_id", PAGE_SIZE);
      const reply = await call({ method: "GET", path: "/V1/orders", query });
      return listAt(found(reply, "read orders"), "items").map(stateOf);
    },
    tell: createTeller(call, source.code, values[VARIABLES.refunds] !== "offline"),
    tellStock: (levels) => tellStock(call, levels, source),
    readListings: (page) => readListings(call, page, source.code),
  };
}

async function tryConnection(
  call: RestClient,
  url: string,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  try {
    const reply = await call({ method: "GET", path: "/V1/orders", query: searchOf([], "entity_id", 1) });
    return Array.isArray(listAt(found(reply, "list orders"), "items")) && reply.status === 200
      ? { works: true, detail: `Magento at ${new URL(url).host}` }
      : { works: false, detail: `${new URL(url).host} answers, but not as Magento does.` };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const detail =
      error.code === "unauthorized"
        ? "The shop refuses the access token: is it allowed as a bearer token, and does the integration have the resources?"
        : error.message;
    return { works: false, detail };
  }
}

async function readOrders(call: RestClient, asked: OrdersAsked, now: () => number): Promise<OrdersPage> {
  const from = readPage(SERVICE, asked.page, { lastId: 0, startMs: 0 });
  const filters: Filter[] = [
    ["updated_at", "gteq", utc(asked.sinceMs)],
    ["entity_id", "gt", from.lastId],
    ...(asked.untilMs === undefined ? [] : [["updated_at", "lt", utc(asked.untilMs)] as const]),
  ];
  const query = searchOf(filters, "entity_id", PAGE_SIZE);
  const reply = await call({ method: "GET", path: "/V1/orders", query });
  const rows = listAt(found(reply, "list orders"), "items");
  const startMs = from.startMs > 0 ? from.startMs : clockOf(reply.headers, now);
  const last = Number(textAt(rows.at(-1), "entity_id"));
  return {
    payloads: (await withParts(call, rows)).map(writeJson),
    next: rows.length < PAGE_SIZE ? null : writePage({ lastId: last, startMs }),
    newestMs: newestOf(
      rows.map((row) => momentAt(row, "updated_at")),
      startMs,
    ),
  };
}

/** As Magento takes it. */
function utc(ms: number): string {
  return new Date(Math.max(0, ms)).toISOString().slice(0, 19).replace("T", " ");
}

/**
 * The orders with their shipments and credit memos, by which ours are told from the shop's; two calls in all.
 */
async function withParts(call: RestClient, orders: readonly unknown[]): Promise<readonly unknown[]> {
  const idsOf = (isWanted: (order: unknown) => boolean) =>
    orders.filter(isWanted).map((order) => textAt(order, "entity_id"));
  const isShipped = (order: unknown) =>
    listAt(order, "items").some((item) => (countAt(item, "qty_shipped") || 0) > 0);
  const shipments = await partsOf(call, "/V1/shipments", idsOf(isShipped));
  const memos = await partsOf(
    call,
    "/V1/creditmemos",
    idsOf((order) => Number(textAt(order, "total_refunded")) > 0),
  );
  return orders.map((order) => {
    const isOfIt = (part: unknown) => textAt(part, "order_id") === textAt(order, "entity_id");
    const its = { shipments: shipments.filter(isOfIt), creditmemos: memos.filter(isOfIt) };
    return {
      ...(isObject(order) ? order : {}),
      ...(its.shipments.length === 0 ? {} : { shipments: its.shipments }),
      ...(its.creditmemos.length === 0 ? {} : { creditmemos: its.creditmemos }),
    };
  });
}

function stateOf(order: unknown): OrderAtChannel {
  const currency = textAt(order, "order_currency_code").toUpperCase();
  const state = textAt(order, "state");
  const [reading] = magentoAdapter.read(writeJson(order), null);
  const lines = reading?.kind === "order" ? reading.order.lines : [];
  const items = new Map(listAt(order, "items").map((item) => [textAt(item, "item_id"), item]));
  return {
    externalId: textAt(order, "entity_id"),
    state:
      state === "canceled" || state === "closed" ? "cancelled" : state === "complete" ? "complete" : "open",
    total: amount(textAt(order, "grand_total"), currency, "grand_total"),
    refunded: amount(textAt(order, "total_refunded"), currency, "total_refunded"),
    lines: lines.map(({ externalLineId, channelSku }) => {
      const item = items.get(externalLineId);
      return {
        externalLineId,
        channelSku,
        quantity: countAt(item, "qty_ordered") || 0,
        shipped: countAt(item, "qty_shipped") || 0,
        cancelled: countAt(item, "qty_canceled") || 0,
      };
    }),
  };
}
