/**
 * WooCommerce orders (REST API v3), as its `order.*` webhooks and list responses carry them.
 *
 * Owns what is a WooCommerce order, and its head: who, where to, in which state. Its products are read in
 * `line-items.ts`, what it charges beside them in `charges.ts`.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingOrder } from "../../../orders/incoming-order.ts";
import { decimalText } from "../../../orders/money.ts";
import type { Delivery, HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, at, firstText, isObject, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { isBase64HmacOf } from "../../vendor-kit/webhook-signature.ts";
import {
  addressOf,
  holdsOnly,
  readDocument,
  readEach,
  refundReadings,
  refused,
  sum,
  unsignedWord,
  webhookOf,
} from "../reading.ts";
import { paidByGiftCards, readFees, readShipping, refundedOf, withRounding } from "./charges.ts";
import { readLineItems } from "./line-items.ts";
import { momentOf } from "./moments.ts";
import { ourRefund } from "./shipments.ts";
import { metaOf, wordsAt } from "./text.ts";

const ORDER_TOPICS = new Set(["order.created", "order.updated", "order.restored"]);
const DRAFTS = ["checkout-draft", "auto-draft", "draft"];
const PICKUP_METHODS = new Set(["local_pickup", "pickup_location", "local_pickup_plus"]);
/** The first delivery of a new webhook: a form, not JSON. */
const PING = /^webhook_id=\d+$/;

export const woocommerceAdapter: ChannelAdapter = {
  kind: "woocommerce",
  read: (payload, topic) =>
    PING.test(payload.trim())
      ? [refused("not_an_order", "This is the ping of a new webhook.")]
      : readDocument(payload, (document) => readAny(document, topic)),
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
    if (!holdsOnly(document, ["id"])) return [unsignedWord("order.deleted", externalId)];
    return [{ kind: "cancellation", externalId, reason: "deleted at WooCommerce" }];
  }
  if (topic !== null && !ORDER_TOPICS.has(topic)) {
    return [refused("not_an_order", `Topic ${topic} carries no order.`, textAt(document, "id"))];
  }
  const orders = Array.isArray(document) ? document : [document];
  return readEach(orders, readOne, (order) => textAt(order, "id"));
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
  if (DRAFTS.includes(textAt(order, "status"))) {
    return [refused("not_an_order", "This is a draft that no customer has placed.", externalId)];
  }
  const incoming = toIncoming(order, externalId);
  // What Holdfast has told is confirmed by the answer.
  const theirs = listAt(order, "refunds")
    .filter((refund) => ourRefund(refund) === null)
    .map((refund) => ({
      id: textAt(refund, "id"),
      amount: amount(textAt(refund, "total"), incoming.currency, "a refund"),
    }));
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, theirs)];
}

function toIncoming(order: unknown, externalId: string): IncomingOrder {
  const currency = textAt(order, "currency").toUpperCase();
  const shippingLines = listAt(order, "shipping_lines");
  const delivery = readDelivery(shippingLines);
  const billingAddress = readAddress(at(order, "billing"));
  const shippingAddress = shippedTo(order, delivery);
  const phone = textAt(order, "billing", "phone");
  const email = textAt(order, "billing", "email");
  const customerId = textAt(order, "customer_id");
  const note = wordsAt(order, "customer_note");
  const items = readLineItems(order, currency);
  const fees = readFees(order, currency);
  const byGiftCards = paidByGiftCards(order, currency);
  return withRounding({
    externalId,
    externalNumber: firstText(textAt(order, "number"), externalId),
    externalIds: textRecord({
      id: externalId,
      number: textAt(order, "number"),
      order_key: textAt(order, "order_key"),
      transaction_id: textAt(order, "transaction_id"),
      cart_hash: textAt(order, "cart_hash"),
    }),
    placedAt: momentOf(order, "date_created"),
    updatedAt: momentOf(order, "date_modified"),
    currency,
    lines: items.lines,
    ...readShipping(order, currency),
    discount: sum([items.discount, fees.discount], currency),
    ...(fees.charges.length === 0 ? {} : { charges: fees.charges }),
    total: sum([amount(textAt(order, "total"), currency, "total"), byGiftCards], currency),
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
      .map((line) => wordsAt(line, "method_title"))
      .filter((title) => title !== "")
      .join(" + "),
    ...(delivery === undefined ? {} : { delivery }),
    paymentBy: isDueOnDelivery(order) ? "on_delivery" : "channel",
    holdReasons: readHolds(order, currency),
    ...(note === "" ? {} : { note }),
    attributes: textRecord({
      status: textAt(order, "status"),
      payment_method: textAt(order, "payment_method"),
      discount_total: textAt(order, "discount_total"),
      coupons: listAt(order, "coupon_lines")
        .map((coupon) => textAt(coupon, "code"))
        .join(","),
      gift_cards: byGiftCards.minor === 0 ? "" : decimalText(byGiftCards),
      ...metaOf(order),
    }),
  });
}

