/**
 * WooCommerce orders (REST API v3), as its `order.*` webhooks and list responses carry them.
 *
 * Line totals are those of the whole line, after coupons (`total`) and before (`subtotal`), and never contain
 * tax. `price` is a computed float and not used. A shop that ships to the billing address leaves the shipping
 * address empty.
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
import { addressOf, negated, perUnit, readDocument, readEach, refused, sum, webhookOf } from "../reading.ts";

const ORDER_TOPICS = new Set(["order.created", "order.updated", "order.restored"]);

export const woocommerceAdapter: ChannelAdapter = {
  kind: "woocommerce",
  read: (payload, topic) => readDocument(payload, (document) => readAny(document, topic)),
  join: (documents) => documents,
  openWebhook: (headers, rawBody, secret) =>
    isBase64HmacOf(rawBody, secret, headers["x-wc-webhook-signature"])
      ? webhookOf(headers["x-wc-webhook-topic"], headers["x-wc-webhook-delivery-id"])
      : null,
};

function readAny(document: unknown, topic: string | null): readonly ChannelReading[] {
  if (topic === "order.deleted") {
    const externalId = textAt(document, "id");
    if (externalId === "") return [refused("malformed_payload", "order.deleted without an order id.")];
    return [{ kind: "cancellation", externalId, reason: "deleted at WooCommerce" }];
  }
  if (topic !== null && !ORDER_TOPICS.has(topic)) {
    return [refused("not_an_order", `Topic ${topic} carries no order.`, textAt(document, "id"))];
  }
  return readEach(Array.isArray(document) ? document : [document], readOne);
}

function readOne(order: unknown): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const externalId = textAt(order, "id");
  if (externalId !== "" && at(order, "line_items") === undefined && at(order, "order_key") === undefined) {
    const detail = "This WooCommerce resource has no line_items and no order_key: not an order.";
    return [refused("not_an_order", detail, externalId)];
  }
  if (externalId === "" || !Array.isArray(at(order, "line_items")) || textAt(order, "currency") === "") {
    const detail = "A WooCommerce order needs an id, line_items and a currency.";
    return [refused("malformed_payload", detail, externalId)];
  }
  if (["checkout-draft", "auto-draft", "draft"].includes(textAt(order, "status"))) {
    return [refused("not_an_order", "This is a draft that no customer has placed.", externalId)];
  }
  return [{ kind: "order", order: toIncoming(order, externalId) }];
}

function toIncoming(order: unknown, externalId: string): IncomingOrder {
  const currency = textAt(order, "currency").toUpperCase();
  const taxNames = new Map(
    listAt(order, "tax_lines").map((tax) => [
      textAt(tax, "rate_id"),
      firstText(textAt(tax, "label"), textAt(tax, "rate_code")),
    ]),
  );
  const shippingLines = listAt(order, "shipping_lines");
  const billingAddress = readAddress(at(order, "billing"));
  const shippingAddress =
    textAt(order, "shipping", "address_1") === "" ? billingAddress : readAddress(at(order, "shipping"));
  const phone = textAt(order, "billing", "phone");
  const email = textAt(order, "billing", "email");
  const customerId = textAt(order, "customer_id");
  const note = textAt(order, "customer_note");
  return {
    externalId,
    externalNumber: firstText(textAt(order, "number"), externalId),
    externalIds: textRecord({
      id: externalId,
      number: textAt(order, "number"),
      order_key: textAt(order, "order_key"),
      transaction_id: textAt(order, "transaction_id"),
      cart_hash: textAt(order, "cart_hash"),
    }),
    placedAt: utc(textAt(order, "date_created_gmt")),
    updatedAt: utc(textAt(order, "date_modified_gmt")),
    currency,
    lines: listAt(order, "line_items")
      .filter((line) => countAt(line, "quantity") !== 0)
      .map((line) => readLine(line, currency, taxNames)),
    shippingPrice: amount(textAt(order, "shipping_total"), currency, "shipping_total"),
    shippingTaxes: shippingLines.flatMap((line) => readTaxes(line, currency, taxNames)),
    discount: sum([], currency),
    total: amount(textAt(order, "total"), currency, "total"),
    ...(shippingAddress === undefined
      ? {}
      : { shippingAddress: phone === "" ? shippingAddress : { phone, ...shippingAddress } }),
    ...(billingAddress === undefined ? {} : { billingAddress }),
    customer: {
      name: firstText(billingAddress?.name ?? "", shippingAddress?.name ?? "", email),
      ...(email === "" ? {} : { email }),
      ...(phone === "" ? {} : { phone }),
      ...(customerId === "" || customerId === "0" ? {} : { externalId: customerId }),
    },
    shippingService: shippingLines
      .map((line) => textAt(line, "method_title"))
      .filter((title) => title !== "")
      .join(" + "),
    paymentBy: "channel",
    holdReasons: readHolds(order),
    ...(note === "" ? {} : { note }),
    attributes: textRecord({
      status: textAt(order, "status"),
      payment_method: textAt(order, "payment_method"),
      discount_total: textAt(order, "discount_total"),
      coupons: listAt(order, "coupon_lines")
        .map((coupon) => textAt(coupon, "code"))
        .join(","),
      ...Object.fromEntries(
        listAt(order, "fee_lines").map((fee) => [`fee:${textAt(fee, "name")}`, textAt(fee, "total")]),
      ),
      ...metaOf(order),
    }),
  };
}

function readLine(line: unknown, currency: string, taxNames: ReadonlyMap<string, string>): IncomingLine {
  const id = textAt(line, "id");
  const quantity = countAt(line, "quantity");
  const subtotal = amount(
    firstText(textAt(line, "subtotal"), textAt(line, "total")),
    currency,
    `the subtotal of line ${id}`,
  );
  const total = amount(textAt(line, "total"), currency, `the total of line ${id}`);
  const discount = sum([subtotal, negated(total)], currency);
  const variation = textAt(line, "variation_id");
  return {
    externalLineId: id,
    channelSku: firstText(
      textAt(line, "sku"),
      variation === "" || variation === "0" ? "" : `variation_id:${variation}`,
      `product_id:${textAt(line, "product_id")}`,
    ),
    title: textAt(line, "name"),
    quantity,
    unitPrice: perUnit(subtotal, quantity),
    discount: discount.minor > 0 ? discount : sum([], currency),
    taxes: readTaxes(line, currency, taxNames),
    attributes: textRecord({
      product_id: textAt(line, "product_id"),
      variation_id: variation,
      tax_class: textAt(line, "tax_class"),
      ...metaOf(line),
    }),
  };
}

/** Taxes by rate where the line lists them, else their sum. */
function readTaxes(
  line: unknown,
  currency: string,
  taxNames: ReadonlyMap<string, string>,
): readonly IncomingTax[] {
  const listed = listAt(line, "taxes").map((tax) => ({
    name: firstText(taxNames.get(textAt(tax, "id")) ?? "", "tax"),
    amount: amount(textAt(tax, "total"), currency, "tax"),
  }));
  if (listed.length > 0) return listed;
  const whole = amount(textAt(line, "total_tax"), currency, "total_tax");
  return whole.minor === 0 ? [] : [{ name: "tax", amount: whole }];
}

