/**
 * TikTok Shop's open API for a simulated shop: tokens, signatures of requests, orders by pages, parcels, what may
 * be begun of an order, cancellations and returns with keys, stock, products, and signed webhooks. What is wrong is
 * answered 200 with a code.
 */
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
  ShopBooks,
  type ShopChange,
  type ShopLine,
  type ShopListing,
  type ShopOrder,
  type ShopRefund,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";
import { createSimulatedTokens } from "../../../simulator-kit/simulated-tokens.ts";
import { countAt, listAt, parseJson, textAt } from "../../../vendor-kit/vendor-json.ts";
import { REFUNDED } from "../returns.ts";
import { signRequest, signWebhook } from "../signature.ts";

const APP_KEY = "6holdfastapp";
const APP_SECRET = "simulated-tiktok-app-secret";
const REFRESH_TOKEN = "TTP_simulated-refresh-token";
const CIPHER = "TTP_simulatedcipher";
const SHOP_ID = "7494049642642441621";
const DELIVERY_OPTION = "7359159720562657056";
const WAREHOUSE = "7068517275539719942";
const PROVIDERS = [
  { id: "7117858858072016686", name: "USPS" },
  { id: "7117859084333745966", name: "UPS" },
  { id: "7129720299146184490", name: "FedEx" },
];

/** Of an order: when it changed last. */
const CHANGED = "changedMs";

/** A shop at TikTok, whose buyers ask for money back, and where sellers may begin refunds or not. */
export type TiktokSimulator = ChannelSimulator & {
  /** The buyer wants money back; null: there is no such order. @returns the return's id */
  askForRefund(
    externalId: string,
    asked: { readonly minor: number; readonly isSentBack?: boolean },
  ): string | null;
  /** Whether the seller's authorization has the scope of returns. */
  authorizeReturns(isGiven: boolean): void;
  /** Whether sellers may begin refunds, as they may in some countries only. */
  offerRefunds(isOffered: boolean): void;
  /** What becomes of refunds from now on, those that are under way included. */
  settleRefunds(status: ReturnStatus): void;
};

export type ReturnStatus =
  | "RETURN_OR_REFUND_REQUEST_COMPLETE"
  | "RETURN_OR_REFUND_REQUEST_SUCCESS"
  | "REFUND_OR_RETURN_REQUEST_REJECT";

/** A return in which no money has gone back. */
type OpenReturn = {
  readonly id: string;
  readonly order: ShopOrder;
  readonly minor: number;
  readonly type: "REFUND" | "RETURN_AND_REFUND";
  readonly role: "BUYER" | "SELLER";
  /** Of one that waits for the seller; null: it is decided on. */
  readonly action: string | null;
  readonly atMs: number;
};

/** As the vendor says, they differ by where the parcel is. */
const CANCEL_REASONS = [
  "seller_cancel_reason_out_of_stock",
  "seller_cancel_paid_reason_buyer_requested_cancellation",
  "seller_cancel_paid_reason_address_not_deliver",
];
const REFUND_REASONS = [
  "ecom_order_shipped_refund_reason_missing_item_seller",
  "ecom_order_shipped_refund_reason_damaged_item_seller",
  "ecom_order_shipped_refund_reason_seller_agreed_to_refund",
];

export const tiktokSimulator: ChannelSimulatorKind = { start };

/** Eighteen digits, beyond what a double keeps; the books count. */
const wide = (start: string, id: string) => `${start}${id.padStart(16, "0")}`;
const bookIdOf = (start: string, id: string) =>
  id.startsWith(start) && /^\d{18}$/.test(id) ? String(Number(id.slice(start.length))) : "";
const unitIdOf = (line: ShopLine, index: number) => wide("58", `${line.id}${String(index).padStart(4, "0")}`);
const seconds = (ms: number) => Math.floor(ms / 1_000);

