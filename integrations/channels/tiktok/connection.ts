/**
 * A shop at TikTok: orders and what was given back of them, parcels, cancellations, refunds, stock.
 *
 * U1 A line is several units with ids of their own (`order.ts`). What is told of a line is told of its first
 *    units that are still open, by id, so that a word told again names the same ones.
 * U2 A parcel is known by its tracking number on a unit. Cancellations carry a key, the same for the same word.
 */
import { addMoney, zeroMoney } from "../../../orders/money.ts";
import type {
  ChannelConnection,
  Listing,
  OrderAtChannel,
  OrdersAsked,
  OrdersPage,
  OrderWord,
  StockLevel,
  StockTold,
  Told,
  ToldLine,
} from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import {
  amount,
  countAt,
  firstText,
  listAt,
  textAt,
  textRecord,
  writeJson,
} from "../../vendor-kit/vendor-json.ts";
import { askEligibility, reasonFor } from "./aftersale.ts";
import { type Ask, createTiktokApi, dataOf, type TiktokAccount } from "./api.ts";
import { keyOf } from "./key.ts";
import { groupsOf, isCancelledUnit, isShippedUnit } from "./order.ts";
import { changedReturns, mayReadReturns, withoutReturns, withReturns } from "./read-returns.ts";
import { refund } from "./refund.ts";
import { refundedOf } from "./returns.ts";

const TIMEOUT_MS = 20_000;
const PAGE = 100;
const AT_ONCE = 5;
const NO_RETURNS =
  "Refunds at TikTok are neither read nor told: the seller's authorization lacks the scope Return and Refund Basic. Add it to the application in the Partner Center, have the seller authorize it once more, and enter the new refresh token here.";

type Word<Kind extends OrderWord["kind"]> = Extract<OrderWord, { kind: Kind }>;

