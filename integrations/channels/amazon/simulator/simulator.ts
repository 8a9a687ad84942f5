/**
 * Amazon's Selling Partner API for a simulated seller: Login with Amazon, restricted tokens, orders by both
 * APIs, confirmed shipments, feeds, listings, and notifications in a queue (`queue.ts`). Where webhooks are
 * wanted, ORDER_CHANGE comes as one, as a forwarder of the seller's hands it on, and there is no queue.
 *
 * A shopper's order is UNSHIPPED at once: a sandbox has no half hour to wait for its payment. Each operation
 * has its own limit, a hundred times Amazon's, and says it in each reply.
 */
import { createHash } from "node:crypto";
import { startChannelServer } from "../../../simulator-kit/channel-server.ts";
import type {
  ChannelSimulator,
  ChannelSimulatorKind,
  ChannelSimulatorOptions,
} from "../../../simulator-kit/channel-simulator.ts";
import { createChannelWebhooks } from "../../../simulator-kit/channel-webhooks.ts";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { ShopBooks, type ShopOrder } from "../../../simulator-kit/shop-books.ts";
import { createSimulatedTokens } from "../../../simulator-kit/simulated-tokens.ts";
import { countAt, listAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { signStandardWebhook } from "../../../vendor-kit/webhook-signature.ts";
import { type Operation, USAGE_PLANS } from "../pace.ts";
import {
  amazonIdOf,
  bookIdOf,
  changeNotification,
  itemOf,
  itemsOfV0,
  MARKETPLACE,
  onBus,
  orderOf2026,
  orderOfV0,
  requestNotification,
  SELLER,
} from "./documents.ts";
import { bodyOf, invalid, notFound, quantityIn, quantityProblem, SimulatedFeeds } from "./feeds.ts";
import { SimulatedQueue } from "./queue.ts";
import { SimulatedWarehouses } from "./warehouses.ts";

const FASTER = 100;
const CLIENT_ID = "amzn1.application-oa2-client.holdfast";
const CLIENT_SECRET = "amzn1.oa2-cs.v1.simulated-client-secret";
const REFRESH_TOKEN = "Atzr|simulated-refresh-token";

export const amazonSimulator = { start } satisfies ChannelSimulatorKind;

/** A seller who also has goods in Amazon's warehouses. */
export type AmazonSimulator = ChannelSimulator & {
  readonly warehouses: SimulatedWarehouses;
  readonly queue: SimulatedQueue;
  readonly feeds: SimulatedFeeds;
  /** What is bought from now on is bought there. `byAmazon`: by Amazon, for a customer whom it invoices. */
  sellAt(marketplaceId: string, options?: { readonly byAmazon: boolean }): void;
};

type Route = {
  readonly operation: Operation;
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (
    request: SimulatedRequest,
    parts: readonly string[],
    seesPeople: boolean,
  ) => SimulatedReply;
};

async function start(options: ChannelSimulatorOptions): Promise<AmazonSimulator> {
  const { now, logger } = options;
  const tokens = createSimulatedTokens({ lifeSeconds: 3_600, now, prefix: "Atza|" });
  const restricted = createSimulatedTokens({ lifeSeconds: 3_600, now, prefix: "Atz.sprdt|" });
  const listedMs = new Map<string, number>();
  let notifications = 0;
  let sold = { marketplaceId: MARKETPLACE, isIba: false };
  const books = new ShopBooks({ now, onChange: notify });
  const feeds = new SimulatedFeeds(books, now);
  const warehouses = new SimulatedWarehouses(now);
  const spent = new Map<Operation, { tokens: number; atMs: number }>();

  const server = await startChannelServer({
    now,
    logger,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    throttled: (request) =>
      queue.isFor(request) ? queue.throttled() : quotaExceeded(routeOf(request)?.operation ?? "getOrder"),
    // A token that is lost is no change of the shop, nor is what is read from the queue.
    isWrite: (request) =>
      request.method !== "GET" && request.path !== "/auth/o2/token" && !queue.isFor(request),
  });
  const queue = new SimulatedQueue({
    url: () => `${server.url}/000000000000/notifications`,
    faults: server.faults,
    now,
    look: () => {
      for (const change of warehouses.changes())
        queue.send(JSON.stringify(requestNotification(change, nextNotification(change.key), now())));
    },
  });
  const webhooks = createChannelWebhooks({ url: options.webhookUrl, faults: server.faults, logger });

  function nextNotification(of: string): string {
    notifications += 1;
    return createHash("sha256").update(`${of}:${notifications}`).digest("hex").slice(0, 32);
  }

  function notify(order: ShopOrder): void {
    const notification = changeNotification(order, nextNotification(order.id), now());
    if (options.webhookUrl === null) {
      queue.send(JSON.stringify(notification));
      return;
    }
    const body = JSON.stringify(onBus(notification));
    webhooks.send(() => ({
      body,
      headers: {
        "content-type": "application/json",
        "webhook-topic": "ORDER_CHANGE",
        // The receiver's clock is real, whatever the shop's says.
        ...signStandardWebhook(body, options.webhookSecret),
      },
    }));
  }

  const routes: readonly Route[] = [
    {
      operation: "createRestrictedDataToken",
      method: "POST",
      path: /^\/tokens\/2021-03-01\/restrictedDataToken$/,
      answer: (request) => {
        if (listAt(bodyOf(request), "restrictedResources").length === 0)
          return invalid("restrictedResources");
        const { value, lifeSeconds } = restricted.issue();
        return jsonReply(200, { restrictedDataToken: value, expiresIn: lifeSeconds });
      },
    },
    {
      operation: "searchOrders",
      method: "GET",
      path: /^\/orders\/2026-01-01\/orders$/,
      answer: searchOrders,
    },
    {
      operation: "getOrder2026",
      method: "GET",
      path: /^\/orders\/2026-01-01\/orders\/([^/]+)$/,
      answer: (request, [id = ""]) => {
        const order = find(id);
        if (order === undefined) return notFound(`There is no order ${id}`);
        return jsonReply(200, { order: orderOf2026(order, listIn(request, "includedData")) });
      },
    },
    { operation: "getOrders", method: "GET", path: /^\/orders\/v0\/orders$/, answer: getOrders },
    {
      operation: "getOrder",
      method: "GET",
      path: /^\/orders\/v0\/orders\/([^/]+)$/,
      answer: (_request, [id = ""], seesPeople) => {
        const order = find(id);
        return order === undefined
          ? notFound(`There is no order ${id}`)
          : jsonReply(200, { payload: orderOfV0(order, seesPeople) });
      },
    },
    {
      operation: "getOrderItems",
      method: "GET",
      path: /^\/orders\/v0\/orders\/([^/]+)\/orderItems$/,
      answer: (request, [id = ""]) => orderItems(request, id),
    },
    {
      operation: "confirmShipment",
      method: "POST",
      path: /^\/orders\/v0\/orders\/([^/]+)\/shipmentConfirmation$/,
      answer: (request, [id = ""]) => confirmShipment(request, id),
    },
    {
      operation: "createFeedDocument",
      method: "POST",
      path: /^\/feeds\/2021-06-30\/documents$/,
      answer: (request) => feeds.createDocument(request),
    },
    {
      operation: "createFeed",
      method: "POST",
      path: /^\/feeds\/2021-06-30\/feeds$/,
      answer: (request) => feeds.create(request),
    },
    {
      operation: "getFeed",
      method: "GET",
      path: /^\/feeds\/2021-06-30\/feeds\/([^/]+)$/,
      answer: (_request, [id = ""]) => feeds.look(id),
    },
    {
      operation: "getFeedDocument",
      method: "GET",
      path: /^\/feeds\/2021-06-30\/documents\/([^/]+)$/,
      answer: (request, [id = ""]) => feeds.describeReport(id, request.origin),
    },
    {
      operation: "searchListingsItems",
      method: "GET",
      path: /^\/listings\/2021-08-01\/items\/([^/]+)$/,
      answer: (request, [seller]) => (seller === SELLER ? searchListings(request) : denied("")),
    },
    {
      operation: "patchListingsItem",
      method: "PATCH",
      path: /^\/listings\/2021-08-01\/items\/([^/]+)\/([^/]+)$/,
      answer: (request, [seller, sku = ""]) => (seller === SELLER ? patchListing(request, sku) : denied("")),
    },
    {
      operation: "createFulfillmentOrder",
      method: "POST",
      path: /^\/fba\/outbound\/2020-07-01\/fulfillmentOrders$/,
      answer: (request) => warehouses.create(request),
    },
    {
      operation: "getFulfillmentOrder",
      method: "GET",
      path: /^\/fba\/outbound\/2020-07-01\/fulfillmentOrders\/([^/]+)$/,
      answer: (_request, [key = ""]) => warehouses.look(key),
    },
    {
      operation: "cancelFulfillmentOrder",
      method: "PUT",
      path: /^\/fba\/outbound\/2020-07-01\/fulfillmentOrders\/([^/]+)\/cancel$/,
      answer: (_request, [key = ""]) => warehouses.cancel(key),
    },
    {
      operation: "getPackageTrackingDetails",
      method: "GET",
      path: /^\/fba\/outbound\/2020-07-01\/tracking$/,
      answer: (request) => warehouses.track(request),
    },
    {
      operation: "getInventorySummaries",
      method: "GET",
      path: /^\/fba\/inventory\/v1\/summaries$/,
      answer: (request) => warehouses.summaries(request),
    },
  ];

  function routeOf({ method, path }: SimulatedRequest): Route | undefined {
    return routes.find((route) => route.method === method && route.path.test(path));
  }

  function answer(request: SimulatedRequest): SimulatedReply | Promise<SimulatedReply> {
    if (queue.isFor(request)) return queue.answer(request);
    if (request.path === "/auth/o2/token") return logIn(request);
    if (request.path.startsWith("/_documents/")) return feeds.store(request);
    const route = routeOf(request);
    if (route === undefined) return notFound("There is no such operation");
    const token = request.headers["x-amz-access-token"] ?? "";
    const seesPeople = restricted.isGood(token);
    if (!seesPeople && !tokens.isGood(token)) return denied("The access token you provided has expired.");
    const operation = operationOf(route, request);
    if (!mayCall(operation)) return quotaExceeded(operation);
    const parts = (route.path.exec(request.path) ?? []).slice(1).map(decodeURIComponent);
    const reply = route.answer(request, parts, seesPeople);
    return {
      ...reply,
      headers: { ...reply.headers, "x-amzn-RateLimit-Limit": String(rateOf(operation)) },
    };
  }

  function mayCall(operation: Operation): boolean {
    const { burst } = USAGE_PLANS[operation];
    const nowMs = performance.now();
    const known = spent.get(operation) ?? { tokens: burst, atMs: nowMs };
    const grown = known.tokens + ((nowMs - known.atMs) / 1_000) * rateOf(operation);
    const left = Math.min(burst, grown);
    spent.set(operation, { tokens: left >= 1 ? left - 1 : left, atMs: nowMs });
    return left >= 1;
  }

  function logIn(request: SimulatedRequest): SimulatedReply {
    const form = new URLSearchParams(request.body.toString("utf8"));
    if (form.get("client_id") !== CLIENT_ID || form.get("client_secret") !== CLIENT_SECRET)
      return jsonReply(401, { error: "invalid_client", error_description: "Client authentication failed" });
    if (form.get("grant_type") !== "refresh_token" || form.get("refresh_token") !== REFRESH_TOKEN) {
      return jsonReply(400, {
        error: "invalid_grant",
        error_description: "The request has an invalid grant parameter : refresh_token",
      });
    }
    const { value, lifeSeconds } = tokens.issue();
    return jsonReply(200, {
      access_token: value,
      refresh_token: REFRESH_TOKEN,
      token_type: "bearer",
      expires_in: lifeSeconds,
    });
  }

  function find(amazonId: string): ShopOrder | undefined {
    const id = bookIdOf(amazonId);
    return id === null ? undefined : books.find(id);
  }

  /** Orders by their last change, oldest first, of a range whose end stands still while it is paged. */
  function pageOfOrders(
    asked: { readonly after: string | null; readonly before: string | null; readonly token: string | null },
    size: number,
  ): { readonly orders: readonly ShopOrder[]; readonly next: string | null } | string {
    const after = Date.parse(asked.after ?? "");
    const before = asked.before === null ? null : Date.parse(asked.before);
    if (Number.isNaN(after)) return "Invalid Date-Time field(s) [lastUpdatedAfter].";
    if (before !== null && (Number.isNaN(before) || before > now() - 120_000))
      return "lastUpdatedBefore must be at least two minutes before the request.";
    const [until = "", fromMs = "", fromId = ""] = Buffer.from(asked.token ?? "", "base64url")
      .toString("utf8")
      .split(":");
    const end = until === "" ? (before ?? now() + 1) : Number(until);
    const found = books
      .orders()
      .filter((order) => order.modifiedMs >= after && order.modifiedMs < end)
      .sort((a, b) => a.modifiedMs - b.modifiedMs || Number(a.id) - Number(b.id))
      .filter(
        (order) =>
          fromId === "" ||
          order.modifiedMs > Number(fromMs) ||
          (order.modifiedMs === Number(fromMs) && Number(order.id) > Number(fromId)),
      );
    const orders = found.slice(0, size);
    const last = orders.at(-1);
    const next =
      found.length > size && last !== undefined
        ? Buffer.from(`${end}:${last.modifiedMs}:${last.id}`).toString("base64url")
        : null;
    return { orders, next };
  }

  function searchOrders(request: SimulatedRequest): SimulatedReply {
    const { query } = request;
    const page = pageOfOrders(
      {
        after: query.get("lastUpdatedAfter"),
        before: query.get("lastUpdatedBefore"),
        token: query.get("paginationToken"),
      },
      Number(query.get("maxResultsPerPage") ?? "50"),
    );
    if (typeof page === "string") return invalid(page);
    const included = listIn(request, "includedData");
    return jsonReply(200, {
      orders: page.orders.map((order) => orderOf2026(order, included)),
      ...(page.next === null ? {} : { pagination: { nextToken: page.next } }),
    });
  }

  function getOrders(
    request: SimulatedRequest,
    _parts: readonly string[],
    seesPeople: boolean,
  ): SimulatedReply {
    const { query } = request;
    if (!listIn(request, "MarketplaceIds").has(MARKETPLACE)) return invalid("MarketplaceIds is missing.");
    const page = pageOfOrders(
      {
        after: query.get("LastUpdatedAfter"),
        before: query.get("LastUpdatedBefore"),
        token: query.get("NextToken"),
      },
      Number(query.get("MaxResultsPerPage") ?? "100"),
    );
    if (typeof page === "string") return invalid(page);
    return jsonReply(200, {
      payload: {
        Orders: page.orders.map((order) => orderOfV0(order, seesPeople)),
        ...(page.next === null ? {} : { NextToken: page.next }),
      },
    });
  }

  /** Two items a page, so that whoever reads one page only is found out. */
  function orderItems(request: SimulatedRequest, id: string): SimulatedReply {
    const order = find(id);
    if (order === undefined) return notFound(`There is no order ${id}`);
    const from = Number(request.query.get("NextToken") ?? "0");
    const items = itemsOfV0(order);
    return jsonReply(200, {
      payload: {
        AmazonOrderId: id,
        OrderItems: items.slice(from, from + 2),
        ...(items.length > from + 2 ? { NextToken: String(from + 2) } : {}),
      },
    });
  }

  function confirmShipment(request: SimulatedRequest, id: string): SimulatedReply {
    const order = find(id);
    if (order === undefined) return notFound(`There is no order ${id}`);
    const body = bodyOf(request);
    const [detail] = [(body as { packageDetail?: unknown })?.packageDetail];
    const reference = textAt(detail, "packageReferenceId");
    if (
      !/^[1-9]\d*$/.test(reference) ||
      typeof (detail as Record<string, unknown>)["packageReferenceId"] !== "string"
    )
      return invalid("PackageReferenceId: is invalid, must be a positive numeric value.");
    if (textAt(detail, "carrierCode") === "Other" && textAt(detail, "carrierName") === "")
      return invalid("carrierName is required where carrierCode is Other");
    const lines = listAt(detail, "orderItems").map((item) => ({
      lineId: textAt(item, "orderItemId"),
      quantity: countAt(item, "quantity"),
    }));
    // The same package again is an update of it.
    if (order.parcels.some((parcel) => parcel.extra["reference"] === reference)) return NO_CONTENT;
    const shipped = books.ship(order, {
      carrier: textAt(detail, "carrierName") || textAt(detail, "carrierCode"),
      trackingNumber: textAt(detail, "trackingNumber"),
      lines,
      extra: { reference },
    });
    if (shipped !== null) return NO_CONTENT;
    return jsonReply(400, {
      errors: [{ code: "InvalidInput", message: "PackageToUpdateNotFound: the order is fulfilled already." }],
    });
  }

  function searchListings(request: SimulatedRequest): SimulatedReply {
    const { query } = request;
    const createdAfter = Date.parse(query.get("createdAfter") ?? "1970-01-01T00:00:00Z");
    const created = (sku: string) => listedMs.get(sku) ?? 0;
    const found = books
      .onSale()
      .filter(({ channelSku }) => created(channelSku) >= createdAfter)
      .sort((a, b) => created(a.channelSku) - created(b.channelSku));
    const from = Number(query.get("pageToken") ?? "0");
    const size = Math.min(20, Number(query.get("pageSize") ?? "10"));
    const end = Math.min(from + size, 1_000);
    return jsonReply(200, {
      numberOfResults: found.length,
      items: found.slice(from, end).map((listing) => itemOf(listing, created(listing.channelSku))),
      ...(end < Math.min(found.length, 1_000) ? { pagination: { nextToken: String(end) } } : {}),
    });
  }

  function patchListing(request: SimulatedRequest, sku: string): SimulatedReply {
    const body = bodyOf(request);
    if (textAt(body, "productType") === "") return invalid("productType is missing");
    if (books.listing(sku) === undefined)
      return invalid(`SKU '${sku}' not found in marketplace ${MARKETPLACE}`);
    const wrong = quantityProblem(body);
    if (wrong === null) books.setStock(sku, quantityIn(body));
    notifications += 1;
    return jsonReply(200, {
      sku,
      status: wrong === null ? "ACCEPTED" : "INVALID",
      submissionId: createHash("sha256").update(`${sku}:${notifications}`).digest("hex").slice(0, 32),
      issues:
        wrong === null
          ? []
          : [{ code: wrong.code, message: wrong.text, severity: "ERROR", categories: ["INVALID_ATTRIBUTE"] }],
    });
  }

  return {
    warehouses,
    queue,
    feeds,
    sellAt: (marketplaceId, options) => {
      sold = { marketplaceId, isIba: options?.byAmazon === true };
    },
    url: server.url,
    account: {
      AMAZON_SELLER_ID: SELLER,
      AMAZON_MARKETPLACES: MARKETPLACE,
      AMAZON_LWA_CLIENT_ID: CLIENT_ID,
      AMAZON_LWA_CLIENT_SECRET: CLIENT_SECRET,
      AMAZON_REFRESH_TOKEN: REFRESH_TOKEN,
      AMAZON_ENDPOINT: server.url,
      AMAZON_LWA_URL: `${server.url}/auth/o2/token`,
      AMAZON_ORDERS_API: "2026-01-01",
      AMAZON_PERSONAL_DATA: "yes",
      ...(options.webhookUrl === null ? queue.account : {}),
    },
    faults: server.faults,
    list(listing) {
      if (!listedMs.has(listing.channelSku)) listedMs.set(listing.channelSku, now());
      books.list(listing);
    },
    place(planned) {
      const order = books.place(planned);
      if (order === null) return null;
      order.extra.set("marketplace", sold.marketplaceId);
      if (sold.isIba) order.extra.set("isIba", "yes");
      return amazonIdOf(order.id);
    },
    cancel: (externalId) => books.cancel(bookIdOf(externalId) ?? ""),
    // A buyer changes nothing but whether there is an order, and refunds are in no order of Amazon's.
    edit: () => false,
    refund: () => false,
    books: () => books.books().map((order) => ({ ...order, externalId: amazonIdOf(order.externalId) })),
    levels: () => books.levels(),
    expireTokens() {
      tokens.expireAll();
      restricted.expireAll();
    },
    async close() {
      queue.endWaiting();
      await webhooks.stop();
      await server.close();
    },
  };
}

const NO_CONTENT: SimulatedReply = { status: 204, contentType: "application/json", body: "" };

/** Feeds of invoices have a limit of their own. */
function operationOf({ operation }: Route, request: SimulatedRequest): Operation {
  return operation === "createFeed" && textAt(bodyOf(request), "feedType") === "UPLOAD_VAT_INVOICE"
    ? "createInvoiceFeed"
    : operation;
}

function rateOf(operation: Operation): number {
  return USAGE_PLANS[operation].perSecond * FASTER;
}

function quotaExceeded(operation: Operation): SimulatedReply {
  const message = "You exceeded your quota for the requested resource.";
  return jsonReply(
    429,
    { errors: [{ code: "QuotaExceeded", message, details: "" }] },
    { "x-amzn-RateLimit-Limit": String(rateOf(operation)) },
  );
}

function denied(details: string): SimulatedReply {
  const message = "Access to requested resource is denied.";
  return jsonReply(403, { errors: [{ code: "Unauthorized", message, details }] });
}

function listIn({ query }: SimulatedRequest, name: string): ReadonlySet<string> {
  return new Set((query.get(name) ?? "").split(",").filter((text) => text !== ""));
}
