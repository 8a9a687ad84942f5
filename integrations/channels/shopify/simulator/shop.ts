/**
 * A simulated shop's orders in Shopify's words, as its GraphQL API and as its webhooks have them: two
 * writings of the same books, which a test compares.
 */
import type { SimulatedDispute } from "../../../simulator-kit/channel-simulator.ts";
import { decimal } from "../../../simulator-kit/planned-order.ts";
import {
  openOf,
  refundedOf,
  type ShopBooks,
  type ShopLine,
  type ShopOrder,
} from "../../../simulator-kit/shop-books.ts";

export const LOCATION = "gid://shopify/Location/70001";
/** Another of the shop's own, and one of a fulfillment service, to which fulfillment orders can be moved. */
export const OTHER_LOCATION = "gid://shopify/Location/70002";
export const SERVICE_LOCATION = "gid://shopify/Location/70003";
export const GATEWAY = "shopify_payments";

/** Units that left an order without money: a refund at Shopify, and none in the books. */
export type TakenOff = {
  readonly id: string;
  readonly note: string;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
};

export type ShopifyShop = {
  readonly books: ShopBooks;
  readonly takenOff: Map<string, TakenOff[]>;
};

export const gid = (resource: string, id: string): string => `gid://shopify/${resource}/${id}`;
export const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");

export const originalOf = (line: ShopLine): number => Math.max(line.planned.quantity, line.quantity);
export const currentOf = (line: ShopLine): number => line.quantity - line.cancelled;

export function taxFor(order: ShopOrder, line: ShopLine, quantity: number): number {
  if (line.planned.kind === "tip") return 0;
  return Math.round((line.planned.priceMinor * quantity * order.planned.taxPercent) / 100);
}

export function sums(order: ShopOrder, units: (line: ShopLine) => number) {
  const goods = order.lines.reduce((sum, line) => sum + line.planned.priceMinor * units(line), 0);
  const tax = order.lines.reduce((sum, line) => sum + taxFor(order, line, units(line)), 0);
  return { tax, total: goods + tax + order.planned.shippingMinor };
}

export function financialStatus(order: ShopOrder): string {
  if (order.planned.payment === "later") return "AUTHORIZED";
  const refunded = refundedOf(order);
  if (refunded === 0) return "PAID";
  return refunded >= sums(order, originalOf).total ? "REFUNDED" : "PARTIALLY_REFUNDED";
}

export function fulfillmentStatus(order: ShopOrder): string {
  const isSome = order.lines.some((line) => line.shipped > 0);
  if (!order.isCancelled && isSome && order.lines.every((line) => openOf(line) === 0)) return "FULFILLED";
  if (isSome) return "PARTIALLY_FULFILLED";
  return order.isHeld && !order.isCancelled ? "ON_HOLD" : "UNFULFILLED";
}

const money = (minor: number) => ({ amount: decimal(minor), currencyCode: "USD" });
const bag = (minor: number) => ({ shopMoney: money(minor), presentmentMoney: money(minor) });

type Paged = { readonly first?: number | null; readonly after?: string | null };

/** A list as Shopify pages it; the cursor of a page is the place of its last item. */
export function connection<T>(items: readonly T[], { first, after }: Paged) {
  const from = after == null ? 0 : Number(Buffer.from(after, "base64").toString("utf8")) + 1;
  const nodes = items.slice(from, from + (first ?? 50));
  const last = from + nodes.length - 1;
  return {
    nodes,
    pageInfo: {
      hasNextPage: last + 1 < items.length,
      endCursor: nodes.length === 0 ? null : Buffer.from(String(last)).toString("base64"),
    },
  };
}

