/**
 * Ecwid's side of `ports/channel-connection.ts`. Orders are read in `read-orders.ts`, stock and products are
 * in `listings.ts`.
 *
 * Ecwid keeps one status and one tracking number of an order and has no keys against repeats: what a word
 * leaves behind is looked for first. Lines of a parcel are written into the order's extra fields
 * (`parcels.ts`), so that an order of two parcels is shipped with the second and not with the first.
 */
import { type Money, parseMoney, zeroMoney } from "../../../orders/money.ts";
import type {
  ChannelConnection,
  OrderAtChannel,
  OrderWord,
  Told,
} from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { countAt, listAt, objectAt, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { idOf } from "./adapter.ts";
import { createEcwidClient, found, refusalOf, SERVICE } from "./api.ts";
import { readListings, tellStock } from "./listings.ts";
import { fieldsOf, isRecorded, shippedByUs } from "./parcels.ts";
import { readOrders } from "./read-orders.ts";

const AT_ONCE = 4;
const DONE = ["SHIPPED", "DELIVERED", "OUT_FOR_DELIVERY"];

const REFUND_BY_HAND =
  "Ecwid's API notes refunds and moves no money. Refund the order in the store's control panel (My Sales, Orders, the order, Refund): with the next reading of the order it is done here, too.";

export function createEcwidConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const call = createEcwidClient(values, options.timeoutMs);
  let currency: Promise<string> | null = null;

  /** The store's, asked for once. */
  async function withCurrency(order: unknown): Promise<unknown> {
    currency ??= currencyOf(call);
    try {
      return { ...(order as object), currency: await currency };
    } catch (error) {
      currency = null;
      throw error;
    }
  }

  async function readOne(externalId: string): Promise<unknown> {
    if (!/^\d{1,18}$/.test(externalId)) return null;
    const order = found(await call({ method: "GET", path: `/orders/${externalId}` }), "read an order");
    return order === null ? null : withCurrency(order);
  }

  return {
    // Ecwid allows a token 600 calls a minute.
    limits: { concurrency: AT_ONCE, perSecond: 5, burst: 20, stockBatch: 20 },
    tells: new Set(["acknowledge", "ship", "cancel"]),
    byHand: { refund: REFUND_BY_HAND },
    tryConnection: () => tryConnection(call),
    readOrders: (asked) => readOrders(call, asked, options.now ?? Date.now, withCurrency),
    async readOrder(externalId) {
      const order = await readOne(externalId);
      return order === null ? null : writeJson(order);
    },
    async readOrderStates(externalIds) {
      const states: OrderAtChannel[] = [];
      for (let from = 0; from < externalIds.length; from += AT_ONCE) {
        const orders = await Promise.all(externalIds.slice(from, from + AT_ONCE).map(readOne));
        states.push(...orders.filter((order) => order !== null).map(stateOf));
      }
      return states;
    },
    async tell(word) {
      const order = await readOne(word.order.externalId);
      if (order === null)
        return { status: "refused", code: "order_unknown", message: "The store has no such order." };
      return tell(call, word, order);
    },
    tellStock: (levels) => tellStock(call, levels),
    readListings: (page) => readListings(call, page),
  };
}

async function currencyOf(call: RestClient): Promise<string> {
  const profile = found(await call({ method: "GET", path: "/profile" }), "read the store's profile");
  const currency = textAt(profile, "formatsAndUnits", "currency");
  if (currency === "")
    throw new ServiceFault("Ecwid's profile of the store does not name its currency", {
      service: SERVICE,
      code: "currency_missing",
      retryable: false,
    });
  return currency;
}

async function tryConnection(
  call: RestClient,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  try {
    const profile = found(await call({ method: "GET", path: "/profile" }), "read the store's profile");
    return profile === null
      ? { works: false, detail: "Ecwid has no store of this number." }
      : { works: true, detail: `Ecwid store ${textAt(profile, "generalInfo", "storeId")}` };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const isToken = error.code === "unauthorized";
    return {
      works: false,
      detail: isToken ? "Ecwid refuses the token, or it may not read the store's profile." : error.message,
    };
  }
}

async function tell(call: RestClient, word: OrderWord, order: unknown): Promise<Told> {
  const change = async (json: unknown, reference: string | null = null): Promise<Told> => {
    const reply = await call({ method: "PUT", path: `/orders/${word.order.externalId}`, json });
    return reply.status === 200 ? { status: "told", reference } : refusalOf(reply);
  };
  const already: Told = { status: "already", reference: null };
  const status = textAt(order, "fulfillmentStatus");
  const isCancelled = textAt(order, "paymentStatus") === "CANCELLED";
  switch (word.kind) {
    case "acknowledge":
      return status === "AWAITING_PROCESSING" ? change({ fulfillmentStatus: "PROCESSING" }) : already;
    case "cancel":
      if (!word.isWhole) return refusal("part_not_cancelled", "Ecwid cannot cancel a part of an order.");
      if (isCancelled) return already;
      if (DONE.includes(status)) return refusal("order_closed", `The order is ${status} at Ecwid.`);
      return change({ paymentStatus: "CANCELLED", fulfillmentStatus: "WILL_NOT_DELIVER" });
    case "ship": {
      const id = word.shipmentId;
      if (isRecorded(order, id)) return { status: "already", reference: id };
      if (isCancelled) return refusal("order_closed", "The order is cancelled at Ecwid.");
      const units = new Map(word.lines.map((line) => [line.externalLineId, line.quantity]));
      const isWhole = listAt(order, "items").every((line) => {
        const lineId = textAt(line, "id");
        return shippedByUs(order, lineId) + (units.get(lineId) ?? 0) >= countAt(line, "quantity");
      });
      const numbers = [textAt(order, "trackingNumber"), word.trackingNumber].filter((one) => one !== "");
      return change(
        {
          fulfillmentStatus: isWhole ? "SHIPPED" : "PROCESSING",
          ...(numbers.length === 0 ? {} : { trackingNumber: numbers.join(", ") }),
          extraFields: { ...objectAt(order, "extraFields"), ...fieldsOf(id, word.lines) },
        },
        id,
      );
    }
    default:
      return refusal("not_told", `Ecwid is not told of ${word.kind}.`);
  }
}

function refusal(code: string, message: string): Told {
  return { status: "refused", code, message };
}

function stateOf(order: unknown): OrderAtChannel {
  const currency = textAt(order, "currency").toUpperCase();
  const money = (name: string): Money => parseMoney(textAt(order, name), currency) ?? zeroMoney(currency);
  const isCancelled = ["CANCELLED", "REFUNDED"].includes(textAt(order, "paymentStatus"));
  const isShipped = DONE.includes(textAt(order, "fulfillmentStatus"));
  return {
    externalId: idOf(order),
    state: isShipped ? "complete" : isCancelled ? "cancelled" : "open",
    total: money("total"),
    refunded: money("refundedAmount"),
    lines: listAt(order, "items").map((line) => {
      const id = textAt(line, "id");
      const quantity = countAt(line, "quantity") || 0;
      const shipped = isShipped ? quantity : Math.min(quantity, shippedByUs(order, id));
      return {
        externalLineId: id,
        channelSku: textAt(line, "sku"),
        quantity,
        shipped,
        cancelled: isCancelled ? quantity - shipped : 0,
      };
    }),
  };
}
