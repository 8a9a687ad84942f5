/**
 * Amazon's warehouses as a place that sends for us: Fulfillment Outbound 2020-07-01 (Multi-Channel
 * Fulfillment) and FBA Inventory v1. `ports/fulfillment-provider.ts` says what is wanted.
 *
 * A request is known by its `sellerFulfillmentOrderId`. Amazon refuses a second one of the same id with words
 * that it does not promise to keep, so it is looked for first, and once more where Amazon refuses.
 *
 * Stock is read whole: by `startDateTime` Amazon leaves goods out. What is on no page is not known to be
 * gone.
 */
import type { TrackingStatus } from "../../../ports/carriers.ts";
import type {
  FulfillmentProvider,
  PackageJourney,
  ProviderAnswer,
  ProviderPackage,
  ProviderProgress,
  ProviderRequest,
  ProviderStockPage,
} from "../../../ports/fulfillment-provider.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { JsonReply } from "../../vendor-kit/vendor-http.ts";
import { at, countAt, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type AmazonApi, errorOf, SERVICE } from "./api.ts";

const OUTBOUND = "/fba/outbound/2020-07-01";
const SPEEDS = { standard: "Standard", expedited: "Expedited", priority: "Priority" } as const;
/** Amazon keeps addresses of three lines, and refuses a request without a comment to the shopper. */
const COMMENT = "Thank you for your order.";

export function createMultiChannelFulfillment(api: AmazonApi): FulfillmentProvider {
  const pathOf = (key: string) => `${OUTBOUND}/fulfillmentOrders/${encodeURIComponent(key)}`;

  async function find(key: string): Promise<unknown> {
    const reply = await api.ask({ operation: "getFulfillmentOrder", path: pathOf(key) });
    if (reply.status === 200) return at(reply.json, "payload") ?? null;
    if (reply.status === 404 || isUnknownOrder(reply)) return null;
    throw unexpected("getFulfillmentOrder", reply);
  }

  return {
    name: "amazon-mcf",
    shownName: "Amazon",
    // A second order of the same id is refused.
    unseenMs: 0,
    async request(request) {
      if ((await find(request.key)) !== null) return { status: "done" };
      const reply = await api.ask({
        operation: "createFulfillmentOrder",
        method: "POST",
        path: `${OUTBOUND}/fulfillmentOrders`,
        body: bodyOf(request, api.account.marketplaceIds[0] ?? ""),
      });
      if (reply.status === 200 && listAt(reply.json, "errors").length === 0) return { status: "done" };
      // Another process may have asked between the look and now.
      return (await find(request.key)) === null ? refusalOf(reply) : { status: "done" };
    },
    async follow(key) {
      const found = await find(key);
      return found === null ? null : progressOf(found);
    },
    async cancel(key) {
      const reply = await api.ask({
        operation: "cancelFulfillmentOrder",
        method: "PUT",
        path: `${pathOf(key)}/cancel`,
      });
      return reply.status === 200 && listAt(reply.json, "errors").length === 0
        ? { status: "done" }
        : refusalOf(reply);
    },
    readStock: (page) => readStock(api, page),
    readJourney: (packageId) => readJourney(api, packageId),
  };
}

function bodyOf(request: ProviderRequest, marketplaceId: string): Record<string, unknown> {
  const { to } = request;
  const optional = (fields: Readonly<Record<string, string | undefined>>) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => (value ?? "") !== ""));
  const lines = [to.company ?? "", to.line1, to.line2 ?? ""].filter((line) => line !== "");
  return {
    marketplaceId,
    sellerFulfillmentOrderId: request.key,
    displayableOrderId: request.orderNumber.slice(0, 40),
    displayableOrderDate: request.placedAt,
    displayableOrderComment: COMMENT,
    shippingSpeedCategory: SPEEDS[request.speed],
    // All of it or nothing: what is missing is sent from elsewhere.
    fulfillmentPolicy: "FillOrKill",
    fulfillmentAction: "Ship",
    destinationAddress: {
      name: to.name,
      addressLine1: lines[0] ?? "",
      ...optional({
        addressLine2: lines[1],
        addressLine3: lines[2],
        city: to.city,
        stateOrRegion: to.region,
      }),
      postalCode: to.postalCode ?? "",
      countryCode: to.country,
      ...optional({ phone: to.phone }),
    },
    items: request.items.map(({ item, sku, quantity }) => ({
      sellerSku: sku,
      sellerFulfillmentOrderItemId: item,
      quantity,
    })),
  };
}

/** Amazon answers 400, not 404, for an order that it does not have. */
function isUnknownOrder(reply: JsonReply): boolean {
  return (
    reply.status === 400 && /not found|does not exist|no (fulfillment )?order/i.test(errorOf(reply).message)
  );
}

function refusalOf(reply: JsonReply): Extract<ProviderAnswer, { readonly status: "refused" }> {
  return { status: "refused", ...errorOf(reply) };
}

function unexpected(operation: string, reply: JsonReply): ServiceFault {
  const { code, message } = errorOf(reply);
  return new ServiceFault(`Amazon refused ${operation}: ${code}, ${message}`, {
    service: SERVICE,
    code: "refused",
    retryable: false,
    status: reply.status,
  });
}

/** `COMPLETE_PARTIALLED` and `CompletePartialled`: Amazon's own examples have both ways of writing. */
const statusOf = (order: unknown) => textAt(order, "fulfillmentOrderStatus").toLowerCase().replace(/_/g, "");