export function graphOrder(shop: ShopifyShop, order: ShopOrder): Record<string, unknown> {
  const { planned } = order;
  const [original, current] = [sums(order, originalOf), sums(order, currentOf)];
  const lines = () => order.lines.map((line) => graphLine(order, line));
  return {
    id: gid("Order", order.id),
    legacyResourceId: order.id,
    name: `#${planned.number}`,
    number: planned.number,
    sourceName: "web",
    createdAt: stamp(order.createdMs),
    processedAt: stamp(order.createdMs),
    updatedAt: stamp(order.modifiedMs),
    cancelledAt: order.isCancelled ? stamp(order.modifiedMs) : null,
    cancelReason: order.isCancelled ? (order.extra.get("cancelReason") ?? "CUSTOMER") : null,
    currencyCode: "USD",
    presentmentCurrencyCode: "USD",
    displayFinancialStatus: financialStatus(order),
    displayFulfillmentStatus: fulfillmentStatus(order),
    email: planned.shopper.email,
    tags: [],
    taxesIncluded: false,
    test: false,
    customerLocale: "en-US",
    discountCodes: [],
    customAttributes: [],
    paymentGatewayNames: [GATEWAY],
    totalPriceSet: bag(original.total),
    currentTotalPriceSet: bag(current.total),
    totalDiscountsSet: bag(0),
    currentTotalDiscountsSet: bag(0),
    totalTaxSet: bag(original.tax),
    currentTotalTaxSet: bag(current.tax),
    totalShippingPriceSet: bag(planned.shippingMinor),
    totalOutstandingSet: bag(0),
    totalRefundedSet: bag(refundedOf(order)),
    totalTipReceivedSet: bag(0),
    shippingAddress: graphAddress(order),
    billingAddress: graphAddress(order),
    customer: {
      id: gid("Customer", `${order.id}7`),
      legacyResourceId: `${order.id}7`,
      firstName: planned.shopper.firstName,
      lastName: planned.shopper.lastName,
    },
    shippingLines: (page: Paged) =>
      connection(
        [
          {
            id: gid("ShippingLine", `${order.id}8`),
            title: titleOf(order),
            code: titleOf(order),
            isRemoved: false,
            deliveryCategory: planned.collectedAt === undefined ? null : "pickup",
            originalPriceSet: bag(planned.shippingMinor),
            discountAllocations: [],
            taxLines: [],
          },
        ],
        page,
      ),
    lineItems: (page: Paged) => connection(lines(), page),
    fulfillments: () => order.parcels.map((parcel) => graphParcel(order, parcel)),
    disputes: () =>
      disputesOf(order).map(({ id, kind, status }) => ({
        id: gid("OrderDisputeSummary", id),
        initiatedAs: kind.toUpperCase(),
        status: status.toUpperCase(),
      })),
    fulfillmentOrders: (page: Paged) => connection(graphFulfillmentOrders(order), page),
    refunds: () => graphRefunds(shop, order),
    transactions: () => [sale(order), ...order.refunds.map((refund) => refundTransaction(order, refund))],
  };
}

const DISPUTE = "dispute:";

/** Kept with the order's other states. */
export function noteDispute(order: ShopOrder, { id, kind, status }: SimulatedDispute): void {
  order.extra.set(`${DISPUTE}${id}`, `${kind} ${status}`);
}

function disputesOf(order: ShopOrder): readonly SimulatedDispute[] {
  return [...order.extra].flatMap(([name, value]) => {
    if (!name.startsWith(DISPUTE)) return [];
    const [kind = "", status = ""] = value.split(" ");
    return [{ id: name.slice(DISPUTE.length), kind, status }];
  });
}

function graphLine(order: ShopOrder, line: ShopLine): Record<string, unknown> {
  const { planned } = line;
  const isTip = planned.kind === "tip";
  return {
    id: gid("LineItem", line.id),
    name: planned.title,
    title: planned.title,
    quantity: originalOf(line),
    currentQuantity: currentOf(line),
    unfulfilledQuantity: order.isCancelled ? 0 : openOf(line),
    sku: isTip ? null : planned.channelSku,
    requiresShipping: planned.kind === undefined,
    isGiftCard: false,
    vendor: "Fernweh",
    originalUnitPriceSet: bag(planned.priceMinor),
    discountAllocations: [],
    duties: [],
    customAttributes: [],
    taxLines: [
      {
        title: `${order.planned.shopper.regionName} State Tax`,
        priceSet: bag(taxFor(order, line, originalOf(line))),
        rate: order.planned.taxPercent / 100,
      },
    ],
    product: isTip ? null : { id: gid("Product", `${line.id}1`) },
    variant: isTip ? null : { id: gid("ProductVariant", `${line.id}2`) },
    fulfillmentService: { id: gid("FulfillmentService", "1"), handle: "manual" },
  };
}

function titleOf({ planned }: ShopOrder): string {
  return planned.collectedAt?.name ?? (planned.service === "expedited" ? "Express" : "Standard");
}

function graphAddress({ id, planned: { shopper } }: ShopOrder): Record<string, unknown> {
  return {
    id: gid("MailingAddress", `${id}9`),
    firstName: shopper.firstName,
    lastName: shopper.lastName,
    name: `${shopper.firstName} ${shopper.lastName}`,
    company: null,
    address1: shopper.line1,
    address2: shopper.line2 || null,
    city: shopper.city,
    province: shopper.regionName,
    provinceCode: shopper.region,
    zip: shopper.postalCode,
    country: "United States",
    countryCodeV2: "US",
    phone: shopper.phone,
  };
}

export function graphParcel(order: ShopOrder, parcel: ShopOrder["parcels"][number]): Record<string, unknown> {
  return {
    id: gid("Fulfillment", parcel.id),
    legacyResourceId: parcel.id,
    status: "SUCCESS",
    trackingInfo: [
      { company: parcel.carrier, number: parcel.trackingNumber, url: parcel.extra["url"] ?? null },
    ],
    fulfillmentLineItems: (page: Paged) =>
      connection(
        parcel.lines.map(({ lineId, quantity }) => ({
          id: gid("FulfillmentLineItem", `${parcel.id}${lineId}`),
          quantity,
          lineItem: lineWith(order, lineId),
        })),
        page,
      ),
  };
}

