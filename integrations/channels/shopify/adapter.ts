/**
 * Shopify's Order resource, as its webhooks and REST API send it (2025-07).
 *
 * Ids: Shopify's numeric ids exceed 2^53, and programs in between (even Shopify's own published samples) have
 * damaged them. The `admin_graphql_api_id` is text, so orders and lines are identified by the number in it;
 * the numeric ids are kept beside it as they came.
 * Money: shop money counts; presentment amounts are kept as attributes.
 * Payment: `paid` means that the shop has the money, which is only verified. With `authorized` the money is
 * promised and has not moved, so the merchant's payment provider takes it as goods ship.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import type { HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import {
  amount,
  at,
  countAt,
  firstText,
  isObject,
  listAt,
  textAt,
  textRecord,
} from "../../vendor-kit/vendor-json.ts";
import { isBase64HmacOf } from "../../vendor-kit/webhook-signature.ts";
import { addressOf, negated, readDocument, readEach, refused, sum, webhookOf } from "../reading.ts";

/** Topics whose body is the whole Order. */
const ORDER_TOPICS = new Set([
  "orders/create",
  "orders/updated",
  "orders/paid",
  "orders/fulfilled",
  "orders/partially_fulfilled",
  "orders/cancelled",
]);

export const shopifyAdapter: ChannelAdapter = {
  kind: "shopify",
  read: (payload, topic) => readDocument(payload, (document) => readAny(document, topic)),
  join: (documents) => documents,
  openWebhook: (headers, rawBody, secret) =>
    isBase64HmacOf(rawBody, secret, headers["x-shopify-hmac-sha256"])
      ? webhookOf(headers["x-shopify-topic"], headers["x-shopify-webhook-id"])
      : null,
};

function readAny(document: unknown, topic: string | null): readonly ChannelReading[] {
  if (topic === "orders/delete") {
    const externalId = orderIdIn(document);
    if (externalId === "") return [refused("malformed_payload", "orders/delete without an order id.")];
    return [{ kind: "cancellation", externalId, reason: "deleted at Shopify" }];
  }
  if (topic !== null && !ORDER_TOPICS.has(topic)) {
    return [refused("not_an_order", `Topic ${topic} carries no order.`, orderIdIn(document))];
  }
  const list = at(document, "orders");
  if (Array.isArray(list)) return readEach(list, (order) => readOne(order, topic));
  // The REST API wraps an order. A Return has an `order` field too, but it also has an id of its own.
  const wrapped = at(document, "id") === undefined ? at(document, "order") : undefined;
  return readEach([wrapped ?? document], (order) => readOne(order, topic));
}

function readOne(order: unknown, topic: string | null): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const resource = /^gid:\/\/shopify\/(\w+)\//.exec(textAt(order, "admin_graphql_api_id"))?.[1];
  if (resource !== undefined && resource !== "Order") {
    return [refused("not_an_order", `This is a Shopify ${resource}, not an Order.`)];
  }
  for (const [field, name] of [
    ["fulfillment_order", "FulfillmentOrder"],
    ["order_edit", "OrderEdit"],
    ["refund_line_items", "Refund"],
    ["return_line_items", "Return"],
  ] as const) {
    if (at(order, field) !== undefined) {
      return [refused("not_an_order", `This is a Shopify ${name}, not an Order.`)];
    }
  }
  const externalId = orderIdIn(order);
  if (externalId === "" || !Array.isArray(at(order, "line_items")) || textAt(order, "currency") === "") {
    const detail = "A Shopify Order needs an id, line_items and a currency.";
    return [refused("malformed_payload", detail, externalId)];
  }
  const incoming = toIncoming(order, externalId);
  const reading: ChannelReading = { kind: "order", order: incoming };
  if (topic !== "orders/cancelled") return [reading];
  const reason = firstText(textAt(order, "cancel_reason"), "unknown reason");
  return [reading, { kind: "cancellation", externalId, reason: `cancelled at Shopify (${reason})` }];
}

