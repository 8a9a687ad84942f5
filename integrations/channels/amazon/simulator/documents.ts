/** The books of the simulated shop as Amazon writes them: orders by both APIs, listings, notifications. */

import { decimal } from "../../../simulator-kit/planned-order.ts";
import {
  isComplete,
  lineTax,
  openOf,
  type ShopLine,
  type ShopListing,
  type ShopOrder,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";

export const MARKETPLACE = "ATVPDKIKX0DER";
export const SELLER = "A2HOLDFASTSIM";

/** Amazon's ids have three parts; the books count. */
export function amazonIdOf(id: string): string {
  const digits = id.padStart(14, "0");
  return `113-${digits.slice(0, 7)}-${digits.slice(7)}`;
}

export function bookIdOf(amazonId: string): string | null {
  const parts = /^113-(\d{7})-(\d{7})$/.exec(amazonId);
  return parts === null ? null : String(Number(`${parts[1]}${parts[2]}`));
}

/** Where it was bought: at one that the shop was told to sell at, else at `MARKETPLACE`. */
export function marketplaceOf(order: ShopOrder): string {
  return order.extra.get("marketplace") ?? MARKETPLACE;
}

const usd = (minor: number) => ({ amount: decimal(minor), currencyCode: "USD" });
const at = (ms: number) => new Date(ms).toISOString();

type Status = "UNSHIPPED" | "PARTIALLY_SHIPPED" | "SHIPPED" | "CANCELLED";

function statusOf(order: ShopOrder): Status {
  if (order.isCancelled) return "CANCELLED";
  if (isComplete(order)) return "SHIPPED";
  return order.lines.some((line) => line.shipped > 0) ? "PARTIALLY_SHIPPED" : "UNSHIPPED";
}

/** @param included what is asked for beside the bare order */
export function orderOf2026(order: ShopOrder, included: ReadonlySet<string>): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  const alias = order.extra.get("alias");
  const with_ = (name: string, fields: Record<string, unknown>) => (included.has(name) ? fields : {});
  return {
    orderId: amazonIdOf(order.id),
    ...(alias === undefined ? {} : { orderAliases: [{ aliasId: alias, aliasType: "SELLER_ORDER_ID" }] }),
    createdTime: at(order.createdMs),
    lastUpdatedTime: at(order.modifiedMs),
    programs: order.extra.get("isIba") === "yes" ? ["INVOICE_BY_AMAZON"] : [],
    salesChannel: {
      channelName: "AMAZON",
      marketplaceId: marketplaceOf(order),
      marketplaceName: "Amazon.com",
    },
    ...with_("BUYER", {
      buyer: {
        buyerName: `${shopper.firstName} ${shopper.lastName}`,
        buyerEmail: `relay${order.id}@marketplace.example`,
      },
    }),
    ...with_("RECIPIENT", {
      recipient: {
        deliveryAddress: {
          name: `${shopper.firstName} ${shopper.lastName}`,
          addressLine1: shopper.line1,
          addressLine2: shopper.line2,
          city: shopper.city,
          stateOrRegion: shopper.region,
          postalCode: shopper.postalCode,
          countryCode: "US",
          phone: shopper.phone,
          addressType: "RESIDENTIAL",
        },
      },
    }),
    ...with_("PROCEEDS", { proceeds: { grandTotal: usd(totalOf(order)) } }),
    fulfillment: {
      fulfillmentStatus: statusOf(order),
      fulfilledBy: planned.fulfilledByChannel === true ? "AMAZON" : "MERCHANT",
      fulfillmentServiceLevel: planned.service === "expedited" ? "EXPEDITED" : "STANDARD",
      shipByWindow: {
        earliestDateTime: at(order.createdMs),
        latestDateTime: at(order.createdMs + 86_400_000),
      },
    },
    orderItems: order.lines.map((line, index) => itemOf2026(order, line, index, included)),
    ...with_("PACKAGES", {
      packages: order.parcels.map((parcel) => ({
        packageReferenceId: parcel.extra["reference"] ?? parcel.id,
        createdTime: at(parcel.atMs),
        packageStatus: { status: "SHIPPED" },
        carrier: parcel.carrier,
        shipTime: at(parcel.atMs),
        trackingNumber: parcel.trackingNumber,
        packageItems: parcel.lines.map(({ lineId, quantity }) => ({ orderItemId: lineId, quantity })),
      })),
    }),
  };
}

