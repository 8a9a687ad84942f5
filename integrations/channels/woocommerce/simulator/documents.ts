/** A simulated shop's orders, refunds and products, as WooCommerce's REST API v3 writes them. */
import { decimal } from "../../../simulator-kit/planned-order.ts";
import {
  lineTax,
  type ShopListing,
  type ShopOrder,
  type ShopRefund,
  totalOf,
} from "../../../simulator-kit/shop-books.ts";

const TAX_RATE_ID = 75;

/** `ids` of all meta data are counted by the shop. */
export type Meta = { readonly id: number; readonly key: string; readonly value: string };

export type Note = {
  readonly id: string;
  readonly text: string;
  readonly toCustomer: boolean;
  readonly atMs: number;
};

/** What WooCommerce keeps of an order beside what all shops do. */
export type OrderExtra = { status: string; readonly meta: Meta[]; readonly notes: Note[] };

function gmt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** The simulated shop lies two hours east of Greenwich, so that who takes local time for UTC is found out. */
function local(ms: number): string {
  return gmt(ms + 2 * 3_600_000);
}

export function orderDocument(order: ShopOrder, extra: OrderExtra): Record<string, unknown> {
  const { planned } = order;
  const tax = order.lines.reduce((sum, line) => sum + lineTax(order, line), 0);
  const address = {
    first_name: planned.shopper.firstName,
    last_name: planned.shopper.lastName,
    company: "",
    address_1: planned.shopper.line1,
    address_2: planned.shopper.line2,
    city: planned.shopper.city,
    state: planned.shopper.region,
    postcode: planned.shopper.postalCode,
    country: "US",
  };
  const isCompleted = extra.status === "completed";
  return {
    id: Number(order.id),
    parent_id: 0,
    number: order.id,
    order_key: `wc_order_${order.id}`,
    created_via: "checkout",
    version: "9.3.3",
    status: extra.status,
    currency: "USD",
    date_created: local(order.createdMs),
    date_created_gmt: gmt(order.createdMs),
    date_modified: local(order.modifiedMs),
    date_modified_gmt: gmt(order.modifiedMs),
    discount_total: "0.00",
    discount_tax: "0.00",
    shipping_total: decimal(planned.shippingMinor),
    shipping_tax: "0.00",
    cart_tax: decimal(tax),
    total: decimal(totalOf(order)),
    total_tax: decimal(tax),
    prices_include_tax: false,
    customer_id: 0,
    customer_ip_address: "",
    customer_user_agent: "",
    customer_note: "",
    billing: { ...address, email: planned.shopper.email, phone: planned.shopper.phone },
    shipping: address,
    payment_method: "stripe",
    payment_method_title: "Card",
    transaction_id: `ch_${order.id}`,
    date_paid: local(order.createdMs),
    date_paid_gmt: gmt(order.createdMs),
    date_completed: isCompleted ? local(order.modifiedMs) : null,
    date_completed_gmt: isCompleted ? gmt(order.modifiedMs) : null,
    cart_hash: "",
    meta_data: extra.meta,
    line_items: order.lines.map((line) => {
      const goods = decimal(line.planned.priceMinor * line.quantity);
      const taxOfLine = decimal(lineTax(order, line));
      return {
        id: Number(line.id),
        name: line.planned.title,
        product_id: 11,
        variation_id: 0,
        quantity: line.quantity,
        tax_class: "",
        subtotal: goods,
        subtotal_tax: taxOfLine,
        total: goods,
        total_tax: taxOfLine,
        taxes: [{ id: TAX_RATE_ID, total: taxOfLine, subtotal: taxOfLine }],
        meta_data: [],
        sku: line.planned.channelSku,
        // A number although the table of properties says text: so the vendor's own samples are.
        price: line.planned.priceMinor / 100,
      };
    }),
    tax_lines: [
      {
        id: Number(order.id) * 10,
        rate_code: `US-${planned.shopper.region}-STATE TAX`,
        rate_id: TAX_RATE_ID,
        label: "State Tax",
        compound: false,
        tax_total: decimal(tax),
        shipping_tax_total: "0.00",
        meta_data: [],
      },
    ],
    shipping_lines: [
      {
        id: Number(order.id) * 10 + 1,
        method_title: planned.service === "expedited" ? "Express" : "Flat Rate",
        method_id: "flat_rate",
        total: decimal(planned.shippingMinor),
        total_tax: "0.00",
        taxes: [],
        meta_data: [],
      },
    ],
    fee_lines: [],
    coupon_lines: [],
    refunds: order.refunds.map((refund) => ({
      id: Number(refund.id),
      reason: refund.reason,
      total: `-${decimal(refund.minor)}`,
    })),
  };
}

export function refundDocument(refund: ShopRefund): Record<string, unknown> {
  return {
    id: Number(refund.id),
    date_created: local(refund.atMs),
    date_created_gmt: gmt(refund.atMs),
    amount: decimal(refund.minor),
    reason: refund.reason,
    refunded_by: 1,
    refunded_payment: refund.extra["payment"] === "refunded",
    meta_data: [],
    line_items: [],
  };
}

export function noteDocument(note: Note): Record<string, unknown> {
  return {
    id: Number(note.id),
    author: "system",
    date_created: local(note.atMs),
    date_created_gmt: gmt(note.atMs),
    note: note.text,
    customer_note: note.toCustomer,
  };
}

export function productDocument(listing: ShopListing): Record<string, unknown> {
  return {
    id: Number(listing.id),
    name: listing.title,
    type: "simple",
    status: "publish",
    sku: listing.channelSku,
    global_unique_id: listing.gtin ?? "",
    price: "12.99",
    regular_price: "12.99",
    parent_id: 0,
    ...stockOf(listing),
  };
}

/** The product that holds those variations; no unit of it is sold itself. */
export function parentDocument(id: number, variations: readonly ShopListing[]): Record<string, unknown> {
  return {
    id,
    name: "Assorted",
    type: "variable",
    status: "publish",
    sku: "",
    price: "12.99",
    regular_price: "",
    parent_id: 0,
    manage_stock: false,
    stock_quantity: null,
    stock_status: "instock",
    variations: variations.map((variation) => Number(variation.variantId)),
  };
}

/** @param parentId is in lists of products that are asked for by SKU, not in the list of its variations */
export function variationDocument(listing: ShopListing, parentId?: number): Record<string, unknown> {
  return {
    id: Number(listing.variantId),
    ...(parentId === undefined ? {} : { parent_id: parentId, type: "variation" }),
    name: listing.title,
    sku: listing.channelSku,
    global_unique_id: listing.gtin ?? "",
    price: "12.99",
    regular_price: "12.99",
    attributes: [{ id: 6, name: "Color", option: listing.channelSku }],
    ...stockOf(listing),
  };
}

function stockOf(listing: ShopListing): Record<string, unknown> {
  return {
    manage_stock: true,
    stock_quantity: listing.quantity,
    stock_status: listing.quantity > 0 ? "instock" : "outofstock",
    backorders: "no",
    backorders_allowed: false,
    backordered: false,
  };
}
