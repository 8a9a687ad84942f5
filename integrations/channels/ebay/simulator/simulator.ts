/**
 * eBay's REST APIs for a simulated seller: consent, orders by offset, shipping fulfillments, refunds, inventory
 * in bulk, and notifications signed with a key of its own, which getPublicKey hands out.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { startChannelServer } from "../../../simulator-kit/channel-server.ts";
import type {
  ChannelSimulator,
  ChannelSimulatorKind,
  ChannelSimulatorOptions,
} from "../../../simulator-kit/channel-simulator.ts";
import { createChannelWebhooks } from "../../../simulator-kit/channel-webhooks.ts";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { decimal } from "../../../simulator-kit/planned-order.ts";
import {
  isComplete,
  lineTax,
  openOf,
  ShopBooks,
  type ShopOrder,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";
import { basicOf, bearerOf, createSimulatedTokens } from "../../../simulator-kit/simulated-tokens.ts";
import { countAt, listAt, parseJson, textAt } from "../../../vendor-kit/vendor-json.ts";

const CLIENT_ID = "Holdfast-simulated-PRD-app";
const CLIENT_SECRET = "PRD-simulated-ebay-cert-id";
const REFRESH_TOKEN = "v^1.1#simulated-ebay-refresh-token";
const DISPUTE_SCOPE = "/sell.payment.dispute";
const RESPOND_WITHIN_MS = 7 * 86_400_000;
const KEY_ID = "b9f4c0de-0000-4000-8000-000000000001";

export type EbaySimulator = ChannelSimulator & {
  /** Base64 of eBay's public key: the secret of the channel's webhooks. */
  readonly publicKey: string;
  /** The buyer's bank disputes the payment, or goes on with the dispute; false: there is no such order. */
  disputePayment(externalId: string, dispute: EbayDispute): boolean;
  /** What becomes of refunds from now on, those that are pending included. */
  settleRefunds(status: "PENDING" | "REFUNDED" | "FAILED"): void;
  /** The seller takes back, or gives, the consent to the scope of payment disputes. */
  consentToDisputes(isGiven: boolean): void;
};

/** In eBay's words. */
export type EbayDispute = {
  readonly paymentDisputeId: string;
  readonly paymentDisputeStatus: "OPEN" | "ACTION_NEEDED" | "CLOSED";
  readonly reason: string;
  /** How it was closed, e.g. `SELLER_WON`. */
  readonly reasonForClosure?: string;
};

export const ebaySimulator = { start } satisfies ChannelSimulatorKind;

const usd = (minor: number) => ({ value: decimal(minor), currency: "USD" });
const moment = (ms: number) => new Date(ms).toISOString();

/** eBay's ids have three parts; the books count. */
function orderIdOf(id: string): string {
  const digits = id.padStart(12, "0");
  return `${digits.slice(0, 2)}-${digits.slice(2, 7)}-${digits.slice(7)}`;
}

function bookIdOf(orderId: string): string {
  return /^\d{2}-\d{5}-\d{5}$/.test(orderId) ? String(Number(orderId.replaceAll("-", ""))) : "";
}

