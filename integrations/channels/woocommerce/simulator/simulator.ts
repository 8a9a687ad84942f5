/**
 * A WooCommerce shop on loopback: REST API v3 with consumer keys, its errors, and signed webhooks.
 *
 * Every third thing on sale is a variation of one product, for WooCommerce lists and sets those elsewhere.
 * Refunds go through the shop's gateway or are only recorded, as `api_refund` says.
 */
import { createHmac, randomBytes } from "node:crypto";
import { parseMoney } from "../../../../orders/money.ts";
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
  isComplete,
  openOf,
  refundedOf,
  ShopBooks,
  type ShopListing,
  type ShopOrder,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";
import { simulatedShop } from "../../../simulator-kit/simulated-shop.ts";
import { basicOf } from "../../../simulator-kit/simulated-tokens.ts";
import { isObject, listAt, optionalTextAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "../api.ts";
import {
  noteDocument,
  type OrderExtra,
  orderDocument,
  parentDocument,
  productDocument,
  refundDocument,
  variationDocument,
} from "./documents.ts";

const PARENT_ID = 900;
const BASE = "/wp-json/wc/v3";

export const woocommerceSimulator: ChannelSimulatorKind = { start };

async function start(options: ChannelSimulatorOptions): Promise<ChannelSimulator> {
  const key = `ck_${randomBytes(20).toString("hex")}`;
  const secret = `cs_${randomBytes(20).toString("hex")}`;
  const extras = new Map<string, OrderExtra>();
  let metaIds = 0;
  let deliveries = 0;

  const server = await startChannelServer({
    logger: options.logger,
    now: options.now,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    throttled: (_, waitMs) =>
      // WooCommerce has no limit; the web server or firewall before it does.
      ({
        status: 429,
        contentType: "text/html",
        body: "<h1>Too Many Requests</h1>",
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
      const extra = extraOf(order);
      if (change === "cancelled") extra.status = "cancelled";
      else if (isComplete(order)) extra.status = "completed";
      if (order.refunds.length > 0 && refundedOf(order) === totalOf(order)) extra.status = "refunded";
      sendWebhook(order, change === "created" ? "order.created" : "order.updated");
    },
  });

  function extraOf(order: ShopOrder): OrderExtra {
    const known = extras.get(order.id);
    if (known !== undefined) return known;
    const extra: OrderExtra = { status: "processing", meta: [], notes: [] };
    extras.set(order.id, extra);
    return extra;
  }

  function sendWebhook(order: ShopOrder, topic: string): void {
    const body = JSON.stringify(orderDocument(order, extraOf(order)));
    deliveries += 1;
    const delivery = `${deliveries}`;
    webhooks.send(() => ({
      body,
      headers: {
        "content-type": "application/json",
        "x-wc-webhook-source": `${server.url}/`,
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": "order",
        "x-wc-webhook-event": topic.slice("order.".length),
        "x-wc-webhook-signature": createHmac("sha256", options.webhookSecret).update(body).digest("base64"),
        "x-wc-webhook-id": "1",
        "x-wc-webhook-delivery-id": delivery,
      },
    }));
  }

  function answer(request: SimulatedRequest): SimulatedReply {
    const user = basicOf(request.headers);
    if (user?.user !== key || user.password !== secret)
      return failure(401, "woocommerce_rest_authentication_error", "Consumer key is invalid.");
    if (!request.path.startsWith(BASE))
      return failure(404, "rest_no_route", "No route was found matching the URL and request method.");
    const [resource = "", id = "", ...rest] = request.path.slice(BASE.length + 1).split("/");
    const route = `${request.method} ${resource}${rest.length > 0 || id !== "" ? `/${[id === "batch" ? id : ":id", ...rest].join("/")}` : ""}`;
    switch (route) {
      case "GET orders":
        return paged(request, listed(request));
      case "GET orders/:id":
        return withOrder(id, (order) => jsonReply(200, orderDocument(order, extraOf(order))));
      case "PUT orders/:id":
        return withOrder(id, (order) => change(order, jsonOf(request)));
      case "GET orders/:id/notes":
        return withOrder(id, (order) => jsonReply(200, extraOf(order).notes.map(noteDocument)));
      case "POST orders/:id/notes":
        return withOrder(id, (order) => addNote(order, jsonOf(request)));
      case "GET orders/:id/refunds":
        return withOrder(id, (order) => paged(request, order.refunds.map(refundDocument)));
      case "POST orders/:id/refunds":
        return withOrder(id, (order) => addRefund(order, jsonOf(request)));
      case "GET products":
        return paged(request, products(request));
      case "POST products/batch":
        return setStock(jsonOf(request), (itemId) =>
          books.onSale().find((one) => !isVariation(one) && one.id === itemId),
        );
      case "GET products/:id/variations":
        return id === String(PARENT_ID)
          ? paged(
              request,
              variations().map((one) => variationDocument(one)),
            )
          : failure(404, "woocommerce_rest_product_invalid_id", "Invalid product ID.");
      case "POST products/:id/variations/batch":
        return setStock(jsonOf(request), (itemId) =>
          id === String(PARENT_ID) ? variations().find((one) => one.variantId === itemId) : undefined,
        );
      default:
        return failure(404, "rest_no_route", "No route was found matching the URL and request method.");
    }
  }

  function withOrder(id: string, then: (order: ShopOrder) => SimulatedReply): SimulatedReply {
    const order = books.find(id);
    return order === undefined
      ? failure(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
      : then(order);
  }

  function listed(request: SimulatedRequest): readonly unknown[] {
    const moment = (name: string) => {
      const text = request.query.get(name);
      if (text === null) return null;
      // Without `dates_are_gmt` it is the shop's local time.
      const isGmt = request.query.get("dates_are_gmt") === "true";
      return Date.parse(`${text}Z`) - (isGmt ? 0 : 2 * 3_600_000);
    };
    const after = moment("modified_after");
    const before = moment("modified_before");
    const include = request.query.get("include")?.split(",");
    const seconds = (ms: number) => Math.floor(ms / 1_000) * 1_000;
    return books
      .orders()
      .filter((order) => after === null || seconds(order.modifiedMs) > after)
      .filter((order) => before === null || seconds(order.modifiedMs) < before)
      .filter((order) => include === undefined || include.includes(order.id))
      .map((order) => orderDocument(order, extraOf(order)));
  }

  function paged(request: SimulatedRequest, all: readonly unknown[]): SimulatedReply {
    const perPage = Number(request.query.get("per_page") ?? 10);
    if (!Number.isInteger(perPage) || perPage < 1 || perPage > 100)
      return failure(400, "rest_invalid_param", "Invalid parameter(s): per_page");
    const page = Number(request.query.get("page") ?? 1);
    const offset = Number(request.query.get("offset") ?? (page - 1) * perPage);
    const rows = request.query.get("order") === "asc" ? all : [...all].reverse();
    return jsonReply(200, rows.slice(offset, offset + perPage), {
      "x-wp-total": String(all.length),
      "x-wp-totalpages": String(Math.ceil(all.length / perPage)),
    });
  }

  function change(order: ShopOrder, body: unknown): SimulatedReply {
    const extra = extraOf(order);
    const status = optionalTextAt(body, "status");
    const known = ["pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"];
    if (status !== undefined && !known.includes(status))
      return failure(400, "rest_invalid_param", "Invalid parameter(s): status");
    for (const meta of listAt(body, "meta_data")) {
      const name = textAt(meta, "key");
      const at = extra.meta.findIndex((one) => one.key === name);
      metaIds += 1;
      const entry = { id: extra.meta[at]?.id ?? metaIds, key: name, value: textAt(meta, "value") };
      if (at === -1) extra.meta.push(entry);
      else extra.meta[at] = entry;
    }
    if (status === "cancelled") books.cancel(order.id);
    else if (status === "completed") {
      const lines = order.lines.map((line) => ({ lineId: line.id, quantity: openOf(line) }));
      books.ship(order, { carrier: "", trackingNumber: "", lines });
    } else books.changed(order, "updated");
    if (status !== undefined) extra.status = status;
    return jsonReply(200, orderDocument(order, extra));
  }

  function addNote(order: ShopOrder, body: unknown): SimulatedReply {
    const text = optionalTextAt(body, "note") ?? "";
    if (text === "") return failure(400, "rest_missing_callback_param", "Missing parameter(s): note");
    const note = {
      id: books.nextId(),
      text,
      toCustomer: isObject(body) && body["customer_note"] === true,
      atMs: options.now(),
    };
    extraOf(order).notes.unshift(note);
    return jsonReply(201, noteDocument(note));
  }

  function addRefund(order: ShopOrder, body: unknown): SimulatedReply {
    const amount = parseMoney(textAt(body, "amount"), "USD");
    const isPaidBack = isObject(body) && body["api_refund"] !== false;
    const made =
      amount === undefined || amount.exponent !== 2
        ? null
        : books.refund(order, {
            minor: amount.minor,
            reason: textAt(body, "reason"),
            extra: isPaidBack ? { payment: "refunded" } : {},
          });
    if (made === null)
      return failure(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.");
    return jsonReply(201, refundDocument(made));
  }

  function isVariation(listing: ShopListing): boolean {
    return Number(listing.id) % 3 === 0;
  }

  function variations(): readonly ShopListing[] {
    return books.onSale().filter(isVariation);
  }

  function products(request: SimulatedRequest): readonly unknown[] {
    const skus = request.query.get("sku")?.split(",");
    if (skus !== undefined)
      return books
        .onSale()
        .filter(({ channelSku }) => skus.includes(channelSku))
        .map((one) => (isVariation(one) ? variationDocument(one, PARENT_ID) : productDocument(one)));
    const some = variations();
    const simple = books.onSale().filter((one) => !isVariation(one));
    return [...(some.length === 0 ? [] : [parentDocument(PARENT_ID, some)]), ...simple.map(productDocument)];
  }

  function setStock(body: unknown, find: (id: string) => ShopListing | undefined): SimulatedReply {
    const items = listAt(body, "update");
    if (items.length > 100)
      return failure(
        413,
        "woocommerce_rest_request_entity_too_large",
        "Unable to accept more than 100 items.",
      );
    const update = items.map((item) => {
      const listing = find(textAt(item, "id"));
      const quantity = Number(textAt(item, "stock_quantity"));
      if (listing === undefined)
        return {
          id: Number(textAt(item, "id")),
          error: {
            code: "woocommerce_rest_product_invalid_id",
            message: "Invalid ID.",
            data: { status: 400 },
          },
        };
      books.setStock(listing.channelSku, quantity);
      const now = { ...listing, quantity };
      return isVariation(listing) ? variationDocument(now) : productDocument(now);
    });
    return jsonReply(200, { update });
  }

  return simulatedShop({
    server,
    books,
    webhooks,
    account: {
      [VARIABLES.url]: server.url,
      [VARIABLES.key]: key,
      [VARIABLES.secret]: secret,
      [VARIABLES.refunds]: "gateway",
    },
  });
}

function failure(status: number, code: string, message: string): SimulatedReply {
  return jsonReply(status, { code, message, data: { status } });
}
