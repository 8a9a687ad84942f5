/**
 * A seller's account at eBay: orders, parcels, refunds, stock.
 *
 * E1 eBay pages by offset over what lives on. The end of a reading stands open, so that an order that changes
 *    keeps its place; what changes behind us is later than the reading's beginning, where `newestMs` ends.
 * E2 eBay has no keys. A parcel is known by its tracking number. Of a refund eBay gives back neither our
 *    words nor our number, so that one of the same amount counts as this one: better one too few, which
 *    reconciliation finds, than money twice.
 * E3 An order that changed in nothing but its payment disputes is not in eBay's list of changes. What of them
 *    changed is read with the last page of a reading, so that its moments count when all before was read.
 */
import { decimalText, rescale } from "../../../orders/money.ts";
import type {
  ChannelConnection,
  Listing,
  OrderAtChannel,
  OrdersAsked,
  OrdersPage,
  OrderWord,
  StockLevel,
  StockTold,
  Told,
} from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
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
import {
  type Ask,
  answerOf,
  createEbayApi,
  type EbayAccount,
  errorIn,
  isUnknown,
  PAYMENT_DISPUTES,
} from "./api.ts";
import { createDisputes, type Disputes, momentsOf } from "./dispute-calls.ts";
import { isGiven, refundedOf, unitsShipped } from "./order.ts";

const TIMEOUT_MS = 20_000;
const ORDERS = "/sell/fulfillment/v1/order";
/** More than 200 is refused. */
const PAGE = 100;
const ITEMS = 100;
const STOCK_BATCH = 25;
const NO_DISPUTES =
  "Payment disputes are not read, so that no order waits for one: the seller's consent lacks the scope sell.payment.dispute. Get a token once more at eBay (User Tokens) with it, and enter the new refresh token here.";

const CANCEL_BY_HAND =
  "eBay's order API cancels nothing. Cancel the order in Seller Hub (Orders, the order, Cancel order), or the items that will not come; then have it told again here: it is found cancelled.";

type Word<Kind extends OrderWord["kind"]> = Extract<OrderWord, { kind: Kind }>;

