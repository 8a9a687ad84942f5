/**
 * Walmart's fulfillment centers as a place that sends for us: Walmart Fulfillment Services (WFS),
 * Multichannel Solutions. `ports/fulfillment-provider.ts` says what is wanted. Of the United States only.
 *
 * M1 Walmart accepts an order, and a cancellation, before it decides on it: neither is believed before it
 *    shows in the order's status. Until a new order can be seen there, it is not asked for again.
 * M2 A package has a tracking number before it has left: what has left has a moment at which it did.
 * M3 A line of a package names our line by `fulfillerLineId`; the order's own lines name none, and come in
 *    the order in which they were asked for.
 */
import type { TrackingStatus } from "../../../ports/carriers.ts";
import type {
  FulfillmentProvider,
  PackageJourney,
  ProviderAnswer,
  ProviderItem,
  ProviderPackage,
  ProviderProgress,
  ProviderRequest,
  ProviderStockPage,
} from "../../../ports/fulfillment-provider.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { at, countAt, firstText, listAt, parseJson, textAt } from "../../vendor-kit/vendor-json.ts";
import { type Ask, answerOf, errorOf, isUnknown, SERVICE } from "./api.ts";

const ORDERS = "/v3/fulfillment/orders-fulfillments";
/** Walmart's own examples have no other: its United States, its marketplace. */
const HEADER = { headerAttributes: { buId: "0", martId: "202" } };
const SPEEDS = { standard: "STANDARD", expedited: "EXPEDITED", priority: "EXPEDITED" } as const;
/** Nobody has said how long it takes; the sandbox's orders are there within a minute. */
const UNSEEN_MS = 10 * 60_000;
/** Ours, where Walmart need not be asked. */
const INCOMPLETE = "request_incomplete";
/** The most that Walmart gives of an order number; ours is one of them. */
const FOUND = 10;
const STOCK_PAGE = 200;

export function createMultichannelFulfillment(ask: Ask, orderChannelId: string): FulfillmentProvider {
  async function find(key: string): Promise<unknown> {
    const reply = await ask({ path: `${ORDERS}/status`, query: queryOf({ orderNumber: key }) });
    if (isMissing(reply)) return null;
    const orders = ordersIn(answerOf(reply, "an order that it sends for us"));
    return orders.find((order) => numberOf(order) === key) ?? null;
  }

  return {
    name: "walmart-wfs",
    shownName: "Walmart",
    unseenMs: UNSEEN_MS,
    async request(request) {
      const lacking = lackOf(request);
      if (lacking !== null) return { status: "refused", code: INCOMPLETE, message: lacking };
      if ((await find(request.key)) !== null) return { status: "done" };
      const reply = await ask({ method: "POST", path: ORDERS, body: bodyOf(request, orderChannelId) });
      if (isTaken(reply)) return { status: "done" };
      // Another process may have asked between the look and now.
      return (await find(request.key)) === null ? refusalOf(reply) : { status: "done" };
    },
    async follow(key, items) {
      const order = await find(key);
      return order === null ? null : progressOf(order, items);
    },
    async cancel(key, items) {
      const reply = await ask({
        method: "POST",
        path: `${ORDERS}/cancel`,
        body: {
          header: HEADER,
          payload: {
            sellerOrderId: key,
            orderItems: items.map(({ item, quantity }) => ({ sellerLineId: item, qty: units(quantity) })),
          },
        },
      });
      if (isTaken(reply)) return { status: "asked" };
      // A wish whose answer was lost may have had its effect already.
      const order = await find(key);
      const isCancelled = order !== null && progressOf(order, items).status === "cancelled";
      return isCancelled ? { status: "done" } : refusalOf(reply);
    },
    readStock: (page) => readStock(ask, page),
    readJourney: (packageId) => readJourney(ask, packageId),
  };
}

function queryOf(search: Readonly<Record<string, string>>): string {
  return `?${new URLSearchParams({ ...search, limit: String(FOUND), offset: "0" }).toString()}`;
}

/** A list, or one order where Walmart found one. */
function ordersIn(answer: unknown): readonly unknown[] {
  const payload = at(answer, "payload");
  return Array.isArray(payload) ? payload : payload === undefined || payload === null ? [] : [payload];
}

