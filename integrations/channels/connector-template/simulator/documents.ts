/** A simulated Cornershop's orders and products, as its API writes them. */
import { decimal } from "../../../simulator-kit/planned-order.ts";
import {
  lineTax,
  refundedOf,
  type ShopListing,
  type ShopOrder,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";

// Fill in: the document that adapter.ts reads, now with what has happened to the order.
export function orderDocument(order: ShopOrder): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  return {
    id: order.id,
    number: `C${order.id}`,
    status: order.isCancelled ? "cancelled" : "open",
    is_paid: true,
    placed_at: new Date(order.createdMs).toISOString(),
    changed_at: new Date(order.modifiedMs).toISOString(),
    currency: "USD",
    customer: { name: `${shopper.firstName} ${shopper.lastName}`, email: shopper.email },
    ship_to: {
      name: `${shopper.firstName} ${shopper.lastName}`,
      line1: shopper.line1,
      line2: shopper.line2,
      city: shopper.city,
      region: shopper.region,
      postal_code: shopper.postalCode,
      country: "US",
      phone: shopper.phone,
    },
    shipping_method: planned.service,
    shipping: decimal(planned.shippingMinor),
    discount: "0.00",
    total: decimal(totalOf(order)),
    refunded: decimal(refundedOf(order)),
    lines: order.lines.map((line) => ({
      id: line.id,
      product_id: "11",
      sku: line.planned.channelSku,
      title: line.planned.title,
      quantity: line.quantity,
      price: decimal(line.planned.priceMinor),
      tax: decimal(lineTax(order, line)),
      shipped: line.shipped,
      cancelled: line.cancelled,
    })),
    parcels: order.parcels.map((parcel) => ({
      id: parcel.id,
      reference: parcel.extra["reference"] ?? "",
      carrier: parcel.carrier,
      tracking_number: parcel.trackingNumber,
    })),
    cancellations: [...order.extra].map(([reference, id]) => ({ id, reference })),
    refunds: order.refunds.map((refund) => ({
      id: refund.id,
      reference: refund.extra["reference"] ?? "",
      amount: decimal(refund.minor),
      reason: refund.reason,
    })),
  };
}

export function productDocument(listing: ShopListing): Record<string, unknown> {
  return {
    id: listing.id,
    sku: listing.channelSku,
    title: listing.title,
    gtin: listing.gtin ?? "",
    quantity: listing.quantity,
  };
}
