/**
 * An Ecwid store on loopback: REST API v3 with a token, pages newest first, 600 calls a minute, its errors,
 * and webhooks that are signed by their id and time alone.
 *
 * Every third thing on sale is a combination of one product, for Ecwid lists and sets those elsewhere.
 */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
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
import { openOf, ShopBooks, type ShopListing, type ShopOrder } from "../../../simulator-kit/shop-books.ts";
import { simulatedShop } from "../../../simulator-kit/simulated-shop.ts";
import { bearerOf } from "../../../simulator-kit/simulated-tokens.ts";
import { isObject, numberAt, objectAt, optionalTextAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "../api.ts";
import { combinedDocument, type OrderExtra, orderDocument, productDocument } from "./documents.ts";

const STORE = "4870020";
const COMBINED = 900;
const LONGEST_EXTRA_FIELD = 255;

export const ecwidSimulator: ChannelSimulatorKind = { start };

async function start(options: ChannelSimulatorOptions): Promise<ChannelSimulator> {
  const token = `secret_${randomBytes(16).toString("hex")}`;
  const extras = new Map<string, OrderExtra>();

  const server = await startChannelServer({
    logger: options.logger,
    now: options.now,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    limit: { perSecond: 10, burst: 600 },
    throttled: (_, waitMs) =>
      jsonReply(
        429,
        { errorMessage: "Too many requests", errorCode: "TOO_MANY_REQUESTS" },
        { "retry-after": String(Math.ceil(waitMs / 1_000)) },
      ),
  });
  const webhooks = createChannelWebhooks({
    url: options.webhookUrl,
    faults: server.faults,
    logger: options.logger,
  });
  const books = new ShopBooks({
    now: options.now,
    onChange: (order, change) => sendWebhook(order, change === "created" ? "order.created" : "order.updated"),
  });

  function extraOf(order: ShopOrder): OrderExtra {
    const known = extras.get(order.id);
    if (known !== undefined) return known;
    const extra: OrderExtra = {
      fulfillmentStatus: "AWAITING_PROCESSING",
      trackingNumber: "",
      extraFields: {},
    };
    extras.set(order.id, extra);
    return extra;
  }

  function sendWebhook(order: ShopOrder, eventType: string): void {
    const eventId = randomUUID();
    const eventCreated = Math.floor(options.now() / 1_000);
    const body = JSON.stringify({
      eventId,
      eventCreated,
      storeId: Number(STORE),
      entityId: Number(order.id),
      eventType,
      data: { orderId: `EC${order.id}` },
    });
    const signed = createHmac("sha256", options.webhookSecret).update(`${eventCreated}.${eventId}`);
    const signature = signed.digest("base64");
    webhooks.send(() => ({
      body,
      headers: { "content-type": "application/json", "x-ecwid-webhook-signature": signature },
    }));
  }

  function answer(request: SimulatedRequest): SimulatedReply {
    const base = `/api/v3/${STORE}/`;
    if (bearerOf(request.headers) !== token)
      return failure(403, "WRONG_TOKEN", "The access token is not valid for this store");
    if (!request.path.startsWith(base)) return failure(404, "NOT_FOUND", "Not found");
    const [resource = "", id = "", part = "", partId = ""] = request.path.slice(base.length).split("/");
    const order = books.find(id);
    switch (`${request.method} ${resource}${id === "" ? "" : "/:id"}${part === "" ? "" : `/${part}`}`) {
      case "GET profile":
        return jsonReply(200, {
          generalInfo: { storeId: Number(STORE), storeUrl: "https://store4870020.company.site" },
          formatsAndUnits: { currency: "USD", currencyPrecision: 2 },
        });
      case "GET orders":
        return jsonReply(200, page(request, listed(request)));
      case "GET orders/:id":
        return order === undefined ? noOrder() : jsonReply(200, orderDocument(order, extraOf(order)));
      case "PUT orders/:id":
        return order === undefined ? noOrder() : change(order, jsonOf(request));
      case "GET products":
        return jsonReply(200, page(request, products()));
      case "PUT products/:id":
        return setStock(
          books.onSale().find((one) => !isCombination(one) && one.id === id),
          jsonOf(request),
        );
      case "PUT products/:id/combinations":
        return setStock(
          id === String(COMBINED) ? combinations().find((one) => one.variantId === partId) : undefined,
          jsonOf(request),
        );
      default:
        return failure(405, "METHOD_NOT_ALLOWED", "Method not allowed");
    }
  }

  function listed(request: SimulatedRequest): readonly unknown[] {
    const bound = (name: string) => Number(request.query.get(name) ?? Number.NaN);
    const second = (ms: number) => Math.floor(ms / 1_000);
    return [...books.orders()]
      .filter(({ modifiedMs }) => !(second(modifiedMs) < bound("updatedFrom")))
      .filter(({ modifiedMs }) => !(second(modifiedMs) > bound("updatedTo")))
      .filter(({ createdMs }) => !(second(createdMs) > bound("createdTo")))
      .reverse()
      .map((order) => orderDocument(order, extraOf(order)));
  }

  /** Of what is sent only what is there is changed. */
  function change(order: ShopOrder, body: unknown): SimulatedReply {
    if (!isObject(body)) return failure(400, "WRONG_JSON", "The body is not valid JSON");
    const fields = objectAt(body, "extraFields");
    const values = Object.values(fields ?? {}).map(String);
    if (values.some((value) => value.length > LONGEST_EXTRA_FIELD))
      return failure(400, "EXTRA_FIELD_TOO_LONG", "An extra field has more than 255 characters");
    const extra = extraOf(order);
    const status = optionalTextAt(body, "fulfillmentStatus");
    if (status !== undefined) extra.fulfillmentStatus = status;
    extra.trackingNumber = optionalTextAt(body, "trackingNumber") ?? extra.trackingNumber;
    if (fields !== undefined)
      extra.extraFields = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, String(value)]),
      );
    if (textAt(body, "paymentStatus") === "CANCELLED" && !books.cancel(order.id))
      return failure(400, "WRONG_STATUS", "The order cannot be cancelled");
    if (status === "SHIPPED")
      books.ship(order, {
        carrier: "",
        trackingNumber: extra.trackingNumber,
        lines: order.lines.map((line) => ({ lineId: line.id, quantity: openOf(line) })),
      });
    else books.changed(order, "updated");
    return jsonReply(200, { updateCount: 1 });
  }

  function setStock(listing: ShopListing | undefined, body: unknown): SimulatedReply {
    if (listing === undefined) return failure(404, "PRODUCT_NOT_FOUND", "The product is not found");
    const quantity = numberAt(body, "quantity");
    if (quantity === undefined || quantity < 0) return failure(400, "WRONG_QUANTITY", "Wrong quantity");
    books.setStock(listing.channelSku, quantity);
    return jsonReply(200, { updateCount: 1 });
  }

  function isCombination(listing: ShopListing): boolean {
    return books.onSale().indexOf(listing) % 3 === 2;
  }

  function combinations(): readonly ShopListing[] {
    return books.onSale().filter((_, index) => index % 3 === 2);
  }

  function products(): readonly unknown[] {
    const all = books.onSale();
    const combined = combinations();
    return [
      ...all.filter((_, index) => index % 3 !== 2).map(productDocument),
      ...(combined.length === 0 ? [] : [combinedDocument(COMBINED, combined)]),
    ];
  }

  return simulatedShop({
    server,
    books,
    webhooks,
    account: { [VARIABLES.url]: server.url, [VARIABLES.store]: STORE, [VARIABLES.token]: token },
  });
}

function page(request: SimulatedRequest, rows: readonly unknown[]): Record<string, unknown> {
  const limit = Math.min(100, Number(request.query.get("limit") ?? 10));
  const offset = Number(request.query.get("offset") ?? 0);
  const items = rows.slice(offset, offset + limit);
  return { total: rows.length, count: items.length, offset, limit, items };
}

function failure(status: number, errorCode: string, errorMessage: string): SimulatedReply {
  return jsonReply(status, { errorMessage, errorCode });
}

function noOrder(): SimulatedReply {
  return failure(404, "ORDER_NOT_FOUND", "The order is not found");
}
