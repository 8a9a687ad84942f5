/**
 * A shop at Shopify, over HTTP: its token service, its GraphQL API and its webhooks.
 *
 * Queries run by the vendor's own schema (`schema.ts`), so that an answer cannot be other than Shopify's;
 * what a query asks wrongly is refused as Shopify refuses it.
 */
import {
  buildSchema,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getDirectiveValues,
  graphql,
} from "graphql";
import { startChannelServer } from "../../../simulator-kit/channel-server.ts";
import type {
  ChannelSimulator,
  ChannelSimulatorKind,
  ChannelSimulatorOptions,
} from "../../../simulator-kit/channel-simulator.ts";
import { createChannelWebhooks } from "../../../simulator-kit/channel-webhooks.ts";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { keepBooks } from "../../../simulator-kit/kept-books.ts";
import { ShopBooks, type ShopChange, type ShopOrder } from "../../../simulator-kit/shop-books.ts";
import { createSimulatedTokens } from "../../../simulator-kit/simulated-tokens.ts";
import { parseJson, textAt } from "../../../vendor-kit/vendor-json.ts";
import { API_VERSION } from "../api/documents.ts";
import { gidNumber } from "../ids.ts";
import { SIMULATED_SCHEMA } from "./schema.ts";
import {
  connection,
  gid,
  graphFulfillmentOrder,
  graphHold,
  graphOrder,
  graphParcel,
  graphRefunds,
  LOCATION,
  noteDispute,
  placeOf,
  SERVICE_LOCATION,
  type ShopifyShop,
  type TakenOff,
} from "./shop.ts";
import { disputeDocument, orderDocument, refundDocument, signedWebhook } from "./webhooks.ts";

const CLIENT_ID = "simulated-app";
const CLIENT_SECRET = "shpss_simulated-secret-of-the-app";
/** As Shopify's are: a day. */
const TOKEN_SECONDS = 86_399;
const FIRST_ID = 5_600_000_000_000;
const RATE = { perSecond: 50, burst: 100 };

type Problem = {
  readonly field: readonly string[] | null;
  readonly message: string;
  readonly code?: string | null;
};
type Payload = { readonly refund?: unknown; readonly userErrors: readonly Problem[] };

/** As docs/channels/shopify.md asks for them. */
const SCOPES: readonly string[] = [
  "read_orders",
  "write_orders",
  "read_all_orders",
  "read_products",
  "read_inventory",
  "write_inventory",
  "read_locations",
  "read_merchant_managed_fulfillment_orders",
  "write_merchant_managed_fulfillment_orders",
  "read_third_party_fulfillment_orders",
  "read_shopify_payments_disputes",
];

/** A shop at Shopify, which grants the app what it likes. */
export type ShopifySimulator = ChannelSimulator & {
  /** What the app may do from now on, as the shop lists it; calls are not held to it. */
  grantScopes(scopes: readonly string[]): void;
};

export const shopifySimulator: ChannelSimulatorKind = {
  start: async (options) => startShop(options),
};