export function connectEbay(account: EbayAccount, options: ConnectOptions = {}): ChannelConnection {
  const { timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  const ask = createEbayApi(account, { timeoutMs, now });
  const disputes = createDisputes(createEbayApi(account, { timeoutMs, now }, PAYMENT_DISPUTES), now);
  return {
    limits: { concurrency: 4, perSecond: 3, burst: 20, stockBatch: STOCK_BATCH },
    tells: new Set(["ship", "refund"] as const),
    byHand: { cancel: CANCEL_BY_HAND },
    async tryConnection() {
      try {
        answerOf(await ask({ path: ORDERS, query: { limit: "1" } }), "the orders");
        return { works: true, detail: `eBay at ${account.marketplace}, application ${account.clientId}` };
      } catch (error) {
        if (error instanceof ServiceFault && !error.retryable) return { works: false, detail: error.message };
        throw error;
      }
    },
    readShortfalls: async () => ((await disputes.isAllowed()) ? [] : [NO_DISPUTES]),
    readOrders: (asked) => readOrders(ask, disputes, asked, now()),
    async readOrder(externalId) {
      const order = await findOrder(ask, externalId);
      if (order === null) return null;
      return wholeOrder(ask, order, await disputes.resolved((await disputes.ofOrder(externalId)) ?? []));
    },
    async readOrderStates(externalIds) {
      const states: OrderAtChannel[] = [];
      for (const externalId of externalIds) {
        const order = await findOrder(ask, externalId);
        if (order !== null) states.push(stateOf(order, await fulfillmentsOf(ask, order)));
      }
      return states;
    },
    async tell(word) {
      const order = await findOrder(ask, word.order.externalId);
      if (order === null) return refused("order_not_found", `eBay has no order ${word.order.externalId}.`);
      if (word.kind === "ship") return ship(ask, word, order);
      if (word.kind === "refund") return refund(ask, word, order);
      return refused("not_told_here", `eBay is not told of this: ${word.kind}.`);
    },
    tellStock: (levels) => tellStock(ask, levels),
    async readListings(page) {
      const offset = page === null ? 0 : Number(page) || 0;
      const reply = await ask({
        path: "/sell/inventory/v1/inventory_item",
        query: { limit: String(ITEMS), offset: String(offset) },
      });
      const found = reply.status === 404 ? {} : answerOf(reply, "the listings");
      const items = listAt(found, "inventoryItems");
      const isMore = textAt(found, "next") !== "" && items.length > 0;
      return { listings: items.map(listingOf), next: isMore ? String(offset + ITEMS) : null };
    },
  };
}

function refused(code: string, message: string): Told {
  return { status: "refused", code, message };
}

async function readOrders(
  ask: Ask,
  disputes: Disputes,
  asked: OrdersAsked,
  nowMs: number,
): Promise<OrdersPage> {
  const known = asked.page === null ? undefined : parseJson(asked.page);
  const offset = countAt(known, "offset") || 0;
  const beganMs = countAt(known, "beganMs") || nowMs;
  const since = new Date(asked.sinceMs).toISOString();
  const until = asked.untilMs === undefined ? "" : new Date(asked.untilMs).toISOString();
  const reply = await ask({
    path: ORDERS,
    query: {
      // A filter by creation beside it would put this one out of force.
      filter: `lastmodifieddate:[${since}..${until}]`,
      limit: String(PAGE),
      offset: String(offset),
    },
  });
  const found = answerOf(reply, "the orders");
  const orders = listAt(found, "orders");
  const payloads: string[] = [];
  const isLast = textAt(found, "next") === "" || orders.length === 0;
  const listed = (await disputes.all()) ?? [];
  const take = async (order: unknown) => {
    const own = listed.filter((one) => textAt(one, "orderId") === textAt(order, "orderId"));
    payloads.push(await wholeOrder(ask, order, await disputes.resolved(own)));
  };
  for (const order of orders) await take(order);
  const moments = orders
    .map((order) => Date.parse(textAt(order, "lastModifiedDate")))
    .filter(Number.isFinite);
  if (isLast) {
    const { sinceMs, untilMs = Number.POSITIVE_INFINITY } = asked;
    const isAsked = (moment: number) => moment >= sinceMs && moment <= untilMs;
    const changed = listed.filter((one) => momentsOf(one).some(isAsked));
    moments.push(...changed.flatMap(momentsOf).filter(isAsked));
    const onPage = new Set(orders.map((order) => textAt(order, "orderId")));
    for (const externalId of new Set(changed.map((one) => textAt(one, "orderId")))) {
      const order = onPage.has(externalId) ? null : await findOrder(ask, externalId);
      if (order !== null) await take(order);
    }
  }
  return {
    payloads,
    next: isLast ? null : JSON.stringify({ offset: offset + PAGE, beganMs }),
    newestMs: moments.length === 0 ? null : Math.min(beganMs, Math.max(...moments)),
  };
}

async function findOrder(ask: Ask, externalId: string): Promise<unknown> {
  const reply = await ask({ path: `${ORDERS}/${encodeURIComponent(externalId)}` });
  return isUnknown(reply) ? null : answerOf(reply, "an order");
}

/** The order with what the adapter needs beside it. */
async function wholeOrder(ask: Ask, order: unknown, paymentDisputes: readonly unknown[]): Promise<string> {
  const isUnderWay = textAt(order, "orderFulfillmentStatus") === "IN_PROGRESS";
  return writeJson({
    order,
    ...(isUnderWay ? { shippingFulfillments: await fulfillmentsOf(ask, order) } : {}),
    ...(paymentDisputes.length === 0 ? {} : { paymentDisputes }),
  });
}

async function fulfillmentsOf(ask: Ask, order: unknown): Promise<readonly unknown[]> {
  if (textAt(order, "orderFulfillmentStatus") === "NOT_STARTED") return [];
  const path = `${ORDERS}/${encodeURIComponent(textAt(order, "orderId"))}/shipping_fulfillment`;
  return listAt(answerOf(await ask({ path }), "shipping fulfillments"), "fulfillments");
}

function stateOf(order: unknown, fulfillments: readonly unknown[]): OrderAtChannel {
  const total = at(order, "pricingSummary", "total");
  const currency = firstText(textAt(total, "currency"), "XXX").toUpperCase();
  const isCancelled = textAt(order, "cancelStatus", "cancelState") === "CANCELED";
  const status = textAt(order, "orderFulfillmentStatus");
  return {
    externalId: textAt(order, "orderId"),
    state: isCancelled ? "cancelled" : status === "FULFILLED" ? "complete" : "open",
    total: amount(textAt(total, "value"), currency, "total"),
    refunded: refundedOf(order, currency, isGiven),
    lines: listAt(order, "lineItems").map((line) => {
      const quantity = countAt(line, "quantity") || 0;
      const shipped = unitsShipped(textAt(line, "lineItemId"), fulfillments);
      return {
        externalLineId: textAt(line, "lineItemId"),
        channelSku: textAt(line, "sku"),
        quantity,
        shipped,
        cancelled: isCancelled ? quantity - shipped : 0,
      };
    }),
  };
}

/** eBay takes letters and digits only. */
function plainTracking(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, "");
}