async function start(options: ChannelSimulatorOptions): Promise<EbaySimulator> {
  const { now, logger } = options;
  const tokens = createSimulatedTokens({ lifeSeconds: 7_200, now, prefix: "v^1.1#i^1#" });
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = keys.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  const books = new ShopBooks({ now, onChange: (order) => notify(order) });
  let notified = 0;
  let isConsented = true;
  let refundStatus: "PENDING" | "REFUNDED" | "FAILED" = "REFUNDED";
  /** By id, oldest first. */
  const disputes = new Map<string, Readonly<Record<string, unknown>>>();
  const disputeTokens = new Set<string>();

  const server = await startChannelServer({
    now,
    logger,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    throttled: () =>
      problem(429, 2_001, "Too many requests. The request limit has been reached for the resource."),
    isWrite: ({ method, path }) => method !== "GET" && !path.startsWith("/identity/"),
    limit: { perSecond: 500, burst: 500 },
  });
  const webhooks = createChannelWebhooks({ url: options.webhookUrl, faults: server.faults, logger });

  function notify(order: ShopOrder): void {
    notified += 1;
    const body = JSON.stringify({
      metadata: { topic: "ORDER_CONFIRMATION", schemaVersion: "1.0", deprecated: false },
      notification: {
        notificationId: `n-${notified}`,
        eventDate: moment(now()),
        publishDate: moment(now()),
        publishAttemptCount: 1,
        data: { orderId: orderIdOf(order.id) },
      },
    });
    const signature = sign("sha1", Buffer.from(body), keys.privateKey).toString("base64");
    const header = { alg: "ecdsa", kid: KEY_ID, signature, digest: "SHA1" };
    webhooks.send(() => ({
      body,
      headers: {
        "content-type": "application/json",
        "x-ebay-signature": Buffer.from(JSON.stringify(header)).toString("base64"),
      },
    }));
  }

  function answer(request: SimulatedRequest): SimulatedReply {
    const { path, method, headers } = request;
    if (path === "/identity/v1/oauth2/token") return logIn(request);
    if (!tokens.isGood(bearerOf(headers))) return problem(401, 1_001, "Invalid access token");
    if (path === `/commerce/notification/v1/public_key/${KEY_ID}`)
      return jsonReply(200, { key: publicKey, algorithm: "ECDSA", digest: "SHA1" });
    if (path.startsWith("/sell/fulfillment/v1/payment_dispute") && method === "GET")
      return disputeTokens.has(bearerOf(headers))
        ? ofDisputes(request)
        : problem(403, 1_100, "Access denied: insufficient permissions to fulfill the request.");
    if (path === "/sell/fulfillment/v1/order" && method === "GET") return orders(request);
    const ofOrder =
      /^\/sell\/fulfillment\/v1\/order\/([^/]+)(?:\/(shipping_fulfillment|issue_refund))?$/.exec(path);
    if (ofOrder !== null) return ofOneOrder(request, decodeURIComponent(ofOrder[1] ?? ""), ofOrder[2]);
    if (path === "/sell/inventory/v1/bulk_update_price_quantity" && method === "POST") return stock(request);
    if (path === "/sell/inventory/v1/inventory_item" && method === "GET") return items(request);
    return problem(404, 2_002, "Resource not found");
  }

  function logIn(request: SimulatedRequest): SimulatedReply {
    const basic = basicOf(request.headers);
    const form = new URLSearchParams(request.body.toString("utf8"));
    if (basic?.user !== CLIENT_ID || basic.password !== CLIENT_SECRET)
      return jsonReply(401, { error: "invalid_client", error_description: "client authentication failed" });
    if (form.get("grant_type") !== "refresh_token" || form.get("refresh_token") !== REFRESH_TOKEN)
      return jsonReply(400, { error: "invalid_grant", error_description: "the refresh token is invalid" });
    const isOfDisputes = (form.get("scope") ?? "").split(" ").some((scope) => scope.endsWith(DISPUTE_SCOPE));
    if (isOfDisputes && !isConsented)
      return jsonReply(400, {
        error: "invalid_scope",
        error_description: "the scope exceeds what the resource owner has granted to the client",
      });
    const { value, lifeSeconds } = tokens.issue();
    if (isOfDisputes) disputeTokens.add(value);
    return jsonReply(200, { access_token: value, expires_in: lifeSeconds, token_type: "User Access Token" });
  }

  function orders({ query }: SimulatedRequest): SimulatedReply {
    const limit = Number(query.get("limit") ?? "50");
    if (limit > 200) return problem(400, 30_820, "Invalid limit");
    const offset = Number(query.get("offset") ?? "0");
    const range = /^lastmodifieddate:\[([^\]]*?)\.\.([^\]]*)\]$/.exec(query.get("filter") ?? "");
    if (query.has("filter") && range === null) return problem(400, 30_700, "Invalid filter value");
    const since = Date.parse(range?.[1] ?? "");
    const until = Date.parse(range?.[2] ?? "");
    const found = books.orders().filter(({ modifiedMs }) => !(modifiedMs < since) && !(modifiedMs > until));
    const href = (at: number) => `${server.url}/sell/fulfillment/v1/order?limit=${limit}&offset=${at}`;
    return jsonReply(200, {
      href: href(offset),
      total: found.length,
      limit,
      offset,
      ...(found.length > offset + limit ? { next: href(offset + limit) } : {}),
      orders: found.slice(offset, offset + limit).map((order) => orderOf(order, refundStatus)),
    });
  }

  /** As eBay does it: how a dispute ended is in the dispute itself, and not in the list. */
  function ofDisputes({ path, query }: SimulatedRequest): SimulatedReply {
    const id = /\/payment_dispute\/([^/]+)$/.exec(path)?.[1];
    if (id !== undefined) {
      const dispute = disputes.get(decodeURIComponent(id));
      return dispute === undefined
        ? problem(404, 33_004, "The payment dispute was not found.")
        : jsonReply(200, dispute);
    }
    const limit = Number(query.get("limit") ?? "200");
    const offset = Number(query.get("offset") ?? "0");
    const orderId = query.get("order_id");
    const found = [...disputes.values()].filter((one) => orderId === null || one["orderId"] === orderId);
    return jsonReply(200, {
      total: found.length,
      limit,
      offset,
      paymentDisputeSummaries: found.slice(offset, offset + limit).map(({ resolution: _, ...rest }) => rest),
    });
  }

  function ofOneOrder(request: SimulatedRequest, id: string, part: string | undefined): SimulatedReply {
    const order = books.find(bookIdOf(id));
    if (order === undefined)
      return /^\d{2}-\d{5}-\d{5}$/.test(id)
        ? problem(404, 32_100, "Order not found")
        : problem(400, 30_500, `Invalid order ID: ${id}`);
    if (part === undefined) return jsonReply(200, orderOf(order, refundStatus));
    if (request.method === "GET")
      return jsonReply(200, { fulfillments: order.parcels.map(fulfillmentOf), total: order.parcels.length });
    return part === "issue_refund" ? refund(request, order) : ship(request, order);
  }

  function ship(request: SimulatedRequest, order: ShopOrder): SimulatedReply {
    const body = bodyOf(request);
    const trackingNumber = textAt(body, "trackingNumber");
    if (!/^[A-Za-z0-9]+$/.test(trackingNumber)) return problem(400, 32_210, "Invalid tracking number");
    // As eBay: the same parcel told again is another parcel.
    const parcel = books.ship(order, {
      carrier: textAt(body, "shippingCarrierCode"),
      trackingNumber,
      lines: listAt(body, "lineItems").map((line) => ({
        lineId: textAt(line, "lineItemId"),
        quantity: countAt(line, "quantity"),
      })),
    });
    if (parcel === null) return problem(400, 32_230, "The line items are fulfilled already");
    const location = `${server.url}/sell/fulfillment/v1/order/${orderIdOf(order.id)}/shipping_fulfillment/${parcel.id}`;
    return { status: 201, contentType: "application/json", body: "", headers: { location } };
  }

  function refund(request: SimulatedRequest, order: ShopOrder): SimulatedReply {
    const body = bodyOf(request);
    const [item] = listAt(body, "refundItems");
    const value = textAt(body, "orderLevelRefundAmount", "value") || textAt(item, "refundAmount", "value");
    if (textAt(body, "reasonForRefund") === "") return problem(400, 34_001, "reasonForRefund is missing");
    const made = books.refund(order, {
      minor: Math.round(Number(value) * 100),
      reason: textAt(body, "comment"),
    });
    return made === null
      ? problem(400, 34_907, "The refund amount exceeds what is left of the order")
      : jsonReply(200, { refundId: made.id, refundStatus: "PENDING" });
  }

  function stock(request: SimulatedRequest): SimulatedReply {
    const requests = listAt(bodyOf(request), "requests");
    if ((request.headers["content-language"] ?? "") === "")
      return problem(400, 25_709, "Invalid value for header Content-Language");
    if (requests.length > 25) return problem(400, 25_733, "Too many SKUs: at most 25");
    const responses = requests.map((one) => {
      const sku = textAt(one, "sku");
      const isThere = books.setStock(sku, countAt(one, "shipToLocationAvailability", "quantity"));
      if (isThere) return { sku, statusCode: 200, errors: [], warnings: [] };
      const error = { errorId: 25_710, domain: "API_INVENTORY", category: "REQUEST" };
      const errors = [{ ...error, message: "We did not find the resource." }];
      return { sku, statusCode: 404, errors };
    });
    const isAll = responses.every(({ statusCode }) => statusCode === 200);
    return jsonReply(isAll ? 200 : 207, { responses });
  }

  function items({ query }: SimulatedRequest): SimulatedReply {
    const limit = Number(query.get("limit") ?? "25");
    const offset = Number(query.get("offset") ?? "0");
    const all = books.onSale();
    const href = (at: number) => `/sell/inventory/v1/inventory_item?limit=${limit}&offset=${at}`;
    return jsonReply(200, {
      href: href(offset),
      total: all.length,
      size: Math.min(limit, Math.max(0, all.length - offset)),
      limit,
      ...(all.length > offset + limit ? { next: href(offset + limit) } : {}),
      inventoryItems: all.slice(offset, offset + limit).map((listing) => ({
        sku: listing.channelSku,
        locale: "en_US",
        product: { title: listing.title, ...(listing.gtin === null ? {} : { ean: [listing.gtin] }) },
        availability: { shipToLocationAvailability: { quantity: listing.quantity } },
      })),
    });
  }

  return {
    url: server.url,
    publicKey,
    account: {
      EBAY_CLIENT_ID: CLIENT_ID,
      EBAY_CLIENT_SECRET: CLIENT_SECRET,
      EBAY_REFRESH_TOKEN: REFRESH_TOKEN,
      EBAY_MARKETPLACE: "EBAY_US",
      EBAY_LANGUAGE: "en-US",
      EBAY_URL: server.url,
    },
    faults: server.faults,
    list: (listing) => books.list(listing),
    place(planned) {
      const order = books.place(planned);
      return order === null ? null : orderIdOf(order.id);
    },
    cancel: (externalId) => books.cancel(bookIdOf(externalId)),
    // What was bought at eBay is not changed any more.
    edit: () => false,
    refund(externalId, minor) {
      const order = books.find(bookIdOf(externalId));
      return order !== undefined && books.refund(order, { minor, reason: "by the seller" }) !== null;
    },
    disputePayment(externalId, { reasonForClosure, ...said }) {
      const order = books.find(bookIdOf(externalId));
      if (order === undefined) return false;
      const openDate = disputes.get(said.paymentDisputeId)?.["openDate"] ?? moment(now());
      disputes.set(said.paymentDisputeId, {
        ...said,
        orderId: externalId,
        buyerUsername: `buyer_${order.id}`,
        amount: usd(totalOf(order)),
        openDate,
        ...(said.paymentDisputeStatus === "ACTION_NEEDED"
          ? { respondByDate: moment(now() + RESPOND_WITHIN_MS) }
          : {}),
        ...(said.paymentDisputeStatus === "CLOSED" ? { closedDate: moment(now()) } : {}),
        ...(reasonForClosure === undefined ? {} : { resolution: { reasonForClosure } }),
      });
      return true;
    },
    settleRefunds(status) {
      refundStatus = status;
    },
    consentToDisputes(isGiven) {
      isConsented = isGiven;
      disputeTokens.clear();
    },
    books: () => books.books().map((order) => ({ ...order, externalId: orderIdOf(order.externalId) })),
    levels: () => books.levels(),
    expireTokens: () => tokens.expireAll(),
    async close() {
      await webhooks.stop();
      await server.close();
    },
  };
}

