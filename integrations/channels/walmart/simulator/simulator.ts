/**
 * Walmart's Marketplace API for a simulated seller: tokens for a quarter of an hour, orders by their cursors,
 * acknowledgement, shipping, cancellation, refund, stock one by one and by feed, items, notifications, and
 * the fulfillment centers that send for other channels.
 *
 * Which country it is follows from a call's headers, as at Walmart. Mexico has no call for one order, none
 * for refunds of orders, its own reasons, and no notifications.
 */
import { createHmac } from "node:crypto";
import { startChannelServer } from "../../../simulator-kit/channel-server.ts";
import type {
  ChannelSimulator,
  ChannelSimulatorKind,
  ChannelSimulatorOptions,
} from "../../../simulator-kit/channel-simulator.ts";
import { createChannelWebhooks } from "../../../simulator-kit/channel-webhooks.ts";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { ShopBooks, type ShopChange, type ShopOrder } from "../../../simulator-kit/shop-books.ts";
import { basicOf, createSimulatedTokens } from "../../../simulator-kit/simulated-tokens.ts";
import { at, countAt, listAt, parseJson, textAt } from "../../../vendor-kit/vendor-json.ts";
import { bookIdOf, lineNumberOf, orderOf, PLACES, purchaseOrderIdOf } from "./documents.ts";
import { ORDER_CHANNEL, SimulatedFulfillmentCenters } from "./fulfillment-centers.ts";

const CLIENT_ID = "5c1a9e0e-holdfast-simulated-client";
const CLIENT_SECRET = "simulated-walmart-client-secret";

/** A seller who also has goods in Walmart's fulfillment centers. */
export type WalmartSimulator = ChannelSimulator & { readonly centers: SimulatedFulfillmentCenters };

export const walmartSimulator = { start } satisfies ChannelSimulatorKind;