async function ship(ask: Ask, word: Word<"ship">, order: unknown): Promise<Told> {
  const trackingNumber = plainTracking(word.trackingNumber);
  const fulfillments = await fulfillmentsOf(ask, order);
  const known = fulfillments.find(
    (one) => plainTracking(textAt(one, "shipmentTrackingNumber")) === trackingNumber,
  );
  if (known !== undefined) return { status: "already", reference: textAt(known, "fulfillmentId") };
  for (const { externalLineId, channelSku, quantity } of word.lines) {
    const line = listAt(order, "lineItems").find((one) => textAt(one, "lineItemId") === externalLineId);
    const open = (countAt(line, "quantity") || 0) - unitsShipped(externalLineId, fulfillments);
    if (open < quantity)
      return refused("not_open", `eBay has ${open} of ${channelSku} to be shipped, not ${quantity}.`);
  }
  const reply = await ask({
    method: "POST",
    path: `${ORDERS}/${encodeURIComponent(word.order.externalId)}/shipping_fulfillment`,
    body: {
      lineItems: word.lines.map(({ externalLineId, quantity }) => ({ lineItemId: externalLineId, quantity })),
      shippedDate: new Date(word.shippedAt).toISOString(),
      shippingCarrierCode: word.carrier,
      trackingNumber,
    },
  });
  if (reply.status < 300) {
    // The answer has no body; the id is at the end of its address.
    const id = /\/([^/?]+)\/?$/.exec(reply.headers.get("location") ?? "")?.[1];
    return { status: "told", reference: id ?? null };
  }
  const { code, message } = errorIn(reply.json, reply.status);
  return refused(code, message);
}