function toIncoming(order: unknown, externalId: string): IncomingOrder {
  const currency = textAt(order, "currency").toUpperCase();
  const lines = listAt(order, "line_items").flatMap((line) => readLine(line, order, currency));
  const shipping = listAt(order, "shipping_lines").filter((line) => textAt(line, "is_removed") !== "true");
  const lineDiscounts = sum(
    lines.map((line) => line.discount),
    currency,
  );
  const allDiscounts = amount(textAt(order, "total_discounts"), currency, "total_discounts");
  const rest = sum([allDiscounts, negated(lineDiscounts)], currency);
  const edited = isEdited(order);
  const shippingAddress = readAddress(at(order, "shipping_address"));
  const billingAddress = readAddress(at(order, "billing_address"));
  const note = textAt(order, "note");
  return {
    externalId,
    externalNumber: firstText(textAt(order, "name"), textAt(order, "order_number"), externalId),
    externalIds: textRecord({
      id: textAt(order, "id"),
      admin_graphql_api_id: textAt(order, "admin_graphql_api_id"),
      order_number: textAt(order, "order_number"),
      number: textAt(order, "number"),
      token: textAt(order, "token"),
      cart_token: textAt(order, "cart_token"),
      checkout_id: textAt(order, "checkout_id"),
      checkout_token: textAt(order, "checkout_token"),
      confirmation_number: textAt(order, "confirmation_number"),
      po_number: textAt(order, "po_number"),
      source_identifier: textAt(order, "source_identifier"),
      "customer.id": textAt(order, "customer", "id"),
      "customer.admin_graphql_api_id": textAt(order, "customer", "admin_graphql_api_id"),
      "shipping_lines.id": shipping.map((line) => textAt(line, "id")).join(","),
    }),
    placedAt: firstText(textAt(order, "processed_at"), textAt(order, "created_at")),
    updatedAt: textAt(order, "updated_at"),
    currency,
    lines,
    shippingPrice: sum(
      shipping.map((line) => amount(textAt(line, "price"), currency, "shipping price")),
      currency,
    ),
    shippingTaxes: shipping.flatMap((line) => readTaxes(line, currency)),
    discount: rest.minor > 0 ? rest : sum([], currency),
    total: amount(
      firstText(edited ? textAt(order, "current_total_price") : "", textAt(order, "total_price")),
      currency,
      "total_price",
    ),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    ...(billingAddress === undefined ? {} : { billingAddress }),
    customer: readCustomer(order),
    shippingService: shipping
      .map((line) => textAt(line, "title"))
      .filter((title) => title !== "")
      .join(" + "),
    paymentBy: textAt(order, "financial_status") === "authorized" ? "merchant" : "channel",
    ...(textAt(order, "taxes_included") === "true" ? { taxesIncluded: true as const } : {}),
    holdReasons: readHolds(order),
    ...(note === "" ? {} : { note }),
    attributes: textRecord({
      financial_status: textAt(order, "financial_status"),
      presentment_total: setMoney(order, "total_price_set"),
      presentment_shipping: setMoney(order, "total_shipping_price_set"),
      presentment_discounts: setMoney(order, "total_discounts_set"),
      presentment_tax: setMoney(order, "total_tax_set"),
      discount_codes: listAt(order, "discount_codes")
        .map((code) => textAt(code, "code"))
        .join(","),
      tip: textAt(order, "total_tip_received"),
      tags: textAt(order, "tags"),
      test: textAt(order, "test"),
      source_name: textAt(order, "source_name"),
      payment_gateways: listAt(order, "payment_gateway_names")
        .map((name) => textAt({ name }, "name"))
        .join(","),
    }),
  };
}

function readLine(line: unknown, order: unknown, currency: string): readonly IncomingLine[] {
  const ordered = countAt(line, "quantity");
  const current = countAt(line, "current_quantity");
  // An edit that removed units leaves `quantity` as it was. A cancellation sets `current_quantity` to 0 on
  // every line.
  const quantity = isEdited(order) && current < ordered ? current : ordered;
  if (quantity === 0) return [];
  const id = firstText(gidNumber(textAt(line, "admin_graphql_api_id")), textAt(line, "id"));
  const what = `the price of line ${id}`;
  const variant = textAt(line, "variant_id");
  return [
    {
      externalLineId: id,
      channelSku: firstText(
        textAt(line, "sku"),
        variant === "" ? "" : `variant_id:${variant}`,
        `product_id:${textAt(line, "product_id")}`,
      ),
      title: firstText(textAt(line, "name"), textAt(line, "title")),
      quantity,
      unitPrice: amount(textAt(line, "price"), currency, what),
      discount: sum(
        listAt(line, "discount_allocations").map((d) => amount(textAt(d, "amount"), currency, "discount")),
        currency,
      ),
      taxes: readTaxes(line, currency),
      attributes: textRecord({
        id: textAt(line, "id"),
        admin_graphql_api_id: textAt(line, "admin_graphql_api_id"),
        product_id: textAt(line, "product_id"),
        variant_id: variant,
        variant_title: textAt(line, "variant_title"),
        vendor: textAt(line, "vendor"),
        grams: textAt(line, "grams"),
        requires_shipping: textAt(line, "requires_shipping"),
        gift_card: textAt(line, "gift_card"),
        sales_line_item_group_id: textAt(line, "sales_line_item_group_id"),
        presentment_price: setMoney(line, "price_set"),
        ...Object.fromEntries(
          listAt(line, "properties").map((p) => [`property:${textAt(p, "name")}`, textAt(p, "value")]),
        ),
      }),
    },
  ];
}

