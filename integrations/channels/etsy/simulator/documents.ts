/** A simulated shop's receipts and listings, as Etsy's Open API v3 writes them. */
import {
  isComplete,
  lineTax,
  refundedOf,
  type ShopListing,
  type ShopOrder,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";

function money(minor: number): Record<string, unknown> {
  return { amount: minor, divisor: 100, currency_code: "USD" };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

function statusOf(order: ShopOrder): string {
  if (order.isCancelled) return "canceled";
  if (refundedOf(order) > 0)
    return refundedOf(order) === totalOf(order) ? "fully refunded" : "partially refunded";
  return isShipped(order) ? "completed" : "paid";
}

/** Etsy knows only whether: the first parcel ships the whole receipt. */
function isShipped(order: ShopOrder): boolean {
  return order.parcels.length > 0 || isComplete(order);
}

export function receiptDocument(order: ShopOrder): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  const goods = order.lines.reduce((sum, line) => sum + line.planned.priceMinor * line.quantity, 0);
  const tax = order.lines.reduce((sum, line) => sum + lineTax(order, line), 0);
  const created = seconds(order.createdMs);
  const updated = seconds(order.modifiedMs);
  return {
    receipt_id: Number(order.id),
    receipt_type: 0,
    seller_user_id: 12_345,
    seller_email: "seller@example.com",
    buyer_user_id: 67_890,
    buyer_email: shopper.email,
    name: `${shopper.firstName} ${shopper.lastName}`,
    first_line: shopper.line1,
    second_line: shopper.line2 === "" ? null : shopper.line2,
    city: shopper.city,
    state: shopper.region,
    zip: shopper.postalCode,
    status: statusOf(order),
    formatted_address: null,
    country_iso: "US",
    payment_method: "cc",
    payment_email: null,
    message_from_seller: null,
    message_from_buyer: null,
    message_from_payment: null,
    is_paid: true,
    is_shipped: isShipped(order),
    create_timestamp: created,
    created_timestamp: created,
    update_timestamp: updated,
    updated_timestamp: updated,
    is_gift: false,
    gift_message: "",
    gift_sender: "",
    grandtotal: money(totalOf(order)),
    subtotal: money(goods),
    total_price: money(goods),
    total_shipping_cost: money(planned.shippingMinor),
    total_tax_cost: money(tax),
    total_vat_cost: money(0),
    discount_amt: money(0),
    gift_wrap_price: money(0),
    shipments: order.parcels.map((parcel) => ({
      receipt_shipping_id: Number(parcel.id),
      shipment_notification_timestamp: seconds(parcel.atMs),
      carrier_name: parcel.carrier,
      tracking_code: parcel.trackingNumber,
    })),
    transactions: order.lines.map((line) => ({
      transaction_id: Number(line.id),
      title: line.planned.title,
      description: null,
      seller_user_id: 12_345,
      buyer_user_id: 67_890,
      create_timestamp: created,
      created_timestamp: created,
      paid_timestamp: created,
      shipped_timestamp: isShipped(order) ? updated : null,
      quantity: line.quantity,
      listing_image_id: 1,
      receipt_id: Number(order.id),
      is_digital: line.planned.kind === "digital",
      file_data: "",
      listing_id: 9_001,
      transaction_type: "listing",
      product_id: 9_002,
      sku: line.planned.channelSku,
      price: money(line.planned.priceMinor),
      shipping_cost: money(0),
      variations: [],
      product_data: [],
      shipping_profile_id: null,
      min_processing_days: null,
      max_processing_days: null,
      shipping_method: null,
      shipping_upgrade: planned.service === "expedited" ? "Express" : null,
      expected_ship_date: null,
      buyer_coupon: 0,
      shop_coupon: 0,
    })),
    refunds: order.refunds.map((refund) => ({
      amount: money(refund.minor),
      created_timestamp: seconds(refund.atMs),
      reason: refund.reason,
      note_from_issuer: null,
      status: "success",
    })),
  };
}

const COLOR = 200;

/** @param unitsOf of each product, which a listing that is inactive keeps */
export function inventoryDocument(
  products: readonly ShopListing[],
  unitsOf: (product: ShopListing) => number,
): Record<string, unknown> {
  return {
    products: products.map((product) => ({
      product_id: Number(product.variantId),
      sku: product.channelSku,
      is_deleted: false,
      offerings: [
        {
          offering_id: Number(product.variantId),
          quantity: unitsOf(product),
          is_enabled: true,
          is_deleted: false,
          price: money(1_299),
          readiness_state_id: null,
        },
      ],
      property_values: [
        {
          property_id: COLOR,
          property_name: "Primary color",
          scale_id: null,
          scale_name: null,
          value_ids: [Number(product.variantId)],
          values: [product.title],
        },
      ],
    })),
    price_on_property: [],
    quantity_on_property: [COLOR],
    sku_on_property: [COLOR],
  };
}
