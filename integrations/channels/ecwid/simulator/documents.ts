/** A simulated store's orders and products, as Ecwid's REST API v3 writes them. */
import {
  isComplete,
  lineTax,
  refundedOf,
  type ShopListing,
  type ShopOrder,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";

/** What Ecwid keeps of an order beside what all shops do. */
export type OrderExtra = {
  fulfillmentStatus: string;
  trackingNumber: string;
  extraFields: Readonly<Record<string, string>>;
};

const seconds = (ms: number) => Math.floor(ms / 1_000);
const dated = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} +0000`;

function paymentStatusOf(order: ShopOrder): string {
  if (order.isCancelled) return "CANCELLED";
  if (refundedOf(order) === 0) return "PAID";
  return refundedOf(order) === totalOf(order) ? "REFUNDED" : "PARTIALLY_REFUNDED";
}

export function orderDocument(order: ShopOrder, extra: OrderExtra): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  const tax = order.lines.reduce((sum, line) => sum + lineTax(order, line), 0);
  const goods = order.lines.reduce((sum, line) => sum + line.planned.priceMinor * line.quantity, 0);
  const person = {
    name: `${shopper.firstName} ${shopper.lastName}`,
    companyName: "",
    street: [shopper.line1, shopper.line2].filter((line) => line !== "").join("\n"),
    city: shopper.city,
    countryCode: "US",
    countryName: "United States",
    postalCode: shopper.postalCode,
    stateOrProvinceCode: shopper.region,
    stateOrProvinceName: shopper.regionName,
    phone: shopper.phone,
  };
  return {
    id: `EC${order.id}`,
    orderNumber: Number(order.id),
    vendorOrderNumber: `EC${order.id}`,
    subtotal: goods / 100,
    total: totalOf(order) / 100,
    usdTotal: totalOf(order) / 100,
    tax: tax / 100,
    email: shopper.email,
    paymentMethod: "Card",
    paymentStatus: paymentStatusOf(order),
    fulfillmentStatus: isComplete(order) ? "SHIPPED" : extra.fulfillmentStatus,
    createDate: dated(order.createdMs),
    updateDate: dated(order.modifiedMs),
    createTimestamp: seconds(order.createdMs),
    updateTimestamp: seconds(order.modifiedMs),
    couponDiscount: 0,
    discount: 0,
    items: order.lines.map((line) => ({
      id: Number(line.id),
      productId: 11,
      name: line.planned.title,
      sku: line.planned.channelSku,
      quantity: line.quantity,
      price: line.planned.priceMinor / 100,
      productPrice: line.planned.priceMinor / 100,
      tax: lineTax(order, line) / 100,
      isShippingRequired: line.planned.kind !== "digital",
      taxes: [
        {
          name: "State tax",
          value: planned.taxPercent,
          total: lineTax(order, line) / 100,
          taxOnDiscountedSubtotal: lineTax(order, line) / 100,
          taxOnShipping: 0,
          includeInPrice: false,
        },
      ],
    })),
    refundedAmount: refundedOf(order) / 100,
    refunds: order.refunds.map((refund) => ({
      date: dated(refund.atMs),
      source: "CP",
      reason: refund.reason,
      amount: refund.minor / 100,
    })),
    billingPerson: person,
    shippingPerson: person,
    shippingOption: {
      shippingMethodName: planned.service === "expedited" ? "Express" : "Standard",
      shippingRate: planned.shippingMinor / 100,
      isPickup: false,
    },
    ...(extra.trackingNumber === "" ? {} : { trackingNumber: extra.trackingNumber }),
    extraFields: extra.extraFields,
  };
}

export function productDocument(listing: ShopListing): Record<string, unknown> {
  return {
    id: Number(listing.id),
    sku: listing.channelSku,
    name: listing.title,
    quantity: listing.quantity,
    unlimited: false,
    inStock: listing.quantity > 0,
    price: 12.99,
    enabled: true,
    attributes: listing.gtin === null ? [] : [{ id: 1, name: "UPC", type: "UPC", value: listing.gtin }],
    combinations: [],
  };
}

/** The product whose combinations those are; its own stock is nobody's. */
export function combinedDocument(id: number, combinations: readonly ShopListing[]): Record<string, unknown> {
  return {
    id,
    sku: "",
    name: "Assorted",
    unlimited: true,
    price: 12.99,
    enabled: true,
    attributes: [],
    combinations: combinations.map((listing, index) => ({
      id: Number(listing.variantId),
      combinationNumber: index + 1,
      options: [{ name: "Kind", value: listing.title }],
      sku: listing.channelSku,
      quantity: listing.quantity,
      unlimited: false,
    })),
  };
}