const numberOf = (order: unknown): string =>
  firstText(textAt(order, "sellerOrderId"), textAt(order, "customerOrderNo"), textAt(order, "orderNumber"));

const units = (quantity: number) => ({ unitOfMeasure: "EACH", measurementValue: quantity });

/** What the order lacks that Walmart wants of each; null: nothing. */
function lackOf({ to, email }: ProviderRequest): string | null {
  if (to.country !== "US") return `Walmart sends within the United States, and not to ${to.country}.`;
  const missing = [
    ...((to.phone ?? "") === "" ? ["a phone number"] : []),
    ...(email === "" ? ["an e-mail address"] : []),
    ...((to.region ?? "") === "" ? ["a state"] : []),
    ...((to.postalCode ?? "") === "" ? ["a ZIP code"] : []),
  ];
  return missing.length === 0
    ? null
    : `Walmart sends nothing to a shopper without ${missing.join(" and ")}: add it to the order.`;
}

function bodyOf(request: ProviderRequest, orderChannelId: string): Record<string, unknown> {
  const { to, email } = request;
  const name = nameOf(to.name);
  const phone = to.phone ?? "";
  const second = [to.company ?? "", to.line2 ?? ""].filter((line) => line !== "").join(", ");
  const free = { currencyAmount: 0, currencyUnit: "USD" };
  return {
    header: HEADER,
    payload: {
      orderChannelId,
      sellerOrderId: request.key,
      orderPlacedTime: request.placedAt,
      needsConfirmation: false,
      // All of it or nothing: what is missing is sent from elsewhere.
      partialFulfillments: false,
      customer: { contact: { name, phone, email } },
      orderItems: request.items.map(({ item, sku, quantity }) => ({
        sellerLineId: item,
        fulfillmentType: "DELIVERY",
        shippingMethod: SPEEDS[request.speed],
        itemDetail: { sku, description: sku },
        qty: units(quantity),
        shippingTo: {
          contact: { name, phone, email },
          address: {
            line1: to.line1,
            ...(second === "" ? {} : { line2: second }),
            city: to.city,
            state: to.region ?? "",
            country: "USA",
            zip: to.postalCode ?? "",
            addressType: "RESIDENTIAL",
          },
        },
        // What the shopper paid is between them and us.
        chargeDetails: [
          {
            chargeCategory: "PRODUCT",
            chargeName: "Sale Price",
            chargePerUnit: free,
            taxDetails: { taxPerLine: free },
          },
        ],
      })),
    },
  };
}

/** Walmart wants both; of one name, it is both. */
function nameOf(name: string): { readonly firstName: string; readonly lastName: string } {
  const words = name.trim().split(/\s+/);
  const lastName = words.at(-1) ?? "";
  return { firstName: words.length > 1 ? words.slice(0, -1).join(" ") : lastName, lastName };
}

/** An answer of 200 may be a refusal. */
function isTaken({ status, json }: JsonReply): boolean {
  return status < 300 && textAt(json, "status") !== "FAIL" && listAt(json, "errors").length === 0;
}

function isMissing(reply: JsonReply): boolean {
  return isUnknown(reply) || (reply.status === 400 && /NOT_FOUND/i.test(errorOf(reply).code));
}

/**
 * What is wrong stands in the middle of `info`: `[Error [code=…, description=orderChannelId is invalid, …`.
 */
function refusalOf(reply: JsonReply): Extract<ProviderAnswer, { readonly status: "refused" }> {
  const { code, message } = errorOf(reply);
  const info = textAt(listAt(reply.json, "errors")[0], "info").slice(0, 500);
  const inner = firstText(/description=([^,\]]+)/.exec(info)?.[1] ?? "", info);
  const isSaid = inner === "" || message.includes(inner);
  return { status: "refused", code, message: isSaid ? message : `${message} ${inner}` };
}

const REFUSED = /REJECT|FAIL|ERROR|UNFULFILL|INVALID|BACK_?ORDER/;
const CANCELLED = /CANCEL/;
const SETTLED = /^(DELIVERED|COMPLETED?)$/;

