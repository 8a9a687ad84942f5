/**
 * A BigCommerce store on loopback: orders of V2, refunds, stock and products of V3, its rate limit with the
 * vendor's own headers, and thin webhooks that are signed by Standard Webhooks.
 */
import { randomBytes } from "node:crypto";
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
  refundedOf,
  ShopBooks,
  type ShopOrder,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";
import { simulatedShop } from "../../../simulator-kit/simulated-shop.ts";
import { firstText, listAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { signStandardWebhook } from "../../../vendor-kit/webhook-signature.ts";
import { VARIABLES } from "../api.ts";
import {
  addressId,
  catalogProduct,
  inventoryItem,
  orderDocument,
  productOfOrder,
  refundDocument,
  shipmentDocument,
  shippingAddressDocument,
} from "./documents.ts";

const STORE = "abcde12345";
const LOCATION = 1;
const NOTHING: SimulatedReply = { status: 204, contentType: "application/json", body: "" };

export const bigcommerceSimulator: ChannelSimulatorKind = { start };

async function start(options: ChannelSimulatorOptions): Promise<ChannelSimulator> {
  const token = randomBytes(20).toString("hex");
  const statuses = new Map<string, number>();
  let events = 0;
  const server = await startChannelServer({
    logger: options.logger,
    now: options.now,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    // The store of a test is on a plan without a narrow limit; what the limit looks like is the same.
    limit: { perSecond: 400, burst: 2_000 },
    throttled: (_, waitMs) =>
      jsonReply(
        429,
        { status: 429, title: "Too many requests", type: "https://developer.bigcommerce.com/429" },
        {
          "x-rate-limit-requests-left": "0",
          "x-rate-limit-requests-quota": "150",
          "x-rate-limit-time-window-ms": "30000",
          "x-rate-limit-time-reset-ms": String(waitMs),
        },
      ),
  });
  const webhooks = createChannelWebhooks({
    url: options.webhookUrl,
    faults: server.faults,
    logger: options.logger,
  });
  const books = new ShopBooks({
    now: options.now,
    onChange: (order, change) => {
      if (change === "cancelled") statuses.set(order.id, 5);
      else if (refundedOf(order) > 0 && refundedOf(order) === totalOf(order)) statuses.set(order.id, 4);
      else if (change === "shipped") statuses.set(order.id, isComplete(order) ? 2 : 3);
      else if (change === "refunded" && statusOf(order) === 11) statuses.set(order.id, 14);
      sendEvent(order, change === "created" ? "store/order/created" : "store/order/updated");
    },
  });

  const statusOf = (order: ShopOrder) => statuses.get(order.id) ?? 11;

  function sendEvent(order: ShopOrder, scope: string): void {
    events += 1;
    const id = `msg_${events}`;
    const body = JSON.stringify({
      id,
      scope,
      store_id: "1001",
      data: { type: "order", id: Number(order.id) },
      hash: `${events}`.padStart(40, "0"),
      created_at: Math.floor(options.now() / 1_000),
      producer: `stores/${STORE}`,
    });
    webhooks.send(() => ({
      body,
      headers: { "content-type": "application/json", ...signStandardWebhook(body, options.webhookSecret) },
    }));
  }

  function answer(request: SimulatedRequest): SimulatedReply {
    if (request.headers["x-auth-token"] !== token || !request.path.startsWith(`/stores/${STORE}/`))
      return jsonReply(401, {
        status: 401,
        title: "Unauthorized",
        type: "https://developer.bigcommerce.com/401",
      });
    const path = request.path.slice(`/stores/${STORE}`.length);
    const [, version, ...parts] = path.split("/");
    const route = `${request.method} ${version}/${parts.map((part) => (/^\d+$/.test(part) ? ":id" : part)).join("/")}`;
    const order = books.find(parts[1] ?? "");
    switch (route) {
      case "GET v2/orders":
        return listOrders(request);
      case "GET v3/catalog/products":
        return paged(request, books.onSale().map(catalogProduct));
      case "GET v3/inventory/items": {
        const skus = request.query.get("sku:in")?.split(",");
        return paged(
          request,
          books
            .onSale()
            .filter(({ channelSku }) => skus === undefined || skus.includes(channelSku))
            .map(inventoryItem),
        );
      }
      case "PUT v3/inventory/adjustments/absolute":
        return adjust(jsonOf(request));
      default:
    }
    if (parts[0] !== "orders" || order === undefined) return notFound(version ?? "");
    switch (route) {
      case "GET v2/orders/:id":
        return jsonReply(200, orderDocument(order, statusOf(order), request.origin));
      case "PUT v2/orders/:id":
        return change(order, jsonOf(request), request.origin);
      case "GET v2/orders/:id/products":
        return listed(
          request,
          order.lines.map((line) => productOfOrder(order, line)),
        );
      case "GET v2/orders/:id/shipping_addresses":
        return listed(request, [shippingAddressDocument(order)]);
      case "GET v2/orders/:id/shipments":
        return listed(
          request,
          order.parcels.map((parcel) => shipmentDocument(order, parcel)),
        );
      case "POST v2/orders/:id/shipments":
        return ship(order, jsonOf(request));
      case "GET v3/orders/:id/payment_actions/refunds":
        return jsonReply(200, {
          data: order.refunds.map((refund) => refundDocument(order, refund)),
          meta: {},
        });
      case "POST v3/orders/:id/payment_actions/refund_quotes":
        return quote(order, jsonOf(request));
      case "POST v3/orders/:id/payment_actions/refunds":
        return refund(order, jsonOf(request));
      default:
        return notFound(version ?? "");
    }
  }

  function listOrders(request: SimulatedRequest): SimulatedReply {
    const moment = (name: string) => {
      const text = request.query.get(name);
      return text === null ? null : Date.parse(text);
    };
    const after = moment("min_date_modified");
    const before = moment("max_date_modified");
    const minId = Number(request.query.get("min_id") ?? 0);
    const seconds = (ms: number) => Math.floor(ms / 1_000) * 1_000;
    const rows = books
      .orders()
      .filter((order) => Number(order.id) >= minId)
      .filter((order) => after === null || order.modifiedMs >= seconds(after))
      .filter((order) => before === null || order.modifiedMs <= before);
    return listed(
      request,
      rows.map((order) => orderDocument(order, statusOf(order), request.origin)),
    );
  }

  function change(order: ShopOrder, body: unknown, origin: string): SimulatedReply {
    const status = Number(textAt(body, "status_id"));
    if (!Number.isInteger(status) || status < 0 || status > 14)
      return jsonReply(400, [{ status: 400, message: "The field 'status_id' is invalid." }]);
    if (status === 5) {
      if (!books.cancel(order.id))
        return jsonReply(409, [{ status: 409, message: "The order cannot be cancelled." }]);
    } else {
      statuses.set(order.id, status);
      books.changed(order, "updated");
    }
    return jsonReply(200, orderDocument(order, statusOf(order), origin));
  }

  function ship(order: ShopOrder, body: unknown): SimulatedReply {
    const lines = listAt(body, "items").map((item) => ({
      lineId: textAt(item, "order_product_id"),
      quantity: Number(textAt(item, "quantity")),
    }));
    if (Number(textAt(body, "order_address_id")) !== addressId(order) || lines.length === 0)
      return jsonReply(400, [{ status: 400, message: "The field 'order_address_id' is invalid." }]);
    const parcel = books.ship(order, {
      carrier: textAt(body, "shipping_provider"),
      trackingNumber: textAt(body, "tracking_number"),
      lines,
      extra: {
        comments: textAt(body, "comments"),
        method: firstText(textAt(body, "shipping_method"), "None"),
        link: textAt(body, "tracking_link"),
      },
    });
    if (parcel === null)
      return jsonReply(400, [{ status: 400, message: "The quantity is more than is left to ship." }]);
    return jsonReply(201, shipmentDocument(order, parcel));
  }

  function wantedOf(
    order: ShopOrder,
    body: unknown,
  ): { readonly minor: number; readonly reason: string } | null {
    const [item, ...others] = listAt(body, "items");
    const amount = parseMoney(textAt(item, "amount"), "USD");
    if (others.length > 0 || textAt(item, "item_type") !== "ORDER" || amount?.exponent !== 2) return null;
    if (textAt(item, "item_id") !== order.id || amount.minor <= 0) return null;
    if (refundedOf(order) + amount.minor > totalOf(order)) return null;
    return { minor: amount.minor, reason: textAt(item, "reason") };
  }

  function quote(order: ShopOrder, body: unknown): SimulatedReply {
    const wanted = wantedOf(order, body);
    if (wanted === null) return problem("The requested refund amount is too large.", "items");
    const amount = wanted.minor / 100;
    const way = (provider_id: string, offline: boolean) => [
      { provider_id, provider_description: provider_id, amount, offline, offline_provider: offline },
    ];
    return jsonReply(201, {
      data: {
        order_id: Number(order.id),
        total_refund_amount: amount,
        total_refund_tax_amount: 0,
        order_level_refund_amount: amount,
        rounding: 0,
        adjustment: 0,
        tax_inclusive: false,
        refund_methods: [way("stripe", false), way("storecredit", true), way("custom", true)],
      },
      meta: {},
    });
  }

  function refund(order: ShopOrder, body: unknown): SimulatedReply {
    const wanted = wantedOf(order, body);
    const paid = listAt(body, "payments").reduce(
      (sum: number, payment) => sum + Math.round(Number(textAt(payment, "amount")) * 100),
      0,
    );
    const made = wanted === null || paid !== wanted.minor ? null : books.refund(order, wanted);
    if (made === null) return problem("The payments do not add up to the refund.", "payments");
    return jsonReply(201, { data: refundDocument(order, made), meta: {} });
  }

  /** All or none, as the vendor does. */
  function adjust(body: unknown): SimulatedReply {
    const items = listAt(body, "items");
    const unknown = items.flatMap((item, index) => {
      const isKnown = books.listing(textAt(item, "sku")) !== undefined;
      const isHere = Number(textAt(item, "location_id")) === LOCATION;
      return isKnown && isHere ? [] : [[`items.${index}`, "The item does not exist."] as const];
    });
    if (unknown.length > 0)
      return {
        ...jsonReply(422, {
          status: 422,
          title: "Inventory adjustment failed",
          type: "https://developer.bigcommerce.com/422",
          errors: Object.fromEntries(unknown),
        }),
        contentType: "application/problem+json",
      };
    for (const item of items) books.setStock(textAt(item, "sku"), Number(textAt(item, "quantity")));
    return jsonReply(200, { transaction_id: randomBytes(8).toString("hex") });
  }

  return simulatedShop({
    server,
    books,
    webhooks,
    account: {
      [VARIABLES.url]: server.url,
      [VARIABLES.store]: STORE,
      [VARIABLES.token]: token,
      [VARIABLES.location]: String(LOCATION),
    },
  });
}

/** V2 lists: 204 without a body where there is nothing. */
function listed(request: SimulatedRequest, rows: readonly unknown[]): SimulatedReply {
  const limit = Number(request.query.get("limit") ?? 50);
  const page = Number(request.query.get("page") ?? 1);
  const some = rows.slice((page - 1) * limit, page * limit);
  return some.length === 0 ? NOTHING : jsonReply(200, some);
}

function paged(request: SimulatedRequest, rows: readonly unknown[]): SimulatedReply {
  const limit = Number(request.query.get("limit") ?? 50);
  const page = Number(request.query.get("page") ?? 1);
  const data = rows.slice((page - 1) * limit, page * limit);
  return jsonReply(200, {
    data,
    meta: {
      pagination: {
        total: rows.length,
        count: data.length,
        per_page: limit,
        current_page: page,
        total_pages: Math.ceil(rows.length / limit),
        links: { current: `?page=${page}&limit=${limit}` },
      },
    },
  });
}

function notFound(version: string): SimulatedReply {
  return version === "v2"
    ? jsonReply(404, [{ status: 404, message: "The requested resource was not found." }])
    : jsonReply(404, { status: 404, title: "Not found", type: "https://developer.bigcommerce.com/404" });
}

function problem(title: string, field: string): SimulatedReply {
  return jsonReply(422, {
    status: 422,
    title,
    type: "https://developer.bigcommerce.com/422",
    errors: { [field]: title },
  });
}