export function connectTiktok(account: TiktokAccount, options: ConnectOptions = {}): ChannelConnection {
  const { timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  const ask = createTiktokApi(account, { timeoutMs, now });
  const askReturns = withoutReturns(ask, now);
  return {
    limits: { concurrency: 4, perSecond: 10, burst: 20, stockBatch: 50 },
    tells: new Set(["ship", "cancel", "refund"] as const),
    async tryConnection() {
      try {
        const found = dataOf(await ask({ path: "/authorization/202309/shops", isOfApp: true }), "the shops");
        const shop = listAt(found, "shops").find((one) => textAt(one, "cipher") === account.shopCipher);
        return shop === undefined
          ? { works: false, detail: "The application is not authorized for the shop of this shop_cipher." }
          : { works: true, detail: `${textAt(shop, "name")} (${textAt(shop, "region")})` };
      } catch (error) {
        if (error instanceof ServiceFault && !error.retryable) return { works: false, detail: error.message };
        throw error;
      }
    },
    readShortfalls: async () => ((await mayReadReturns(ask)) ? [] : [NO_RETURNS]),
    readOrders: (asked) => readOrders(ask, askReturns, asked),
    async readOrder(externalId) {
      const [order] = await withReturns(askReturns, await findOrders(ask, [externalId]));
      return order === undefined ? null : writeJson(order);
    },
    async readOrderStates(externalIds) {
      if (externalIds.length === 0) return [];
      return (await withReturns(askReturns, await findOrders(ask, externalIds))).map(stateOf);
    },
    async tell(word) {
      const [order] = await findOrders(ask, [word.order.externalId]);
      if (order === undefined)
        return refused("order_not_found", `TikTok Shop has no order ${word.order.externalId}.`);
      if (word.kind === "ship") return ship(ask, word, order);
      if (word.kind === "cancel") return cancel(ask, word, order);
      if (word.kind === "refund") return refund(ask, word, order);
      return refused("not_told_here", `TikTok Shop is not told of this: ${word.kind}.`);
    },
    tellStock: (levels) => tellStock(ask, levels),
    async readListings(page) {
      const found = dataOf(
        await ask({
          method: "POST",
          path: "/product/202502/products/search",
          query: { page_size: String(PAGE), ...(page === null ? {} : { page_token: page }) },
          body: { status: "ACTIVATE" },
        }),
        "the listings",
      );
      const next = textAt(found, "next_page_token");
      return { listings: listAt(found, "products").flatMap(listingsOf), next: next === "" ? null : next };
    },
  };
}

function refused(code: string, message: string): Told {
  return { status: "refused", code, message };
}

/** Before the token of a page of refunds, which follow the orders. */
const OF_RETURNS = "returns:";

/**
 * By their change, oldest first: what changes meanwhile moves behind us and is read once more. A refund need
 * not change its order: behind the last page of orders come those of which something was given back since.
 */
async function readOrders(ask: Ask, askReturns: Ask, asked: OrdersAsked): Promise<OrdersPage> {
  const { sinceMs, untilMs, page } = asked;
  const refundedSince = (token: string, known?: ReadonlySet<string>) =>
    refundedOrders(ask, askReturns, asked, token, known);
  if (page?.startsWith(OF_RETURNS) === true) return refundedSince(page.slice(OF_RETURNS.length));
  const found = dataOf(
    await ask({
      method: "POST",
      path: "/order/202309/orders/search",
      query: {
        page_size: String(PAGE),
        sort_field: "update_time",
        sort_order: "ASC",
        ...(page === null ? {} : { page_token: page }),
      },
      body: {
        update_time_ge: Math.floor(sinceMs / 1_000),
        ...(untilMs === undefined ? {} : { update_time_lt: Math.ceil(untilMs / 1_000) }),
      },
    }),
    "the orders",
  );
  const orders = listAt(found, "orders");
  const moments = orders.map((order) => countAt(order, "update_time") * 1_000).filter(Number.isFinite);
  const newestMs = moments.length === 0 ? null : Math.max(...moments);
  const payloads = (await withReturns(askReturns, orders)).map(writeJson);
  const next = textAt(found, "next_page_token");
  if (next !== "") return { payloads, next, newestMs };
  const known = new Set(orders.map((order) => textAt(order, "id")));
  const refunded = await refundedSince("", known);
  return { payloads: [...payloads, ...refunded.payloads], next: refunded.next, newestMs };
}

/** @param known orders that need not be read once more */
async function refundedOrders(
  ask: Ask,
  askReturns: Ask,
  { sinceMs, untilMs }: OrdersAsked,
  page: string,
  known: ReadonlySet<string> = new Set(),
): Promise<OrdersPage> {
  const since = Math.floor(sinceMs / 1_000);
  const until = untilMs === undefined ? null : Math.ceil(untilMs / 1_000);
  const { returns, next } = await changedReturns(askReturns, { since, until }, page);
  const named = new Set(returns.map((one) => textAt(one, "order_id")));
  const ids = [...named].filter((id) => id !== "" && !known.has(id));
  const orders = ids.length === 0 ? [] : await withReturns(askReturns, await findOrders(ask, ids));
  return {
    payloads: orders.map(writeJson),
    next: next === null ? null : `${OF_RETURNS}${next}`,
    // When money went back says nothing of how far the orders are read.
    newestMs: null,
  };
}

async function findOrders(ask: Ask, ids: readonly string[]): Promise<readonly unknown[]> {
  const answer = await ask({ path: "/order/202309/orders", query: { ids: ids.join(",") } });
  if (answer.status === "refused" && /not (be )?found|not exist|invalid.*(id|order)/i.test(answer.message))
    return [];
  return listAt(dataOf(answer, "orders"), "orders");
}

function stateOf(order: unknown): OrderAtChannel {
  const currency = firstText(textAt(order, "payment", "currency"), "XXX").toUpperCase();
  const status = textAt(order, "status");
  const groups = groupsOf(order);
  const byPlatform = listAt(order, "line_items")
    .map((unit) => amount(textAt(unit, "platform_discount"), currency, "platform_discount"))
    .reduce(addMoney, zeroMoney(currency));
  const lines = groups.map(({ lineId, units }) => ({
    externalLineId: lineId,
    channelSku: textAt(units[0], "seller_sku"),
    quantity: units.length,
    shipped: units.filter(isShippedUnit).length,
    cancelled: status === "CANCELLED" ? units.length : units.filter(isCancelledUnit).length,
  }));
  return {
    externalId: textAt(order, "id"),
    state:
      status === "CANCELLED"
        ? "cancelled"
        : lines.every((line) => line.shipped + line.cancelled >= line.quantity)
          ? "complete"
          : "open",
    total: addMoney(amount(textAt(order, "payment", "total_amount"), currency, "total_amount"), byPlatform),
    refunded: refundedOf(order, currency),
    lines,
  };
}

/** Ids of the first open units of the lines; or why there are not so many. */
function openUnits(order: unknown, told: readonly ToldLine[]): readonly string[] | Told {
  const groups = new Map(groupsOf(order).map((group) => [group.lineId, group.units]));
  const ids: string[] = [];
  for (const { externalLineId, channelSku, quantity } of told) {
    const open = (groups.get(externalLineId) ?? []).filter(
      (unit) => !isCancelledUnit(unit) && !isShippedUnit(unit),
    );
    if (open.length < quantity)
      return refused("not_open", `TikTok Shop has ${open.length} of ${channelSku} open, not ${quantity}.`);
    ids.push(...open.slice(0, quantity).map((unit) => textAt(unit, "id")));
  }
  return ids;
}

async function ship(ask: Ask, word: Word<"ship">, order: unknown): Promise<Told> {
  const known = listAt(order, "line_items").find(
    (unit) => textAt(unit, "tracking_number") === word.trackingNumber,
  );
  if (known !== undefined) return { status: "already", reference: textAt(known, "package_id") || null };
  const units = openUnits(order, word.lines);
  if ("status" in units) return units;
  const provider = await providerOf(ask, textAt(order, "delivery_option_id"), word.carrier);
  if (provider === null)
    return refused("carrier_unknown", `TikTok Shop takes no parcels by ${word.carrier} for this order.`);
  const answer = await ask({
    method: "POST",
    path: `/fulfillment/202309/orders/${encodeURIComponent(word.order.externalId)}/packages`,
    body: {
      order_line_item_ids: units,
      tracking_number: word.trackingNumber,
      shipping_provider_id: provider,
    },
  });
  return answer.status === "refused"
    ? answer
    : { status: "told", reference: textAt(answer.data, "package_id") || null };
}

/** TikTok names carriers by ids, which differ by country and way of delivery. */
async function providerOf(ask: Ask, deliveryOption: string, carrier: string): Promise<string | null> {
  const found = dataOf(
    await ask({
      path: `/logistics/202309/delivery_options/${encodeURIComponent(deliveryOption)}/shipping_providers`,
    }),
    "the carriers",
  );
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const providers = listAt(found, "shipping_providers");
  const exact = providers.find((one) => plain(textAt(one, "name")) === plain(carrier));
  const near = providers.find((one) => plain(textAt(one, "name")).startsWith(plain(carrier)));
  const id = textAt(exact ?? near, "id");
  return id === "" ? null : id;
}

/** The reasons that TikTok offers come first; these where it offers none. */
const CANCEL_REASONS: Readonly<Record<string, string>> = {
  out_of_stock: "seller_cancel_reason_out_of_stock",
  customer_request: "seller_cancel_paid_reason_buyer_requested_cancellation",
  address: "seller_cancel_paid_reason_address_not_deliver",
};
const OUT_OF_STOCK = /stock|inventory/i;
const NEAREST: Readonly<Record<string, readonly RegExp[]>> = {
  customer_request: [/buyer|customer/i, OUT_OF_STOCK],
  address: [/address|deliver/i, OUT_OF_STOCK],
};

async function cancel(ask: Ask, word: Word<"cancel">, order: unknown): Promise<Told> {
  const { externalId } = word.order;
  if (textAt(order, "status") === "CANCELLED") return { status: "already", reference: null };
  const units = word.isWhole ? [] : openUnits(order, word.lines);
  if ("status" in units) return units;
  const eligibility = await askEligibility(ask, externalId, "CANCEL");
  if (eligibility !== null && eligibility.units.size === 0 && eligibility.problem !== "")
    return refused("not_cancellable", `TikTok Shop lets nobody cancel it now: ${eligibility.problem}.`);
  const offered =
    eligibility === null
      ? ""
      : reasonFor(
          eligibility,
          word.isWhole ? [...eligibility.units.keys()] : units,
          NEAREST[word.reason] ?? [OUT_OF_STOCK],
        );
  const answer = await ask({
    method: "POST",
    path: "/return_refund/202309/cancellations",
    query: { idempotency_key: keyOf(word.key) },
    body: {
      order_id: externalId,
      cancel_reason: firstText(
        offered,
        CANCEL_REASONS[word.reason] ?? "",
        "seller_cancel_reason_out_of_stock",
      ),
      ...(word.isWhole ? {} : { order_line_item_ids: units }),
    },
  });
  return answer.status === "refused"
    ? answer
    : { status: "told", reference: textAt(answer.data, "cancel_id") || null };
}

/** TikTok takes the stock of one product a call. */
async function tellStock(ask: Ask, levels: readonly StockLevel[]): Promise<readonly StockTold[]> {
  const byProduct = new Map<string, StockLevel[]>();
  for (const level of levels) {
    const product = level.listing["productId"] ?? "";
    byProduct.set(product, [...(byProduct.get(product) ?? []), level]);
  }
  const outcomes = new Map<string, Told>();
  const products = [...byProduct];
  for (let from = 0; from < products.length; from += AT_ONCE) {
    const some = products.slice(from, from + AT_ONCE);
    const told = await Promise.all(some.map(([product, list]) => tellProduct(ask, product, list)));
    for (const one of told.flat()) outcomes.set(one.channelSku, one.outcome);
  }
  return levels.map(({ channelSku }) => ({
    channelSku,
    outcome: outcomes.get(channelSku) ?? { status: "told", reference: null },
  }));
}

async function tellProduct(
  ask: Ask,
  product: string,
  levels: readonly StockLevel[],
): Promise<readonly StockTold[]> {
  if (product === "") {
    const message = "Its product at TikTok Shop is not known: read the listings first.";
    return levels.map(({ channelSku }) => ({ channelSku, outcome: refused("unknown_listing", message) }));
  }
  const answer = await ask({
    method: "POST",
    path: `/product/202309/products/${encodeURIComponent(product)}/inventory/update`,
    body: {
      skus: levels.map(({ listing, quantity }) => ({
        id: listing["skuId"] ?? "",
        inventory: [
          {
            ...(listing["warehouseId"] === undefined ? {} : { warehouse_id: listing["warehouseId"] }),
            quantity,
          },
        ],
      })),
    },
  });
  if (answer.status === "refused") {
    const isGone = /not (be )?found|not exist/i.test(answer.message);
    const outcome = { ...answer, code: isGone ? "unknown_listing" : answer.code };
    return levels.map(({ channelSku }) => ({ channelSku, outcome }));
  }
  const errors = listAt(answer.data, "errors");
  return levels.map(({ channelSku, listing }) => {
    const error = errors.find((one) => textAt(one, "detail", "sku_id") === listing["skuId"]);
    const outcome: Told =
      error === undefined
        ? { status: "told", reference: null }
        : refused(firstText(textAt(error, "code"), "refused"), textAt(error, "message").slice(0, 500));
    return { channelSku, outcome };
  });
}

function listingsOf(product: unknown): readonly Listing[] {
  return listAt(product, "skus").map((sku) => {
    const [stock] = listAt(sku, "inventory");
    const quantity = countAt(stock, "quantity");
    return {
      channelSku: firstText(textAt(sku, "seller_sku"), `sku_id:${textAt(sku, "id")}`),
      title: textAt(product, "title"),
      gtin: null,
      ids: textRecord({
        productId: textAt(product, "id"),
        skuId: textAt(sku, "id"),
        warehouseId: textAt(stock, "warehouse_id"),
      }),
      quantity: Number.isNaN(quantity) ? null : quantity,
    };
  });
}