function progressOf(order: unknown, items: readonly ProviderItem[]): ProviderProgress {
  const status = textAt(order, "status").toUpperCase();
  const packages = listAt(order, "shipments").flatMap((shipment) => packageOf(shipment, items));
  const lines = listAt(order, "orderLines");
  const cancelled = lines.map((line) => unitsOf(line, CANCELLED));
  const missing = cancelled.flatMap((quantity, index) =>
    quantity > 0 ? [{ item: items[index]?.item ?? String(index + 1), quantity }] : [],
  );
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  const wanted = sum(items.map(({ quantity }) => quantity));
  const gone = sum(packages.flatMap((one) => one.items.map(({ quantity }) => quantity)));
  const isAllCancelled = CANCELLED.test(status) || (gone === 0 && wanted > 0 && sum(cancelled) >= wanted);
  const detail = `Walmart: the order is ${firstText(textAt(order, "status"), "in no known status")}.`;
  const found = { detail: [detail, ...reasonsOf(lines)].join(" "), packages, missing };
  if (REFUSED.test(status) && gone === 0) return { status: "refused", ...found };
  if (isAllCancelled && gone === 0) return { status: "cancelled", ...found };
  if (gone > 0 && (gone + sum(cancelled) >= wanted || SETTLED.test(status) || CANCELLED.test(status)))
    return { status: "done", ...found };
  return { status: REFUSED.test(status) ? "done" : "open", ...found };
}

function unitsOf(line: unknown, status: RegExp): number {
  return listAt(line, "orderLineQuantityInfo")
    .filter((one) => status.test(textAt(one, "status").toUpperCase()))
    .reduce<number>((all, one) => all + (countAt(one, "statusQuantity", "measurementValue") || 0), 0);
}

/** Walmart's words about units that it does not send. */
function reasonsOf(lines: readonly unknown[]): readonly string[] {
  const words = lines
    .flatMap((line) => listAt(line, "orderLineQuantityInfo"))
    .filter((one) => /CANCEL|REJECT|FAIL|UNFULFILL/.test(textAt(one, "status").toUpperCase()))
    .map((one) => textAt(one, "statusDescription").slice(0, 200));
  return [...new Set(words)].filter((text) => text !== "").map((text) => `${text.replace(/\.$/, "")}.`);
}

/** Where it is on its way, by Walmart's words; none: it has not left. */
const JOURNEYS: Readonly<Record<string, TrackingStatus>> = {
  SHIPPED: "in_transit",
  IN_TRANSIT: "in_transit",
  DELAYED: "in_transit",
  OUT_FOR_DELIVERY: "out_for_delivery",
  AVAILABLE_FOR_PICKUP: "available_for_pickup",
  DELIVERED: "delivered",
  UNDELIVERABLE: "failure",
  LOST: "failure",
  RETURNED: "return_to_sender",
  RETURN_TO_SENDER: "return_to_sender",
};

const journeyOf = (shipment: unknown): TrackingStatus | undefined =>
  JOURNEYS[textAt(shipment, "status").toUpperCase().replace(/[ -]/g, "_")];

function packageOf(shipment: unknown, items: readonly ProviderItem[]): readonly ProviderPackage[] {
  const leftAt = firstText(textAt(shipment, "actualShipmentDate"), dateOf(shipment, "SHIPMENT"));
  const id = firstText(textAt(shipment, "shipmentNo"), textAt(shipment, "packageId"));
  if (CANCELLED.test(textAt(shipment, "status").toUpperCase())) return [];
  if (id === "" || (leftAt === "" && journeyOf(shipment) === undefined)) return [];
  const held = listAt(shipment, "shipmentLines")
    .map((line) => ({
      item: itemOf(line, items),
      quantity: countAt(line, "quantity", "measurementValue") || 0,
    }))
    .filter(({ quantity }) => quantity > 0);
  return [
    {
      id,
      carrier: firstText(textAt(shipment, "carrierDescription"), textAt(shipment, "scac"), "Walmart"),
      trackingNumber: textAt(shipment, "trackingNo"),
      shippedAt: firstText(leftAt, textAt(shipment, "lastModified")),
      // One that names no lines holds all there is where there is one line; else it is not known.
      items:
        held.length === 0 && items.length === 1
          ? items.map(({ item, quantity }) => ({ item, quantity }))
          : held,
    },
  ];
}