function orderOf(order: ShopOrder, refundStatus: string): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  const status = isComplete(order) ? "FULFILLED" : order.parcels.length > 0 ? "IN_PROGRESS" : "NOT_STARTED";
  const goods = order.lines.reduce((sum, line) => sum + line.planned.priceMinor * line.quantity, 0);
  return {
    orderId: orderIdOf(order.id),
    legacyOrderId: orderIdOf(order.id),
    creationDate: moment(order.createdMs),
    lastModifiedDate: moment(order.modifiedMs),
    orderFulfillmentStatus: status,
    orderPaymentStatus: order.refunds.length > 0 ? "PARTIALLY_REFUNDED" : "PAID",
    sellerId: "fernweh_outfitters",
    buyer: { username: `buyer_${order.id}` },
    cancelStatus: { cancelState: order.isCancelled ? "CANCELED" : "NONE_REQUESTED", cancelRequests: [] },
    pricingSummary: {
      priceSubtotal: usd(goods),
      deliveryCost: usd(planned.shippingMinor),
      tax: usd(order.lines.reduce((sum, line) => sum + lineTax(order, line), 0)),
      total: usd(totalOf(order)),
    },
    paymentSummary: {
      payments: [],
      refunds: order.refunds.map((refund) => ({
        refundId: refund.id,
        refundDate: moment(refund.atMs),
        amount: usd(refund.minor),
        refundStatus,
      })),
    },
    fulfillmentStartInstructions: [
      {
        fulfillmentInstructionsType: "SHIP_TO",
        ebaySupportedFulfillment: false,
        shippingStep: {
          shipTo: {
            fullName: `${shopper.firstName} ${shopper.lastName}`,
            contactAddress: {
              addressLine1: shopper.line1,
              addressLine2: shopper.line2,
              city: shopper.city,
              stateOrProvince: shopper.region,
              postalCode: shopper.postalCode,
              countryCode: "US",
            },
            primaryPhone: { phoneNumber: shopper.phone },
            email: shopper.email,
          },
          shippingServiceCode: "USPSPriority",
        },
      },
    ],
    lineItems: order.lines.map((line) => ({
      lineItemId: line.id,
      legacyItemId: line.id,
      sku: line.planned.channelSku,
      title: line.planned.title,
      quantity: line.quantity,
      lineItemCost: usd(line.planned.priceMinor * line.quantity),
      lineItemFulfillmentStatus:
        line.shipped === 0 ? "NOT_STARTED" : openOf(line) === 0 ? "FULFILLED" : "IN_PROGRESS",
      taxes: [{ taxType: "STATE_SALES_TAX", amount: usd(lineTax(order, line)) }],
    })),
  };
}

function fulfillmentOf(parcel: ShopOrder["parcels"][number]): Record<string, unknown> {
  return {
    fulfillmentId: parcel.id,
    shipmentTrackingNumber: parcel.trackingNumber,
    shippingCarrierCode: parcel.carrier,
    shippedDate: moment(parcel.atMs),
    lineItems: parcel.lines.map(({ lineId, quantity }) => ({ lineItemId: lineId, quantity })),
  };
}

function bodyOf({ body }: SimulatedRequest): unknown {
  try {
    return parseJson(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function problem(status: number, errorId: number, message: string): SimulatedReply {
  return jsonReply(status, { errors: [{ errorId, domain: "API", category: "REQUEST", message }] });
}
