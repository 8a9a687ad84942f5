/**
 * A Cornershop on loopback: its API with keys, pages, a rate limit and its errors, and signed webhooks.
 *
 * It is as strict as the vendor. What it lets through although the vendor would not is a fault that shows on
 * the first day with a real shop.
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
import { ShopBooks, type ShopOrder } from "../../../simulator-kit/shop-books.ts";
import { simulatedShop } from "../../../simulator-kit/simulated-shop.ts";
import { bearerOf } from "../../../simulator-kit/simulated-tokens.ts";
import { countAt, listAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "../api.ts";
import { orderDocument, productDocument } from "./documents.ts";

const BASE = "/api";

export const cornershopSimulator: ChannelSimulatorKind = { start };

async function start(options: ChannelSimulatorOptions): Promise<ChannelSimulator> {
  const key = `key_${randomBytes(20).toString("hex")}`;
  let deliveries = 0;

  const server = await startChannelServer({
    logger: options.logger,
    now: options.now,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    // Fill in: how the vendor says that it was asked too often, and when to come again.
    throttled: (_, waitMs) =>
      failure(429, "too_many_requests", "Slow down.", { "retry-after": String(Math.ceil(waitMs / 1_000)) }),
  });
  const webhooks = createChannelWebhooks({
    url: options.webhookUrl,
    faults: server.faults,
    logger: options.logger,
  });
  const books = new ShopBooks({
    now: options.now,
    onChange: (order, change) => sendWebhook(order, change === "created" ? "order.placed" : "order.changed"),
  });

  // Fill in: the vendor's webhook and its signature.
  function sendWebhook(order: ShopOrder, topic: string): void {
    const body = JSON.stringify(orderDocument(order));
    deliveries += 1;
    const delivery = String(deliveries);
    webhooks.send(() => ({
      body,
      headers: {
        "content-type": "application/json",
        "x-cornershop-topic": topic,
        "x-cornershop-delivery": delivery,
        "x-cornershop-signature": createHmac("sha256", options.webhookSecret).update(body).digest("base64"),
      },
    }));
  }

  // Fill in: who may call, and the routes that the connection uses.
  function answer(request: SimulatedRequest): SimulatedReply {
    if (bearerOf(request.headers) !== key) return failure(401, "unauthorized", "The API key is not known.");
    const [resource = "", id = "", part = ""] = request.path.slice(BASE.length + 1).split("/");
    const order = books.find(id);
    switch (`${request.method} ${resource}`) {
      case "GET shop":
        return jsonReply(200, { name: "on the corner" });
      case "GET products":
        return jsonReply(200, { products: paged(request, books.onSale().map(productDocument)) });
      case "PUT products":
        return setStock(jsonOf(request));
      case "GET orders":
        if (id === "") return jsonReply(200, { orders: paged(request, listed(request).map(orderDocument)) });
        return order === undefined ? notFound() : jsonReply(200, orderDocument(order));
      case "POST orders":
        return order === undefined ? notFound() : act(order, part, jsonOf(request));
      default:
        return notFound();
    }
  }

  function listed(request: SimulatedRequest): readonly ShopOrder[] {
    const from = Date.parse(request.query.get("changed_from") ?? "");
    const before = Date.parse(request.query.get("changed_before") ?? "");
    return books.orders().filter(({ modifiedMs }) => !(modifiedMs < from) && !(modifiedMs >= before));
  }

  function act(order: ShopOrder, part: string, body: unknown): SimulatedReply {
    const reference = textAt(body, "reference");
    const lines = listAt(body, "lines").map((line) => ({
      lineId: textAt(line, "id"),
      quantity: countAt(line, "quantity"),
    }));
    if (part === "parcels") {
      const parcel = books.ship(order, {
        carrier: textAt(body, "carrier"),
        trackingNumber: textAt(body, "tracking_number"),
        lines,
        extra: { reference },
      });
      return parcel === null ? conflict("It has not so much open.") : jsonReply(201, { id: parcel.id });
    }
    if (part === "cancellations") {
      if (!books.cancelLines(order, lines)) return conflict("It has not so much open.");
      const made = books.nextId();
      order.extra.set(reference, made);
      return jsonReply(201, { id: made });
    }
    if (part === "refunds") {
      const minor = parseMoney(textAt(body, "amount"), "USD")?.minor ?? 0;
      const refund = books.refund(order, { minor, reason: textAt(body, "reason"), extra: { reference } });
      return refund === null ? conflict("It is more than was paid.") : jsonReply(201, { id: refund.id });
    }
    return notFound();
  }

  function setStock(body: unknown): SimulatedReply {
    const onSale = books.onSale();
    const items = listAt(body, "items").map((item) => {
      const found = onSale.find(({ id }) => id === textAt(item, "id"));
      if (found === undefined) return { error: { code: "product_unknown", message: "No such product." } };
      books.setStock(found.channelSku, countAt(item, "quantity"));
      return { id: found.id };
    });
    return jsonReply(200, { items });
  }

  return simulatedShop({
    server,
    books,
    webhooks,
    account: { [VARIABLES.url]: server.url, [VARIABLES.key]: key },
  });
}

function paged(request: SimulatedRequest, rows: readonly unknown[]): readonly unknown[] {
  const offset = Number(request.query.get("offset") ?? 0);
  return rows.slice(offset, offset + Math.min(100, Number(request.query.get("limit") ?? 20)));
}

function failure(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): SimulatedReply {
  return jsonReply(status, { error: { code, message } }, headers);
}

function conflict(message: string): SimulatedReply {
  return failure(409, "not_possible", message);
}

function notFound(): SimulatedReply {
  return failure(404, "not_found", "There is nothing at this address.");
}