function itemOf(line: unknown, items: readonly ProviderItem[]): string {
  const named = [
    textAt(line, "fulfillerLineId"),
    textAt(line, "sellerLineId"),
    textAt(line, "shipmentLineNo"),
  ];
  return named.find((name) => items.some(({ item }) => item === name)) ?? items[0]?.item ?? "";
}

/** Of `shipmentDates`, when it happened; empty: it has not. */
function dateOf(shipment: unknown, type: string): string {
  const date = listAt(shipment, "shipmentDates").find((one) => textAt(one, "dateTypeId") === type);
  return textAt(date, "actualDate");
}

async function readJourney(ask: Ask, packageId: string): Promise<PackageJourney> {
  const nothing = { status: "unknown", detail: "", at: "" } as const;
  const reply = await ask({ path: `${ORDERS}/status`, query: queryOf({ shipmentNumber: packageId }) });
  if (reply.status >= 300) return { ...nothing, detail: errorOf(reply).message };
  const shipment = ordersIn(reply.json)
    .flatMap((order) => listAt(order, "shipments"))
    .find((one) => [textAt(one, "shipmentNo"), textAt(one, "packageId")].includes(packageId));
  if (shipment === undefined) return nothing;
  const status = journeyOf(shipment) ?? "unknown";
  return {
    status,
    detail: firstText(textAt(shipment, "statusDescription"), textAt(shipment, "status")),
    at: firstText(
      status === "delivered" ? dateOf(shipment, "DELIVERY") : "",
      textAt(shipment, "lastModified"),
      textAt(shipment, "actualShipmentDate"),
    ),
  };
}

/**
 * WFS Inventory. Walmart has announced the end of its first form for March 2026, and has accounts that cannot
 * read the second: whichever an account has is read.
 */
const STOCK_PATHS = ["/v3/wfs/inventory", "/v3/fulfillment/inventory"] as const;

async function readStock(ask: Ask, page: string | null): Promise<ProviderStockPage> {
  const known = page === null ? undefined : parseJson(page);
  const form = countAt(known, "form") || 0;
  const offset = countAt(known, "offset") || 0;
  const path = STOCK_PATHS[form] ?? STOCK_PATHS[0];
  const reply = await ask({ path, query: `?limit=${STOCK_PAGE}&offset=${offset}` });
  if (reply.status === 404 && page === null && form + 1 < STOCK_PATHS.length)
    return readStock(ask, JSON.stringify({ form: form + 1, offset: 0 }));
  if (reply.status === 400 && offset > 0)
    throw new ServiceFault("the page to go on from cannot be had", {
      service: SERVICE,
      code: "page_unknown",
      retryable: true,
      status: reply.status,
    });
  const found = answerOf(reply, "the stock in its fulfillment centers");
  const rows = listAt(found, "payload", "inventory");
  const end = offset + rows.length;
  const total = countAt(found, "headers", "totalCount");
  const isMore = rows.length > 0 && (Number.isNaN(total) ? rows.length === STOCK_PAGE : end < total);
  return {
    stock: rows.flatMap((row) => stockOf(row)),
    next: isMore ? JSON.stringify({ form, offset: end }) : null,
  };
}

function stockOf(row: unknown): ProviderStockPage["stock"] {
  const sku = firstText(textAt(row, "itemInformation", "sku"), textAt(row, "sku"));
  const ofNodes = listAt(row, "shipNodes")
    .filter((node) => !/^(Seller|3PL)/i.test(textAt(node, "shipNodeType")))
    .map((node) => countAt(node, "availToSellQty"));
  const sellable =
    ofNodes.length > 0
      ? ofNodes.reduce((all, one) => all + one, 0)
      : countAt(row, "inventoryData", "availableUnits");
  return sku === "" || !(sellable >= 0) ? [] : [{ sku, sellable }];
}