async function startShop(options: ChannelSimulatorOptions): Promise<ShopifySimulator> {
  const { now, logger } = options;
  let scopes = SCOPES;
  const schema = buildSchema(SIMULATED_SCHEMA);
  const tokens = createSimulatedTokens({ lifeSeconds: TOKEN_SECONDS, now, prefix: "shpat_" });
  const books = new ShopBooks({ now, firstId: FIRST_ID, onChange: (order, change) => tell(order, change) });
  const shop: ShopifyShop = { books, takenOff: new Map() };
  const keptBooks = keepBooks(
    options.keptIn ?? null,
    (state) => {
      const { books: before, takenOff } = state as { books: unknown; takenOff: [string, TakenOff[]][] };
      books.restore(before);
      for (const [id, taken] of takenOff) shop.takenOff.set(id, taken);
    },
    () => ({ books: books.snapshot(), takenOff: [...shop.takenOff] }),
  );
  const server = await startChannelServer({
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    logger,
    now,
    limit: RATE,
    isWrite: ({ body }) => /^\s*\{"query":"\s*(\\n)*\s*mutation/.test(body.toString("utf8")),
    throttled: (_request, waitMs) => throttled(waitMs),
    answer: async (request) => {
      const reply = await answer(request);
      keptBooks.changed();
      return reply;
    },
  });
  const webhooks = createChannelWebhooks({ url: options.webhookUrl, faults: server.faults, logger });
  const kept = new Map<string, { readonly print: string; readonly payload: unknown }>();

  function tell(order: ShopOrder, change: ShopChange): void {
    const body = orderDocument(shop, order);
    const send = (topic: string, text: string) =>
      webhooks.send(() => signedWebhook(topic, text, options.webhookSecret));
    if (change === "refunded") {
      const refund = order.refunds.at(-1);
      if (refund !== undefined) send("refunds/create", refundDocument(order, refund));
    }
    send(change === "created" ? "orders/create" : "orders/updated", body);
    if (change === "cancelled") send("orders/cancelled", body);
  }

  async function answer(request: SimulatedRequest): Promise<SimulatedReply> {
    if (request.path === "/admin/oauth/access_token" && request.method === "POST") return grant(request);
    const isOfScopes = request.path === "/admin/oauth/access_scopes.json";
    if (!isOfScopes && request.path !== `/admin/api/${API_VERSION}/graphql.json`)
      return jsonReply(404, { errors: "Not Found" });
    if (!tokens.isGood(request.headers["x-shopify-access-token"] ?? ""))
      return jsonReply(401, {
        errors: "[API] Invalid API key or access token (unrecognized login or wrong password)",
      });
    if (isOfScopes) return jsonReply(200, { access_scopes: scopes.map((handle) => ({ handle })) });
    return run(schema, resolvers(shop, kept), request);
  }

  function grant(request: SimulatedRequest): SimulatedReply {
    const body = parseJson(request.body.toString("utf8"));
    const isKnown =
      textAt(body, "client_id") === CLIENT_ID && textAt(body, "client_secret") === CLIENT_SECRET;
    if (!isKnown || textAt(body, "grant_type") !== "client_credentials")
      return jsonReply(401, { error: "invalid_client", error_description: "The client is not known." });
    const { value, lifeSeconds } = tokens.issue();
    return jsonReply(200, { access_token: value, scope: "read_orders", expires_in: lifeSeconds });
  }

  return {
    url: server.url,
    account: {
      SHOPIFY_SHOP_URL: server.url,
      SHOPIFY_CLIENT_ID: CLIENT_ID,
      SHOPIFY_CLIENT_SECRET: CLIENT_SECRET,
    },
    faults: server.faults,
    list: (listing) => {
      books.list(listing);
      keptBooks.changed();
    },
    place: (planned) => {
      const order = books.place(planned);
      keptBooks.changed();
      return order?.id ?? null;
    },
    cancel: (id) => books.cancel(id),
    edit: (id, line, quantity) => books.edit(id, line, quantity),
    refund: (id, minor) => {
      const order = books.find(id);
      return order !== undefined && books.refund(order, { minor, reason: "by the shop's staff" }) !== null;
    },
    grantScopes: (granted) => {
      scopes = granted;
    },
    dispute: (id, dispute) => {
      const order = books.find(id);
      if (order === undefined) return false;
      const topic = order.extra.has(`dispute:${dispute.id}`) ? "disputes/update" : "disputes/create";
      // Nothing says that the order counts as changed by it: its time stays.
      noteDispute(order, dispute);
      keptBooks.changed();
      const body = disputeDocument(order, dispute);
      webhooks.send(() => signedWebhook(topic, body, options.webhookSecret));
      return true;
    },
    books: () => books.books(),
    levels: () => books.levels(),
    expireTokens: () => tokens.expireAll(),
    close: async () => {
      await webhooks.stop();
      await server.close();
      keptBooks.close();
    },
  };
}

async function run(
  schema: GraphQLSchema,
  rootValue: unknown,
  request: SimulatedRequest,
): Promise<SimulatedReply> {
  const body = parseJson(request.body.toString("utf8"));
  const { query, variables } = (body ?? {}) as {
    readonly query?: string;
    readonly variables?: Record<string, unknown>;
  };
  const { data, errors } = await graphql({
    schema,
    source: query ?? "",
    rootValue,
    variableValues: variables ?? {},
  });
  return jsonReply(200, {
    ...(data === undefined ? {} : { data }),
    ...(errors === undefined ? {} : { errors: errors.map(({ message, path }) => ({ message, path })) }),
    extensions: {
      cost: {
        requestedQueryCost: 52,
        actualQueryCost: 12,
        throttleStatus: { maximumAvailable: 2_000, currentlyAvailable: 1_948, restoreRate: 100 },
      },
    },
  });
}

function throttled(waitMs: number): SimulatedReply {
  return jsonReply(200, {
    errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }],
    extensions: {
      cost: {
        requestedQueryCost: Math.max(1, Math.ceil(waitMs / 10)),
        throttleStatus: { maximumAvailable: 2_000, currentlyAvailable: 0, restoreRate: 100 },
      },
    },
  });
}

