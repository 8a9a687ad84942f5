/** A simulated shop's orders, shipments, credit memos and products, as Magento's REST V1 writes them. */
import {
  isComplete,
  lineTax,
  refundedOf,
  type ShopListing,
  type ShopOrder,
  type ShopParcel,
  type ShopRefund,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";

function utc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** Amounts are JSON numbers. */
function number(minor: number): number {
  return minor / 100;
}

export function stateOf(order: ShopOrder): string {
  if (order.isCancelled) return "canceled";
  if (order.isHeld) return "holded";
  if (refundedOf(order) > 0 && refundedOf(order) === totalOf(order)) return "closed";
  return isComplete(order) ? "complete" : "processing";
}

/**
 * Every other line is a configurable product: an item with price and quantity, and a child that repeats them.
 */
export function isConfigurable(index: number): boolean {
  return index % 2 === 1;
}

export function orderDocument(order: ShopOrder): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  const tax = order.lines.reduce((sum, line) => sum + lineTax(order, line), 0);
  const goods = order.lines.reduce((sum, line) => sum + line.planned.priceMinor * line.quantity, 0);
  const address = (address_type: string) => ({
    address_type,
    city: shopper.city,
    country_id: "US",
    email: shopper.email,
    firstname: shopper.firstName,
    lastname: shopper.lastName,
    postcode: shopper.postalCode,
    region: shopper.regionName,
    region_code: shopper.region,
    street: shopper.line2 === "" ? [shopper.line1] : [shopper.line1, shopper.line2],
    telephone: shopper.phone,
  });
  const items = order.lines.flatMap((line, index) => {
    const total = line.planned.priceMinor * line.quantity;
    const item = {
      item_id: Number(line.id),
      order_id: Number(order.id),
      product_id: 77,
      sku: line.planned.channelSku,
      name: line.planned.title,
      product_type: isConfigurable(index) ? "configurable" : "simple",
      qty_ordered: line.quantity,
      qty_canceled: line.cancelled,
      qty_shipped: line.shipped,
      qty_invoiced: invoicedOf(order, line.id),
      qty_refunded: 0,
      price: number(line.planned.priceMinor),
      row_total: number(total),
      tax_amount: number(lineTax(order, line)),
      discount_amount: 0,
      discount_tax_compensation_amount: 0,
    };
    if (!isConfigurable(index)) return [item];
    const child = {
      ...item,
      item_id: Number(line.id) + 500_000,
      parent_item_id: Number(line.id),
      product_type: "simple",
      price: 0,
      row_total: 0,
      tax_amount: 0,
    };
    return [item, child];
  });
  return {
    entity_id: Number(order.id),
    increment_id: order.id.padStart(9, "0"),
    quote_id: 5,
    state: stateOf(order),
    status: stateOf(order),
    store_name: "Main Website",
    created_at: utc(order.createdMs),
    updated_at: utc(order.modifiedMs),
    order_currency_code: "USD",
    base_currency_code: "USD",
    customer_email: shopper.email,
    customer_firstname: shopper.firstName,
    customer_lastname: shopper.lastName,
    customer_is_guest: 1,
    base_grand_total: number(totalOf(order)),
    grand_total: number(totalOf(order)),
    subtotal: number(goods),
    tax_amount: number(tax),
    shipping_amount: number(planned.shippingMinor),
    shipping_tax_amount: 0,
    shipping_discount_tax_compensation_amount: 0,
    discount_amount: 0,
    total_due: 0,
    total_refunded: number(refundedOf(order)),
    shipping_description: planned.service === "expedited" ? "Express" : "Flat Rate - Fixed",
    billing_address: address("billing"),
    payment: {
      account_status: "",
      additional_information: ["Card"],
      cc_last4: "4242",
      method: "stripe_payments",
      last_trans_id: `ch_${order.id}`,
    },
    items,
    status_histories: commentsAt(order).map(({ id, comment }) => ({
      entity_id: Number(id),
      parent_id: Number(order.id),
      comment,
      is_customer_notified: 0,
      is_visible_on_front: 0,
    })),
    extension_attributes: {
      shipping_assignments: [
        { shipping: { address: address("shipping"), method: "flatrate_flatrate" }, items },
      ],
    },
  };
}