function readHolds(order: unknown): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const status = textAt(order, "status");
  const detail = `WooCommerce: the order is ${status}.`;
  switch (status) {
    case "processing":
      break;
    case "completed":
      reasons.push({ code: "fulfilled_at_channel", detail });
      break;
    case "cancelled":
    case "refunded":
    case "trash":
      reasons.push({ code: "cancelled_at_channel", detail });
      break;
    case "failed":
      reasons.push({ code: "payment_failed", detail });
      break;
    default:
      // pending, on-hold, or a plugin's own status: nothing says that it is paid.
      reasons.push({ code: "payment_pending", detail });
  }
  if (listAt(order, "line_items").length === 0) {
    reasons.push({ code: "lines_missing", detail: "WooCommerce sent the order without line items." });
  }
  return reasons;
}

function readAddress(address: unknown): Address | undefined {
  return addressOf({
    name: `${textAt(address, "first_name")} ${textAt(address, "last_name")}`.trim(),
    company: textAt(address, "company"),
    line1: textAt(address, "address_1"),
    line2: textAt(address, "address_2"),
    city: textAt(address, "city"),
    region: textAt(address, "state"),
    postalCode: textAt(address, "postcode"),
    country: textAt(address, "country"),
    phone: textAt(address, "phone"),
    email: textAt(address, "email"),
  });
}

/** Meta data that is plain text, by `meta:<key>`. */
function metaOf(holder: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listAt(holder, "meta_data").map((meta) => [`meta:${textAt(meta, "key")}`, textAt(meta, "value")]),
  );
}

/** WooCommerce writes GMT without saying so. */
function utc(text: string): string {
  return text === "" || /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
}
