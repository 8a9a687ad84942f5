/**
 * Walmart's fulfillment centers of a simulated seller: what lies there (WFS Inventory, in both of its forms),
 * and orders of other channels that are sent from there (Multichannel Solutions).
 *
 * As at Walmart, an order is accepted first and seen later, and so is the wish to call it off. Whether a
 * second order under the same `sellerOrderId` is refused is said nowhere: `takesTwice` plays the worse of the
 * two.
 */
import { randomUUID } from "node:crypto";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import type { SentOrder, SimulatedKeeper } from "../../../simulator-kit/simulated-keeper.ts";
import { countAt, isObject, listAt, textAt } from "../../../vendor-kit/vendor-json.ts";

export const ORDER_CHANNEL = "8f0c2c3e-5b0a-4f6e-9a55-1f2d3c4b5a69";

type Item = {
  readonly sku: string;
  readonly item: string;
  readonly quantity: number;
  isCancelled: boolean;
};

type Package = { readonly shipmentNo: string; readonly number: number; readonly items: readonly Item[] };

type Order = {
  readonly key: string;
  readonly request: unknown;
  readonly receivedMs: number;
  readonly items: readonly Item[];
  readonly packages: readonly Package[];
  /** When somebody wished it to be called off. */
  wishedMs: number | null;
  ended: "CANCELLED" | "REJECTED" | null;
};

const units = (quantity: number) => ({ unitOfMeasure: "EA", measurementValue: quantity });
const iso = (ms: number): string => new Date(ms).toISOString();