type Kept = Map<string, { readonly print: string; readonly payload: unknown }>;

function resolvers(shop: ShopifyShop, kept: Kept) {
  const { books } = shop;
  const find = (id: string) => books.find(gidNumber(id));
  /** Of a fulfillment order: its number is the order's, or has the place's behind it. */
  const orderOfPart = (id: string) => find(id) ?? books.find(gidNumber(id).slice(0, -1));
  const failed = (message: string, field: readonly string[] | null = null): Problem => ({ field, message });

  /** What was done under a key is answered as it was then. */
  const once = (
    args: unknown,
    info: GraphQLResolveInfo,
    work: () => Payload,
    mismatch: () => Payload,
  ): Payload => {
    const directive = info.schema.getDirective("idempotent");
    const [node] = info.fieldNodes;
    const values =
      directive == null || node === undefined
        ? undefined
        : getDirectiveValues(directive, node, info.variableValues);
    const key = values?.["key"] as string | undefined;
    const print = JSON.stringify(args);
    const before = key === undefined ? undefined : kept.get(key);
    if (before !== undefined) return before.print === print ? (before.payload as Payload) : mismatch();
    const payload = work();
    if (key !== undefined) kept.set(key, { print, payload });
    return payload;
  };

  return {
    shop: {
      id: gid("Shop", "1"),
      name: "Fernweh Outfitters",
      myshopifyDomain: "fernweh.myshopify.com",
      currencyCode: "USD",
    },
    locations: (page: Page) =>
      connection([{ id: LOCATION, name: "Fernweh Reno", isActive: true, shipsInventory: true }], page),
    order: ({ id }: { id: string }) => {
      const order = find(id);
      return order === undefined ? null : graphOrder(shop, order);
    },
    orders: (args: Page & { query?: string; sortKey?: string }) => ordersPage(shop, args),
    productVariants: (page: Page) =>
      connection(
        books.onSale().map((listing) => ({
          id: gid("ProductVariant", listing.variantId),
          sku: listing.channelSku,
          barcode: listing.gtin,
          displayName: listing.title,
          inventoryItem: {
            id: gid("InventoryItem", listing.id),
            sku: listing.channelSku,
            tracked: true,
            inventoryLevel: {
              id: gid("InventoryLevel", listing.id),
              quantities: [
                { id: gid("InventoryQuantity", listing.id), name: "available", quantity: listing.quantity },
              ],
            },
          },
        })),
        page,
      ),
    fulfillmentCreate: ({ fulfillment }: { fulfillment: FulfillmentInput }) => {
      const asked = fulfillment.lineItemsByFulfillmentOrder;
      const order = orderOfPart(asked[0]?.fulfillmentOrderId ?? "");
      if (
        order === undefined ||
        asked.some(({ fulfillmentOrderId }) => orderOfPart(fulfillmentOrderId) !== order)
      )
        return { userErrors: [failed("Fulfillment order does not exist.")] };
      const lineIds = asked.flatMap(({ fulfillmentOrderLineItems }) =>
        (fulfillmentOrderLineItems ?? []).map(({ id }) => gidNumber(id)),
      );
      if (order.lines.some((line) => lineIds.includes(line.id) && placeOf(order, line) === SERVICE_LOCATION))
        return { userErrors: [failed("The fulfillment order is assigned to a fulfillment service.")] };
      if (order.isHeld) return { userErrors: [failed("The fulfillment order is on hold.")] };
      const parcel = books.ship(order, {
        carrier: fulfillment.trackingInfo?.company ?? "",
        trackingNumber: fulfillment.trackingInfo?.number ?? "",
        lines: asked.flatMap(({ fulfillmentOrderLineItems }) =>
          (fulfillmentOrderLineItems ?? []).map(({ id, quantity }) => ({ lineId: gidNumber(id), quantity })),
        ),
        extra: { url: fulfillment.trackingInfo?.url ?? "" },
      });
      return parcel === null
        ? { userErrors: [failed("The quantity is more than is left to fulfill.")] }
        : { fulfillment: graphParcel(order, parcel), userErrors: [] };
    },
    orderCancel: ({ orderId, reason }: { orderId: string; reason: string }) => {
      const order = find(orderId);
      if (order === undefined)
        return { orderCancelUserErrors: [failed("Order does not exist.", ["orderId"])] };
      order.extra.set("cancelReason", reason);
      return books.cancel(order.id)
        ? { job: { id: gid("Job", order.id), done: false }, orderCancelUserErrors: [] }
        : { orderCancelUserErrors: [failed("The order cannot be cancelled.", ["orderId"])] };
    },
    refundCreate: (args: { input: RefundInput }, _context: unknown, info: GraphQLResolveInfo) =>
      once(
        args,
        info,
        () => createRefund(shop, find(args.input.orderId), args.input),
        () => ({
          userErrors: [failed("The idempotency key was used with other parameters.")],
        }),
      ),
    fulfillmentOrderMove: ({ id, newLocationId, fulfillmentOrderLineItems }: MoveInput) => {
      const order = orderOfPart(id);
      if (order === undefined) return { userErrors: [failed("Fulfillment order does not exist.", ["id"])] };
      const wanted = fulfillmentOrderLineItems?.map((item) => gidNumber(item.id));
      for (const line of order.lines)
        if (wanted === undefined || wanted.includes(line.id))
          order.extra.set(`place:${line.id}`, newLocationId);
      books.changed(order, "updated");
      return { movedFulfillmentOrder: graphFulfillmentOrder(order, newLocationId), userErrors: [] };
    },
    fulfillmentOrderHold: ({ id, fulfillmentHold }: { id: string; fulfillmentHold: HoldInput }) => {
      const order = orderOfPart(id);
      if (order === undefined) return { userErrors: [failed("Fulfillment order does not exist.", ["id"])] };
      if (order.isHeld || order.isCancelled)
        return { userErrors: [failed("The fulfillment order cannot be held.", ["id"])] };
      order.isHeld = true;
      order.extra.set("hold", fulfillmentHold.handle);
      order.extra.set("holdReason", fulfillmentHold.reason);
      if (fulfillmentHold.reasonNotes != null) order.extra.set("holdNotes", fulfillmentHold.reasonNotes);
      books.changed(order, "updated");
      return { fulfillmentHold: graphHold(order), userErrors: [] };
    },
    fulfillmentOrderReleaseHold: ({ id }: { id: string }) => {
      const order = orderOfPart(id);
      if (order === undefined || !order.isHeld)
        return { userErrors: [failed("The fulfillment order is not on hold.", ["id"])] };
      order.isHeld = false;
      books.changed(order, "updated");
      return { fulfillmentOrder: graphFulfillmentOrder(order), userErrors: [] };
    },
    inventorySetQuantities: (args: { input: StockInput }, _context: unknown, info: GraphQLResolveInfo) =>
      once(
        args,
        info,
        () => setStock(books, args.input),
        () => ({
          userErrors: [{ code: null, ...failed("The idempotency key was used with other parameters.") }],
        }),
      ),
  };
}

