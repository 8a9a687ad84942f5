/**
 * An Etsy shop on loopback: receipts, parcels, listings with two products each, signed webhooks that name a
 * receipt, and tokens: an access token for an hour, and a refresh token that is replaced with each.
 *
 * As at Etsy, a matrix of products without any unit is refused, and so is one without its prices.
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
  openOf,
  ShopBooks,
  type ShopChange,
  type ShopListing,
  type ShopOrder,
} from "../../../simulator-kit/shop-books.ts";
import { simulatedShop } from "../../../simulator-kit/simulated-shop.ts";
import { bearerOf, createSimulatedTokens } from "../../../simulator-kit/simulated-tokens.ts";
import { listAt, numberAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "../api.ts";
import { inventoryDocument, receiptDocument } from "./documents.ts";

const SHOP = "12345678";
const TOKENS = "/v3/public/oauth/token";
const APP = "/v3/application";

const EVENTS: Readonly<Partial<Record<ShopChange, string>>> = {
  created: "order.paid",
  cancelled: "order.canceled",
  shipped: "order.shipped",
};

export const etsySimulator: ChannelSimulatorKind = { start };

async function start(options: ChannelSimulatorOptions): Promise<ChannelSimulator> {
  const keystring = randomBytes(12).toString("hex");
  const refreshTokens = new Set<string>();
  const tokens = createSimulatedTokens({ lifeSeconds: 3_600, now: options.now, prefix: "12345." });
  const inactive = new Set<string>();
  /** Units of products whose listing is not on sale. */
  const kept = new Map<string, number>();

  const firstRefresh = newRefreshToken();
  const server = await startChannelServer({
    logger: options.logger,
    now: options.now,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    isWrite: ({ method, path }) => method !== "GET" && path !== TOKENS,
    limit: { perSecond: 400, burst: 2_000 },
    throttled: (_, waitMs) =>
      jsonReply(
        429,
        { error: "Exceeded rate limit" },
        { "retry-after": String(Math.ceil(waitMs / 1_000)), "x-remaining-this-second": "0" },
      ),
  });
  const webhooks = createChannelWebhooks({
    url: options.webhookUrl,
    faults: server.faults,
    logger: options.logger,
  });
  const books = new ShopBooks({ now: options.now, onChange: (order, change) => notify(order, change) });
  let sent = 0;

  /** Etsy tells of these alone; an order that changes otherwise is seen by polling. */
  function notify(order: ShopOrder, change: ShopChange): void {
    const type = EVENTS[change];
    if (type === undefined) return;
    sent += 1;
    const id = `msg_${sent}`;
    const body = JSON.stringify({
      event_type: type,
      resource_url: `https://api.etsy.com${APP}/shops/${SHOP}/receipts/${order.id}`,
      shop_id: SHOP,
    });
    webhooks.send(() => {
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const key = Buffer.from(options.webhookSecret.replace(/^whsec_/, ""), "base64");
      const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
      return {
        body,
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": signature,
        },
      };
    });
  }

  function newRefreshToken(): string {
    const token = `12345.${randomBytes(24).toString("hex")}`;
    refreshTokens.add(token);
    return token;
  }

  function answer(request: SimulatedRequest): SimulatedReply {
    if (request.path === TOKENS) return giveToken(new URLSearchParams(request.body.toString()));
    if (request.headers["x-api-key"] !== keystring)
      return jsonReply(403, { error: "API key not found or not active" });
    if (!tokens.isGood(bearerOf(request.headers)))
      return jsonReply(401, { error: "invalid_token", error_description: "access token is expired" });
    const inShop = `${APP}/shops/${SHOP}/`;
    if (request.path.startsWith(inShop))
      return inTheShop(request, request.path.slice(inShop.length).split("/"));
    const [listingId = "", resource = ""] = request.path.slice(`${APP}/listings/`.length).split("/");
    const products = productsOf(listingId);
    if (!request.path.startsWith(`${APP}/listings/`) || products.length === 0) return notFound();
    switch (`${request.method} ${resource}`) {
      case "GET ":
        return jsonReply(200, listingDocument(listingId));
      case "GET inventory":
        return jsonReply(200, inventoryDocument(products, unitsOf));
      case "PUT inventory":
        return setInventory(listingId, products, jsonOf(request));
      default:
        return notFound();
    }
  }

  function giveToken(form: URLSearchParams): SimulatedReply {
    const isGood =
      form.get("grant_type") === "refresh_token" &&
      form.get("client_id") === keystring &&
      refreshTokens.has(form.get("refresh_token") ?? "");
    if (!isGood)
      return jsonReply(400, { error: "invalid_grant", error_description: "refresh_token is revoked" });
    const { value, lifeSeconds } = tokens.issue();
    return jsonReply(200, {
      access_token: value,
      token_type: "Bearer",
      expires_in: lifeSeconds,
      refresh_token: newRefreshToken(),
    });
  }

  function inTheShop(
    request: SimulatedRequest,
    [resource = "", id = "", part = ""]: string[],
  ): SimulatedReply {
    const order = books.find(id);
    switch (`${request.method} ${resource}${id === "" ? "" : "/:id"}${part === "" ? "" : `/${part}`}`) {
      case "GET receipts":
        return paged(request, listed(request).map(receiptDocument));
      case "GET receipts/:id":
        return order === undefined ? notFound() : jsonReply(200, receiptDocument(order));
      case "POST receipts/:id/tracking":
        return order === undefined
          ? notFound()
          : addParcel(order, new URLSearchParams(request.body.toString()));
      case "GET listings":
        return paged(
          request,
          listingIds()
            .filter((listingId) => stateOf(listingId) === request.query.get("state"))
            .map((listingId) => ({
              ...listingDocument(listingId),
              inventory: inventoryDocument(productsOf(listingId), unitsOf),
            })),
        );
      case "PATCH listings/:id":
        return setState(id, new URLSearchParams(request.body.toString()).get("state") ?? "");
      default:
        return notFound();
    }
  }

  function listed(request: SimulatedRequest): readonly ShopOrder[] {
    const bound = (name: string) => Number(request.query.get(name) ?? Number.NaN);
    const from = bound("min_last_modified");
    const to = bound("max_last_modified");
    return books.orders().filter((order) => {
      const changed = Math.floor(order.modifiedMs / 1_000);
      return !(changed < from) && !(changed > to);
    });
  }

  function addParcel(order: ShopOrder, form: URLSearchParams): SimulatedReply {
    const trackingNumber = form.get("tracking_code") ?? "";
    if (order.isCancelled) return jsonReply(400, { error: "Receipt is canceled." });
    if (trackingNumber === "") return jsonReply(400, { error: "Missing tracking_code" });
    books.ship(order, {
      carrier: form.get("carrier_name") ?? "other",
      trackingNumber,
      lines: order.lines.map((line) => ({ lineId: line.id, quantity: openOf(line) })),
    });
    return jsonReply(200, receiptDocument(order));
  }

  /** Two products each, in the order in which they were put on sale. */
  function listingIds(): readonly string[] {
    return books
      .onSale()
      .filter((_, index) => index % 2 === 0)
      .map(({ id }) => id);
  }

  function productsOf(listingId: string): readonly ShopListing[] {
    const all = books.onSale();
    const index = all.findIndex(({ id }) => id === listingId);
    return index < 0 || index % 2 === 1 ? [] : all.slice(index, index + 2);
  }

  function stateOf(listingId: string): string {
    if (inactive.has(listingId)) return "inactive";
    return productsOf(listingId).some((product) => product.quantity > 0) ? "active" : "sold_out";
  }

  function unitsOf(product: ShopListing): number {
    return kept.get(product.channelSku) ?? product.quantity;
  }

  function listingDocument(listingId: string): Record<string, unknown> {
    return { listing_id: Number(listingId), title: "Assorted", state: stateOf(listingId), quantity: 1 };
  }

  function setInventory(listingId: string, products: readonly ShopListing[], body: unknown): SimulatedReply {
    const matrix = listAt(body, "products");
    const offerings = matrix.flatMap((product) => listAt(product, "offerings"));
    if (matrix.length !== products.length || offerings.some((one) => numberAt(one, "price") === undefined))
      return jsonReply(400, { error: "The products are incomplete." });
    if (!offerings.some((one) => (numberAt(one, "quantity") ?? 0) > 0))
      return jsonReply(400, { error: "One offering must have quantity greater than 0" });
    for (const product of matrix) {
      const sku = textAt(product, "sku");
      const units = numberAt(listAt(product, "offerings")[0], "quantity") ?? 0;
      if (inactive.has(listingId)) kept.set(sku, units);
      else books.setStock(sku, units);
    }
    return jsonReply(200, inventoryDocument(productsOf(listingId), unitsOf));
  }

  function setState(listingId: string, state: string): SimulatedReply {
    const products = productsOf(listingId);
    if (products.length === 0) return notFound();
    if (state !== "active" && state !== "inactive") return jsonReply(400, { error: "Invalid state" });
    for (const { channelSku, quantity } of products)
      if (state === "inactive") {
        kept.set(channelSku, quantity);
        books.setStock(channelSku, 0);
      } else books.setStock(channelSku, kept.get(channelSku) ?? quantity);
    if (state === "inactive") inactive.add(listingId);
    else {
      inactive.delete(listingId);
      for (const { channelSku } of products) kept.delete(channelSku);
    }
    return jsonReply(200, listingDocument(listingId));
  }

  return simulatedShop({
    server,
    books,
    tokens,
    webhooks,
    account: {
      [VARIABLES.url]: server.url,
      [VARIABLES.shop]: SHOP,
      [VARIABLES.key]: keystring,
      [VARIABLES.refresh]: firstRefresh,
      [VARIABLES.soldOut]: "inactive",
    },
  });
}

function paged(request: SimulatedRequest, rows: readonly unknown[]): SimulatedReply {
  const limit = Number(request.query.get("limit") ?? 25);
  const offset = Number(request.query.get("offset") ?? 0);
  if (limit < 1 || limit > 100) return jsonReply(400, { error: "Limit must be at most 100" });
  const sorted = request.query.get("sort_order") === "asc" ? rows : [...rows].reverse();
  return jsonReply(200, { count: rows.length, results: sorted.slice(offset, offset + limit) });
}

function notFound(): SimulatedReply {
  return jsonReply(404, { error: "Resource not found" });
}