export class SimulatedFulfillmentCenters implements SimulatedKeeper {
  workMs = 5_000;
  sendMs = 20_000;
  deliverMs = 60_000;
  splits = false;
  isDenied = false;
  /** How long an order that was accepted is not to be seen, milliseconds. */
  unseenMs = 0;
  /** How long a wish to call off waits until it is decided on, milliseconds. */
  decideMs = 0;
  /** Wishes to call off are accepted, and come to nothing. */
  ignoresWishes = false;
  takesTwice = false;
  /** Walmart's own example of a refused order does not say with which status it is answered. */
  refusesWith = 400;
  /** The account has only the first form of WFS Inventory. */
  isOldAccount = false;
  readonly leftOut = new Set<string>();
  private readonly stock = new Map<string, number>();
  private readonly orders: Order[] = [];
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
    return this.orders.map((order) => ({
      key: order.key,
      state: STATES[this.statusOf(order)] ?? "taken",
      units: order.items.reduce((sum, { quantity }) => sum + quantity, 0),
    }));
  }

  fail(key: string): void {
    const order = this.orderOf(key);
    for (const item of order.items) this.giveBack(item);
    order.ended = "REJECTED";
  }

  failItem(key: string, number: string): void {
    const item = this.orderOf(key).items.find((one) => one.item === number);
    if (item === undefined) throw new Error(`${key} has no item ${number}`);
    this.giveBack(item);
  }

  answer(request: SimulatedRequest): SimulatedReply | null {
    const { method, path } = request;
    if (method === "POST" && path === "/v3/fulfillment/orders-fulfillments") return this.create(request);
    if (method === "POST" && path === "/v3/fulfillment/orders-fulfillments/cancel") return this.wish(request);
    if (method === "GET" && path === "/v3/fulfillment/orders-fulfillments/status") return this.look(request);
    if (method === "GET" && path === "/v3/wfs/inventory" && !this.isOldAccount)
      return this.list(request, true);
    if (method === "GET" && path === "/v3/fulfillment/inventory" && this.isOldAccount)
      return this.list(request, false);
    return null;
  }

  private create({ body }: SimulatedRequest): SimulatedReply {
    const payload = payloadOf(body);
    const key = textAt(payload, "sellerOrderId");
    const problem = problemOf(payload);
    if (problem !== null) return this.invalid(problem);
    const items = listAt(payload, "orderItems").map((item) => ({
      sku: textAt(item, "itemDetail", "sku"),
      item: textAt(item, "sellerLineId"),
      quantity: countAt(item, "qty", "measurementValue"),
      isCancelled: false,
    }));
    for (const { sku } of items) {
      const wanted = items.filter((one) => one.sku === sku).reduce((sum, one) => sum + one.quantity, 0);
      if (wanted > this.sellable(sku))
        return this.invalid(`sku ${sku} is not available in the requested quantity`);
    }
    if (!this.takesTwice && this.orders.some((order) => order.key === key))
      return this.invalid(`sellerOrderId ${key} already exists`);
    for (const { sku, quantity } of items) this.stock.set(sku, this.sellable(sku) - quantity);
    const parts = this.splits ? items.map((item) => [item]) : [items];
    this.orders.push({
      key,
      request: payload,
      receivedMs: this.now(),
      items,
      packages: parts.map((part) => {
        this.lastPackage += 1;
        return { shipmentNo: randomUUID(), number: this.lastPackage, items: part };
      }),
      wishedMs: null,
      ended: null,
    });
    return accepted();
  }

  private wish({ body }: SimulatedRequest): SimulatedReply {
    const payload = payloadOf(body);
    const order = this.seen().find(({ key }) => key === textAt(payload, "sellerOrderId"));
    if (order === undefined)
      return failed(404, "404.WSAAS.100", "Data not found in WSAAS", "requested order not found");
    const lines = listAt(payload, "orderItems");
    const isWhole = order.items.every(({ item, quantity }) =>
      lines.some(
        (line) =>
          textAt(line, "sellerLineId") === item && countAt(line, "qty", "measurementValue") === quantity,
      ),
    );
    if (!isWhole) return failed(400, "INVALID_WFS_REQUEST", "The request is not valid.", "orderItems");
    const status = this.statusOf(order);
    if (status !== "CREATED" && status !== "CANCELLED")
      return failed(400, "400.WSAAS.205", `The order cannot be cancelled in status ${status}.`, "");
    order.wishedMs ??= this.now();
    return accepted();
  }

  private look({ query }: SimulatedRequest): SimulatedReply {
    if (this.isDenied)
      return jsonReply(403, { errors: [{ code: "UNAUTHORIZED.GMP_GATEWAY_API", description: "Forbidden" }] });
    const limit = Number(query.get("limit"));
    const offset = Number(query.get("offset") ?? Number.NaN);
    if (!(limit >= 1 && limit <= 50) || !(offset >= 0))
      return failed(400, "INVALID_WFS_REQUEST", "limit or offset is not valid.", "");
    const number = query.get("orderNumber");
    const shipment = query.get("shipmentNumber");
    const found = this.seen().filter(
      (order) =>
        (number === null || order.key.includes(number)) &&
        (shipment === null || order.packages.some(({ shipmentNo }) => shipmentNo === shipment)),
    );
    if (found.length === 0) return failed(400, "OS_NOT_FOUND_ERROR", "No order was found.", "");
    const page = found.slice(offset, offset + limit);
    return jsonReply(200, {
      status: "OK",
      header: {
        headerAttributes: { buId: "0", martId: "202", pageCount: page.length, totalCount: found.length },
      },
      payload: page.map((order) => this.documentOf(order)),
    });
  }

  private list({ query }: SimulatedRequest, isNew: boolean): SimulatedReply {
    const offset = Number(query.get("offset") ?? "0");
    const limit = Number(query.get("limit") ?? "10");
    if (!(limit >= 1 && limit <= 300)) return failed(400, "INVALID_REQUEST", "limit is not valid.", "");
    const skus = [...this.stock.keys()].filter((sku) => !this.leftOut.has(sku)).sort();
    const inventory = skus.slice(offset, offset + limit).map((sku) => {
      const reserved = this.reserved(sku);
      const available = this.sellable(sku);
      return isNew
        ? {
            itemInformation: { sku, itemName: sku, gtin: "00012345678905" },
            inventoryData: {
              availableUnits: available,
              onhandUnits: available + reserved,
              reservedUnits: reserved,
              inboundUnits: 0,
              stockStatus: available > 0 ? "In stock" : "Out of stock",
            },
            inventoryInsights: { daysOfSupply: "30" },
          }
        : {
            sku,
            shipNodes: [
              {
                shipNodeType: "WFSFulfilled",
                availToSellQty: available,
                onHandQty: available + reserved,
                modifiedDate: iso(this.now()),
              },
            ],
          };
    });
    return jsonReply(200, { headers: { totalCount: skus.length, limit, offset }, payload: { inventory } });
  }

  /** Walmart's own example of a refusal: what is wrong stands in the middle of `info`. */
  private invalid(problem: string): SimulatedReply {
    const words = `description=${problem}, info=${problem}, severity=ERROR, category=DATA, causes=null`;
    return failed(
      this.refusesWith,
      "ERR_EXT_DATA_0021001",
      "The payload structure is not valid. Please correct the payload.",
      `[Error [code=400.WSAAS.106, field=payload, ${words}]]`,
    );
  }

  private reserved(sku: string): number {
    return this.orders
      .filter((order) => ["CREATED", "PROCESSING"].includes(this.statusOf(order)))
      .flatMap(({ items }) => items)
      .filter((item) => item.sku === sku && !item.isCancelled)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  }

  private giveBack(item: Item): void {
    if (item.isCancelled) return;
    item.isCancelled = true;
    this.stock.set(item.sku, this.sellable(item.sku) + item.quantity);
  }

  private orderOf(key: string): Order {
    const order = this.orders.find((one) => one.key === key);
    if (order === undefined) throw new Error(`there is no ${key}`);
    return order;
  }

  private seen(): readonly Order[] {
    return this.orders.filter(({ receivedMs }) => this.now() - receivedMs >= this.unseenMs);
  }

  private statusOf(order: Order): string {
    const { wishedMs } = order;
    if (
      order.ended === null &&
      wishedMs !== null &&
      !this.ignoresWishes &&
      this.now() - wishedMs >= this.decideMs
    ) {
      for (const item of order.items) this.giveBack(item);
      order.ended = "CANCELLED";
    }
    if (order.ended !== null) return order.ended;
    const passed = this.now() - order.receivedMs;
    if (passed >= this.deliverMs) return "DELIVERED";
    if (passed >= this.sendMs) return "SHIPPED";
    return passed >= this.workMs ? "PROCESSING" : "CREATED";
  }

  private documentOf(order: Order): Record<string, unknown> {
    const status = this.statusOf(order);
    const isSent = status === "SHIPPED" || status === "DELIVERED";
    const contact = { firstName: "Ann", lastName: "Able" };
    return {
      orderChannelId: ORDER_CHANNEL,
      sellerOrderId: order.key,
      orderType: "DOMESTIC",
      status,
      orderDate: iso(order.receivedMs),
      buyerInfo: { primaryContact: { name: contact } },
      shipments:
        status !== "PROCESSING" && !isSent
          ? []
          : order.packages.flatMap((one) => this.shipmentOf(order, one, isSent ? status : "CREATED")),
      orderLines: order.items.map((item) => ({
        fulfillmentType: "DELIVERY",
        lastModified: iso(order.receivedMs),
        shippingMethod: "STANDARD",
        shippingTier: "TWO_DAY",
        orderLineQuantityInfo: [
          {
            status: item.isCancelled ? "CANCELLED" : "PROCESSING",
            statusDescription: item.isCancelled ? "INVENTORY_NOT_AVAILABLE" : "SUCCESSFULLY_SOURCED",
            statusQuantity: units(item.quantity),
          },
        ],
        orderProduct: { productName: item.sku },
        orderedQty: units(item.quantity),
      })),
    };
  }

  /** It has its tracking number before it leaves. */
  private shipmentOf(order: Order, one: Package, status: string): readonly Record<string, unknown>[] {
    const items = one.items.filter(({ isCancelled }) => !isCancelled);
    if (items.length === 0) return [];
    const sentMs = order.receivedMs + this.sendMs;
    const thereMs = order.receivedMs + this.deliverMs;
    const hasLeft = status !== "CREATED";
    const isThere = status === "DELIVERED";
    return [
      {
        status,
        statusDescription: isThere ? "Shipment Delivered" : hasLeft ? "Shipment Shipped" : "Shipment Created",
        purchaseOrderId: String(2_873_667_770_000 + one.number),
        scac: "Fedex",
        trackingNo: `62696${one.number}`,
        shipmentNo: one.shipmentNo,
        ...(hasLeft ? { actualShipmentDate: iso(sentMs) } : {}),
        packageASN: `5555895233314195${one.number}`,
        carrierDescription: "Fedex",
        carrierServiceCode: "7610",
        packageId: `5555895233314195${one.number}`,
        lastModified: iso(isThere ? thereMs : hasLeft ? sentMs : order.receivedMs),
        shipmentLines: items.map(({ item, quantity }) => ({
          shipmentLineNo: String(7_100_000 + one.number),
          fulfillerLineId: item,
          quantity: units(quantity),
        })),
        shipmentDates: [
          {
            dateTypeId: "SHIPMENT",
            expectedDate: iso(sentMs),
            ...(hasLeft ? { actualDate: iso(sentMs) } : {}),
          },
          {
            dateTypeId: "DELIVERY",
            expectedDate: iso(thereMs),
            ...(isThere ? { actualDate: iso(thereMs) } : {}),
          },
        ],
      },
    ];
  }
}