async function start(options: ChannelSimulatorOptions): Promise<TiktokSimulator> {
  const { now, logger } = options;
  const tokens = createSimulatedTokens({ lifeSeconds: 86_400, now, prefix: "TTP_" });
  const books = new ShopBooks({ now, onChange: (order, change) => notify(order, change) });
  const cancellations = new Map<string, string>();
  const openReturns = new Map<string, OpenReturn>();
  /** Ids of returns, by the key that they were begun or approved with. */
  const returnKeys = new Map<string, string>();
  let areRefundsOffered = true;
  let mayUseReturns = true;
  let returnStatus: ReturnStatus = REFUNDED;

  const server = await startChannelServer({
    now,
    logger,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    throttled: () => failed(36_009_002, "Too many requests", 429),
    isWrite: ({ path, method }) => method !== "GET" && !path.endsWith("/search"),
    limit: { perSecond: 500, burst: 500 },
  });
  const webhooks = createChannelWebhooks({ url: options.webhookUrl, faults: server.faults, logger });

  function notify(order: ShopOrder, change: ShopChange): void {
    const refund = change === "refunded" ? order.refunds.at(-1) : undefined;
    // What is given back stands in a return, and leaves the order as it is.
    if (refund === undefined) order.extra.set(CHANGED, String(order.modifiedMs));
    const data = {
      order_id: wide("57", order.id),
      update_time: seconds(order.modifiedMs),
      ...(refund === undefined
        ? { order_status: statusOf(order) }
        : { return_id: returnIdOf(refund), return_status: REFUNDED }),
    };
    const type = refund === undefined ? 1 : 12;
    const body = JSON.stringify({ type, shop_id: SHOP_ID, timestamp: seconds(now()), data });
    webhooks.send(() => ({
      body,
      headers: {
        "content-type": "application/json",
        authorization: signWebhook(APP_KEY, APP_SECRET, Buffer.from(body)),
      },
    }));
  }

  function answer(request: SimulatedRequest): SimulatedReply {
    const { path, query, headers, method } = request;
    if (path === "/api/v2/token/refresh") return logIn(query);
    const parameters = Object.fromEntries(query);
    const expected = signRequest(APP_SECRET, path, parameters, request.body.toString("utf8"));
    if (query.get("app_key") !== APP_KEY || query.get("sign") !== expected)
      return failed(106_001, "Invalid sign");
    if (Math.abs(seconds(now()) - Number(query.get("timestamp"))) > 300)
      return failed(106_002, "Expired timestamp");
    if (!tokens.isGood(headers["x-tts-access-token"] ?? ""))
      return failed(105_002, "Expired credentials. The access_token is expired.");
    if (path === "/authorization/202309/shops") {
      if (query.has("shop_cipher")) return failed(106_011, "shop_cipher is not taken here");
      return done({ shops: [{ id: SHOP_ID, name: "Fernweh Outfitters", region: "US", cipher: CIPHER }] });
    }
    if (query.get("shop_cipher") !== CIPHER) return failed(106_012, "shop_cipher is missing");
    if (path === "/order/202309/orders/search" && method === "POST") return search(request);
    if (path === "/order/202309/orders") return byIds(query);
    const ofOrder = /^\/fulfillment\/202309\/orders\/(\d+)\/packages$/.exec(path);
    if (ofOrder !== null) return ship(request, ofOrder[1] ?? "");
    if (path.startsWith("/return_refund/") && path.includes("/returns") && !mayUseReturns)
      return failed(105_005, "Access denied: the authorization does not have this scope");
    if (path === "/return_refund/202309/cancellations") return cancel(request);
    const eligible = /^\/return_refund\/202512\/orders\/(\d+)\/aftersale_eligibility$/.exec(path);
    if (eligible !== null) return eligibility(eligible[1] ?? "", query);
    if (path === "/return_refund/202309/returns" && method === "POST") return beginReturn(request);
    const approved = /^\/return_refund\/202309\/returns\/(\d+)\/approve$/.exec(path);
    if (approved !== null) return approveReturn(request, approved[1] ?? "");
    if (path === "/return_refund/202309/returns/search" && method === "POST") return searchReturns(request);
    if (path === `/logistics/202309/delivery_options/${DELIVERY_OPTION}/shipping_providers`)
      return done({ shipping_providers: PROVIDERS });
    const ofProduct = /^\/product\/202309\/products\/(\d+)\/inventory\/update$/.exec(path);
    if (ofProduct !== null) return stock(request, ofProduct[1] ?? "");
    if (path === "/product/202502/products/search") return products(query);
    return failed(36_009_009, "Invalid path", 404);
  }

  function logIn(query: URLSearchParams): SimulatedReply {
    if (query.get("app_key") !== APP_KEY || query.get("app_secret") !== APP_SECRET)
      return failed(36_004_001, "app key or secret is invalid");
    if (query.get("refresh_token") !== REFRESH_TOKEN) return failed(36_004_004, "refresh token is invalid");
    const { value, lifeSeconds } = tokens.issue();
    return done({
      access_token: value,
      access_token_expire_in: seconds(now()) + lifeSeconds,
      refresh_token: REFRESH_TOKEN,
      refresh_token_expire_in: seconds(now()) + 31_536_000,
      seller_name: "Fernweh Outfitters",
    });
  }

  /** By their change and id, each page going on behind the last one of the page before. */
  function search(request: SimulatedRequest): SimulatedReply {
    const rows = books.orders().map((order) => ({ at: changedMs(order), id: Number(order.id), order }));
    const page = pageOf(rows, request);
    if (page === null) return failed(36_009_004, "page_size must be from 1 to 100");
    const { found, next_page_token, total_count } = page;
    return done({ orders: found.map(({ order }) => orderOf(order)), next_page_token, total_count });
  }

  function searchReturns(request: SimulatedRequest): SimulatedReply {
    const body = bodyOf(request);
    const [ids, statuses] = [textsOf(body, "order_ids"), textsOf(body, "return_status")];
    const isAsked = (order: ShopOrder) => ids.length === 0 || ids.includes(wide("57", order.id));
    const given = books
      .orders()
      .filter(isAsked)
      .flatMap((order) => order.refunds.map((refund) => ({ order, refund })))
      .map(({ order, refund }) => ({
        at: refund.atMs,
        id: Number(refund.id),
        one: givenReturn(order, refund),
      }));
    const open = [...openReturns.values()]
      .filter(({ order }) => isAsked(order))
      .map((one) => ({ at: one.atMs, id: Number(one.id.slice(2)), one: openReturnOf(one) }));
    const rows = [...given, ...open].filter(
      ({ one }) => statuses.length === 0 || statuses.includes(String(one["return_status"])),
    );
    const page = pageOf(rows, request);
    if (page === null) return failed(36_009_004, "page_size must be from 1 to 100");
    const { found, next_page_token, total_count } = page;
    const returns = found.map(({ one }) => one);
    return done({ return_orders: returns, next_page_token, total_count });
  }

  function givenReturn(order: ShopOrder, refund: ShopRefund): Readonly<Record<string, unknown>> {
    return {
      order_id: wide("57", order.id),
      return_id: returnIdOf(refund),
      return_type: "REFUND",
      return_status: REFUNDED,
      create_time: seconds(refund.atMs),
      update_time: seconds(refund.atMs),
      refund_amount: { currency: "USD", refund_total: decimal(refund.minor) },
      return_line_items: [],
    };
  }

  function openReturnOf({
    id,
    order,
    minor,
    type,
    role,
    action,
    atMs,
  }: OpenReturn): Readonly<Record<string, unknown>> {
    const waits = type === "REFUND" ? "RETURN_OR_REFUND_REQUEST_PENDING" : "BUYER_SHIPPED_ITEM";
    return {
      order_id: wide("57", order.id),
      return_id: id,
      return_type: type,
      return_status: action === null ? returnStatus : waits,
      role,
      create_time: seconds(atMs),
      update_time: seconds(atMs),
      refund_amount: { currency: "USD", refund_total: decimal(minor) },
      seller_next_action_response: action === null ? [] : [{ action, deadline: seconds(atMs + 172_800_000) }],
      return_line_items: [],
    };
  }

  /** What is decided on is given once refunds are. */
  function settle(one: OpenReturn): Readonly<Record<string, unknown>> {
    if (returnStatus !== REFUNDED) {
      openReturns.set(one.id, one);
      return { return_id: one.id, return_status: returnStatus };
    }
    openReturns.delete(one.id);
    const extra = { returnId: one.id };
    books.refund(one.order, { minor: one.minor, reason: "by TikTok", extra });
    return { return_id: one.id, return_status: REFUNDED };
  }

  function eligibility(id: string, query: URLSearchParams): SimulatedReply {
    const order = books.find(bookIdOf("57", id));
    if (order === undefined) return failed(25_001_001, "Order not found");
    const types = (query.get("request_types") ?? "CANCEL,REFUND").split(",");
    const lines = types.flatMap((type) => order.lines.map((line) => eligibilityOf(order, line, type)));
    return done({ sku_eligibility: lines });
  }

  function eligibilityOf(order: ShopOrder, line: ShopLine, type: string): Readonly<Record<string, unknown>> {
    const isEligible = type === "CANCEL" ? !order.isCancelled && line.shipped === 0 : areRefundsOffered;
    const ids = Array.from({ length: line.quantity }, (_, index) => unitIdOf(line, index));
    return {
      sku_id: wide("18", line.id),
      line_item_eligibility: [
        {
          request_type: type,
          order_line_items_ids: ids,
          eligible: isEligible,
          ...(isEligible
            ? { available_reason_names: type === "CANCEL" ? CANCEL_REASONS : REFUND_REASONS }
            : { ineligible_code: 25_001_001, ineligible_reason: "invalid order status" }),
        },
      ],
    };
  }

  function beginReturn(request: SimulatedRequest): SimulatedReply {
    const key = request.query.get("idempotency_key") ?? "";
    const known = returnKeys.get(key);
    if (known !== undefined) return done({ return_id: known, return_status: returnStatus });
    const body = bodyOf(request);
    const order = books.find(bookIdOf("57", textAt(body, "order_id")));
    if (order === undefined) return failed(25_001_001, "Order not found");
    if (!areRefundsOffered) return failed(25_001_005, "The order is not eligible");
    if (!REFUND_REASONS.includes(textAt(body, "return_reason")))
      return failed(25_001_021, "Reason not match order status");
    const minor = Math.round(Number(textAt(body, "refund_total")) * 100);
    const ids = textsOf(body, "order_line_item_ids");
    if (textAt(body, "currency") !== "USD" || ids.length === 0 || linesOf(order, ids) === null)
      return failed(98_001_004, "Invalid parameters");
    if (minor > totalOf(order) - order.refunds.reduce((sum, refund) => sum + refund.minor, 0))
      return failed(25_001_031, "The refund exceeds the refundable amount");
    const id = wide("40", books.nextId());
    if (key !== "") returnKeys.set(key, id);
    const one = { id, order, minor, type: "REFUND", role: "SELLER", action: null, atMs: now() } as const;
    return done(settle(one));
  }

  function approveReturn(request: SimulatedRequest, id: string): SimulatedReply {
    const key = request.query.get("idempotency_key") ?? "";
    if (returnKeys.get(key) === id) return done({});
    const one = openReturns.get(id);
    if (one === undefined || one.action === null) return failed(25_001_011, "The return cannot be approved");
    const expected = one.type === "REFUND" ? "APPROVE_REFUND" : "APPROVE_RECEIVED_PACKAGE";
    if (textAt(bodyOf(request), "decision") !== expected) return failed(98_001_004, "Invalid parameters");
    if (key !== "") returnKeys.set(key, id);
    settle({ ...one, action: null });
    return done({});
  }

  function byIds(query: URLSearchParams): SimulatedReply {
    const ids = (query.get("ids") ?? "").split(",");
    if (ids.length > 50) return failed(36_009_004, "at most 50 ids");
    const found = ids.map((id) => books.find(bookIdOf("57", id)));
    return done({ orders: found.flatMap((order) => (order === undefined ? [] : [orderOf(order)])) });
  }

  /** Units by their lines; null: one is not of the order. */
  function linesOf(order: ShopOrder, unitIds: readonly string[]) {
    const lines = new Map<string, number>();
    for (const id of unitIds) {
      const line = order.lines.find((one) =>
        Array.from({ length: one.quantity }, (_, index) => unitIdOf(one, index)).includes(id),
      );
      if (line === undefined) return null;
      lines.set(line.id, (lines.get(line.id) ?? 0) + 1);
    }
    return [...lines].map(([lineId, quantity]) => ({ lineId, quantity }));
  }

  function ship(request: SimulatedRequest, id: string): SimulatedReply {
    const order = books.find(bookIdOf("57", id));
    if (order === undefined) return failed(21_011_001, "Order not found");
    const body = bodyOf(request);
    const provider = PROVIDERS.find((one) => one.id === textAt(body, "shipping_provider_id"));
    const lines = linesOf(order, textsOf(body, "order_line_item_ids"));
    if (provider === undefined) return failed(21_011_003, "Invalid shipping provider");
    if (lines === null) return failed(21_011_004, "Invalid order line item");
    const trackingNumber = textAt(body, "tracking_number");
    const parcel = books.ship(order, { carrier: provider.name, trackingNumber, lines });
    if (parcel === null) return failed(21_011_005, "The items are shipped already");
    return done({ order_id: id, package_id: wide("11", parcel.id) });
  }

  function cancel(request: SimulatedRequest): SimulatedReply {
    const key = request.query.get("idempotency_key") ?? "";
    const known = cancellations.get(key);
    if (known !== undefined) return done({ cancel_id: known, cancel_status: "CANCELLATION_REQUEST_SUCCESS" });
    const body = bodyOf(request);
    const order = books.find(bookIdOf("57", textAt(body, "order_id")));
    if (order === undefined) return failed(25_001_001, "Order not found");
    if (!CANCEL_REASONS.includes(textAt(body, "cancel_reason")))
      return failed(25_001_021, "Reason not match order status");
    const units = textsOf(body, "order_line_item_ids");
    const lines = linesOf(order, units);
    const isDone =
      units.length === 0 ? books.cancel(order.id) : lines !== null && books.cancelLines(order, lines);
    if (!isDone) return failed(25_001_003, "The order cannot be cancelled any more");
    const id = wide("40", books.nextId());
    if (key !== "") cancellations.set(key, id);
    return done({ cancel_id: id, cancel_status: "CANCELLATION_REQUEST_SUCCESS" });
  }

  function stock(request: SimulatedRequest, product: string): SimulatedReply {
    const listing = books.onSale().find((one) => wide("17", one.id) === product);
    if (listing === undefined) return failed(12_052_048, "Product not found");
    const errors = listAt(bodyOf(request), "skus").flatMap((sku) => {
      const quantity = countAt(listAt(sku, "inventory")[0], "quantity");
      if (textAt(sku, "id") === wide("18", listing.variantId) && quantity >= 0) {
        books.setStock(listing.channelSku, quantity);
        return [];
      }
      return [{ code: 12_052_130, message: "SKU not found", detail: { sku_id: textAt(sku, "id") } }];
    });
    return done({ errors });
  }

  function products(query: URLSearchParams): SimulatedReply {
    const size = Number(query.get("page_size") ?? "20");
    const from = Number(query.get("page_token") ?? "0");
    const all = books.onSale();
    return done({
      total_count: all.length,
      next_page_token: all.length > from + size ? String(from + size) : "",
      products: all.slice(from, from + size).map(productOf),
    });
  }

  return {
    url: server.url,
    account: {
      TIKTOK_APP_KEY: APP_KEY,
      TIKTOK_APP_SECRET: APP_SECRET,
      TIKTOK_REFRESH_TOKEN: REFRESH_TOKEN,
      TIKTOK_SHOP_CIPHER: CIPHER,
      TIKTOK_URL: server.url,
      TIKTOK_AUTH_URL: server.url,
    },
    faults: server.faults,
    list: (listing) => books.list(listing),
    place(planned) {
      const order = books.place(planned);
      return order === null ? null : wide("57", order.id);
    },
    cancel: (externalId) => books.cancel(bookIdOf("57", externalId)),
    // An order cannot be edited at TikTok.
    edit: () => false,
    refund(externalId, minor) {
      const order = books.find(bookIdOf("57", externalId));
      return order !== undefined && books.refund(order, { minor, reason: "damaged" }) !== null;
    },
    askForRefund(externalId, { minor, isSentBack = false }) {
      const order = books.find(bookIdOf("57", externalId));
      if (order === undefined) return null;
      const id = wide("40", books.nextId());
      const action = isSentBack ? "SELLER_RESPOND_RECEIVE_PACKAGE" : "SELLER_RESPOND_REFUND";
      const type = isSentBack ? "RETURN_AND_REFUND" : "REFUND";
      openReturns.set(id, { id, order, minor, type, role: "BUYER", action, atMs: now() });
      return id;
    },
    authorizeReturns(isGiven) {
      mayUseReturns = isGiven;
    },
    offerRefunds(isOffered) {
      areRefundsOffered = isOffered;
    },
    settleRefunds(status) {
      returnStatus = status;
      for (const one of [...openReturns.values()]) if (one.action === null) settle(one);
    },
    books: () =>
      books.books().map((order) => ({
        ...order,
        externalId: wide("57", order.externalId),
        lines: order.lines.map((line) => ({
          ...line,
          externalLineId: wide("58", `${line.externalLineId}0000`),
        })),
      })),
    levels: () => books.levels(),
    expireTokens: () => tokens.expireAll(),
    async close() {
      await webhooks.stop();
      await server.close();
    },
  };
}