function itemOf2026(
  order: ShopOrder,
  line: ShopLine,
  index: number,
  included: ReadonlySet<string>,
): Record<string, unknown> {
  const price = line.planned.priceMinor * line.quantity;
  const tax = lineTax(order, line);
  const shipping = index === 0 ? order.planned.shippingMinor : 0;
  return {
    orderItemId: line.id,
    quantityOrdered: line.quantity,
    product: {
      asin: asinOf(line.planned.channelSku),
      title: line.planned.title,
      sellerSku: line.planned.channelSku,
      price: { unitPrice: usd(line.planned.priceMinor) },
    },
    ...(included.has("PROCEEDS")
      ? {
          proceeds: {
            proceedsTotal: usd(price + tax + shipping),
            breakdowns: [
              { type: "ITEM", subtotal: usd(price) },
              ...(shipping === 0 ? [] : [{ type: "SHIPPING", subtotal: usd(shipping) }]),
              {
                type: "TAX",
                subtotal: usd(tax),
                detailedBreakdowns: [{ subtype: "ITEM", value: usd(tax) }],
              },
            ],
          },
        }
      : {}),
    ...(included.has("FULFILLMENT")
      ? { fulfillment: { quantityFulfilled: line.shipped, quantityUnfulfilled: openOf(line) } }
      : {}),
  };
}

const V0_STATUS: Readonly<Record<Status, string>> = {
  UNSHIPPED: "Unshipped",
  PARTIALLY_SHIPPED: "PartiallyShipped",
  SHIPPED: "Shipped",
  CANCELLED: "Canceled",
};

const usdV0 = (minor: number) => ({ CurrencyCode: "USD", Amount: decimal(minor) });

/** @param seesPeople whether the call came with a restricted token */
export function orderOfV0(order: ShopOrder, seesPeople: boolean): Record<string, unknown> {
  const { shopper } = order.planned;
  return {
    AmazonOrderId: amazonIdOf(order.id),
    ...(order.extra.has("alias") ? { SellerOrderId: order.extra.get("alias") } : {}),
    PurchaseDate: at(order.createdMs),
    LastUpdateDate: at(order.modifiedMs),
    OrderStatus: V0_STATUS[statusOf(order)],
    FulfillmentChannel: order.planned.fulfilledByChannel === true ? "AFN" : "MFN",
    SalesChannel: "Amazon.com",
    ShipServiceLevel: order.planned.service === "expedited" ? "Exp US D2D Dom" : "Std US D2D Dom",
    OrderTotal: usdV0(totalOf(order)),
    MarketplaceId: marketplaceOf(order),
    OrderType: "StandardOrder",
    IsReplacementOrder: false,
    ShippingAddress: {
      City: shopper.city,
      StateOrRegion: shopper.region,
      PostalCode: shopper.postalCode,
      CountryCode: "US",
      ...(seesPeople
        ? {
            Name: `${shopper.firstName} ${shopper.lastName}`,
            AddressLine1: shopper.line1,
            Phone: shopper.phone,
          }
        : {}),
    },
    ...(seesPeople ? { BuyerInfo: { BuyerName: `${shopper.firstName} ${shopper.lastName}` } } : {}),
  };
}

export function itemsOfV0(order: ShopOrder): readonly Record<string, unknown>[] {
  return order.lines.map((line, index) => ({
    ASIN: asinOf(line.planned.channelSku),
    OrderItemId: line.id,
    SellerSKU: line.planned.channelSku,
    Title: line.planned.title,
    QuantityOrdered: line.quantity,
    QuantityShipped: line.shipped,
    ItemPrice: usdV0(line.planned.priceMinor * line.quantity),
    ItemTax: usdV0(lineTax(order, line)),
    ...(index === 0 ? { ShippingPrice: usdV0(order.planned.shippingMinor) } : {}),
  }));
}

export function itemOf(listing: ShopListing, createdMs: number): Record<string, unknown> {
  return {
    sku: listing.channelSku,
    summaries: [
      {
        marketplaceId: MARKETPLACE,
        asin: asinOf(listing.channelSku),
        productType: "HOME",
        conditionType: "new_new",
        status: ["BUYABLE", "DISCOVERABLE"],
        itemName: listing.title,
        createdDate: at(createdMs),
        lastUpdatedDate: at(createdMs),
      },
    ],
    attributes:
      listing.gtin === null
        ? {}
        : {
            externally_assigned_product_identifier: [
              {
                type: listing.gtin.length === 12 ? "upc" : "ean",
                value: listing.gtin,
                marketplace_id: MARKETPLACE,
              },
            ],
          },
    fulfillmentAvailability: [{ fulfillmentChannelCode: "DEFAULT", quantity: listing.quantity }],
  };
}

