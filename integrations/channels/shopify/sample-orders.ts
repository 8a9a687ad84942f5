/**
 * Shopify's `orders/create` and `orders/cancelled` webhooks (2025-07), with ids beyond 2^53 as bare JSON
 * numbers.
 */

import type { Random } from "../../../config/seeded-random.ts";
import {
  type ChannelWriter,
  decimal,
  type PlannedOrder,
  taxOf,
  totals,
} from "../../simulator-kit/planned-order.ts";

export const shopifyWriter: ChannelWriter = {
  write: (order, random) => {
    const id = random.digits(18);
    const { goods, tax, total } = totals(order);
    const document = {
      id: exact(id),
      admin_graphql_api_id: `gid://shopify/Order/${id}`,
      app_id: 580111,
      cancel_reason: null,
      cancelled_at: null,
      confirmation_number: random.digits(9),
      confirmed: true,
      contact_email: order.shopper.email,
      created_at: timestamp(order.placedAt),
      currency: "USD",
      current_total_price: decimal(total),
      customer_locale: "en-US",
      discount_codes: [],
      email: order.shopper.email,
      financial_status: order.payment === "later" ? "authorized" : "paid",
      fulfillment_status: null,
      name: `#${10_000 + order.number}`,
      note: null,
      order_number: 10_000 + order.number,
      payment_gateway_names: ["shopify_payments"],
      phone: null,
      presentment_currency: "USD",
      processed_at: timestamp(order.placedAt),
      source_name: "web",
      subtotal_price: decimal(goods),
      tags: "",
      taxes_included: false,
      test: false,
      total_discounts: "0.00",
      total_line_items_price: decimal(goods),
      total_price: decimal(total),
      total_price_set: moneySet(total),
      total_shipping_price_set: moneySet(order.shippingMinor),
      total_tax: decimal(tax),
      total_tip_received: decimal(tipOf(order)),
      updated_at: timestamp(order.placedAt),
      billing_address: address(order),
      customer: {
        id: exact(random.digits(18)),
        email: order.shopper.email,
        first_name: order.shopper.firstName,
        last_name: order.shopper.lastName,
        state: "disabled",
        verified_email: true,
      },
      discount_applications: [],
      fulfillments: [],
      line_items: lineItems(order, random),
      shipping_address: address(order),
      shipping_lines: [
        {
          id: exact(random.digits(18)),
          code: order.collectedAt?.name ?? serviceOf(order),
          title: order.collectedAt?.name ?? serviceOf(order),
          ...(order.collectedAt === undefined ? {} : { delivery_category: "pickup" }),
          price: decimal(order.shippingMinor),
          price_set: moneySet(order.shippingMinor),
          is_removed: false,
          source: "shopify",
          tax_lines: [],
          discount_allocations: [],
        },
      ],
    };
    return { externalId: id, payload: writeExact(document), topic: "orders/create" };
  },
  cancel: ({ externalId, payload }) => {
    // By the order's own time, so that a simulated day follows from its seed alone.
    const at = /"created_at":("[^"]*")/.exec(payload)?.[1] ?? '""';
    return {
      externalId,
      payload: payload
        .replace('"cancel_reason":null', '"cancel_reason":"customer"')
        .replace('"cancelled_at":null', `"cancelled_at":${at}`),
      topic: "orders/cancelled",
    };
  },
  pay: ({ externalId, payload }) => ({
    externalId,
    payload: payload
      .replace('"financial_status":"authorized"', '"financial_status":"paid"')
      .replace(/"updated_at":"([^"]*)"/, (_, at: string) => {
        return `"updated_at":"${timestamp(new Date(Date.parse(at) + 3_600_000))}"`;
      }),
    topic: "orders/updated",
  }),
};

function tipOf(order: PlannedOrder): number {
  return order.lines.reduce((sum, line) => sum + (line.kind === "tip" ? line.priceMinor : 0), 0);
}

function serviceOf(order: PlannedOrder): string {
  return order.service === "expedited" ? "Express" : "Standard";
}

function lineItems(order: PlannedOrder, random: Random): readonly unknown[] {
  return order.lines.map((line) => {
    const id = random.digits(18);
    return {
      id: exact(id),
      admin_graphql_api_id: `gid://shopify/LineItem/${id}`,
      current_quantity: line.quantity,
      fulfillable_quantity: line.quantity,
      fulfillment_service: "manual",
      fulfillment_status: null,
      gift_card: false,
      grams: line.weightGrams,
      name: line.title,
      price: decimal(line.priceMinor),
      price_set: moneySet(line.priceMinor),
      product_exists: true,
      product_id: line.kind === "tip" ? null : exact(random.digits(13)),
      properties: [],
      quantity: line.quantity,
      requires_shipping: line.kind === undefined,
      sku: line.kind === "tip" ? null : line.channelSku,
      taxable: true,
      title: line.title,
      total_discount: "0.00",
      variant_id: line.kind === "tip" ? null : exact(random.digits(14)),
      vendor: "Fernweh",
      tax_lines: [
        {
          title: `${order.shopper.regionName} State Tax`,
          price: decimal(taxOf(order, line)),
          rate: order.taxPercent / 100,
        },
      ],
      duties: [],
      discount_allocations: [],
    };
  });
}

function address({ shopper }: PlannedOrder): Record<string, unknown> {
  return {
    first_name: shopper.firstName,
    last_name: shopper.lastName,
    name: `${shopper.firstName} ${shopper.lastName}`,
    company: null,
    address1: shopper.line1,
    address2: shopper.line2 || null,
    city: shopper.city,
    province: shopper.regionName,
    province_code: shopper.region,
    zip: shopper.postalCode,
    country: "United States",
    country_code: "US",
    phone: shopper.phone,
  };
}

function moneySet(minor: number): Record<string, unknown> {
  const money = { amount: decimal(minor), currency_code: "USD" };
  return { shop_money: money, presentment_money: money };
}

function timestamp(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, "+00:00");
}

const EXACT = "exact-number:";

/** A number that is too long for JavaScript, to be written without quotes. */
function exact(digits: string): string {
  return EXACT + digits;
}

function writeExact(document: unknown): string {
  return JSON.stringify(document).replace(new RegExp(`"${EXACT}(\\d+)"`, "g"), "$1");
}