/** One that the API began has its own. */
function returnIdOf(refund: ShopRefund): string {
  return refund.extra["returnId"] ?? wide("40", refund.id);
}

type Row = { readonly at: number; readonly id: number };

/** Of what changed in the stretch of time that was asked for; null: the page's size is none that is taken. */
function pageOf<Found extends Row>(rows: readonly Found[], request: SimulatedRequest) {
  const { query } = request;
  const body = bodyOf(request);
  const since = countAt(body, "update_time_ge");
  const until = countAt(body, "update_time_lt");
  const size = Number(query.get("page_size") ?? "20");
  if (!(size >= 1 && size <= 100)) return null;
  const token = Buffer.from(query.get("page_token") ?? "", "base64url").toString("utf8");
  const [fromMs = "", fromId = ""] = token.split(":");
  const left = rows
    .filter(({ at }) => !(seconds(at) < since) && !(seconds(at) >= until))
    .sort((a, b) => a.at - b.at || a.id - b.id)
    .filter(
      ({ at, id }) => fromId === "" || at > Number(fromMs) || (at === Number(fromMs) && id > Number(fromId)),
    );
  const found = left.slice(0, size);
  const last = found.at(-1);
  const isMore = left.length > size && last !== undefined;
  return {
    found,
    next_page_token: isMore ? Buffer.from(`${last.at}:${last.id}`).toString("base64url") : "",
    total_count: left.length,
  };
}

