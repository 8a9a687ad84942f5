/** What the simulated shop's webhooks say: the Order as Shopify's REST API has it, ids as bare numbers. */
import { createHmac, randomUUID } from "node:crypto";
import type { SimulatedDispute } from "../../../simulator-kit/channel-simulator.ts";
import { decimal } from "../../../simulator-kit/planned-order.ts";
import { openOf, type ShopLine, type ShopOrder } from "../../../simulator-kit/shop-books.ts";
import {
  currentOf,
  financialStatus,
  GATEWAY,
  gid,
  originalOf,
  type ShopifyShop,
  stamp,
  sums,
  taxFor,
} from "./shop.ts";

export function signedWebhook(topic: string, body: string, secret: string) {
  return {
    body,
    headers: {
      "content-type": "application/json",
      "x-shopify-topic": topic,
      "x-shopify-webhook-id": randomUUID(),
      "x-shopify-hmac-sha256": createHmac("sha256", secret).update(body).digest("base64"),
    },
  };
}

export function refundDocument(order: ShopOrder, refund: ShopOrder["refunds"][number]): string {
  return JSON.stringify(refundFields(order, refund));
}

/** A Dispute as Shopify's REST API has it. */
export function disputeDocument(order: ShopOrder, { id, kind, status }: SimulatedDispute): string {
  return JSON.stringify({
    id: Number(id),
    order_id: Number(order.id),
    type: kind,
    amount: decimal(sums(order, originalOf).total),
    currency: "USD",
    reason: "fraudulent",
    network_reason_code: "4837",
    status,
    initiated_at: stamp(order.createdMs),
    evidence_due_by: stamp(order.createdMs + EVIDENCE_DUE_MS),
    evidence_sent_on: null,
    finalized_on: null,
  });
}

/** Banks give a week or more. */
const EVIDENCE_DUE_MS = 7 * 24 * 60 * 60_000;

export function orderDocument(shop: ShopifyShop, order: ShopOrder): string {
  const { planned } = order;
  const { shopper } = planned;
  const [original, current] = [sums(order, originalOf), sums(order, currentOf)];
  const address = {
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
  const title = planned.collectedAt?.name ?? (planned.service === "expedited" ? "Express" : "Standard");
  const isSent = order.parcels.length > 0;
  const isWhole = isSent && order.lines.every((line) => openOf(line) === 0);
  return JSON.stringify({
    id: Number(order.id),
    admin_graphql_api_id: gid("Order", order.id),
    name: `#${planned.number}`,
    order_number: planned.number,
    source_name: "web",
    created_at: stamp(order.createdMs),
    processed_at: stamp(order.createdMs),
    updated_at: stamp(order.modifiedMs),
    cancelled_at: order.isCancelled ? stamp(order.modifiedMs) : null,
    cancel_reason: order.isCancelled ? (order.extra.get("cancelReason") ?? "CUSTOMER").toLowerCase() : null,
    currency: "USD",
    presentment_currency: "USD",
    financial_status: financialStatus(order).toLowerCase(),
    fulfillment_status: isWhole ? "fulfilled" : isSent ? "partial" : null,
    email: shopper.email,
    contact_email: shopper.email,
    phone: null,
    note: null,
    tags: "",
    taxes_included: false,
    test: false,
    customer_locale: "en-US",
    discount_codes: [],
    payment_gateway_names: [GATEWAY],
    note_attributes: [],
    total_price: decimal(original.total),
    current_total_price: decimal(current.total),
    total_discounts: "0.00",
    current_total_discounts: "0.00",
    total_tax: decimal(original.tax),
    current_total_tax: decimal(current.tax),
    total_outstanding: "0.00",
    total_tip_received: "0.00",
    total_price_set: moneySet(original.total),
    total_shipping_price_set: moneySet(planned.shippingMinor),
    shipping_address: address,
    billing_address: address,
    customer: {
      id: Number(`${order.id}7`),
      admin_graphql_api_id: gid("Customer", `${order.id}7`),
      first_name: shopper.firstName,
      last_name: shopper.lastName,
    },
    shipping_lines: [
      {
        id: Number(`${order.id}8`),
        title,
        code: title,
        delivery_category: planned.collectedAt === undefined ? null : "pickup",
        is_removed: false,
        price: decimal(planned.shippingMinor),
        discount_allocations: [],
        tax_lines: [],
      },
    ],
    fulfillments: order.parcels.map(({ id }) => ({ admin_graphql_api_id: gid("Fulfillment", id) })),
    refunds: [
      ...order.refunds.map((refund) => refundFields(order, refund)),
      ...(shop.takenOff.get(order.id) ?? []).map(({ id, lines }) => ({
        id: Number(id),
        admin_graphql_api_id: gid("Refund", id),
        order_id: Number(order.id),
        transactions: [],
        refund_line_items: lines.map(({ lineId, quantity }) => {
          const line = order.lines.find((each) => each.id === lineId) as ShopLine;
          return {
            subtotal: decimal(line.planned.priceMinor * quantity),
            total_tax: decimal(taxFor(order, line, quantity)),
          };
        }),
      })),
    ],
    line_items: order.lines.map((line) => ({
      id: Number(line.id),
      admin_graphql_api_id: gid("LineItem", line.id),
      name: line.planned.title,
      title: line.planned.title,
      quantity: originalOf(line),
      current_quantity: currentOf(line),
      fulfillable_quantity: order.isCancelled ? 0 : openOf(line),
      fulfillment_status: null,
      fulfillment_service: "manual",
      sku: line.planned.kind === "tip" ? null : line.planned.channelSku,
      product_id: line.planned.kind === "tip" ? null : Number(`${line.id}1`),
      variant_id: line.planned.kind === "tip" ? null : Number(`${line.id}2`),
      vendor: "Fernweh",
      requires_shipping: line.planned.kind === undefined,
      gift_card: false,
      price: decimal(line.planned.priceMinor),
      price_set: moneySet(line.planned.priceMinor),
      discount_allocations: [],
      duties: [],
      properties: [],
      tax_lines: [
        {
          title: `${shopper.regionName} State Tax`,
          price: decimal(taxFor(order, line, originalOf(line))),
          rate: planned.taxPercent / 100,
        },
      ],
    })),
  });
}

function refundFields(order: ShopOrder, { id, minor }: ShopOrder["refunds"][number]) {
  return {
    id: Number(id),
    admin_graphql_api_id: gid("Refund", id),
    order_id: Number(order.id),
    transactions: [{ kind: "refund", status: "success", amount: decimal(minor), currency: "USD" }],
    refund_line_items: [],
  };
}

function moneySet(minor: number) {
  const money = { amount: decimal(minor), currency_code: "USD" };
  return { shop_money: money, presentment_money: money };
}
