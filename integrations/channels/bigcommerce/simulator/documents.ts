/** A simulated store's orders, parcels, refunds and products, as BigCommerce's API V2 and V3 write them. */
import {
  lineTax,
  refundedOf,
  type ShopLine,
  type ShopListing,
  type ShopOrder,
  type ShopParcel,
  type ShopRefund,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";

/** Four decimals, as V2 writes amounts. */
export function amountText(minor: number): string {
  return (minor / 100).toFixed(4);
}

function rfc2822(ms: number): string {
  return new Date(ms).toUTCString().replace("GMT", "+0000");
}

function addressDocument({ planned: { shopper } }: ShopOrder): Record<string, unknown> {
  return {
    first_name: shopper.firstName,
    last_name: shopper.lastName,
    company: "",
    street_1: shopper.line1,
    street_2: shopper.line2,
    city: shopper.city,
    state: shopper.regionName,
    zip: shopper.postalCode,
    country: "United States",
    country_iso2: "US",
    phone: shopper.phone,
    email: shopper.email,
  };
}

/** @param statusId e.g. 11 @param origin of links to the order's other resources */
export function orderDocument(order: ShopOrder, statusId: number, origin: string): Record<string, unknown> {
  const goods = order.lines.reduce((sum, line) => sum + line.planned.priceMinor * line.quantity, 0);
  const tax = order.lines.reduce((sum, line) => sum + lineTax(order, line), 0);
  const shipping = amountText(order.planned.shippingMinor);
  const zero = amountText(0);
  const link = (name: string) => ({
    url: `${origin}/v2/orders/${order.id}/${name}`,
    resource: `/orders/${order.id}/${name}`,
  });
  return {
    id: Number(order.id),
    customer_id: 0,
    date_created: rfc2822(order.createdMs),
    date_modified: rfc2822(order.modifiedMs),
    date_shipped: order.parcels[0] === undefined ? "" : rfc2822(order.parcels[0].atMs),
    status_id: statusId,
    status: STATUS_NAMES[statusId] ?? "",
    subtotal_ex_tax: amountText(goods),
    subtotal_inc_tax: amountText(goods + tax),
    subtotal_tax: amountText(tax),
    base_shipping_cost: shipping,
    shipping_cost_ex_tax: shipping,
    shipping_cost_inc_tax: shipping,
    shipping_cost_tax: zero,
    shipping_cost_tax_class_id: 0,
    base_handling_cost: zero,
    handling_cost_ex_tax: zero,
    handling_cost_inc_tax: zero,
    handling_cost_tax: zero,
    base_wrapping_cost: zero,
    wrapping_cost_ex_tax: zero,
    wrapping_cost_inc_tax: zero,
    wrapping_cost_tax: zero,
    total_ex_tax: amountText(totalOf(order) - tax),
    total_inc_tax: amountText(totalOf(order)),
    total_tax: amountText(tax),
    items_total: order.lines.reduce((sum, line) => sum + line.quantity, 0),
    items_shipped: order.lines.reduce((sum, line) => sum + line.shipped, 0),
    payment_method: "Credit Card",
    payment_provider_id: `ch_${order.id}`,
    payment_status: "captured",
    refunded_amount: amountText(refundedOf(order)),
    order_is_digital: false,
    store_credit_amount: zero,
    gift_certificate_amount: zero,
    currency_id: 1,
    currency_code: "USD",
    currency_exchange_rate: "1.0000000000",
    default_currency_id: 1,
    default_currency_code: "USD",
    staff_notes: "",
    customer_message: "",
    discount_amount: zero,
    coupon_discount: zero,
    shipping_address_count: 1,
    billing_address: addressDocument(order),
    order_source: "www",
    channel_id: 1,
    external_source: "",
    products: link("products"),
    shipping_addresses: link("shippingaddresses"),
    coupons: link("coupons"),
    external_id: null,
    external_merchant_id: null,
    external_order_id: "",
  };
}

export const STATUS_NAMES: Readonly<Record<number, string>> = {
  2: "Shipped",
  3: "Partially Shipped",
  4: "Refunded",
  5: "Cancelled",
  9: "Awaiting Shipment",
  10: "Completed",
  11: "Awaiting Fulfillment",
  14: "Partially Refunded",
};

export function addressId(order: ShopOrder): number {
  return Number(order.id) * 10 + 1;
}

export function shippingAddressDocument(order: ShopOrder): Record<string, unknown> {
  return {
    id: addressId(order),
    order_id: Number(order.id),
    ...addressDocument(order),
    items_total: order.lines.reduce((sum, line) => sum + line.quantity, 0),
    items_shipped: order.lines.reduce((sum, line) => sum + line.shipped, 0),
    shipping_method: order.planned.service === "expedited" ? "Express" : "Flat Rate",
    base_cost: amountText(order.planned.shippingMinor),
    cost_ex_tax: amountText(order.planned.shippingMinor),
    cost_inc_tax: amountText(order.planned.shippingMinor),
    cost_tax: amountText(0),
  };
}

export function productOfOrder(order: ShopOrder, line: ShopLine): Record<string, unknown> {
  const total = line.planned.priceMinor * line.quantity;
  const tax = lineTax(order, line);
  return {
    id: Number(line.id),
    order_id: Number(order.id),
    product_id: 77,
    order_pickup_method_id: 0,
    order_address_id: addressId(order),
    name: line.planned.title,
    sku: line.planned.channelSku,
    type: line.planned.kind === "digital" ? "digital" : "physical",
    base_price: amountText(line.planned.priceMinor),
    price_ex_tax: amountText(line.planned.priceMinor),
    price_inc_tax: amountText(line.planned.priceMinor),
    price_tax: amountText(0),
    base_total: amountText(total),
    total_ex_tax: amountText(total),
    total_inc_tax: amountText(total + tax),
    total_tax: amountText(tax),
    quantity: line.quantity,
    weight: (line.planned.weightGrams / 1_000).toFixed(4),
    is_refunded: false,
    quantity_refunded: 0,
    quantity_shipped: line.shipped,
  };
}

export function shipmentDocument(order: ShopOrder, parcel: ShopParcel): Record<string, unknown> {
  const address = addressDocument(order);
  return {
    id: Number(parcel.id),
    order_id: Number(order.id),
    customer_id: 0,
    order_address_id: addressId(order),
    date_created: rfc2822(parcel.atMs),
    tracking_number: parcel.trackingNumber,
    merchant_shipping_cost: amountText(0),
    shipping_method: parcel.extra["method"] ?? "None",
    comments: parcel.extra["comments"] ?? "",
    shipping_provider: parcel.carrier,
    tracking_carrier: "",
    tracking_link: parcel.extra["link"] ?? "",
    billing_address: address,
    shipping_address: address,
    items: parcel.lines.map((line) => ({
      order_product_id: Number(line.lineId),
      product_id: 77,
      quantity: line.quantity,
    })),
    shipping_provider_display_name: "",
    generated_tracking_link: "",
  };
}

export function refundDocument(order: ShopOrder, refund: ShopRefund): Record<string, unknown> {
  const amount = refund.minor / 100;
  return {
    id: Number(refund.id),
    order_id: Number(order.id),
    user_id: 0,
    created: new Date(refund.atMs).toISOString().replace(/\.\d+Z$/, "+00:00"),
    reason: refund.reason,
    total_amount: amount,
    total_tax: 0,
    uses_merchant_override_values: false,
    payments: [
      {
        id: Number(refund.id),
        provider_id: "stripe",
        amount,
        offline: false,
        is_declined: false,
        declined_message: "",
      },
    ],
    items: [
      {
        item_type: "ORDER",
        item_id: Number(order.id),
        quantity: 1,
        reason: refund.reason,
        requested_amount: amount,
      },
    ],
  };
}

export function catalogProduct(listing: ShopListing): Record<string, unknown> {
  return {
    id: Number(listing.id),
    name: listing.title,
    sku: "",
    inventory_tracking: "product",
    inventory_level: listing.quantity,
    variants: [
      {
        id: Number(listing.variantId),
        product_id: Number(listing.id),
        sku: listing.channelSku,
        gtin: listing.gtin ?? "",
        upc: "",
        inventory_level: listing.quantity,
        option_values: [],
      },
    ],
  };
}

export function inventoryItem(listing: ShopListing): Record<string, unknown> {
  return {
    identity: {
      sku: listing.channelSku,
      variant_id: Number(listing.variantId),
      product_id: Number(listing.id),
      sku_id: Number(listing.variantId),
    },
    locations: [
      {
        location_id: 1,
        location_code: "BC-LOCATION-1",
        location_name: "Default location",
        available_to_sell: listing.quantity,
        total_inventory_onhand: listing.quantity,
        location_enabled: true,
        settings: { safety_stock: 0, is_in_stock: true, warning_level: 0, bin_picking_number: "" },
      },
    ],
  };
}