function progressOf(payload: unknown): ProviderProgress {
  const order = at(payload, "fulfillmentOrder");
  const status = statusOf(order);
  const items = listAt(payload, "fulfillmentOrderItems");
  const packages = listAt(payload, "fulfillmentShipments").flatMap(packagesOf);
  const missing = items.flatMap((item) => {
    const quantity =
      (countAt(item, "cancelledQuantity") || 0) + (countAt(item, "unfulfillableQuantity") || 0);
    return quantity > 0 ? [{ item: textAt(item, "sellerFulfillmentOrderItemId"), quantity }] : [];
  });
  const detail = `Amazon: the order is ${firstText(textAt(order, "fulfillmentOrderStatus"), "in no known status")}.`;
  switch (status) {
    case "complete":
    case "completepartialled":
      return { status: "done", detail, packages, missing };
    case "cancelled":
      return { status: packages.length > 0 ? "done" : "cancelled", detail, packages, missing };
    case "unfulfillable":
    case "invalid":
      return { status: "refused", detail, packages, missing };
    default:
      return { status: "open", detail, packages, missing };
  }
}

/** Of a shipment, what has left; an item names the package it is in, or the shipment has one package. */
function packagesOf(shipment: unknown): readonly ProviderPackage[] {
  if (textAt(shipment, "fulfillmentShipmentStatus").toUpperCase() !== "SHIPPED") return [];
  const shipmentId = textAt(shipment, "amazonShipmentId");
  const shippedAt = textAt(shipment, "shippingDate");
  const all = listAt(shipment, "fulfillmentShipmentPackage");
  const [first] = all;
  const itemsIn = (number: string) =>
    listAt(shipment, "fulfillmentShipmentItem")
      .filter((item) => firstText(textAt(item, "packageNumber"), textAt(first, "packageNumber")) === number)
      .map((item) => ({
        item: textAt(item, "sellerFulfillmentOrderItemId"),
        quantity: countAt(item, "quantity") || 0,
      }))
      .filter(({ quantity }) => quantity > 0);
  // A shipment without packages has left all the same: Amazon's own vans give no number.
  if (all.length === 0)
    return [{ id: shipmentId, carrier: "Amazon", trackingNumber: "", shippedAt, items: itemsIn("") }];
  return all
    .map((one) => {
      const number = textAt(one, "packageNumber");
      return {
        id: number,
        carrier: textAt(one, "carrierCode"),
        trackingNumber: firstText(
          textAt(one, "trackingNumber"),
          textAt(one, "amazonFulfillmentTrackingNumber"),
        ),
        shippedAt,
        items: itemsIn(number),
      };
    })
    .filter(({ items }) => items.length > 0);
}

async function readStock(api: AmazonApi, page: string | null): Promise<ProviderStockPage> {
  const marketplace = api.account.marketplaceIds[0] ?? "";
  const reply = await api.ask({
    operation: "getInventorySummaries",
    path: "/fba/inventory/v1/summaries",
    query: {
      // Without it there are no quantities but the total, which may not be sold.
      details: "true",
      granularityType: "Marketplace",
      granularityId: marketplace,
      marketplaceIds: [marketplace],
      nextToken: page ?? undefined,
    },
  });
  if (reply.status === 400 && page !== null)
    throw new ServiceFault("the page to go on from has expired", {
      service: SERVICE,
      code: "page_unknown",
      retryable: true,
      status: reply.status,
    });
  if (reply.status !== 200) throw unexpected("getInventorySummaries", reply);
  const stock = listAt(reply.json, "payload", "inventorySummaries").flatMap((summary) => {
    const sku = textAt(summary, "sellerSku");
    const sellable = countAt(summary, "inventoryDetails", "fulfillableQuantity");
    return sku === "" || Number.isNaN(sellable) ? [] : [{ sku, sellable }];
  });
  return { stock, next: firstText(textAt(reply.json, "pagination", "nextToken")) || null };
}

const JOURNEYS: Readonly<Record<string, TrackingStatus>> = {
  IN_TRANSIT: "in_transit",
  DELAYED: "in_transit",
  AVAILABLE_FOR_PICKUP: "available_for_pickup",
  OUT_FOR_DELIVERY: "out_for_delivery",
  DELIVERED: "delivered",
  PICKUP_SUCCESSFUL: "delivered",
  DELIVERY_ATTEMPTED: "in_transit",
  CUSTOMER_ACTION: "in_transit",
  UNDELIVERABLE: "failure",
  RETURNING: "return_to_sender",
  RETURNED: "return_to_sender",
  RETURN_RECEIVED_IN_FC: "return_to_sender",
};

async function readJourney(api: AmazonApi, packageId: string): Promise<PackageJourney> {
  if (!/^\d{1,10}$/.test(packageId)) return { status: "unknown", detail: "", at: "" };
  const reply = await api.ask({
    operation: "getPackageTrackingDetails",
    path: `${OUTBOUND}/tracking`,
    query: { packageNumber: packageId },
  });
  if (reply.status !== 200) return { status: "unknown", detail: errorOf(reply).message, at: "" };
  const payload = at(reply.json, "payload");
  const [newest] = listAt(payload, "trackingEvents")
    .map((event) => textAt(event, "eventDate"))
    .sort()
    .reverse();
  return {
    status: JOURNEYS[textAt(payload, "currentStatus")] ?? "unknown",
    detail: firstText(textAt(payload, "currentStatusDescription"), textAt(payload, "currentStatus")),
    at: newest ?? "",
  };
}