/** WooCommerce's two ways of collecting in a store, and what shops call their own delivery. */
function readDelivery(shippingLines: readonly unknown[]): Delivery | undefined {
  const methods = shippingLines.map((line) => textAt(line, "method_id").split(":")[0] ?? "");
  const [first] = shippingLines;
  if (methods.length === 0) return undefined;
  if (methods.every((method) => method === "local_delivery")) return { method: "local_delivery" };
  if (!methods.every((method) => PICKUP_METHODS.has(method))) return undefined;
  const named = listAt(first, "meta_data").find((meta) => textAt(meta, "key") === "pickup_location");
  const place = firstText(wordsAt(named, "value"), wordsAt(first, "method_title"));
  return { method: "pickup", ...(place === "" ? {} : { place }) };
}

/** A shop that ships to the billing address leaves the shipping address empty. */
function shippedTo(order: unknown, delivery: Delivery | undefined): Address | undefined {
  if (textAt(order, "shipping", "address_1") !== "") return readAddress(at(order, "shipping"));
  return delivery?.method === "pickup" ? undefined : readAddress(at(order, "billing"));
}

function isDueOnDelivery(order: unknown): boolean {
  const isPaid = textAt(order, "date_paid") !== "" || textAt(order, "date_paid_gmt") !== "";
  return textAt(order, "payment_method") === "cod" && !isPaid && textAt(order, "status") !== "completed";
}

function readHolds(order: unknown, currency: string): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const status = textAt(order, "status");
  const detail = `WooCommerce: the order is ${status}.`;
  switch (status) {
    case "processing":
    // Its lines say that all of it is done.
    case "completed":
      break;
    case "partial-shipped":
      reasons.push({ code: "partly_fulfilled_at_channel", detail });
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
  const unpriced = listAt(order, "line_items")
    .filter((line) => textAt(line, "total") === "")
    .map((line) => firstText(textAt(line, "sku"), textAt(line, "id")));
  const missing = [
    ...(unpriced.length === 0 ? [] : [`the price of ${unpriced.join(", ")}`]),
    ...(textAt(order, "total") === "" ? ["the order's total"] : []),
  ];
  if (missing.length > 0) {
    reasons.push({ code: "price_missing", detail: `WooCommerce has not stated ${missing.join(" and ")}.` });
  }
  // Those that Holdfast has told of are in its own books.
  const isTheirs = (refund: unknown) => ourRefund(refund) === null;
  const refunded = refundedOf(order, currency, isTheirs);
  if (refunded.minor !== 0 && status === "processing") {
    const why = listAt(order, "refunds")
      .filter(isTheirs)
      .map((refund) => wordsAt(refund, "reason"));
    const given = why.filter((reason) => reason !== "").join(", ");
    reasons.push({
      code: "refunded_at_channel",
      detail: `WooCommerce has refunded ${decimalText(refunded)} ${currency} of the order${given === "" ? "" : ` (${given})`}, and does not say for which units.`,
    });
  }
  if (listAt(order, "line_items").length === 0) {
    reasons.push({ code: "lines_missing", detail: "WooCommerce sent the order without line items." });
  }
  return reasons;
}

function readAddress(address: unknown): Address | undefined {
  return addressOf({
    name: `${wordsAt(address, "first_name")} ${wordsAt(address, "last_name")}`.trim(),
    company: wordsAt(address, "company"),
    line1: wordsAt(address, "address_1"),
    line2: wordsAt(address, "address_2"),
    city: wordsAt(address, "city"),
    region: textAt(address, "state"),
    postalCode: textAt(address, "postcode"),
    country: textAt(address, "country"),
    phone: textAt(address, "phone"),
    email: textAt(address, "email"),
  });
}
