/**
 * An order as the GraphQL API gives it, written as Shopify's webhooks have it: one reader reads both. What
 * only one of the two has is left out.
 */
import { at, firstText, listAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { gidNumber } from "../ids.ts";

type Fields = Record<string, unknown>;

export function restOrder(order: unknown): string {
  const shop = (name: string) => textAt(order, name, "shopMoney", "amount");
  const document: Fields = {
    id: textAt(order, "legacyResourceId"),
    admin_graphql_api_id: textAt(order, "id"),
    name: textAt(order, "name"),
    order_number: textAt(order, "number"),
    confirmation_number: orNull(textAt(order, "confirmationNumber")),
    po_number: orNull(textAt(order, "poNumber")),
    source_identifier: orNull(textAt(order, "sourceIdentifier")),
    source_name: orNull(textAt(order, "sourceName")),
    checkout_token: orNull(textAt(order, "checkoutToken")),
    cart_token: orNull(textAt(order, "cartToken")),
    created_at: textAt(order, "createdAt"),
    processed_at: textAt(order, "processedAt"),
    updated_at: textAt(order, "updatedAt"),
    cancelled_at: orNull(textAt(order, "cancelledAt")),
    cancel_reason: orNull(textAt(order, "cancelReason").toLowerCase()),
    currency: textAt(order, "currencyCode"),
    presentment_currency: textAt(order, "presentmentCurrencyCode"),
    financial_status: textAt(order, "displayFinancialStatus").toLowerCase(),
    fulfillment_status: fulfillmentStatus(textAt(order, "displayFulfillmentStatus")),
    email: orNull(textAt(order, "email")),
    contact_email: orNull(textAt(order, "email")),
    phone: orNull(textAt(order, "phone")),
    note: orNull(textAt(order, "note")),
    tags: listAt(order, "tags").join(", "),
    taxes_included: textAt(order, "taxesIncluded") === "true",
    test: textAt(order, "test") === "true",
    customer_locale: orNull(textAt(order, "customerLocale")),
    discount_codes: listAt(order, "discountCodes").map((code) => ({ code })),
    payment_gateway_names: listAt(order, "paymentGatewayNames"),
    note_attributes: listAt(order, "customAttributes").map((own) => ({
      name: textAt(own, "key"),
      value: textAt(own, "value"),
    })),
    total_price: shop("totalPriceSet"),
    current_total_price: shop("currentTotalPriceSet"),
    total_discounts: shop("totalDiscountsSet"),
    current_total_discounts: shop("currentTotalDiscountsSet"),
    total_tax: shop("totalTaxSet"),
    current_total_tax: shop("currentTotalTaxSet"),
    total_outstanding: shop("totalOutstandingSet"),
    total_tip_received: firstText(shop("totalTipReceivedSet"), "0.00"),
    total_price_set: moneySet(at(order, "totalPriceSet")),
    total_shipping_price_set: moneySet(at(order, "totalShippingPriceSet")),
    ...optionalSet(order, "originalTotalDutiesSet", "original_total_duties_set"),
    ...optionalSet(order, "currentTotalDutiesSet", "current_total_duties_set"),
    ...optionalSet(order, "originalTotalAdditionalFeesSet", "original_total_additional_fees_set"),
    ...optionalSet(order, "currentTotalAdditionalFeesSet", "current_total_additional_fees_set"),
    shipping_address: address(at(order, "shippingAddress")),
    billing_address: address(at(order, "billingAddress")),
    customer: customer(at(order, "customer")),
    shipping_lines: listAt(at(order, "shippingLines"), "nodes").map(shippingLine),
    fulfillments: listAt(order, "fulfillments").map((each) => ({ admin_graphql_api_id: textAt(each, "id") })),
    refunds: listAt(order, "refunds").map((refund) => restRefund(refund, textAt(order, "legacyResourceId"))),
    // In the words of the REST API's disputes and fulfillment orders; webhooks do not have these two.
    disputes: listAt(order, "disputes").map((dispute) => ({
      id: gidNumber(textAt(dispute, "id")),
      initiated_as: textAt(dispute, "initiatedAs").toLowerCase(),
      status: textAt(dispute, "status").toLowerCase(),
    })),
    fulfillment_orders: listAt(at(order, "fulfillmentOrders"), "nodes").map(fulfillmentOrder),
    line_items: listAt(at(order, "lineItems"), "nodes").map(line),
  };
  return JSON.stringify(document);
}

function line(item: unknown): Fields {
  const id = gidNumber(textAt(item, "id"));
  const ordered = Number(textAt(item, "quantity"));
  const open = Number(textAt(item, "unfulfilledQuantity"));
  return {
    id,
    admin_graphql_api_id: textAt(item, "id"),
    name: textAt(item, "name"),
    title: textAt(item, "title"),
    quantity: ordered,
    current_quantity: Number(textAt(item, "currentQuantity")),
    fulfillable_quantity: open,
    fulfillment_status: null,
    fulfillment_service: firstText(textAt(item, "fulfillmentService", "handle"), "manual"),
    sku: orNull(textAt(item, "sku")),
    product_id: orNull(gidNumber(textAt(item, "product", "id"))),
    variant_id: orNull(gidNumber(textAt(item, "variant", "id"))),
    variant_title: orNull(textAt(item, "variantTitle")),
    vendor: orNull(textAt(item, "vendor")),
    requires_shipping: textAt(item, "requiresShipping") === "true",
    gift_card: textAt(item, "isGiftCard") === "true",
    price: textAt(item, "originalUnitPriceSet", "shopMoney", "amount"),
    price_set: moneySet(at(item, "originalUnitPriceSet")),
    discount_allocations: listAt(item, "discountAllocations").map(allocation),
    tax_lines: listAt(item, "taxLines").map(taxLine),
    duties: listAt(item, "duties").map((duty) => ({
      shop_money: { amount: textAt(duty, "price", "shopMoney", "amount") },
      tax_lines: listAt(duty, "taxLines").map(taxLine),
    })),
    properties: listAt(item, "customAttributes").map((own) => ({
      name: textAt(own, "key"),
      value: textAt(own, "value"),
    })),
  };
}

function fulfillmentOrder(part: unknown): Fields {
  return {
    id: gidNumber(textAt(part, "id")),
    status: textAt(part, "status").toLowerCase(),
    request_status: textAt(part, "requestStatus").toLowerCase(),
    assigned_location_id: orNull(gidNumber(textAt(part, "assignedLocation", "location", "id"))),
    assigned_location: { name: textAt(part, "assignedLocation", "name") },
    fulfillment_service: orNull(textAt(part, "assignedLocation", "location", "fulfillmentService", "handle")),
    fulfillment_holds: listAt(part, "fulfillmentHolds").map((hold) => ({
      handle: orNull(textAt(hold, "handle")),
      reason: textAt(hold, "reason").toLowerCase(),
      reason_notes: orNull(textAt(hold, "reasonNotes")),
    })),
    line_items: listAt(at(part, "lineItems"), "nodes").map((item) => ({
      line_item_id: gidNumber(textAt(item, "lineItem", "id")),
      fulfillable_quantity: Number(textAt(item, "remainingQuantity")),
    })),
  };
}

function shippingLine(shipping: unknown): Fields {
  return {
    id: gidNumber(textAt(shipping, "id")),
    title: textAt(shipping, "title"),
    code: orNull(textAt(shipping, "code")),
    delivery_category: orNull(textAt(shipping, "deliveryCategory")),
    is_removed: textAt(shipping, "isRemoved") === "true",
    price: textAt(shipping, "originalPriceSet", "shopMoney", "amount"),
    discount_allocations: listAt(shipping, "discountAllocations").map(allocation),
    tax_lines: listAt(shipping, "taxLines").map(taxLine),
  };
}

function restRefund(refund: unknown, orderId: string): Fields {
  return {
    id: textAt(refund, "legacyResourceId"),
    admin_graphql_api_id: textAt(refund, "id"),
    order_id: orderId,
    transactions: listAt(at(refund, "transactions"), "nodes").map((each) => ({
      kind: textAt(each, "kind").toLowerCase(),
      status: textAt(each, "status").toLowerCase(),
      amount: textAt(each, "amountSet", "shopMoney", "amount"),
      currency: textAt(each, "amountSet", "shopMoney", "currencyCode"),
    })),
    refund_line_items: listAt(at(refund, "refundLineItems"), "nodes").map((each) => ({
      subtotal: textAt(each, "subtotalSet", "shopMoney", "amount"),
      total_tax: textAt(each, "totalTaxSet", "shopMoney", "amount"),
    })),
  };
}

const taxLine = (tax: unknown): Fields => ({
  title: textAt(tax, "title"),
  price: textAt(tax, "priceSet", "shopMoney", "amount"),
});

const allocation = (each: unknown): Fields => ({
  amount: textAt(each, "allocatedAmountSet", "shopMoney", "amount"),
});

function customer(of: unknown): Fields | null {
  if (textAt(of, "id") === "") return null;
  return {
    id: textAt(of, "legacyResourceId"),
    admin_graphql_api_id: textAt(of, "id"),
    first_name: orNull(textAt(of, "firstName")),
    last_name: orNull(textAt(of, "lastName")),
  };
}

function address(of: unknown): Fields | null {
  if (of === null || of === undefined) return null;
  return {
    first_name: orNull(textAt(of, "firstName")),
    last_name: orNull(textAt(of, "lastName")),
    name: orNull(textAt(of, "name")),
    company: orNull(textAt(of, "company")),
    address1: orNull(textAt(of, "address1")),
    address2: orNull(textAt(of, "address2")),
    city: orNull(textAt(of, "city")),
    province: orNull(textAt(of, "province")),
    province_code: orNull(textAt(of, "provinceCode")),
    zip: orNull(textAt(of, "zip")),
    country: orNull(textAt(of, "country")),
    country_code: orNull(textAt(of, "countryCodeV2")),
    phone: orNull(textAt(of, "phone")),
  };
}

function moneySet(set: unknown): Fields {
  const money = (which: string) => ({
    amount: textAt(set, which, "amount"),
    currency_code: textAt(set, which, "currencyCode"),
  });
  return { shop_money: money("shopMoney"), presentment_money: money("presentmentMoney") };
}

function optionalSet(order: unknown, from: string, to: string): Fields {
  const set = at(order, from);
  return set === null || set === undefined ? {} : { [to]: moneySet(set) };
}

/** Webhooks know three of them. */
function fulfillmentStatus(display: string): string | null {
  if (display === "FULFILLED") return "fulfilled";
  return display === "PARTIALLY_FULFILLED" ? "partial" : null;
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}