/** When the order itself changed last: a refund is no change of it. */
function changedMs(order: ShopOrder): number {
  return Number(order.extra.get(CHANGED) ?? order.createdMs);
}

function statusOf(order: ShopOrder): string {
  if (order.isCancelled) return "CANCELLED";
  if (isComplete(order)) return "IN_TRANSIT";
  return order.parcels.length > 0 ? "PARTIALLY_SHIPPING" : "AWAITING_SHIPMENT";
}

function orderOf(order: ShopOrder): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  const tax = order.lines.reduce((sum, line) => sum + lineTax(order, line), 0);
  return {
    id: wide("57", order.id),
    status: statusOf(order),
    create_time: seconds(order.createdMs),
    update_time: seconds(changedMs(order)),
    user_id: wide("71", order.id),
    buyer_email: `relay${order.id}@scs.tiktok.example`,
    shipping_type: "SELLER",
    fulfillment_type: planned.fulfilledByChannel === true ? "FULFILLMENT_BY_TIKTOK" : "FULFILLMENT_BY_SELLER",
    delivery_option_id: DELIVERY_OPTION,
    delivery_option_name: "Standard shipping",
    is_cod: false,
    payment: {
      currency: "USD",
      original_shipping_fee: decimal(planned.shippingMinor),
      shipping_fee: decimal(planned.shippingMinor),
      product_tax: decimal(tax),
      tax: decimal(tax),
      total_amount: decimal(totalOf(order)),
    },
    recipient_address: {
      name: `${shopper.firstName} ${shopper.lastName}`,
      phone_number: shopper.phone,
      address_line1: shopper.line1,
      address_line2: shopper.line2,
      postal_code: shopper.postalCode,
      region_code: "US",
      district_info: [
        { address_level: "L1", address_level_name: "State", address_name: shopper.regionName },
        { address_level: "L3", address_level_name: "City", address_name: shopper.city },
      ],
    },
    line_items: order.lines.flatMap((line) => unitsOf(order, line)),
    packages: order.parcels.map((parcel) => ({ id: wide("11", parcel.id) })),
  };
}