const PLACES: Readonly<Record<string, { readonly name: string; readonly service?: string }>> = {
  [LOCATION]: { name: "Fernweh Reno" },
  [OTHER_LOCATION]: { name: "Fernweh Omaha" },
  [SERVICE_LOCATION]: { name: "Northwind 3PL", service: "northwind-3pl" },
};

/** Where a line is to be sent from; a move says it by line. */
export const placeOf = (order: ShopOrder, line: ShopLine): string =>
  order.extra.get(`place:${line.id}`) ?? LOCATION;

/** One for each place that lines are to be sent from; the first bears the order's number. */
export function graphFulfillmentOrders(order: ShopOrder): readonly Record<string, unknown>[] {
  const places = Object.keys(PLACES).filter((place) =>
    order.lines.some((line) => placeOf(order, line) === place),
  );
  return places.map((place) => graphFulfillmentOrder(order, place));
}

export function graphFulfillmentOrder(order: ShopOrder, place = LOCATION): Record<string, unknown> {
  const lines = order.lines.filter((line) => placeOf(order, line) === place);
  const isClosed = lines.every((line) => openOf(line) === 0);
  const { name, service } = PLACES[place] ?? { name: "" };
  const isHeld = order.isHeld && service === undefined;
  const status = service === undefined ? (isHeld ? "ON_HOLD" : "OPEN") : "IN_PROGRESS";
  return {
    id: gid("FulfillmentOrder", place === LOCATION ? order.id : `${order.id}${place.slice(-1)}`),
    status: order.isCancelled ? "CANCELLED" : isClosed ? "CLOSED" : status,
    requestStatus: service === undefined ? "UNSUBMITTED" : "ACCEPTED",
    assignedLocation: {
      name,
      location: {
        id: place,
        name,
        isActive: true,
        shipsInventory: true,
        fulfillmentService:
          service === undefined
            ? null
            : { id: gid("FulfillmentService", "3"), handle: service, serviceName: name },
      },
    },
    fulfillmentHolds: isHeld ? [graphHold(order)] : [],
    lineItems: (page: Paged) =>
      connection(
        lines
          .filter(({ planned }) => planned.kind === undefined)
          .map((line) => ({
            id: gid("FulfillmentOrderLineItem", line.id),
            remainingQuantity: openOf(line),
            totalQuantity: originalOf(line),
            lineItem: graphLine(order, line),
          })),
        page,
      ),
  };
}

export function graphHold(order: ShopOrder): Record<string, unknown> {
  return {
    id: gid("FulfillmentHold", order.id),
    handle: order.extra.get("hold") ?? "",
    heldByRequestingApp: order.extra.get("hold") === "holdfast",
    reason: order.extra.get("holdReason") ?? "OTHER",
    reasonNotes: order.extra.get("holdNotes") ?? null,
  };
}

export function graphRefunds(
  { takenOff }: ShopifyShop,
  order: ShopOrder,
): readonly Record<string, unknown>[] {
  return [
    ...order.refunds.map((refund) => ({
      id: gid("Refund", refund.id),
      legacyResourceId: refund.id,
      note: refund.reason,
      refundLineItems: (page: Paged) => connection([], page),
      transactions: (page: Paged) => connection([refundTransaction(order, refund)], page),
    })),
    ...(takenOff.get(order.id) ?? []).map(({ id, note, lines }) => ({
      id: gid("Refund", id),
      legacyResourceId: id,
      note,
      refundLineItems: (page: Paged) =>
        connection(
          lines.map(({ lineId, quantity }) => {
            const line = order.lines.find((each) => each.id === lineId) as ShopLine;
            return {
              id: gid("RefundLineItem", `${id}${lineId}`),
              quantity,
              lineItem: graphLine(order, line),
              subtotalSet: bag(line.planned.priceMinor * quantity),
              totalTaxSet: bag(taxFor(order, line, quantity)),
            };
          }),
          page,
        ),
      transactions: (page: Paged) => connection([], page),
    })),
  ];
}

function sale(order: ShopOrder): Record<string, unknown> {
  return {
    id: gid("OrderTransaction", `${order.id}5`),
    kind: "SALE",
    status: "SUCCESS",
    gateway: GATEWAY,
    amountSet: bag(sums(order, originalOf).total),
    parentTransaction: null,
  };
}

function refundTransaction(order: ShopOrder, refund: ShopOrder["refunds"][number]): Record<string, unknown> {
  return {
    id: gid("OrderTransaction", refund.id),
    kind: "REFUND",
    status: "SUCCESS",
    gateway: GATEWAY,
    amountSet: bag(refund.minor),
    parentTransaction: sale(order),
  };
}

function lineWith(order: ShopOrder, lineId: string): Record<string, unknown> {
  const line = order.lines.find(({ id }) => id === lineId);
  if (line === undefined) throw new Error(`order ${order.id} has no line ${lineId}`);
  return graphLine(order, line);
}
