/**
 * A shop at Shopify, over its GraphQL Admin API.
 *
 * Shopify knows no acknowledgement and no invoice of ours. Neither fulfillments, holds nor cancellations take
 * a key: each is looked for first. Units that will not come leave the order by a refund without money, whose
 * note is the key; `orderCancel` is for the whole of an order alone.
 */

import type {
  ChannelConnection,
  Listing,
  ListingsPage,
  OrderAtChannel,
  OrdersPage,
  OrderWord,
  StockLevel,
  StockTold,
  Told,
} from "../../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../../ports/service-fault.ts";
import {
  amount,
  at,
  firstText,
  listAt,
  numberAt,
  optionalTextAt,
  textAt,
} from "../../../vendor-kit/vendor-json.ts";
import { gidNumber } from "../ids.ts";
import { createClient, SERVICE, type ShopifyClient } from "./client.ts";
import {
  ORDERS_A_PAGE,
  READ_LINES,
  READ_LISTINGS,
  READ_LOCATIONS,
  READ_ORDER,
  READ_ORDERS,
  READ_PARTS,
  READ_SHOP,
  READ_STATES,
  SET_STOCK,
} from "./documents.ts";
import { restOrder } from "./rest-order.ts";
import { shortfallsOf } from "./scopes.ts";
import { tellShopify } from "./words.ts";

const TIMEOUT_MS = 20_000;
/** What one mutation takes. */
const STOCK_BATCH = 250;

export async function connectShopify(
  values: Readonly<Record<string, string>>,
  options: { readonly timeoutMs?: number; readonly now?: () => number } = {},
): Promise<ChannelConnection> {
  const value = (name: string) => values[name] ?? "";
  const client = createClient({
    shopUrl: value("SHOPIFY_SHOP_URL"),
    accessToken: value("SHOPIFY_ACCESS_TOKEN"),
    clientId: value("SHOPIFY_CLIENT_ID"),
    clientSecret: value("SHOPIFY_CLIENT_SECRET"),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    now: options.now ?? Date.now,
  });
  return new ShopifyConnection(client, value("SHOPIFY_LOCATION_ID"));
}

class ShopifyConnection implements ChannelConnection {
  readonly limits = { concurrency: 4, perSecond: 10, burst: 40, stockBatch: STOCK_BATCH };
  readonly tells: ChannelConnection["tells"] = new Set(["ship", "cancel", "refund", "hold", "release"]);
  private readonly client: ShopifyClient;
  private readonly locationNumber: string;
  private location: string | null;

  constructor(client: ShopifyClient, locationNumber: string) {
    this.client = client;
    this.locationNumber = locationNumber;
    this.location = locationNumber === "" ? null : `gid://shopify/Location/${locationNumber}`;
  }

  async tryConnection() {
    try {
      const data = await this.client.ask(READ_SHOP, {});
      const location = await this.locationId();
      const name = textAt(data, "shop", "name");
      return { works: true, detail: `${name}, location ${gidNumber(location)}` };
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      return { works: false, detail: error.message };
    }
  }

  async readShortfalls() {
    const granted = await this.client.scopes();
    return granted === null ? [] : shortfallsOf(granted);
  }

  async readOrders(asked: Parameters<ChannelConnection["readOrders"]>[0]): Promise<OrdersPage> {
    const from = `updated_at:>='${isoOf(asked.sinceMs)}'`;
    const query = asked.untilMs === undefined ? from : `${from} AND updated_at:<'${isoOf(asked.untilMs)}'`;
    const data = await this.client.ask(READ_ORDERS, { first: ORDERS_A_PAGE, after: asked.page, query });
    const orders = listAt(at(data, "orders"), "nodes");
    const payloads: string[] = [];
    let newestMs: number | null = null;
    for (const order of orders) {
      payloads.push(restOrder(await this.withAllParts(await this.withAllLines(order))));
      newestMs = Math.max(newestMs ?? 0, Date.parse(textAt(order, "updatedAt")));
    }
    return { payloads, next: nextOf(at(data, "orders")), newestMs };
  }

  async readOrder(externalId: string): Promise<string | null> {
    if (!/^\d{1,20}$/.test(externalId)) return null;
    const data = await this.client.ask(READ_ORDER, { id: `gid://shopify/Order/${externalId}` });
    const order = at(data, "order");
    return order === null || order === undefined
      ? null
      : restOrder(await this.withAllParts(await this.withAllLines(order)));
  }

  async readOrderStates(externalIds: readonly string[]): Promise<readonly OrderAtChannel[]> {
    const ids = externalIds.filter((id) => /^\d{1,20}$/.test(id));
    if (ids.length === 0) return [];
    const query = ids.map((id) => `id:${id}`).join(" OR ");
    const data = await this.client.ask(READ_STATES, { query });
    return listAt(at(data, "orders"), "nodes").map(stateOf);
  }

  tell(word: OrderWord): Promise<Told> {
    return tellShopify(this.client, word);
  }

