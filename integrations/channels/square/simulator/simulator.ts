/**
 * Square on loopback: orders with a fulfillment, payments with their disputes, refunds, physical counts and a
 * catalog at one location, idempotency keys in bodies, versions of orders, and thin webhooks whose signature
 * covers the address.
 */
import { createHmac, randomBytes } from "node:crypto";
import { startChannelServer } from "../../../simulator-kit/channel-server.ts";
import type {
  ChannelSimulator,
  ChannelSimulatorKind,
  ChannelSimulatorOptions,
} from "../../../simulator-kit/channel-simulator.ts";
import { createChannelWebhooks } from "../../../simulator-kit/channel-webhooks.ts";
import {
  jsonOf,
  jsonReply,
  type SimulatedReply,
  type SimulatedRequest,
} from "../../../simulator-kit/exchange.ts";
import {
  lineTax,
  openOf,
  ShopBooks,
  type ShopListing,
  type ShopOrder,
  type ShopRefund,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";
import { simulatedShop } from "../../../simulator-kit/simulated-shop.ts";
import { bearerOf } from "../../../simulator-kit/simulated-tokens.ts";
import { at, listAt, numberAt, objectAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "../api.ts";

const LOCATION = "L1MAINSTREET";
const CATALOG_PAGE = 100;
const DISPUTE_PAGE = 50;
const ANSWER_WITHIN_MS = 14 * 86_400_000;
const OPEN_DISPUTES = ["INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_PROCESSING", "EVIDENCE_REQUIRED", "PROCESSING"];

/** A shop at Square, whose payments can be disputed, and whose refunds may take their time. */
export type SquareSimulator = ChannelSimulator & {
  /** The buyer's bank disputes the payment, or goes on with the dispute; false: there is no such order. */
  disputePayment(externalId: string, dispute: SquareDispute): boolean;
  /** The seller takes the permission DISPUTES_READ back, or gives it. */
  permitDisputes(isGiven: boolean): void;
  /** What becomes of refunds from now on, those that are pending included. */
  settleRefunds(status: "PENDING" | "APPROVED" | "FAILED"): void;
};

export type SquareDispute = {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
  /** Absent: that of the seller's. */
  readonly locationId?: string;
};

export const squareSimulator: ChannelSimulatorKind = { start };

const READS = ["/v2/orders/search", "/v2/orders/batch-retrieve", "/v2/inventory/counts/batch-retrieve"];

async function start(options: ChannelSimulatorOptions): Promise<SquareSimulator> {
  const token = randomBytes(24).toString("base64url");
  const versions = new Map<string, number>();
  /** By their idempotency keys: the body that came with it, and what was answered. */
  const answered = new Map<string, { readonly body: string; readonly reply: SimulatedReply }>();
  /** By id, oldest first. */
  const disputes = new Map<string, Readonly<Record<string, unknown>>>();
  let mayReadDisputes = true;
  let refundStatus: "PENDING" | "APPROVED" | "FAILED" = "APPROVED";
  let events = 0;

  const server = await startChannelServer({
    logger: options.logger,
    now: options.now,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    isWrite: ({ method, path }) =>
      method !== "GET" && !READS.includes(path) && path !== "/v2/catalog/batch-retrieve",
    limit: { perSecond: 400, burst: 2_000 },
    throttled: (_, waitMs) => ({
      ...failure(429, "RATE_LIMIT_ERROR", "RATE_LIMITED", "Too many requests."),
      headers: { "retry-after": String(Math.ceil(waitMs / 1_000)) },
    }),
  });
  const webhooks = createChannelWebhooks({
    url: options.webhookUrl,
    faults: server.faults,
    logger: options.logger,
  });
  const books = new ShopBooks({
    now: options.now,
    onChange: (order, change) => {
      versions.set(order.id, (versions.get(order.id) ?? 0) + 1);
      sendEvent(order, change === "created" ? "order_created" : "order_updated");
    },
  });

  function sendEvent(order: ShopOrder, what: "order_created" | "order_updated"): void {
    send(what.replace("_", "."), {
      type: what,
      id: order.id,
      object: {
        [what]: {
          order_id: order.id,
          location_id: LOCATION,
          state: "OPEN",
          version: versions.get(order.id) ?? 1,
          updated_at: new Date(order.modifiedMs).toISOString(),
        },
      },
    });
  }

  function send(type: string, data: Readonly<Record<string, unknown>>): void {
    events += 1;
    const body = JSON.stringify({
      merchant_id: "MERCHANT1",
      location_id: LOCATION,
      type,
      event_id: `event-${events}`,
      created_at: new Date(options.now()).toISOString(),
      data,
    });
    const [key = "", url = ""] = options.webhookSecret.split("|");
    const signature = createHmac("sha256", key).update(`${url}${body}`).digest("base64");
    webhooks.send(() => ({
      body,
      headers: { "content-type": "application/json", "x-square-hmacsha256-signature": signature },
    }));
  }

  function answer(request: SimulatedRequest): SimulatedReply {
    if (bearerOf(request.headers) !== token)
      return failure(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "This request could not be authorized.");
    const body = jsonOf(request);
    const [, , resource = "", id = ""] = request.path.split("/");
    const order = books.find(id);
    switch (`${request.method} ${request.path}`) {
      case "POST /v2/orders/search":
        return search(body);
      case "POST /v2/orders/batch-retrieve": {
        const ids = listAt(body, "order_ids").map((one) => textAt({ one }, "one"));
        return jsonReply(200, {
          orders: books
            .orders()
            .filter((one) => ids.includes(one.id))
            .map(document),
        });
      }
      case "POST /v2/refunds":
        return once(body, () => refund(body));
      case "POST /v2/inventory/changes/batch-create":
        return once(body, () => setCounts(body));
      case "POST /v2/inventory/counts/batch-retrieve":
        return counts(body);
      case "POST /v2/catalog/batch-retrieve": {
        const ids = listAt(body, "object_ids").map((one) => textAt({ one }, "one"));
        const known = books.onSale().filter(({ variantId }) => ids.includes(variantId));
        return jsonReply(200, { objects: known.map(variationDocument) });
      }
      case "GET /v2/catalog/list":
        return catalog(request);
      case "GET /v2/disputes":
        return mayReadDisputes ? listDisputes(request) : notPermitted();
      case `GET /v2/locations/${LOCATION}`:
        return jsonReply(200, { location: { id: LOCATION, name: "Main Street", status: "ACTIVE" } });
      default:
    }
    if (request.method === "GET" && resource === "disputes")
      return mayReadDisputes ? found("dispute", disputes.get(id)) : notPermitted();
    if (request.method === "GET" && resource === "payments") return found("payment", paymentBy(id));
    if (request.method === "GET" && resource === "refunds")
      return found("refund", refundBy(decodeURIComponent(id)));
    if (resource !== "orders" || order === undefined)
      return failure(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "Resource not found.");
    if (request.method === "GET") return jsonReply(200, { order: document(order) });
    if (request.method === "PUT") return once(body, () => update(order, at(body, "order")));
    return failure(405, "INVALID_REQUEST_ERROR", "METHOD_NOT_ALLOWED", "Method not allowed.");
  }

  function found(name: string, document: Readonly<Record<string, unknown>> | undefined): SimulatedReply {
    return document === undefined
      ? failure(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "Resource not found.")
      : jsonReply(200, { [name]: document });
  }

  function listDisputes({ query }: SimulatedRequest): SimulatedReply {
    const location = query.get("location_id");
    const states = query.get("states");
    const from = Number(query.get("cursor") ?? 0);
    const all = [...disputes.values()].filter(
      (one) =>
        (location === null || one["location_id"] === location) &&
        (states === null || one["state"] === states),
    );
    const next = from + DISPUTE_PAGE;
    const some = all.slice(from, next);
    return jsonReply(200, {
      ...(some.length === 0 ? {} : { disputes: some }),
      ...(next < all.length ? { cursor: String(next) } : {}),
    });
  }

  function paymentBy(id: string): Readonly<Record<string, unknown>> | undefined {
    const order = books.find(id.replace(/^pay-/, ""));
    if (order === undefined || !id.startsWith("pay-")) return undefined;
    return {
      id,
      order_id: order.id,
      location_id: LOCATION,
      status: "COMPLETED",
      source_type: "CARD",
      amount_money: { amount: totalOf(order), currency: "USD" },
      created_at: new Date(order.createdMs).toISOString(),
    };
  }

  /** As Square does it, the refund has another id than in its order. */
  function refundBy(id: string): Readonly<Record<string, unknown>> | undefined {
    for (const order of books.orders())
      for (const made of order.refunds)
        if (`pay-${order.id}_${made.id}` === id) return refundDocument(order, made, refundStatus);
    return undefined;
  }

  function once(body: unknown, work: () => SimulatedReply): SimulatedReply {
    const key = textAt(body, "idempotency_key");
    if (key === "" || key.length > 45)
      return failure(
        400,
        "INVALID_REQUEST_ERROR",
        "BAD_REQUEST",
        "The idempotency key is missing or too long.",
      );
    const text = JSON.stringify(body);
    const known = answered.get(key);
    if (known === undefined) {
      const reply = work();
      if (reply.status === 200) answered.set(key, { body: text, reply });
      return reply;
    }
    if (known.body === text) return known.reply;
    return failure(400, "INVALID_REQUEST_ERROR", "IDEMPOTENCY_KEY_REUSED", "The key came with another body.");
  }

  /** By the change, as a cursor goes on: what has changed since lies behind it. */
  function search(body: unknown): SimulatedReply {
    const range = at(body, "query", "filter", "date_time_filter", "updated_at");
    const from = Date.parse(textAt(range, "start_at"));
    const to = Date.parse(textAt(range, "end_at"));
    const limit = Math.min(1_000, numberAt(body, "limit") ?? 500);
    const [afterMs = -1, afterId = 0] = textAt(body, "cursor")
      .split("-")
      .filter((part) => part !== "")
      .map(Number);
    const rows = books
      .orders()
      .filter((order) => !(order.modifiedMs < from) && !(order.modifiedMs >= to))
      .sort((a, b) => a.modifiedMs - b.modifiedMs || Number(a.id) - Number(b.id))
      .filter(
        (order) => order.modifiedMs > afterMs || (order.modifiedMs === afterMs && Number(order.id) > afterId),
      );
    const orders = rows.slice(0, limit);
    const last = orders.at(-1);
    return jsonReply(200, {
      ...(orders.length === 0 ? {} : { orders: orders.map(document) }),
      ...(rows.length > limit && last !== undefined ? { cursor: `${last.modifiedMs}-${last.id}` } : {}),
    });
  }

  function update(order: ShopOrder, change: unknown): SimulatedReply {
    if (numberAt(change, "version") !== versions.get(order.id))
      return failure(409, "INVALID_REQUEST_ERROR", "VERSION_MISMATCH", "The order has another version.");
    const [fulfillment] = listAt(change, "fulfillments");
    if (fulfillment === undefined || textAt(fulfillment, "uid") !== `f-${order.id}`)
      return failure(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST", "The fulfillment is unknown.");
    const state = textAt(fulfillment, "state");
    const metadata = objectAt(fulfillment, "metadata");
    if (metadata !== undefined) {
      if (
        Object.values(metadata).some((value) => String(value).length > 255) ||
        Object.keys(metadata).length > 10
      )
        return failure(400, "INVALID_REQUEST_ERROR", "VALUE_TOO_LONG", "The metadata is too long.");
      order.extra.set("metadata", JSON.stringify(metadata));
    }
    const details = at(fulfillment, "shipment_details");
    for (const name of ["carrier", "tracking_number", "tracking_url", "cancel_reason"])
      if (textAt(details, name) !== "") order.extra.set(name, textAt(details, name));
    if (state !== "") order.extra.set("state", state);
    if (state === "CANCELED") {
      if (!books.cancel(order.id))
        return failure(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST", "The fulfillment cannot be cancelled.");
    } else if (state === "COMPLETED") {
      books.ship(order, {
        carrier: textAt(details, "carrier"),
        trackingNumber: textAt(details, "tracking_number"),
        lines: order.lines.map((line) => ({ lineId: line.id, quantity: openOf(line) })),
      });
    } else books.changed(order, "updated");
    return jsonReply(200, { order: document(order) });
  }

  function refund(body: unknown): SimulatedReply {
    const order = books.find(textAt(body, "payment_id").replace(/^pay-/, ""));
    const isDisputed = [...disputes.values()].some(
      (one) =>
        textAt(one, "disputed_payment", "payment_id") === textAt(body, "payment_id") &&
        OPEN_DISPUTES.includes(textAt(one, "state")),
    );
    if (isDisputed)
      return failure(
        400,
        "REFUND_ERROR",
        "PAYMENT_NOT_REFUNDABLE_DUE_TO_DISPUTE",
        "The payment is not refundable because it has been disputed.",
      );
    const minor = numberAt(body, "amount_money", "amount") ?? 0;
    const reason = textAt(body, "reason");
    const made = order === undefined ? null : books.refund(order, { minor, reason });
    if (order === undefined || made === null)
      return failure(
        400,
        "REFUND_ERROR",
        "REFUND_AMOUNT_INVALID",
        "The requested refund amount is too large.",
      );
    // It is pending at first, however soon it is done.
    return jsonReply(200, { refund: refundDocument(order, made, "PENDING") });
  }

  /** All or none. */
  function setCounts(body: unknown): SimulatedReply {
    const changes = listAt(body, "changes").map((change) => at(change, "physical_count"));
    if (changes.length > 100)
      return failure(400, "INVALID_REQUEST_ERROR", "ARRAY_LENGTH_TOO_LONG", "At most 100 changes.");
    const found = changes.map((change) =>
      books.onSale().find(({ variantId }) => variantId === textAt(change, "catalog_object_id")),
    );
    const missing = found.indexOf(undefined);
    if (missing >= 0)
      return failure(
        404,
        "INVALID_REQUEST_ERROR",
        "NOT_FOUND",
        `changes[${missing}] names no catalog object.`,
      );
    changes.forEach((change, index) => {
      books.setStock(found[index]?.channelSku ?? "", Number(textAt(change, "quantity")));
    });
    return jsonReply(200, {
      counts: found.flatMap((listing) => {
        const now = listing === undefined ? undefined : books.listing(listing.channelSku);
        return now === undefined ? [] : [countDocument(now)];
      }),
    });
  }

  function counts(body: unknown): SimulatedReply {
    const ids = listAt(body, "catalog_object_ids").map((one) => textAt({ one }, "one"));
    const some = books.onSale().filter(({ variantId }) => ids.includes(variantId));
    return jsonReply(200, { counts: some.map(countDocument) });
  }

  function countDocument(listing: ShopListing): Record<string, unknown> {
    return {
      catalog_object_id: listing.variantId,
      catalog_object_type: "ITEM_VARIATION",
      state: "IN_STOCK",
      location_id: LOCATION,
      quantity: String(listing.quantity),
      calculated_at: new Date(options.now()).toISOString(),
    };
  }

  function catalog(request: SimulatedRequest): SimulatedReply {
    const from = Number(request.query.get("cursor") ?? 0);
    const all = books.onSale();
    const objects = all.slice(from, from + CATALOG_PAGE).map((listing) => ({
      type: "ITEM",
      id: listing.id,
      is_deleted: false,
      item_data: { name: listing.title, variations: [variationDocument(listing)] },
    }));
    const next = from + CATALOG_PAGE;
    return jsonReply(200, { objects, ...(next < all.length ? { cursor: String(next) } : {}) });
  }

  function document(order: ShopOrder): Record<string, unknown> {
    const written = orderDocument(
      order,
      versions.get(order.id) ?? 1,
      (sku) => books.listing(sku)?.variantId ?? "",
    );
    return { ...written, refunds: refundsOf(order, refundStatus) };
  }

  return {
    ...simulatedShop({
      server,
      books,
      webhooks,
      account: {
        [VARIABLES.url]: server.url,
        [VARIABLES.token]: token,
        [VARIABLES.location]: LOCATION,
      },
    }),
    disputePayment(externalId, { id, state, reason = "NO_KNOWLEDGE", locationId = LOCATION }) {
      const order = books.find(externalId);
      if (order === undefined) return false;
      const known = disputes.get(id);
      const nowText = new Date(options.now()).toISOString();
      disputes.set(id, {
        id,
        amount_money: { amount: totalOf(order), currency: "USD" },
        reason,
        state,
        due_at: known?.["due_at"] ?? new Date(options.now() + ANSWER_WITHIN_MS).toISOString(),
        disputed_payment: { payment_id: `pay-${order.id}` },
        card_brand: "VISA",
        created_at: known?.["created_at"] ?? nowText,
        updated_at: nowText,
        reported_at: known?.["reported_at"] ?? nowText,
        version: Number(known?.["version"] ?? 0) + 1,
        location_id: locationId,
      });
      const type = known === undefined ? "dispute.created" : "dispute.state.updated";
      send(type, { type: "dispute", id, object: { dispute: disputes.get(id) } });
      return true;
    },
    permitDisputes(isGiven) {
      mayReadDisputes = isGiven;
    },
    settleRefunds(status) {
      refundStatus = status;
    },
  };
}

function refundDocument(
  order: ShopOrder,
  made: ShopRefund,
  status: string,
): Readonly<Record<string, unknown>> {
  return {
    id: `pay-${order.id}_${made.id}`,
    status: status === "APPROVED" ? "COMPLETED" : status,
    amount_money: { amount: made.minor, currency: "USD" },
    payment_id: `pay-${order.id}`,
    order_id: order.id,
    location_id: LOCATION,
    reason: made.reason,
    created_at: new Date(made.atMs).toISOString(),
  };
}

function refundsOf(order: ShopOrder, status: string): readonly Readonly<Record<string, unknown>>[] {
  return order.refunds.map((refund) => ({
    id: `r-${refund.id}`,
    location_id: LOCATION,
    tender_id: `pay-${order.id}`,
    reason: refund.reason,
    amount_money: { amount: refund.minor, currency: "USD" },
    status,
    created_at: new Date(refund.atMs).toISOString(),
  }));
}

function notPermitted(): SimulatedReply {
  const detail = "The merchant has not given your application sufficient permissions to do that.";
  return failure(403, "AUTHENTICATION_ERROR", "INSUFFICIENT_SCOPES", detail);
}

function variationDocument(listing: ShopListing): Record<string, unknown> {
  return {
    type: "ITEM_VARIATION",
    id: listing.variantId,
    item_variation_data: {
      item_id: listing.id,
      name: "",
      sku: listing.channelSku,
      ...(listing.gtin === null ? {} : { upc: listing.gtin }),
      pricing_type: "FIXED_PRICING",
    },
  };
}

function orderDocument(
  order: ShopOrder,
  version: number,
  variationOf: (sku: string) => string,
): Record<string, unknown> {
  const usd = (amount: number) => ({ amount, currency: "USD" });
  const { shopper } = order.planned;
  const tax = order.lines.reduce((sum, line) => sum + lineTax(order, line), 0);
  const shipping = order.planned.shippingMinor;
  const iso = (ms: number) => new Date(ms).toISOString();
  const state = order.isCancelled
    ? "CANCELED"
    : order.parcels.length > 0
      ? "COMPLETED"
      : (order.extra.get("state") ?? "PROPOSED");
  return {
    id: order.id,
    location_id: LOCATION,
    source: { name: "Square Online" },
    state: state === "COMPLETED" ? "COMPLETED" : "OPEN",
    version,
    created_at: iso(order.createdMs),
    updated_at: iso(order.modifiedMs),
    line_items: order.lines.map((line) => {
      const gross = line.planned.priceMinor * line.quantity;
      return {
        uid: line.id,
        name: line.planned.title,
        quantity: String(line.quantity),
        catalog_object_id: variationOf(line.planned.channelSku),
        item_type: "ITEM",
        base_price_money: usd(line.planned.priceMinor),
        variation_total_price_money: usd(gross),
        gross_sales_money: usd(gross),
        total_tax_money: usd(lineTax(order, line)),
        total_discount_money: usd(0),
        total_money: usd(gross + lineTax(order, line)),
      };
    }),
    service_charges: [
      {
        uid: "shipping",
        name: "Shipping",
        calculation_phase: "SUBTOTAL_PHASE",
        amount_money: usd(shipping),
        applied_money: usd(shipping),
        total_money: usd(shipping),
        total_tax_money: usd(0),
      },
    ],
    fulfillments: [
      {
        uid: `f-${order.id}`,
        type: "SHIPMENT",
        state,
        metadata: JSON.parse(order.extra.get("metadata") ?? "{}"),
        shipment_details: {
          recipient: {
            display_name: `${shopper.firstName} ${shopper.lastName}`,
            email_address: shopper.email,
            phone_number: shopper.phone,
            address: {
              address_line_1: shopper.line1,
              ...(shopper.line2 === "" ? {} : { address_line_2: shopper.line2 }),
              locality: shopper.city,
              administrative_district_level_1: shopper.region,
              postal_code: shopper.postalCode,
              country: "US",
            },
          },
          shipping_type: order.planned.service === "expedited" ? "Express" : "Standard",
          placed_at: iso(order.createdMs),
          ...(order.extra.has("carrier") ? { carrier: order.extra.get("carrier") } : {}),
          ...(order.extra.has("tracking_number")
            ? { tracking_number: order.extra.get("tracking_number") }
            : {}),
        },
      },
    ],
    tenders: [
      {
        id: `pay-${order.id}`,
        payment_id: `pay-${order.id}`,
        location_id: LOCATION,
        type: "CARD",
        amount_money: usd(totalOf(order)),
      },
    ],
    total_money: usd(totalOf(order)),
    total_tax_money: usd(tax),
    total_discount_money: usd(0),
    total_tip_money: usd(0),
    total_service_charge_money: usd(shipping),
    net_amount_due_money: usd(0),
  };
}

function failure(status: number, category: string, code: string, detail: string): SimulatedReply {
  return jsonReply(status, { errors: [{ category, code, detail }] });
}
