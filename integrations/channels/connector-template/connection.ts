/**
 * Cornershop's side of `ports/channel-connection.ts`: orders by their change, what becomes of them, stock.
 *
 * Cornershop counts a word once by its `reference`, which it keeps with the parcel, the cancellation and the
 * refund: the connection looks for it first, so that what was told twice is not done twice.
 */
import { decimalText, type Money, parseMoney, zeroMoney } from "../../../orders/money.ts";
import type {
  ChannelConnection,
  OrderAtChannel,
  OrdersAsked,
  OrdersPage,
  OrderWord,
  Told,
} from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { readByOffset } from "../../vendor-kit/offset-pages.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { at, countAt, listAt, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { createCornershopClient, found, refusalOf, SERVICE } from "./api.ts";
import { readListings, tellStock } from "./listings.ts";

const PAGE_SIZE = 100;
const AT_ONCE = 4;

export function createCornershopConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const call = createCornershopClient(values, options.timeoutMs);
  return {
    // Fill in: what the vendor allows, a little less of it; the rest is somebody else's.
    limits: { concurrency: AT_ONCE, perSecond: 5, burst: 10, stockBatch: 50 },
    // Fill in: what the vendor can be told, no more.
    tells: new Set(["ship", "cancel", "refund"]),
    tryConnection: () => tryConnection(call),
    readOrders: (asked) => readOrders(call, asked, options.now ?? Date.now),
    async readOrder(externalId) {
      const order = await readOne(call, externalId);
      return order === null ? null : writeJson(order);
    },
    async readOrderStates(externalIds) {
      const states: OrderAtChannel[] = [];
      for (let from = 0; from < externalIds.length; from += AT_ONCE) {
        const some = externalIds.slice(from, from + AT_ONCE);
        const orders = await Promise.all(some.map((id) => readOne(call, id)));
        states.push(...orders.filter((order) => order !== null).map(stateOf));
      }
      return states;
    },
    tell: (word) => tell(call, word),
    tellStock: (levels) => tellStock(call, levels),
    readListings: (page) => readListings(call, page),
  };
}

async function tryConnection(
  call: RestClient,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  try {
    // Fill in: a call that changes nothing and names the account.
    const shop = found(await call({ method: "GET", path: "/shop" }), "say its name");
    return shop === null
      ? { works: false, detail: "There is no Cornershop at this address." }
      : { works: true, detail: `Cornershop ${textAt(shop, "name")}` };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const isKey = error.code === "unauthorized";
    return { works: false, detail: isKey ? "Cornershop refuses the API key." : error.message };
  }
}

/** Null also for what cannot be an id there, so that no id is ever part of another path. */
async function readOne(call: RestClient, externalId: string): Promise<unknown> {
  // Fill in: what the vendor's ids look like.
  if (!/^\d{1,18}$/.test(externalId)) return null;
  return found(await call({ method: "GET", path: `/orders/${externalId}` }), "read an order");
}

function readOrders(call: RestClient, asked: OrdersAsked, now: () => number): Promise<OrdersPage> {
  return readByOffset(asked, {
    service: SERVICE,
    pageSize: PAGE_SIZE,
    now,
    async read(offset, limit) {
      // Fill in: the vendor's query. Sorted by id, not by the change: `vendor-kit/offset-pages.ts` says why.
      // Where the vendor pages by a cursor instead, hand that on as `next`, as Shopify's connection does.
      const query = {
        changed_from: new Date(asked.sinceMs).toISOString(),
        changed_before: asked.untilMs === undefined ? undefined : new Date(asked.untilMs).toISOString(),
        sort: "id",
        limit,
        offset,
      };
      const reply = await call({ method: "GET", path: "/orders", query });
      return { rows: listAt(found(reply, "list orders"), "orders"), headers: reply.headers };
    },
    idOf: (row) => Number(textAt(row, "id")),
    changeOf: (row) => textAt(row, "changed_at"),
  });
}

async function tell(call: RestClient, word: OrderWord): Promise<Told> {
  const order = await readOne(call, word.order.externalId);
  if (order === null)
    return { status: "refused", code: "order_unknown", message: "The shop has no such order." };
  const lines =
    "lines" in word
      ? word.lines.map(({ externalLineId, quantity }) => ({ id: externalLineId, quantity }))
      : [];
  // Fill in: one call each, and by what it is known again. A reason that people read:
  // `vendor-kit/own-mark.ts`.
  switch (word.kind) {
    case "ship":
      return once(call, order, "parcels", word.shipmentId, {
        carrier: word.carrier,
        tracking_number: word.trackingNumber,
        lines,
      });
    case "cancel":
      return once(call, order, "cancellations", word.key, { reason: word.reason, lines });
    case "refund":
      return once(call, order, "refunds", word.refundId, {
        amount: decimalText(word.amount),
        reason: word.reason,
      });
    default:
      return { status: "refused", code: "not_told", message: `Cornershop is not told of ${word.kind}.` };
  }
}

async function once(
  call: RestClient,
  order: unknown,
  list: "parcels" | "cancellations" | "refunds",
  reference: string,
  json: Readonly<Record<string, unknown>>,
): Promise<Told> {
  const known = listAt(order, list).find((one) => textAt(one, "reference") === reference);
  if (known !== undefined) return { status: "already", reference: textAt(known, "id") };
  const path = `/orders/${textAt(order, "id")}/${list}`;
  const reply = await call({ method: "POST", path, json: { reference, ...json } });
  return reply.status === 201 ? { status: "told", reference: textAt(reply.json, "id") } : refusalOf(reply);
}

// Fill in: the order in the shop's books, as the nightly comparison asks for it.
function stateOf(order: unknown): OrderAtChannel {
  const currency = textAt(order, "currency").toUpperCase();
  const money = (value: unknown, name: string): Money =>
    parseMoney(textAt(value, name), currency) ?? zeroMoney(currency);
  const lines = listAt(order, "lines").map((line) => ({
    externalLineId: textAt(line, "id"),
    channelSku: textAt(line, "sku"),
    quantity: countAt(line, "quantity") || 0,
    shipped: countAt(line, "shipped") || 0,
    cancelled: countAt(line, "cancelled") || 0,
  }));
  const isDone = lines.every((line) => line.shipped + line.cancelled >= line.quantity);
  return {
    externalId: textAt(order, "id"),
    state: at(order, "status") === "cancelled" ? "cancelled" : isDone ? "complete" : "open",
    total: money(order, "total"),
    refunded: money(order, "refunded"),
    lines,
  };
}