  async tellStock(levels: readonly StockLevel[], key: string): Promise<readonly StockTold[]> {
    const locationId = await this.locationId();
    const refused = new Map<string, Told>();
    for (const { channelSku, listing } of levels)
      if (listing["inventoryItemId"] === undefined)
        refused.set(channelSku, notTaken("listing_unknown", "Shopify has no such listing."));
    // One that is wrong has Shopify refuse all: the others are sent once more without it.
    for (let attempt = 0; ; attempt += 1) {
      const sent = levels.filter(({ channelSku }) => !refused.has(channelSku));
      if (sent.length === 0) break;
      const input = {
        name: "available",
        reason: "correction",
        referenceDocumentUri: "holdfast://stock",
        quantities: sent.map(({ listing, quantity }) => ({
          inventoryItemId: listing["inventoryItemId"],
          locationId,
          quantity,
          changeFromQuantity: null,
        })),
      };
      const data = await this.client.ask(SET_STOCK, {
        input,
        key: attempt === 0 ? key : `${key}:${attempt}`,
      });
      const errors = listAt(at(data, "inventorySetQuantities"), "userErrors");
      if (errors.length === 0) break;
      const before = refused.size;
      for (const error of errors) {
        const [, , index] = listAt(error, "field");
        const level = sent[Number(index)];
        const detail = notTaken(
          firstText(textAt(error, "code").toLowerCase(), "refused"),
          textAt(error, "message"),
        );
        for (const { channelSku } of level === undefined ? sent : [level]) refused.set(channelSku, detail);
      }
      if (refused.size === before) break;
    }
    return levels.map(({ channelSku }) => ({
      channelSku,
      outcome: refused.get(channelSku) ?? { status: "told", reference: null },
    }));
  }

  async readListings(page: string | null): Promise<ListingsPage> {
    const locationId = await this.locationId();
    const data = await this.client.ask(READ_LISTINGS, { after: page, locationId });
    const variants = at(data, "productVariants");
    return { listings: listAt(variants, "nodes").map(listingOf), next: nextOf(variants) };
  }

  private async locationId(): Promise<string> {
    if (this.location !== null && this.locationNumber === "") return this.location;
    const data = await this.client.ask(READ_LOCATIONS, {});
    const ids = listAt(at(data, "locations"), "nodes").flatMap((each) =>
      textAt(each, "isActive") === "true" ? [textAt(each, "id")] : [],
    );
    const found = this.location === null ? ids[0] : ids.find((id) => id === this.location);
    if (found === undefined)
      throw new ServiceFault(
        this.location === null
          ? "the shop has no active location"
          : `the shop has no active location ${this.locationNumber}`,
        { service: SERVICE, code: "location_unknown", retryable: false },
      );
    this.location = found;
    return found;
  }

  /** An order in more parts, or with more lines in one, than a page has. */
  private async withAllParts(order: unknown): Promise<unknown> {
    const parts = at(order, "fulfillmentOrders");
    const isMore =
      nextOf(parts) !== null || listAt(parts, "nodes").some((part) => nextOf(at(part, "lineItems")) !== null);
    if (!isMore) return order;
    const data = await this.client.ask(READ_PARTS, { id: textAt(order, "id") });
    return { ...(order as object), fulfillmentOrders: at(data, "order", "fulfillmentOrders") };
  }

  /** An order with more lines than a page has. */
  private async withAllLines(order: unknown): Promise<unknown> {
    const lines = at(order, "lineItems");
    let after = nextOf(lines);
    if (after === null) return order;
    const nodes = [...listAt(lines, "nodes")];
    while (after !== null) {
      const data: unknown = await this.client.ask(READ_LINES, { id: textAt(order, "id"), after });
      const more = at(data, "order", "lineItems");
      nodes.push(...listAt(more, "nodes"));
      after = nextOf(more);
    }
    return { ...(order as object), lineItems: { nodes } };
  }
}

function stateOf(order: unknown): OrderAtChannel {
  const money = (name: string) =>
    amount(
      textAt(order, name, "shopMoney", "amount"),
      textAt(order, name, "shopMoney", "currencyCode"),
      name,
    );
  const status = textAt(order, "displayFulfillmentStatus");
  const isCancelled = textAt(order, "cancelledAt") !== "";
  return {
    externalId: textAt(order, "legacyResourceId"),
    state: isCancelled ? "cancelled" : status === "FULFILLED" ? "complete" : "open",
    total: money("totalPriceSet"),
    refunded: money("totalRefundedSet"),
    lines: listAt(at(order, "lineItems"), "nodes").map((line) => {
      const quantity = numberAt(line, "quantity") ?? 0;
      const current = numberAt(line, "currentQuantity") ?? quantity;
      const open = numberAt(line, "unfulfilledQuantity") ?? 0;
      return {
        externalLineId: gidNumber(textAt(line, "id")),
        channelSku: skuOf(textAt(line, "sku"), textAt(line, "variant", "id"), textAt(line, "title")),
        quantity,
        shipped: isCancelled ? 0 : Math.max(0, current - open),
        cancelled: quantity - current,
      };
    }),
  };
}

function listingOf(variant: unknown): Listing {
  const item = at(variant, "inventoryItem");
  const level = at(item, "inventoryLevel");
  const available = listAt(level, "quantities").find((each) => textAt(each, "name") === "available");
  const isCounted = textAt(item, "tracked") === "true" && available !== undefined;
  return {
    channelSku: skuOf(textAt(variant, "sku"), textAt(variant, "id"), textAt(variant, "displayName")),
    title: textAt(variant, "displayName"),
    gtin: optionalTextAt(variant, "barcode") ?? null,
    ids: { variantId: textAt(variant, "id"), inventoryItemId: textAt(item, "id") },
    quantity: isCounted ? (numberAt(available, "quantity") ?? null) : null,
  };
}

/** As the adapter reads it of an order's line. */
function skuOf(sku: string, variantGid: string, title: string): string {
  const variant = gidNumber(variantGid);
  return firstText(sku, variant === "" ? "" : `variant_id:${variant}`, title);
}

function nextOf(connection: unknown): string | null {
  return textAt(connection, "pageInfo", "hasNextPage") === "true"
    ? textAt(connection, "pageInfo", "endCursor")
    : null;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function notTaken(code: string, message: string): Told {
  return { status: "refused", code, message };
}