/** First what has left, parcel by parcel; at the end what is cancelled. */
function unitsOf(order: ShopOrder, line: ShopLine): readonly Record<string, unknown>[] {
  const parcels = order.parcels.flatMap((parcel) =>
    parcel.lines
      .filter(({ lineId }) => lineId === line.id)
      .flatMap(({ quantity }) => Array.from({ length: quantity }, () => parcel)),
  );
  return Array.from({ length: line.quantity }, (_, index) => {
    const parcel = parcels[index];
    const isCancelled = index >= line.quantity - line.cancelled;
    return {
      id: unitIdOf(line, index),
      sku_id: wide("18", line.id),
      product_id: wide("17", line.id),
      seller_sku: line.planned.channelSku,
      product_name: line.planned.title,
      currency: "USD",
      original_price: decimal(line.planned.priceMinor),
      sale_price: decimal(line.planned.priceMinor),
      seller_discount: "0",
      platform_discount: "0",
      display_status: isCancelled ? "CANCELLED" : parcel === undefined ? "AWAITING_SHIPMENT" : "IN_TRANSIT",
      tracking_number: parcel?.trackingNumber ?? "",
      ...(parcel === undefined ? {} : { package_id: wide("11", parcel.id) }),
    };
  });
}

function productOf(listing: ShopListing): Record<string, unknown> {
  return {
    id: wide("17", listing.id),
    title: listing.title,
    status: "ACTIVATE",
    skus: [
      {
        id: wide("18", listing.variantId),
        seller_sku: listing.channelSku,
        inventory: [{ warehouse_id: WAREHOUSE, quantity: listing.quantity }],
      },
    ],
  };
}

function textsOf(body: unknown, name: string): readonly string[] {
  return listAt(body, name).map((text) => textAt({ text }, "text"));
}

function bodyOf({ body }: SimulatedRequest): unknown {
  try {
    return parseJson(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function done(data: unknown): SimulatedReply {
  return jsonReply(200, { code: 0, message: "Success", request_id: "202611200000000000", data });
}

function failed(code: number, message: string, status = 200): SimulatedReply {
  return jsonReply(status, { code, message, request_id: "202611200000000000", data: {} });
}