type Page = { readonly first?: number | null; readonly after?: string | null };
type FulfillmentInput = {
  readonly lineItemsByFulfillmentOrder: readonly {
    readonly fulfillmentOrderId: string;
    readonly fulfillmentOrderLineItems?: readonly { readonly id: string; readonly quantity: number }[];
  }[];
  readonly trackingInfo?: { readonly company?: string; readonly number?: string; readonly url?: string };
};
type HoldInput = { readonly handle: string; readonly reason: string; readonly reasonNotes?: string | null };
type MoveInput = {
  readonly id: string;
  readonly newLocationId: string;
  readonly fulfillmentOrderLineItems?: readonly { readonly id: string }[] | null;
};
type RefundInput = {
  readonly orderId: string;
  readonly note?: string;
  readonly refundLineItems?: readonly { readonly lineItemId: string; readonly quantity: number }[];
  readonly transactions?: readonly { readonly amount: string }[];
};
type StockInput = {
  readonly quantities: readonly {
    readonly inventoryItemId: string;
    readonly locationId: string;
    readonly quantity: number;
  }[];
};

function createRefund(shop: ShopifyShop, order: ShopOrder | undefined, input: RefundInput) {
  const failed = (message: string) => ({ userErrors: [{ field: null, message }] });
  if (order === undefined) return failed("Order does not exist.");
  const minor = (input.transactions ?? []).reduce(
    (sum, { amount }) => sum + Math.round(Number(amount) * 100),
    0,
  );
  const lines = (input.refundLineItems ?? []).map(({ lineItemId, quantity }) => ({
    lineId: gidNumber(lineItemId),
    quantity,
  }));
  if (lines.length > 0) {
    const id = shop.books.nextId();
    const before = shop.takenOff.get(order.id) ?? [];
    // Before the books change: the webhook about it tells of it.
    shop.takenOff.set(order.id, [...before, { id, note: input.note ?? "", lines }]);
    if (!shop.books.cancelLines(order, lines)) {
      shop.takenOff.set(order.id, before);
      return failed("The quantity is more than is left of the line.");
    }
    return { refund: graphRefunds(shop, order).at(-1), userErrors: [] };
  }
  const refund = shop.books.refund(order, { minor, reason: input.note ?? "" });
  if (refund === null) return failed("The amount is more than is left to refund.");
  return {
    refund: graphRefunds(shop, order).find(({ legacyResourceId }) => legacyResourceId === refund.id),
    userErrors: [],
  };
}