async function refund(ask: Ask, word: Word<"refund">, order: unknown): Promise<Told> {
  const { currency } = word.amount;
  const refunds = listAt(order, "paymentSummary", "refunds");
  if (word.underWay !== undefined) {
    const begun = refunds.find((one) => textAt(one, "refundId") === word.underWay);
    return outcomeOf(begun ?? { refundId: word.underWay, refundStatus: "PENDING" }, "told");
  }
  const wanted = rescale(word.amount, 4);
  const same = refunds.find(
    (one) =>
      textAt(one, "refundStatus") !== "FAILED" &&
      Math.abs(rescale(amount(textAt(one, "amount", "value"), currency, "a refund"), 4)) === wanted,
  );
  if (same !== undefined) return outcomeOf(same, "already");
  const [only, ...others] = word.lines;
  const value = { value: decimalText(word.amount), currency };
  const reply = await ask({
    method: "POST",
    path: `${ORDERS}/${encodeURIComponent(word.order.externalId)}/issue_refund`,
    isSigned: true,
    body: {
      reasonForRefund: reasonOf(word.reason),
      comment: word.reason.slice(0, 100),
      ...(only === undefined || others.length > 0
        ? { orderLevelRefundAmount: value }
        : { refundItems: [{ lineItemId: only.externalLineId, refundAmount: value }] }),
    },
  });
  if (reply.status >= 300) {
    const { code, message } = errorIn(reply.json, reply.status);
    return refused(code, message);
  }
  const refundId = textAt(reply.json, "refundId");
  if (textAt(reply.json, "refundStatus") !== "PENDING") return outcomeOf(reply.json, "told");
  // Some are done within the moment.
  const now = await findOrder(ask, word.order.externalId);
  const made = listAt(now, "paymentSummary", "refunds").find((one) => textAt(one, "refundId") === refundId);
  return outcomeOf(made ?? reply.json, "told");
}

/** What has become of a refund. One that is pending may still fail: it has given nothing back yet. */
function outcomeOf(refund: unknown, known: "told" | "already"): Told {
  const reference = textAt(refund, "refundId");
  const status = textAt(refund, "refundStatus");
  if (status === "FAILED")
    return refused(
      "refund_failed",
      "eBay says that the refund has failed. Give the money back in Seller Hub.",
    );
  return status === "PENDING"
    ? { status: "under_way", reference, message: "eBay has taken the refund and not given it yet." }
    : { status: known, reference };
}

function reasonOf(reason: string): string {
  if (/damag|broken|defect|wrong item/i.test(reason)) return "ITEM_NOT_AS_DESCRIBED";
  if (/lost|not received|not arrived/i.test(reason)) return "ITEM_NOT_RECEIVED";
  if (/return/i.test(reason)) return "BUYER_RETURN";
  return /stock|cancel/i.test(reason) ? "BUYER_CANCEL" : "OTHER_ADJUSTMENT";
}

async function tellStock(ask: Ask, levels: readonly StockLevel[]): Promise<readonly StockTold[]> {
  if (levels.length === 0) return [];
  const reply = await ask({
    method: "POST",
    path: "/sell/inventory/v1/bulk_update_price_quantity",
    body: {
      requests: levels.map(({ channelSku, quantity, listing }) => ({
        sku: channelSku,
        shipToLocationAvailability: { quantity },
        ...(listing["offerId"] === undefined
          ? {}
          : { offers: [{ offerId: listing["offerId"], availableQuantity: quantity }] }),
      })),
    },
  });
  const answers = listAt(answerOf(reply, "stock"), "responses");
  return levels.map(({ channelSku }) => {
    const own = answers.filter((one) => textAt(one, "sku") === channelSku);
    const bad = own.find((one) => (countAt(one, "statusCode") || 0) >= 300);
    if (bad === undefined) return { channelSku, outcome: { status: "told", reference: null } };
    const status = countAt(bad, "statusCode");
    const { code, message } = errorIn(bad, status);
    return { channelSku, outcome: refused(status === 404 ? "unknown_listing" : code, message) };
  });
}

function listingOf(item: unknown): Listing {
  const channelSku = textAt(item, "sku");
  const quantity = countAt(item, "availability", "shipToLocationAvailability", "quantity");
  const gtin = [...listAt(item, "product", "ean"), ...listAt(item, "product", "upc")]
    .map((text) => textAt({ text }, "text"))
    .find((text) => /^\d{8,14}$/.test(text));
  return {
    channelSku,
    title: firstText(textAt(item, "product", "title"), channelSku),
    gtin: gtin ?? null,
    ids: {},
    quantity: Number.isNaN(quantity) ? null : quantity,
  };
}