function asinOf(sku: string): string {
  return `B0${sku
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .padStart(8, "0")
    .slice(-8)}`;
}

export function changeNotification(order: ShopOrder, id: string, nowMs: number): Record<string, unknown> {
  const time = at(nowMs);
  return {
    NotificationVersion: "1.0",
    NotificationType: "ORDER_CHANGE",
    PayloadVersion: "1.0",
    EventTime: time,
    Payload: {
      OrderChangeNotification: {
        NotificationLevel: "OrderLevel",
        SellerId: SELLER,
        AmazonOrderId: amazonIdOf(order.id),
        OrderChangeType: "OrderStatusChange",
        OrderChangeTrigger: { TimeOfOrderChange: time, ChangeReason: "Other" },
        Summary: {
          MarketplaceId: marketplaceOf(order),
          OrderStatus: V0_STATUS[statusOf(order)],
          PurchaseDate: at(order.createdMs),
          DestinationPostalCode: null,
          FulfillmentType: order.planned.fulfilledByChannel === true ? "AFN" : "MFN",
          OrderType: "StandardOrder",
          OrderItems: order.lines.map((line) => ({
            OrderItemId: line.id,
            SellerSKU: line.planned.channelSku,
            SupplySourceId: null,
            Quantity: line.quantity,
            QuantityShipped: line.shipped,
          })),
        },
      },
    },
    NotificationMetadata: metadata(id, time),
  };
}

function metadata(NotificationId: string, PublishTime: string): Record<string, unknown> {
  return {
    ApplicationId: "amzn1.sp.solution.holdfast",
    SubscriptionId: "sub-1",
    PublishTime,
    NotificationId,
  };
}

/** What has become of an order at the warehouses. */
export type RequestChange = {
  readonly key: string;
  readonly status: string;
  readonly shipment: {
    readonly id: string;
    readonly status: string;
    readonly packages: readonly {
      readonly number: number;
      readonly carrier: string;
      readonly tracking: string;
    }[];
  } | null;
};

/** Amazon's schema requires shipment and returned item also where there is none yet. */
export function requestNotification(
  change: RequestChange,
  id: string,
  nowMs: number,
): Record<string, unknown> {
  const time = at(nowMs);
  const packages = (change.shipment?.packages ?? []).map(({ number, carrier, tracking }) => ({
    PackageNumber: number,
    CarrierCode: carrier,
    TrackingNumber: tracking,
  }));
  return {
    NotificationVersion: "1.0",
    NotificationType: "FULFILLMENT_ORDER_STATUS",
    PayloadVersion: "1.0",
    EventTime: time,
    Payload: {
      FulfillmentOrderStatusNotification: {
        SellerId: SELLER,
        EventType: change.shipment === null ? "Order" : "Shipment",
        StatusUpdatedDateTime: time,
        SellerFulfillmentOrderId: change.key,
        FulfillmentOrderStatus: change.status,
        FulfillmentShipment: {
          FulfillmentShipmentStatus: change.shipment?.status ?? "",
          AmazonShipmentId: change.shipment?.id ?? "",
          EstimatedArrivalDateTime: time,
          info: packages[0] ?? {},
          FulfillmentShipmentPackages: packages,
        },
        FulfillmentReturnItem: { ReceivedDateTime: time, ReturnedQuantity: 0, SellerSKU: "" },
      },
    },
    NotificationMetadata: metadata(id, time),
  };
}

/** As Amazon's event bus wraps what it hands on. */
export function onBus(detail: Record<string, unknown>): Record<string, unknown> {
  const { NotificationId: id } = detail["NotificationMetadata"] as { readonly NotificationId: string };
  return {
    version: "0",
    id,
    "detail-type": detail["NotificationType"],
    source: "aws.partner/sellingpartnerapi.amazon.com/simulated",
    account: "000000000000",
    time: detail["EventTime"],
    region: "us-east-1",
    resources: [],
    detail,
  };
}