/** Whole or not at all. */
function setStock(books: ShopBooks, { quantities }: StockInput) {
  const bySku = new Map(books.onSale().map((listing) => [listing.id, listing.channelSku]));
  const userErrors = quantities.flatMap(({ inventoryItemId, locationId, quantity }, index) => {
    const wrong = (code: string, field: string, message: string) => [
      { code, field: ["input", "quantities", String(index), field], message },
    ];
    if (!bySku.has(gidNumber(inventoryItemId)))
      return wrong("INVALID_INVENTORY_ITEM", "inventoryItemId", "The inventory item could not be found.");
    if (locationId !== LOCATION)
      return wrong("INVALID_LOCATION", "locationId", "The location could not be found.");
    return quantity < 0
      ? wrong("INVALID_QUANTITY_NEGATIVE", "quantity", "The quantity cannot be negative.")
      : [];
  });
  if (userErrors.length > 0) return { userErrors };
  for (const { inventoryItemId, quantity } of quantities)
    books.setStock(bySku.get(gidNumber(inventoryItemId)) ?? "", quantity);
  return { userErrors: [] };
}

/** By the time of the last change; its place among these is the cursor, so that what changes moves on. */
function ordersPage(shop: ShopifyShop, { query = "", first, after }: Page & { readonly query?: string }) {
  const ids = [...query.matchAll(/\bid:(\d+)/g)].map(([, id]) => id);
  const since = /updated_at:>='([^']+)'/.exec(query)?.[1];
  const until = /updated_at:<'([^']+)'/.exec(query)?.[1];
  const [afterMs, afterId] =
    after == null ? [0, ""] : Buffer.from(after, "base64").toString("utf8").split(" ");
  // Shopify keeps whole seconds.
  const changedMs = ({ modifiedMs }: ShopOrder) => Math.floor(modifiedMs / 1_000) * 1_000;
  const found = shop.books
    .orders()
    .filter((order) => ids.length === 0 || ids.includes(order.id))
    .filter(
      (order) => since === undefined || changedMs(order) >= Math.floor(Date.parse(since) / 1_000) * 1_000,
    )
    .filter((order) => until === undefined || changedMs(order) < Date.parse(until))
    .sort((a, b) => changedMs(a) - changedMs(b) || Number(a.id) - Number(b.id))
    .filter((order) => {
      const ms = changedMs(order);
      return ms > Number(afterMs) || (ms === Number(afterMs) && Number(order.id) > Number(afterId));
    });
  const page = found.slice(0, first ?? 50);
  const last = page.at(-1);
  return {
    nodes: page.map((order) => graphOrder(shop, order)),
    pageInfo: {
      hasNextPage: found.length > page.length,
      endCursor: last === undefined ? null : Buffer.from(`${changedMs(last)} ${last.id}`).toString("base64"),
    },
  };
}
