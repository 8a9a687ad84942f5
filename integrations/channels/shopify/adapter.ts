/**
 * Shopify's Order resource, as its webhooks and REST API send it (2025-07).
 *
 * Ids: Shopify's numeric ids exceed 2^53, and programs in between (even Shopify's own published samples) have
 * damaged them. The `admin_graphql_api_id` is text, so orders and lines are identified by the number in it;
 * the numeric ids are kept beside it as they came.
 * Money: shop money counts; presentment amounts are kept as attributes. An edit changes quantities and the order's
 * `current_…` amounts, but leaves each line's discount and taxes as they were at first: a line bears its part of them.
 * Payment: Shopify has charged what is `paid`. An `authorized` payment is Shopify's too: it is waited for.
 * Who fulfils: `fulfillment_service`; what `fulfillable_quantity` leaves out has been handed over already.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import { decimalText, type Money } from "../../../orders/money.ts";
import type { Charge, Delivery, Fulfiller, HoldReason, LineKind } from "../../../orders/order.ts";
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
  if (topic === "refunds/create") return readEach([document], readRefund);
  if (topic !== null && !ORDER_TOPICS.has(topic)) {
    return [refused("not_an_order", `Topic ${topic} carries no order.`, orderIdIn(document))];
  }
  const list = at(document, "orders");
  if (Array.isArray(list)) return readEach(list, (order) => readOne(order, topic), orderIdIn);
  // The REST API wraps an order. A Return has an `order` field too, but it also has an id of its own.
  const wrapped = at(document, "id") === undefined ? at(document, "order") : undefined;
  return readEach([wrapped ?? document], (order) => readOne(order, topic), orderIdIn);
}

/** What Shopify has given back: the transactions of a Refund that went through. */
function readRefund(document: unknown): readonly ChannelReading[] {
  const externalId = textAt(document, "order_id");
  const refundId = /\/(\d+)$/.exec(textAt(document, "admin_graphql_api_id"))?.[1] ?? textAt(document, "id");
  if (externalId === "" || refundId === "")
    return [refused("malformed_payload", "A Refund needs its id and its order's.", externalId)];
  const given = listAt(document, "transactions").filter(
    (each) => textAt(each, "kind") === "refund" && textAt(each, "status") === "success",
  );
  const [first] = given;
  if (first === undefined)
    return [refused("not_an_order", `Refund ${refundId} has moved no money.`, externalId)];
  const currency = textAt(first, "currency").toUpperCase();
  const amounts = given.map((each) => amount(textAt(each, "amount"), currency, "refund"));
  return [{ kind: "refund", externalId, refundId, amount: sum(amounts, currency) }];
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
  const edited = isEdited(order);
  const currentOr = (name: string) =>
    firstText(edited ? textAt(order, `current_${name}`) : "", textAt(order, name));
  const allDiscounts = amount(currentOr("total_discounts"), currency, "total_discounts");
  const rest = sum([allDiscounts, negated(lineDiscounts)], currency);
  const charges = readCharges(order, lines, currency);
  const delivery = readDelivery(shipping);
  const shippingAddress = readAddress(at(order, "shipping_address"));
  const billingAddress = readAddress(at(order, "billing_address"));
  const note = textAt(order, "note");
  const tags = textAt(order, "tags")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
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
    ...(charges.length === 0 ? {} : { charges }),
    total: amount(currentOr("total_price"), currency, "total_price"),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    ...(billingAddress === undefined ? {} : { billingAddress }),
    customer: readCustomer(order),
    shippingService: shipping
      .map((line) => textAt(line, "title"))
      .filter((title) => title !== "")
      .join(" + "),
    ...(delivery === undefined ? {} : { delivery }),
    ...(tags.length === 0 ? {} : { tags }),
    paymentBy: isPaidAtTheDoor(order) ? "on_delivery" : "channel",
    ...(textAt(order, "taxes_included") === "true" ? { taxesIncluded: true as const } : {}),
    holdReasons: readHolds(order, currency),
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
  /** Amounts of a line are those of the units that it had at first. */
  const partOf = (whole: Money): Money =>
    quantity === ordered ? whole : { ...whole, minor: Math.round((whole.minor * quantity) / ordered) };
  const fulfillable = countAt(line, "fulfillable_quantity");
  const handedOver = hasFulfillments(order, line) ? Math.max(0, quantity - fulfillable) : 0;
  const kind = kindOf(line, order);
  const fulfilledBy = fulfillerOf(line);
  const id = firstText(gidNumber(textAt(line, "admin_graphql_api_id")), textAt(line, "id"));
  const what = `the price of line ${id}`;
  const variant = textAt(line, "variant_id");
  return [
    {
      externalLineId: id,
      channelSku: firstText(
        textAt(line, "sku"),
        variant === "" ? "" : `variant_id:${variant}`,
        textAt(line, "product_id") === "" ? "" : `product_id:${textAt(line, "product_id")}`,
        // A custom item has no product: it goes by its own name.
        textAt(line, "title"),
        `line:${id}`,
      ),
      title: firstText(textAt(line, "name"), textAt(line, "title")),
      quantity,
      unitPrice: amount(textAt(line, "price"), currency, what),
      discount: partOf(
        sum(
          listAt(line, "discount_allocations").map((d) => amount(textAt(d, "amount"), currency, "discount")),
          currency,
        ),
      ),
      taxes: readTaxes(line, currency).map((tax) => ({ ...tax, amount: partOf(tax.amount) })),
      ...(kind === "goods" ? {} : { kind }),
      ...(fulfilledBy === "us" ? {} : { fulfilledBy }),
      ...(handedOver === 0 ? {} : { fulfilledElsewhere: handedOver }),
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

function kindOf(line: unknown, order: unknown): LineKind {
  if (textAt(line, "gift_card") === "true") return "gift_card";
  const hasProduct = textAt(line, "product_id") !== "" || textAt(line, "variant_id") !== "";
  if (hasProduct || textAt(line, "sku") !== "") {
    return textAt(line, "requires_shipping") === "false" ? "digital" : "goods";
  }
  const tip = Number(textAt(order, "total_tip_received"));
  const price = Number(textAt(line, "price")) * countAt(line, "quantity");
  return tip > 0 && tip === price ? "tip" : "custom";
}

/** Shopify's own way to fulfil by hand, which is ours, or a service that has been given the line. */
function fulfillerOf(line: unknown): Fulfiller {
  const service = textAt(line, "fulfillment_service");
  return service === "" || service === "manual" || service === "holdfast" ? "us" : "provider";
}

/** Without any, `fulfillable_quantity` says something else: 0 on a cancelled order. */
function hasFulfillments(order: unknown, line: unknown): boolean {
  return (
    textAt(order, "cancelled_at") === "" &&
    (listAt(order, "fulfillments").length > 0 || textAt(line, "fulfillment_status") !== "") &&
    !Number.isNaN(countAt(line, "fulfillable_quantity"))
  );
}

/** Duties, further fees, and a tip that is no line. */
function readCharges(order: unknown, lines: readonly IncomingLine[], currency: string): readonly Charge[] {
  const shopMoney = (field: string) => textAt(order, field, "shop_money", "amount");
  const charge = (kind: Charge["kind"], name: string, text: string): readonly Charge[] => {
    const price = amount(text, currency, name);
    return price.minor === 0 ? [] : [{ kind, name, amount: price, tax: sum([], currency) }];
  };
  const duties = firstText(shopMoney("current_total_duties_set"), shopMoney("original_total_duties_set"));
  const lineDuties = sum(
    listAt(order, "line_items").flatMap((line) =>
      listAt(line, "duties").map((duty) => amount(textAt(duty, "price"), currency, "duty")),
    ),
    currency,
  );
  const hasTipLine = lines.some((line) => line.kind === "tip");
  return [
    ...charge("duty", "duties", duties === "" ? decimalText(lineDuties) : duties),
    ...charge("fee", "additional fees", shopMoney("current_total_additional_fees_set")),
    ...(hasTipLine ? [] : charge("tip", "tip", textAt(order, "total_tip_received"))),
  ];
}

const PICKUP = /pick.?up|in.?store|collect/i;

function readDelivery(shipping: readonly unknown[]): Delivery | undefined {
  for (const line of shipping) {
    const category = textAt(line, "delivery_category");
    const place = firstText(textAt(line, "title"), textAt(line, "code"));
    const named = place === "" ? {} : { place };
    if (/curb/i.test(`${category} ${place}`)) return { method: "curbside", ...named };
    if (PICKUP.test(category) || PICKUP.test(textAt(line, "code"))) return { method: "pickup", ...named };
    if (/local/i.test(category)) return { method: "local_delivery", ...named };
  }
  return undefined;
}

const COD = /cash on delivery|\bcod\b/i;

function isPaidAtTheDoor(order: unknown): boolean {
  const gateways = listAt(order, "payment_gateway_names").map((name) => textAt({ name }, "name"));
  return textAt(order, "financial_status") === "pending" && gateways.some((name) => COD.test(name));
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

function readHolds(order: unknown, currency: string): readonly HoldReason[] {
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
  const price = textAt(order, "total_price");
  if (price === "") {
    reasons.push({ code: "price_missing", detail: "Shopify has not stated the order's total." });
  }
  const isFree = price !== "" && amount(price, currency, "total_price").minor === 0;
  if (UNPAID.includes(financial) && !isFree && !isPaidAtTheDoor(order)) {
    reasons.push({ code: "payment_pending", detail: `Shopify: the payment is ${financial}.` });
  }
  if (textAt(order, "test") === "true") {
    reasons.push({ code: "payment_pending", detail: "Shopify: this is a test order, no money has moved." });
  }
  const says = listAt(order, "line_items").some((line) => hasFulfillments(order, line));
  if (fulfillment !== "" && !says && cancelledAt === "") {
    reasons.push({ code: "fulfilled_at_channel", detail: `Shopify: fulfillment is ${fulfillment}.` });
  }
  if (listAt(order, "line_items").length === 0) {
    reasons.push({ code: "lines_missing", detail: "Shopify sent the order without line items." });
  }
  return reasons;
}

const UNPAID = ["authorized", "pending", "partially_paid", "expired"];

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
