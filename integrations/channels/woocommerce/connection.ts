/**
 * WooCommerce's side of `ports/channel-connection.ts`: orders are read by their change, pages by the order's
 * id. What is told of them is in `words.ts`, stock and products are in `listings.ts`.
 */
import type {
  ChannelConnection,
  OrderAtChannel,
  OrdersAsked,
  OrdersPage,
} from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { readByOffset } from "../../vendor-kit/offset-pages.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { amount, listAt, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { createWoocommerceClient, found, SERVICE, VARIABLES } from "./api.ts";
import { refundedOf } from "./charges.ts";
import { readListings, tellStock } from "./listings.ts";
import { momentOf } from "./moments.ts";
import { CANCELLED, recordedIn, SHIPMENTS, unitsOf } from "./shipments.ts";
import { createTeller, TELLS } from "./words.ts";

const PAGE_SIZE = 100;

export function createWoocommerceConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const call = createWoocommerceClient(values, options.timeoutMs);
  const tell = createTeller(call, values[VARIABLES.refunds] !== "record");
  return {
    limits: { concurrency: 4, perSecond: 5, burst: 10, stockBatch: 100 },
    tells: TELLS,
    tryConnection: () => tryConnection(call, values[VARIABLES.url] ?? ""),
    readOrders: (asked) => readOrders(call, asked, options.now ?? Date.now),
    async readOrder(externalId) {
      const order = await readOne(call, externalId);
      return order === null ? null : writeJson(order);
    },
    async readOrderStates(externalIds) {
      if (externalIds.length === 0) return [];
      const reply = await call({
        method: "GET",
        path: "/orders",
        query: { include: externalIds.join(","), per_page: PAGE_SIZE },
      });
      return listAt({ list: found(reply, "list orders") }, "list").map(stateOf);
    },
    tell,
    tellStock: (levels) => tellStock(call, levels),
    readListings: (page) => readListings(call, page),
  };
}

async function tryConnection(
  call: RestClient,
  url: string,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  try {
    const reply = await call({ method: "GET", path: "/orders", query: { per_page: 1 } });
    if (!Array.isArray(found(reply, "list orders")))
      return { works: false, detail: `${new URL(url).host} answers, but not as WooCommerce does.` };
    return { works: true, detail: `WooCommerce at ${new URL(url).host}` };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const detail =
      error.code === "unauthorized"
        ? "The shop refuses the consumer key, or keeps the Authorization header from WooCommerce."
        : error.message;
    return { works: false, detail };
  }
}

/** The order, or null where the shop has none such; what is no number is none of its ids. */
export async function readOne(call: RestClient, externalId: string): Promise<unknown> {
  if (!/^\d{1,18}$/.test(externalId)) return null;
  return found(await call({ method: "GET", path: `/orders/${externalId}` }), "read an order");
}

function readOrders(call: RestClient, asked: OrdersAsked, now: () => number): Promise<OrdersPage> {
  return readByOffset(asked, {
    service: SERVICE,
    pageSize: PAGE_SIZE,
    now,
    async read(offset, limit) {
      const reply = await call({
        method: "GET",
        path: "/orders",
        query: {
          // Of the second before as well: `modified_after` leaves out its own second.
          modified_after: gmt(asked.sinceMs - 1_000),
          modified_before: asked.untilMs === undefined ? undefined : gmt(asked.untilMs),
          dates_are_gmt: true,
          orderby: "id",
          order: "asc",
          per_page: limit,
          offset,
        },
      });
      return { rows: listAt({ list: found(reply, "list orders") }, "list"), headers: reply.headers };
    },
    idOf: (row) => Number(textAt(row, "id")),
    changeOf: (row) => momentOf(row, "date_modified"),
  });
}

/** As WooCommerce takes it with `dates_are_gmt`: without milliseconds and zone. */
function gmt(ms: number): string {
  return new Date(Math.max(0, ms)).toISOString().slice(0, 19);
}

function stateOf(order: unknown): OrderAtChannel {
  const currency = textAt(order, "currency").toUpperCase();
  const status = textAt(order, "status");
  const isCancelled = ["cancelled", "refunded", "failed", "trash"].includes(status);
  const parcels = recordedIn(order, SHIPMENTS);
  const cancelled = recordedIn(order, CANCELLED);
  return {
    externalId: textAt(order, "id"),
    state: isCancelled ? "cancelled" : status === "completed" ? "complete" : "open",
    total: amount(textAt(order, "total"), currency, "total"),
    refunded: refundedOf(order, currency),
    lines: listAt(order, "line_items").map((line) => {
      const id = textAt(line, "id");
      const quantity = Number(textAt(line, "quantity"));
      const off = isCancelled ? quantity - unitsOf(parcels, id) : unitsOf(cancelled, id);
      return {
        externalLineId: id,
        channelSku: textAt(line, "sku"),
        quantity,
        shipped: status === "completed" ? quantity - off : unitsOf(parcels, id),
        cancelled: off,
      };
    }),
  };
}
