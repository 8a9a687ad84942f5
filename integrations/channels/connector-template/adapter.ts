/**
 * Cornershop's orders, as its webhooks and its API carry them.
 *
 * Pure: bytes in, orders out. Money and ids are exact; what cannot be read is refused with a sentence, never
 * thrown.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { decimalText, zeroMoney } from "../../../orders/money.ts";
import type { HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, at, firstText, isObject, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { isBase64HmacOf } from "../../vendor-kit/webhook-signature.ts";
import {
  addressOf,
  quantityAt,
  readDocument,
  readEach,
  refundReadings,
  refused,
  webhookOf,
} from "../reading.ts";

export const cornershopAdapter: ChannelAdapter = {
  kind: "cornershop",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  // Fill in: the vendor's signature and headers. Where it sends no webhooks: `openWebhook: () => null`. Where
  // its webhook only names the order, `read` answers `{ kind: "changed", externalId }` for it.
  openWebhook: (headers, rawBody, secret) =>
    isBase64HmacOf(rawBody, secret, headers["x-cornershop-signature"])
      ? webhookOf(headers["x-cornershop-topic"], headers["x-cornershop-delivery"])
      : null,
};

function readAny(document: unknown): readonly ChannelReading[] {
  // Fill in: how a list of orders is wrapped.
  const orders = at(document, "orders") ?? at(document, "order") ?? document;
  return readEach(Array.isArray(orders) ? orders : [orders], readOne, (order) => textAt(order, "id"));
}

function readOne(order: unknown): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const externalId = textAt(order, "id");
  // Fill in: by what an order is told from the vendor's other documents.
  if (externalId === "" || !Array.isArray(at(order, "lines")))
    return [refused("not_an_order", "A Cornershop order has an id and lines.", externalId)];
  const currency = textAt(order, "currency").toUpperCase();
  if (currency === "")
    return [refused("malformed_payload", "A Cornershop order needs its currency.", externalId)];
  const incoming = toIncoming(order, externalId, currency);
  const refunds = theirRefunds(order).map((refund) => ({
    id: textAt(refund, "id"),
    amount: amount(textAt(refund, "amount"), currency, "a refund"),
  }));
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, refunds)];
}

/** What Holdfast has told bears its number, and is confirmed by the answer. */
function theirRefunds(order: unknown): readonly unknown[] {
  return listAt(order, "refunds").filter((refund) => textAt(refund, "reference") === "");
}

// Fill in: every field from here on. What the vendor does not say stays out; it is never made up.
function toIncoming(order: unknown, externalId: string, currency: string): IncomingOrder {
  const shippingAddress = addressAt(at(order, "ship_to"));
  const email = textAt(order, "customer", "email");
  return {
    externalId,
    externalNumber: firstText(textAt(order, "number"), externalId),
    externalIds: textRecord({ id: externalId, number: textAt(order, "number") }),
    placedAt: textAt(order, "placed_at"),
    updatedAt: textAt(order, "changed_at"),
    currency,
    lines: listAt(order, "lines").map((line) => lineOf(line, currency)),
    shippingPrice: amount(textAt(order, "shipping"), currency, "shipping"),
    shippingTaxes: [],
    discount: amount(textAt(order, "discount"), currency, "discount"),
    total: amount(textAt(order, "total"), currency, "total"),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    customer: {
      name: firstText(textAt(order, "customer", "name"), email),
      ...(email === "" ? {} : { email }),
    },
    shippingService: textAt(order, "shipping_method"),
    paymentBy: "channel",
    holdReasons: holdsOf(order, currency),
  };
}

function lineOf(line: unknown, currency: string): IncomingLine {
  const id = textAt(line, "id");
  const tax = amount(textAt(line, "tax"), currency, `the tax of line ${id}`);
  return {
    externalLineId: id,
    // A product without an SKU has to be mapped by something that stays.
    channelSku: firstText(textAt(line, "sku"), `product_id:${textAt(line, "product_id")}`),
    title: textAt(line, "title"),
    quantity: quantityAt(line, "quantity"),
    unitPrice: amount(textAt(line, "price"), currency, `the price of line ${id}`),
    discount: zeroMoney(currency),
    taxes: tax.minor === 0 ? [] : [{ name: "tax", amount: tax }],
    attributes: {},
  };
}

/** Why the order may not be sent at once: not paid, cancelled there, money given back there. */
function holdsOf(order: unknown, currency: string): readonly HoldReason[] {
  const status = textAt(order, "status");
  if (status === "cancelled")
    return [{ code: "cancelled_at_channel", detail: "Cornershop: the order is cancelled." }];
  const reasons: HoldReason[] = [];
  if (textAt(order, "is_paid") !== "true")
    reasons.push({ code: "payment_pending", detail: "Cornershop: the order is not paid." });
  for (const refund of theirRefunds(order)) {
    const given = amount(textAt(refund, "amount"), currency, "a refund");
    const detail = `Cornershop has refunded ${decimalText(given)} ${currency}.`;
    reasons.push({ code: "refunded_at_channel", detail });
  }
  return reasons;
}

function addressAt(address: unknown): Address | undefined {
  return addressOf({
    name: textAt(address, "name"),
    line1: textAt(address, "line1"),
    line2: textAt(address, "line2"),
    city: textAt(address, "city"),
    region: textAt(address, "region"),
    postalCode: textAt(address, "postal_code"),
    country: textAt(address, "country"),
    phone: textAt(address, "phone"),
  });
}