function isEdited(order: unknown): boolean {
  if (textAt(order, "cancelled_at") !== "") return false;
  return listAt(order, "line_items").some(
    (line) => countAt(line, "current_quantity") < countAt(line, "quantity"),
  );
}

function readTaxes(line: unknown, currency: string): readonly IncomingTax[] {
  return listAt(line, "tax_lines").map((tax) => ({
    name: firstText(textAt(tax, "title"), "tax"),
    amount: amount(textAt(tax, "price"), currency, "tax"),
  }));
}

function readHolds(order: unknown): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const financial = textAt(order, "financial_status");
  const fulfillment = textAt(order, "fulfillment_status");
  const cancelledAt = textAt(order, "cancelled_at");
  if (cancelledAt !== "") {
    const why = firstText(textAt(order, "cancel_reason"), "no reason given");
    reasons.push({ code: "cancelled_at_channel", detail: `Shopify: cancelled at ${cancelledAt} (${why}).` });
  } else if (financial === "voided" || financial === "refunded") {
    reasons.push({ code: "cancelled_at_channel", detail: `Shopify: the payment is ${financial}.` });
  }
  if (["pending", "partially_paid", "expired"].includes(financial)) {
    reasons.push({ code: "payment_pending", detail: `Shopify: the payment is ${financial}.` });
  }
  if (fulfillment === "fulfilled" || fulfillment === "partial") {
    reasons.push({ code: "fulfilled_at_channel", detail: `Shopify: fulfillment is ${fulfillment}.` });
  }
  if (listAt(order, "line_items").length === 0) {
    reasons.push({ code: "lines_missing", detail: "Shopify sent the order without line items." });
  }
  return reasons;
}

function readCustomer(order: unknown): IncomingOrder["customer"] {
  const customer = at(order, "customer");
  const email = firstText(textAt(order, "email"), textAt(order, "contact_email"), textAt(customer, "email"));
  const phone = firstText(textAt(order, "phone"), textAt(customer, "phone"));
  const id = firstText(gidNumber(textAt(customer, "admin_graphql_api_id")), textAt(customer, "id"));
  return {
    name: firstText(
      `${textAt(customer, "first_name")} ${textAt(customer, "last_name")}`.trim(),
      textAt(order, "shipping_address", "name"),
      textAt(order, "billing_address", "name"),
      email,
    ),
    ...(email === "" ? {} : { email }),
    ...(phone === "" ? {} : { phone }),
    ...(id === "" ? {} : { externalId: id }),
  };
}

function readAddress(address: unknown): Address | undefined {
  return addressOf({
    name: firstText(
      textAt(address, "name"),
      `${textAt(address, "first_name")} ${textAt(address, "last_name")}`.trim(),
    ),
    company: textAt(address, "company"),
    line1: textAt(address, "address1"),
    line2: textAt(address, "address2"),
    city: textAt(address, "city"),
    region: firstText(textAt(address, "province_code"), textAt(address, "province")),
    postalCode: textAt(address, "zip"),
    country: firstText(textAt(address, "country_code"), textAt(address, "country")),
    phone: textAt(address, "phone"),
  });
}

/** A presentment amount as `<amount> <currency>`. */
function setMoney(holder: unknown, field: string): string {
  const text = textAt(holder, field, "presentment_money", "amount");
  const currency = textAt(holder, field, "presentment_money", "currency_code");
  return text === "" ? "" : `${text} ${currency}`;
}

/** The order's id, exact: the number in its GraphQL id, else the numeric id as it came. */
function orderIdIn(document: unknown): string {
  return firstText(gidNumber(textAt(document, "admin_graphql_api_id"), "Order"), textAt(document, "id"));
}

function gidNumber(gid: string, resource = "\\w+"): string {
  return new RegExp(`^gid://shopify/${resource}/(\\d+)`).exec(gid)?.[1] ?? "";
}