const STATES: Readonly<Record<string, SentOrder["state"]>> = {
  CANCELLED: "cancelled",
  REJECTED: "failed",
  SHIPPED: "sent",
  DELIVERED: "sent",
  PROCESSING: "working",
};

function payloadOf(body: Buffer): unknown {
  try {
    const document: unknown = JSON.parse(body.toString("utf8"));
    return isObject(document) ? document["payload"] : undefined;
  } catch {
    return undefined;
  }
}

/** What is missing of an order, as its description has it. */
function problemOf(payload: unknown): string | null {
  if (textAt(payload, "orderChannelId") !== ORDER_CHANNEL) return "orderChannelId is invalid";
  for (const field of ["sellerOrderId", "orderPlacedTime"])
    if (textAt(payload, field) === "") return `${field} is missing`;
  const items = listAt(payload, "orderItems");
  if (items.length === 0) return "orderItems is missing";
  const contacts = [["customer", "contact"], ...items.map(() => ["shippingTo", "contact"])] as const;
  const holders = [payload, ...items];
  for (const [index, path] of contacts.entries())
    for (const field of [["name", "firstName"], ["name", "lastName"], ["phone"], ["email"]])
      if (textAt(holders[index], ...path, ...field) === "") return `contact.${field.join(".")} is missing`;
  for (const item of items) {
    for (const field of ["line1", "city", "state", "country", "zip"])
      if (textAt(item, "shippingTo", "address", field) === "") return `address.${field} is missing`;
    if (textAt(item, "shippingTo", "address", "country") !== "USA") return "address.country is invalid";
    if (!["STANDARD", "EXPEDITED"].includes(textAt(item, "shippingMethod")))
      return "shippingMethod is invalid";
    if (textAt(item, "sellerLineId") === "" || textAt(item, "itemDetail", "sku") === "")
      return "sellerLineId or sku is missing";
    if (!(countAt(item, "qty", "measurementValue") > 0)) return "qty is invalid";
    if (listAt(item, "chargeDetails").length === 0) return "chargeDetails is missing";
  }
  return null;
}

function accepted(): SimulatedReply {
  return jsonReply(202, {
    status: "ACCEPTED",
    header: { headerAttributes: { buId: "0", martId: "202" } },
    payload: { requestId: randomUUID() },
  });
}

function failed(status: number, code: string, description: string, info: string): SimulatedReply {
  return jsonReply(status, {
    status: "FAIL",
    errors: [{ code, field: "", description, info, severity: "ERROR", category: "REQUEST" }],
  });
}
