/**
 * WooCommerce's side of `ports/channel-connection.ts`: orders are read by their change, pages by the order's
 * id. What is told of them is in `words.ts`, stock and products are in `listings.ts`.
 *
 * Paging by the change's time would lose orders: one that changes while we read moves to the end, all behind
 * it move up, and the next page begins one too far. Ids do not move. What still may move rows (an order that
 * is deleted, or leaves the range by a change) is seen by reading the end of the last page again: W1 no order
 * is left out between two pages, W2 none comes twice in one reading.
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
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { amount, listAt, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { createWoocommerceClient, found, SERVICE, VARIABLES } from "./api.ts";
import { refundedOf } from "./charges.ts";
import { readListings, tellStock } from "./listings.ts";
import { momentOf } from "./moments.ts";
import { CANCELLED, recordedIn, SHIPMENTS, unitsOf } from "./shipments.ts";
import { createTeller, TELLS } from "./words.ts";

const PAGE_SIZE = 100;
/** Rows of the last page that the next one reads again. */
const OVERLAP = 10;

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

type Page = {
  /** Rows before this one are read. */
  readonly offset: number;
  /** The greatest id read; 0: none yet. */
  readonly lastId: number;
  /** When the reading began by the shop's clock, milliseconds; what changes later is the next reading's. */
  readonly startMs: number;
};

async function readOrders(call: RestClient, asked: OrdersAsked, now: () => number): Promise<OrdersPage> {
  const from = readPage<Page>(SERVICE, asked.page, { offset: 0, lastId: 0, startMs: 0 });
  const offset = Math.max(0, from.offset - OVERLAP);
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
      per_page: PAGE_SIZE,
      offset,
    },
  });
  const rows = listAt({ list: found(reply, "list orders") }, "list");
  const startMs = from.startMs > 0 ? from.startMs : clockOf(reply.headers, now);
  const ids = rows.map((row) => Number(textAt(row, "id")));
  const [firstId = 0] = ids;
  const hasSlipped = offset > 0 && firstId > from.lastId;
  if (hasSlipped) {
    // More rows than the overlap have gone: between the last page and this one some may lie unread.
    return {
      payloads: [],
      next: writePage({ ...from, offset: Math.max(0, offset - PAGE_SIZE) }),
      newestMs: null,
    };
  }
  const fresh = rows.filter((_, index) => (ids[index] ?? 0) > from.lastId);
  const isLast = rows.length < PAGE_SIZE;
  return {
    payloads: fresh.map(writeJson),
    next: isLast
      ? null
      : writePage({ offset: offset + rows.length, lastId: ids.at(-1) ?? from.lastId, startMs }),
    newestMs: newestOf(fresh, startMs),
  };
}

/** Never later than the reading's begin: an order that changed behind us meanwhile is read the next time. */
function newestOf(orders: readonly unknown[], startMs: number): number | null {
  const moments = orders
    .map((order) => Date.parse(momentOf(order, "date_modified")))
    .filter((ms) => !Number.isNaN(ms));
  return moments.length === 0 ? null : Math.min(startMs, Math.max(...moments));
}

/** The shop's clock as its answer shows it, a second back for what it rounds off. */
function clockOf(headers: Headers, now: () => number): number {
  const there = Date.parse(headers.get("date") ?? "");
  return (Number.isNaN(there) ? now() : there) - 1_000;
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
