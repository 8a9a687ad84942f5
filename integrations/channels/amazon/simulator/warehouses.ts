/**
 * Amazon's warehouses of a simulated seller: what lies there, and orders of other channels that are sent from
 * there, by Fulfillment Outbound 2020-07-01 and FBA Inventory v1.
 *
 * An order goes its way by the clock: received, planned, worked on from `workMs` on, and sent after `sendMs`.
 * It can be called off until it is worked on. Its units are reserved from the beginning, as at Amazon, so
 * that what may be sold falls with the request and not with the parcel.
 */
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import type { SentOrder, SimulatedKeeper } from "../../../simulator-kit/simulated-keeper.ts";
import { countAt, isObject, listAt, objectAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import type { RequestChange } from "./documents.ts";
import { bodyOf, invalid, notFound } from "./feeds.ts";

const KEY = /^[\x21-\x7e]{1,40}$/;
const PAGE = 50;

type Item = {
  readonly sku: string;
  readonly item: string;
  readonly quantity: number;
  cancelled: number;
  unfulfillable: number;
};

type Order = {
  readonly request: Readonly<Record<string, unknown>>;
  readonly receivedMs: number;
  readonly items: readonly Item[];
  /** Of each item, or of all of them together. */
  readonly packages: { readonly number: number; readonly items: readonly Item[] }[];
  ended: "Cancelled" | "Unfulfillable" | "Complete" | null;
  endedMs: number;
  /** The status that was told last; null: none. */
  told: string | null;
};

const STATES: Readonly<Record<string, SentOrder["state"]>> = {
  Cancelled: "cancelled",
  Unfulfillable: "failed",
  Complete: "sent",
  CompletePartialled: "sent",
  Processing: "working",
};

export class SimulatedWarehouses implements SimulatedKeeper {
  workMs = 5_000;
  sendMs = 20_000;
  deliverMs = 60_000;
  splits = false;
  isDenied = false;
  /** What every package is said to do, in Amazon's word; null: it goes its way by the clock. */
  journey: string | null = null;
  /** So many pages of the stock expire before they are asked for. */
  expiringPages = 0;
  readonly leftOut = new Set<string>();
  private readonly stock = new Map<string, number>();
  private readonly orders = new Map<string, Order>();
  private readonly now: () => number;
  private lastPackage = 1_000;

  constructor(now: () => number) {
    this.now = now;
  }

  put(sku: string, quantity: number): void {
    this.stock.set(sku, quantity);
  }

  sellable(sku: string): number {
    return this.stock.get(sku) ?? 0;
  }

  sent(): readonly SentOrder[] {
    return [...this.orders].map(([key, order]) => ({
      key,
      state: STATES[this.statusOf(order)] ?? "taken",
      units: order.items.reduce((sum, { quantity }) => sum + quantity, 0),
    }));
  }

  fail(key: string): void {
    const order = this.orderOf(key);
    for (const item of order.items) item.unfulfillable = item.quantity;
    this.end(order, "Unfulfillable");
  }

  failItem(key: string, number: string): void {
    const item = this.orderOf(key).items.find((one) => one.item === number);
    if (item === undefined) throw new Error(`${key} has no item ${number}`);
    item.unfulfillable = item.quantity;
  }

  /** What has become of orders since it was asked last. */
  changes(): readonly RequestChange[] {
    return [...this.orders].flatMap(([key, order]) => {
      const status = this.statusOf(order);
      if (status === order.told) return [];
      order.told = status;
      const shipment = isSent(status)
        ? {
            id: `D${order.packages[0]?.number ?? 0}`,
            status: "SHIPPED",
            packages: packagesOf(order).map(({ number }) => ({
              number,
              carrier: "AMZN_US",
              tracking: `TBA${number}`,
            })),
          }
        : null;
      return [{ key, status, shipment }];
    });
  }

  private orderOf(key: string): Order {
    const order = this.orders.get(key);
    if (order === undefined) throw new Error(`there is no ${key}`);
    return order;
  }

  create(request: SimulatedRequest): SimulatedReply {
    const body = bodyOf(request);
    const key = textAt(body, "sellerFulfillmentOrderId");
    if (!KEY.test(key)) return invalid("SellerFulfillmentOrderId is invalid.");
    if (this.orders.has(key)) return invalid(`FulfillmentOrder ${key} already exists.`);
    const to = objectAt(body, "destinationAddress");
    for (const field of ["name", "addressLine1", "postalCode", "countryCode"])
      if (textAt(to, field) === "") return invalid(`DestinationAddress.${field} is missing.`);
    if (textAt(body, "displayableOrderComment") === "") return invalid("DisplayableOrderComment is missing.");
    const items = listAt(body, "items").map((item) => ({
      sku: textAt(item, "sellerSku"),
      item: textAt(item, "sellerFulfillmentOrderItemId"),
      quantity: countAt(item, "quantity"),
      cancelled: 0,
      unfulfillable: 0,
    }));
    if (items.length === 0 || !isObject(body)) return invalid("Items is missing.");
    for (const { sku, item, quantity } of items) {
      if (!this.stock.has(sku)) return invalid(`the SellerSKU for Item Id: ${item} is invalid.`);
      const wanted = items.filter((one) => one.sku === sku).reduce((sum, one) => sum + one.quantity, 0);
      if (!(quantity > 0) || wanted > this.sellable(sku))
        return invalid(`Item Id: ${item} is not available in the requested quantity.`);
    }
    for (const { sku, quantity } of items) this.stock.set(sku, this.sellable(sku) - quantity);
    const parts = this.splits ? items.map((item) => [item]) : [items];
    this.orders.set(key, {
      request: body,
      receivedMs: this.now(),
      items,
      packages: parts.map((part) => {
        this.lastPackage += 1;
        return { number: this.lastPackage, items: part };
      }),
      ended: null,
      endedMs: 0,
      told: null,
    });
    return jsonReply(200, {});
  }

  cancel(key: string): SimulatedReply {
    const order = this.orders.get(key);
    if (order === undefined) return unknown(key);
    const status = this.statusOf(order);
    if (status === "Cancelled") return jsonReply(200, {});
    if (status !== "Received" && status !== "Planning")
      return invalid(`FulfillmentOrder ${key} cannot be cancelled in the status ${status}.`);
    for (const item of order.items) item.cancelled = item.quantity;
    this.end(order, "Cancelled");
    return jsonReply(200, {});
  }

  look(key: string): SimulatedReply {
    if (this.isDenied)
      return jsonReply(403, {
        errors: [{ code: "Unauthorized", message: "Access to requested resource is denied.", details: "" }],
      });
    const order = this.orders.get(key);
    return order === undefined ? unknown(key) : jsonReply(200, { payload: this.documentOf(key, order) });
  }

  track(request: SimulatedRequest): SimulatedReply {
    const number = Number(request.query.get("packageNumber"));
    const order = [...this.orders.values()].find(({ packages }) =>
      packages.some((one) => one.number === number),
    );
    if (order === undefined || !isSent(this.statusOf(order)))
      return notFound(`There is no package ${number}`);
    const isThere = this.now() >= order.receivedMs + this.deliverMs;
    const at = order.receivedMs + (isThere ? this.deliverMs : this.sendMs);
    return jsonReply(200, {
      payload: {
        packageNumber: number,
        trackingNumber: `TBA${number}`,
        carrierCode: "AMZN_US",
        currentStatus: this.journey ?? (isThere ? "DELIVERED" : "IN_TRANSIT"),
        currentStatusDescription: isThere ? "Delivered" : "In transit",
        trackingEvents: [
          {
            eventDate: iso(at),
            eventAddress: { city: "Seattle", state: "WA", country: "US" },
            eventCode: isThere ? "EVENT_301" : "EVENT_201",
            eventDescription: isThere ? "Package delivered" : "Package has left the facility",
          },
        ],
      },
    });
  }

  summaries(request: SimulatedRequest): SimulatedReply {
    const from = Number(request.query.get("nextToken") ?? "0");
    const isExpired = from > 0 && this.expiringPages > 0;
    if (isExpired) this.expiringPages -= 1;
    if (isExpired || !Number.isInteger(from)) return invalid("Next token is invalid or expired");
    const skus = [...this.stock.keys()].filter((sku) => !this.leftOut.has(sku)).sort();
    const isDetailed = request.query.get("details") === "true";
    return jsonReply(200, {
      payload: {
        granularity: { granularityType: "Marketplace", granularityId: request.query.get("granularityId") },
        inventorySummaries: skus.slice(from, from + PAGE).map((sku) => ({
          asin: "B07NPKQZXY",
          fnSku: `X00${sku}`.slice(0, 10),
          sellerSku: sku,
          condition: "NewItem",
          inventoryDetails: isDetailed ? this.details(sku) : {},
          // As old as Amazon's own often are.
          lastUpdatedTime: iso(this.now() - 7 * 86_400_000),
          productName: sku,
          totalQuantity: this.sellable(sku) + this.reserved(sku),
          stores: [],
        })),
      },
      ...(skus.length > from + PAGE ? { pagination: { nextToken: String(from + PAGE) } } : {}),
    });
  }

  private details(sku: string): Record<string, unknown> {
    const reserved = this.reserved(sku);
    return {
      fulfillableQuantity: this.sellable(sku),
      inboundWorkingQuantity: 0,
      inboundShippedQuantity: 0,
      inboundReceivingQuantity: 0,
      reservedQuantity: {
        totalReservedQuantity: reserved,
        pendingCustomerOrderQuantity: reserved,
        pendingTransshipmentQuantity: 0,
        fcProcessingQuantity: 0,
      },
    };
  }

  private reserved(sku: string): number {
    return [...this.orders.values()]
      .filter((order) => order.ended === null && !isSent(this.statusOf(order)))
      .flatMap(({ items }) => items)
      .filter((item) => item.sku === sku)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  }

  private end(order: Order, as: "Cancelled" | "Unfulfillable"): void {
    order.ended = as;
    order.endedMs = this.now();
    for (const { sku, quantity } of order.items) this.stock.set(sku, this.sellable(sku) + quantity);
  }

  private statusOf(order: Order): string {
    if (order.ended !== null) return order.ended;
    const passed = this.now() - order.receivedMs;
    if (passed >= this.sendMs)
      return order.items.some(({ unfulfillable }) => unfulfillable > 0) ? "CompletePartialled" : "Complete";
    if (passed >= this.workMs) return "Processing";
    return passed >= this.workMs / 2 ? "Planning" : "Received";
  }

  private documentOf(key: string, order: Order): Record<string, unknown> {
    const status = this.statusOf(order);
    const hasLeft = isSent(status);
    const { items, ...request } = order.request as { readonly items: unknown };
    const sentMs = order.receivedMs + this.sendMs;
    return {
      fulfillmentOrder: {
        ...request,
        sellerFulfillmentOrderId: key,
        receivedDate: iso(order.receivedMs),
        fulfillmentOrderStatus: status,
        statusUpdatedDate: iso(order.endedMs > 0 ? order.endedMs : hasLeft ? sentMs : order.receivedMs),
      },
      fulfillmentOrderItems: order.items.map((item) => ({
        sellerSku: item.sku,
        sellerFulfillmentOrderItemId: item.item,
        quantity: item.quantity,
        cancelledQuantity: item.cancelled,
        unfulfillableQuantity: item.unfulfillable,
      })),
      fulfillmentShipments:
        status !== "Processing" && !hasLeft
          ? []
          : packagesOf(order).map(({ number, items: parts }) => ({
              amazonShipmentId: `D${number}`,
              fulfillmentCenterId: "SEA8",
              fulfillmentShipmentStatus: hasLeft ? "SHIPPED" : "PENDING",
              ...(hasLeft ? { shippingDate: iso(sentMs) } : {}),
              fulfillmentShipmentItem: parts.map((item) => ({
                sellerSku: item.sku,
                sellerFulfillmentOrderItemId: item.item,
                quantity: item.quantity,
                ...(hasLeft ? { packageNumber: number } : {}),
              })),
              ...(hasLeft
                ? {
                    fulfillmentShipmentPackage: [
                      { packageNumber: number, carrierCode: "AMZN_US", trackingNumber: `TBA${number}` },
                    ],
                  }
                : {}),
            })),
      returnItems: [],
      returnAuthorizations: [],
    };
  }
}

const isSent = (status: string): boolean => status === "Complete" || status === "CompletePartialled";

/** Without what cannot be sent. */
function packagesOf({ packages }: Order): Order["packages"] {
  return packages
    .map(({ number, items }) => ({ number, items: items.filter(({ unfulfillable }) => unfulfillable === 0) }))
    .filter(({ items }) => items.length > 0);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function unknown(key: string): SimulatedReply {
  return invalid(`FulfillmentOrder ${key} does not exist.`);
}