export function shipmentDocument(order: ShopOrder, parcel: ShopParcel): Record<string, unknown> {
  return {
    entity_id: Number(parcel.id),
    increment_id: parcel.id.padStart(9, "0"),
    order_id: Number(order.id),
    created_at: utc(parcel.atMs),
    updated_at: utc(parcel.atMs),
    items: parcel.lines.map((line) => ({
      entity_id: Number(parcel.id) + 1_000_000,
      parent_id: Number(parcel.id),
      order_item_id: Number(line.lineId),
      qty: line.quantity,
    })),
    tracks: [
      {
        entity_id: Number(parcel.id) + 2_000_000,
        order_id: Number(order.id),
        parent_id: Number(parcel.id),
        weight: 0,
        qty: 0,
        description: "",
        track_number: parcel.trackingNumber,
        title: parcel.extra["title"] ?? "",
        carrier_code: parcel.carrier,
      },
    ],
    comments: commentsOf(parcel.id, parcel.extra["comment"] ?? ""),
  };
}

type Invoice = {
  readonly id: string;
  readonly items: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly comment: string;
};

/** Made by the API; what the payment method made when the order was placed has no comment, and no units. */
export function invoicesOf(order: ShopOrder): readonly Invoice[] {
  return JSON.parse(order.extra.get("invoices") ?? "[]") as Invoice[];
}

export function invoicedOf(order: ShopOrder, lineId: string): number {
  return invoicesOf(order)
    .flatMap(({ items }) => items)
    .reduce((units, item) => units + (item.lineId === lineId ? item.quantity : 0), 0);
}

export function commentsAt(order: ShopOrder): readonly { readonly id: string; readonly comment: string }[] {
  return JSON.parse(order.extra.get("comments") ?? "[]") as { id: string; comment: string }[];
}

export function invoiceDocuments(order: ShopOrder): readonly Record<string, unknown>[] {
  const skuOf = (lineId: string) => order.lines.find(({ id }) => id === lineId)?.planned.channelSku ?? "";
  const atPlacing = {
    entity_id: Number(order.id) + 700_000,
    order_id: Number(order.id),
    state: 2,
    items: [],
    total_qty: 1,
  };
  return [
    atPlacing,
    ...invoicesOf(order).map(({ id, items, comment }) => ({
      entity_id: Number(id),
      order_id: Number(order.id),
      state: 2,
      total_qty: items.reduce((units, { quantity }) => units + quantity, 0),
      items: items.map(({ lineId, quantity }) => ({
        sku: skuOf(lineId),
        order_item_id: Number(lineId),
        qty: quantity,
      })),
      comments: commentsOf(id, comment),
    })),
  ];
}

export function memoDocument(order: ShopOrder, refund: ShopRefund): Record<string, unknown> {
  return {
    entity_id: Number(refund.id),
    increment_id: refund.id.padStart(9, "0"),
    order_id: Number(order.id),
    created_at: utc(refund.atMs),
    order_currency_code: "USD",
    grand_total: number(refund.minor),
    adjustment_positive: number(refund.minor),
    items: [],
    comments: commentsOf(refund.id, refund.reason),
  };
}

function commentsOf(parentId: string, comment: string): readonly Record<string, unknown>[] {
  if (comment === "") return [];
  return [
    {
      entity_id: Number(parentId) + 3_000_000,
      parent_id: Number(parentId),
      comment,
      is_customer_notified: 0,
      is_visible_on_front: 0,
    },
  ];
}

export function productDocument(listing: ShopListing): Record<string, unknown> {
  return {
    id: Number(listing.id),
    sku: listing.channelSku,
    name: listing.title,
    price: 12.99,
    status: 1,
    visibility: 4,
    type_id: "simple",
  };
}