async function start(options: ChannelSimulatorOptions): Promise<WalmartSimulator> {
  const { now, logger } = options;
  const tokens = createSimulatedTokens({ lifeSeconds: 900, now });
  const centers = new SimulatedFulfillmentCenters(now);
  const books = new ShopBooks({ now, onChange: (order, change) => notify(order, change) });
  let notified = 0;
  const feeds = new Map<
    string,
    { content: string; looks: number; failed: readonly string[]; skus: readonly string[] }
  >();

  const server = await startChannelServer({
    now,
    logger,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    throttled: (_request, waitMs) =>
      jsonReply(
        429,
        errors("REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API", "Number of requests is above the threshold"),
        { "x-current-token-count": "0", "x-next-replenishment-time": String(now() + waitMs) },
      ),
    isWrite: ({ method, path }) => method !== "GET" && path !== "/v3/token",
    limit: { perSecond: 500, burst: 500 },
  });

  const webhooks = createChannelWebhooks({ url: options.webhookUrl, faults: server.faults, logger });

  /** Of what a shopper, or Walmart itself, does; the seller's own words are not told back. */
  function notify(order: ShopOrder, change: ShopChange): void {
    if (change !== "created" && change !== "cancelled") return;
    notified += 1;
    const body = JSON.stringify({
      source: {
        eventType: "ORDER_UPDATES",
        eventTime: new Date(now()).toISOString(),
        eventId: `04d868a0-d1a2-11ea-a710-${String(notified).padStart(12, "0")}`,
      },
      payload: {
        meta: { subEventType: change === "created" ? "PO_CREATED" : "PO_LINE_AUTOCANCELLED" },
        order: {
          partnerId: "10000682332",
          purchaseOrderId: purchaseOrderIdOf(order.id),
          orderDate: new Date(order.createdMs).toISOString(),
        },
      },
    });
    const signature = createHmac("sha256", options.webhookSecret).update(body).digest("base64");
    webhooks.send(() => ({
      body,
      headers: { "content-type": "application/json", "x-walmart-signature": signature },
    }));
  }

  const marketOf = ({ headers }: SimulatedRequest): string => (headers["wm_market"] ?? "us").toLowerCase();
  const shown = (order: ShopOrder, request: SimulatedRequest) =>
    orderOf(order, PLACES[marketOf(request)] ?? PLACES["us"]);

  function answer(request: SimulatedRequest): SimulatedReply {
    const { headers, path, method } = request;
    if ((headers["wm_qos.correlation_id"] ?? "") === "" || (headers["wm_svc.name"] ?? "") === "")
      return jsonReply(400, errors("INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "WM_ headers are missing"));
    if (PLACES[marketOf(request)] === undefined)
      return jsonReply(400, errors("INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "WM_MARKET is unknown"));
    if (marketOf(request) !== "us" && headers["wm_global_version"] !== "3.1")
      return jsonReply(400, errors("INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "WM_GLOBAL_VERSION is missing"));
    if (path === "/v3/token" && method === "POST") return logIn(request);
    if (!tokens.isGood(headers["wm_sec.access_token"] ?? ""))
      return jsonReply(401, errors("UNAUTHORIZED.GMP_GATEWAY_API", "Unauthorized"));
    // As the real one does, of a call that has no body.
    if (method === "POST" && (headers["content-type"] ?? "") === "")
      return jsonReply(500, errors("SYSTEM_ERROR.GMP_GATEWAY_API", "Internal server error"));
    if (path === "/v3/token/detail") return tokenDetail();
    if (path === "/v3/orders" && method === "GET") return orders(request);
    const ofOrder = /^\/v3\/orders\/([^/]+)(?:\/(acknowledge|shipping|cancel|refund))?$/.exec(path);
    if (ofOrder !== null) return order(request, ofOrder[1] ?? "", ofOrder[2]);
    if (path === "/v3/inventory") return inventory(request);
    if (path === "/v3/feeds" && method === "POST") return takeFeed(request);
    const ofFeed = /^\/v3\/feeds\/([^/]+)$/.exec(path);
    if (ofFeed !== null && method === "GET") return lookAtFeed(request, decodeURIComponent(ofFeed[1] ?? ""));
    if (path === "/v3/items" && method === "GET") return items(request);
    const kept = marketOf(request) === "us" ? centers.answer(request) : null;
    if (kept !== null) return kept;
    return jsonReply(404, errors("CONTENT_NOT_FOUND.GMP_GATEWAY_API", "There is no such operation"));
  }

  function logIn(request: SimulatedRequest): SimulatedReply {
    const basic = basicOf(request.headers);
    if (basic?.user !== CLIENT_ID || basic.password !== CLIENT_SECRET)
      return jsonReply(401, errors("UNAUTHORIZED.GMP_GATEWAY_API", "Unauthorized"));
    const form = new URLSearchParams(request.body.toString("utf8"));
    if (form.get("grant_type") !== "client_credentials")
      return jsonReply(400, errors("INVALID_REQUEST_CONTENT.GMP_GATEWAY_API", "grant_type"));
    const { value, lifeSeconds } = tokens.issue();
    return jsonReply(200, { access_token: value, token_type: "Bearer", expires_in: lifeSeconds });
  }

  function tokenDetail(): SimulatedReply {
    const scopes = [
      "reports",
      "item",
      "price",
      "lagtime",
      "feeds",
      "returns",
      "orders",
      "inventory",
      "content",
    ];
    return jsonReply(200, {
      scopes: Object.fromEntries(scopes.map((scope) => [scope, "full_access"])),
      expire_at: String(now() + 900_000),
      issued_at: String(now()),
      is_valid: true,
      is_channel_match: true,
    });
  }

  /** By the order's date; whatever changes keeps its place, and a closed range loses what leaves it. */
  function orders(request: SimulatedRequest): SimulatedReply {
    const { query } = request;
    const since = Date.parse(query.get("lastModifiedStartDate") ?? "");
    const until = Date.parse(query.get("lastModifiedEndDate") ?? "");
    const nodeType = query.get("shipNodeType") ?? "SellerFulfilled";
    const limit = Number(query.get("limit") ?? "100");
    const from = Number(query.get("poIndex") ?? "0");
    const wanted = query.get("purchaseOrderId");
    const found = books
      .orders()
      .filter(({ id }) => wanted === null || purchaseOrderIdOf(id) === wanted)
      .filter(({ planned }) => (planned.fulfilledByChannel === true) === (nodeType === "WFSFulfilled"))
      .filter(({ modifiedMs }) => !(modifiedMs < since) && !(modifiedMs > until));
    const page = found.slice(from, from + limit);
    const next = new URLSearchParams(query);
    next.set("hasMoreElements", "true");
    next.set("soIndex", String(found.length));
    next.set("poIndex", String(from + limit));
    next.set("partnerId", "10005555555");
    next.set("sellerId", "105555555");
    return jsonReply(200, {
      list: {
        meta: {
          totalCount: found.length,
          limit,
          ...(found.length > from + limit ? { nextCursor: `?${next.toString()}` } : {}),
        },
        elements: { order: page.map((order) => shown(order, request)) },
      },
    });
  }

  function order(request: SimulatedRequest, id: string, act: string | undefined): SimulatedReply {
    const found = books.find(bookIdOf(decodeURIComponent(id)) ?? "");
    if (found === undefined) {
      const message = "Order not found for the given purchaseOrderId";
      return jsonReply(404, errors("CONTENT_NOT_FOUND.GMP_ORDER_API", message));
    }
    const isInMexico = marketOf(request) === "mx";
    if (isInMexico && (act === undefined || act === "refund"))
      return jsonReply(404, errors("CONTENT_NOT_FOUND.GMP_GATEWAY_API", "There is no such operation"));
    const problem = act === undefined ? null : takeWord(found, act, bodyOf(request), marketOf(request));
    return problem === null
      ? jsonReply(200, { order: shown(found, request) })
      : jsonReply(400, errors("INVALID_REQUEST_CONTENT.GMP_ORDER_API", problem));
  }

  function takeWord(order: ShopOrder, act: string, body: unknown, market: string): string | null {
    if (act === "acknowledge") {
      if (order.isCancelled) return "The order is cancelled";
      if (order.planned.fulfilledByChannel === true) return "Walmart Fulfilled orders can't be acknowledged";
      order.extra.set("acknowledged", "yes");
      books.changed(order, "updated");
      return null;
    }
    if (act === "refund") return takeRefund(order, body);
    const root = act === "shipping" ? "orderShipment" : "orderCancellation";
    const told = listAt(body, root, "orderLines", "orderLine").flatMap((line) =>
      listAt(line, "orderLineStatuses", "orderLineStatus").map((status) => ({ line, status })),
    );
    if (told.length === 0) return `${root} has no lines`;
    if (told.some(({ status }) => typeof at(status, "statusQuantity", "amount") !== "string"))
      return "statusQuantity.amount is text";
    const lines = told.map(({ line, status }) => ({
      lineId: lineIdOf(order, textAt(line, "lineNumber")),
      quantity: countAt(status, "statusQuantity", "amount"),
    }));
    const reasons = told.map(({ status }) => textAt(status, "cancellationReason"));
    if (act === "cancel" && !reasons.every((reason) => REASONS[market]?.test(reason)))
      return `cancellationReason is unknown: ${reasons.join(", ")}`;
    if (act === "cancel")
      return books.cancelLines(order, lines) ? null : "The lines cannot be cancelled any more";
    if (!order.extra.has("acknowledged")) return "The order has to be acknowledged first";
    const tracking = at(told[0]?.status, "trackingInfo");
    const carrier =
      textAt(tracking, "carrierName", "carrier") || textAt(tracking, "carrierName", "otherCarrier");
    if (carrier === "" || textAt(tracking, "trackingNumber") === "") return "trackingInfo is incomplete";
    const parcel = { carrier, trackingNumber: textAt(tracking, "trackingNumber"), lines };
    return books.ship(order, parcel) === null ? "The lines are shipped already" : null;
  }

  function takeRefund(order: ShopOrder, body: unknown): string | null {
    const lines = listAt(body, "orderRefund", "orderLines", "orderLine");
    const extra: Record<string, string> = {};
    let comment = "";
    let minor = 0;
    for (const line of lines)
      for (const refund of listAt(line, "refunds", "refund")) {
        comment = textAt(refund, "refundComments");
        for (const one of listAt(refund, "refundCharges", "refundCharge")) {
          const cents = (value: unknown) => Math.round(Number(textAt({ value }, "value") || "0") * 100);
          const given = -(
            cents(at(one, "charge", "chargeAmount", "amount")) +
            cents(at(one, "charge", "tax", "taxAmount", "amount"))
          );
          if (given <= 0) return "Refunds are below zero";
          const lineId = lineIdOf(order, textAt(line, "lineNumber"));
          extra[lineId] = String(Number(extra[lineId] ?? "0") + given);
          minor += given;
        }
      }
    return books.refund(order, { minor, reason: comment, extra }) === null
      ? "The refund is more than was paid"
      : null;
  }

  function lineIdOf(order: ShopOrder, number: string): string {
    return order.lines.find(({ id }) => lineNumberOf(order, id) === number)?.id ?? "";
  }

  function inventory(request: SimulatedRequest): SimulatedReply {
    const sku = request.query.get("sku") ?? "";
    const listing = books.listing(sku);
    if (listing === undefined) {
      return jsonReply(
        404,
        errors("CONTENT_NOT_FOUND.GMP_INVENTORY_API", `Requested content could not be found`),
      );
    }
    if (request.method === "PUT") {
      const quantity = countAt(bodyOf(request), "quantity", "amount");
      if (!(quantity >= 0))
        return jsonReply(400, errors("INVALID_REQUEST_PARAM.GMP_INVENTORY_API", "amount"));
      books.setStock(sku, quantity);
    }
    const amount = books.listing(sku)?.quantity ?? 0;
    return jsonReply(200, { sku, quantity: { unit: "EACH", amount } });
  }

  function takeFeed(request: SimulatedRequest): SimulatedReply {
    const boundary = /boundary=(\S+)/.exec(request.headers["content-type"] ?? "")?.[1];
    const text = request.body.toString("utf8");
    const content =
      boundary === undefined ? undefined : text.split(`--${boundary}`)[1]?.split("\r\n\r\n")[1]?.trim();
    if (request.query.get("feedType") !== "inventory" || content === undefined)
      return jsonReply(400, errors("INVALID_REQUEST_CONTENT.GMP_FEED_API", "no feed of stock"));
    const feedId = `F${books.nextId().padStart(12, "0")}@AQMBCgA`;
    feeds.set(feedId, { content, looks: 0, failed: [], skus: [] });
    return jsonReply(200, { feedId });
  }

  function lookAtFeed({ query }: SimulatedRequest, feedId: string): SimulatedReply {
    const feed = feeds.get(feedId);
    if (feed === undefined) return jsonReply(404, errors("CONTENT_NOT_FOUND.GMP_FEED_API", "Feed not found"));
    feed.looks += 1;
    const isDone = feed.looks > 1;
    if (feed.looks === 2) {
      const rows = listAt(parseJson(feed.content), "Inventory");
      feed.skus = rows.map((row) => textAt(row, "sku"));
      feed.failed = rows
        .filter((row) => !books.setStock(textAt(row, "sku"), countAt(row, "quantity", "amount")))
        .map((row) => textAt(row, "sku"));
    }
    const offset = Number(query.get("offset") ?? "0");
    const limit = Math.min(50, Number(query.get("limit") ?? "50"));
    return jsonReply(200, {
      feedId,
      feedStatus: isDone ? "PROCESSED" : "INPROGRESS",
      itemsReceived: feed.skus.length,
      itemsSucceeded: feed.skus.length - feed.failed.length,
      itemsFailed: feed.failed.length,
      itemsProcessing: 0,
      offset,
      limit,
      ...(query.get("includeDetails") === "true"
        ? {
            itemDetails: {
              itemIngestionStatus: feed.skus.slice(offset, offset + limit).map((sku, index) => ({
                martId: 0,
                sku,
                index: offset + index,
                ingestionStatus: feed.failed.includes(sku) ? "DATA_ERROR" : "SUCCESS",
                ...(feed.failed.includes(sku)
                  ? {
                      ingestionErrors: {
                        ingestionError: [
                          { type: "DATA_ERROR", code: "ERR_EXT_DATA_0101119", description: "SKU not found" },
                        ],
                      },
                    }
                  : {}),
              })),
            },
          }
        : {}),
    });
  }

  function items({ query }: SimulatedRequest): SimulatedReply {
    const cursor = query.get("nextCursor") ?? "*";
    const from = cursor === "*" ? 0 : Number(Buffer.from(cursor, "base64").toString("utf8"));
    const limit = Math.min(200, Number(query.get("limit") ?? "20"));
    const all = books.onSale();
    const end = from + limit;
    return jsonReply(200, {
      ItemResponse: all.slice(from, end).map((listing) => ({
        mart: "WALMART_US",
        sku: listing.channelSku,
        wpid: `W${listing.id}`,
        ...(listing.gtin === null ? {} : { gtin: listing.gtin }),
        productName: listing.title,
        publishedStatus: "PUBLISHED",
        lifecycleStatus: "ACTIVE",
      })),
      totalItems: all.length,
      ...(end < all.length ? { nextCursor: Buffer.from(String(end)).toString("base64") } : {}),
    });
  }

  return {
    url: server.url,
    account: {
      WALMART_CLIENT_ID: CLIENT_ID,
      WALMART_CLIENT_SECRET: CLIENT_SECRET,
      WALMART_MARKET: "us",
      WALMART_SHIP_NODE: "",
      WALMART_NODE_TYPES: "SellerFulfilled",
      WALMART_ORDER_CHANNEL: ORDER_CHANNEL,
      WALMART_URL: server.url,
    },
    faults: server.faults,
    centers,
    list: (listing) => books.list(listing),
    place(planned) {
      const order = books.place(planned);
      return order === null ? null : purchaseOrderIdOf(order.id);
    },
    cancel: (externalId) => books.cancel(bookIdOf(externalId) ?? ""),
    // A customer of Walmart's cannot change an order.
    edit: () => false,
    refund(externalId, minor) {
      const order = books.find(bookIdOf(externalId) ?? "");
      return order !== undefined && books.refund(order, { minor, reason: "by the shop's staff" }) !== null;
    },
    books: () =>
      books.books().map((order) => ({
        ...order,
        externalId: purchaseOrderIdOf(order.externalId),
        lines: order.lines.map((line, index) => ({ ...line, externalLineId: String(index + 1) })),
      })),
    levels: () => books.levels(),
    expireTokens: () => tokens.expireAll(),
    close: async () => {
      await webhooks.stop();
      await server.close();
    },
  };
}

/** Reasons for a cancellation, by country. */
const REASONS: Readonly<Record<string, RegExp>> = {
  us: /^(CUSTOMER_REQUESTED_SELLER_TO_CANCEL|SELLER_CANCEL_[A-Z_]+)$/,
  ca: /^(CUSTOMER_REQUESTED_SELLER_TO_CANCEL|CANCEL_BY_SELLER)$/,
  mx: /^(MIRAKL_REFUND_45|MIRAKL_REFUND_15|SELLER_REJECTION)$/,
};

function bodyOf({ body }: SimulatedRequest): unknown {
  try {
    return parseJson(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function errors(code: string, description: string): Record<string, unknown> {
  return {
    errors: { error: [{ code, field: "", description, info: "", severity: "ERROR", category: "DATA" }] },
  };
}
