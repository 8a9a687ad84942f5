/**
 * Ecwid's orders (REST API v3).
 *
 * Amounts are numbers in the store's currency, which the order does not name: the connection adds it as
 * `currency`. A webhook names the order that changed and no more; its signature covers only its id and its
 * time, so nothing else of it is believed.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import { decimalText, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import {
  amount,
  at,
  firstText,
  isObject,
  listAt,
  parseJson,
  textAt,
  textRecord,
} from "../../vendor-kit/vendor-json.ts";
import { isBase64HmacOf } from "../../vendor-kit/webhook-signature.ts";
import { addressOf, quantityAt, readDocument, readEach, refundReadings, refused, sum } from "../reading.ts";
import { shippedByUs } from "./parcels.ts";

const DONE = new Set(["SHIPPED", "DELIVERED", "OUT_FOR_DELIVERY"]);
const ORDER_EVENTS = new Set(["order.created", "order.updated", "order.deleted"]);

export const ecwidAdapter: ChannelAdapter = {
  kind: "ecwid",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook(headers, rawBody, secret) {
    const event = eventIn(rawBody);
    const id = textAt(event, "eventId");
    const signed = Buffer.from(`${textAt(event, "eventCreated")}.${id}`);
    if (id === "" || !isBase64HmacOf(signed, secret, headers["x-ecwid-webhook-signature"])) return null;
    return {
      topic: textAt(event, "eventType").slice(0, 100),
      eventId: id.slice(0, 100),
      signedId: id.slice(0, 100),
    };
  },
};

function eventIn(rawBody: Buffer): unknown {
  try {
    return parseJson(rawBody.toString("utf8"));
  } catch {
    return undefined;
  }
}

function readAny(document: unknown): readonly ChannelReading[] {
  const isList = at(document, "orderNumber") === undefined && at(document, "id") === undefined;
  const orders = isList ? (at(document, "items") ?? at(document, "orders") ?? document) : document;
  return readEach(Array.isArray(orders) ? orders : [orders], readOne, idOf);
}

/** `orderNumber` counts up and never changes; `id` is what newer stores show. */
export function idOf(order: unknown): string {
  return textAt(order, "orderNumber");
}

function readOne(order: unknown): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const event = textAt(order, "eventType");
  if (event !== "") {
    const changed = textAt(order, "entityId");
    return ORDER_EVENTS.has(event) && /^\d{1,18}$/.test(changed)
      ? [{ kind: "changed", externalId: changed }]
      : [refused("not_an_order", `The event ${event} is about no order.`)];
  }
  const externalId = idOf(order);
  if (externalId === "" || !Array.isArray(at(order, "items")))
    return [refused("not_an_order", "An Ecwid order has an orderNumber and items.", externalId)];
  if (textAt(order, "paymentStatus") === "INCOMPLETE")
    return [refused("not_an_order", "This is a cart that no customer has paid for.", externalId)];
  const currency = textAt(order, "currency").toUpperCase();
  if (currency === "") {
    const detail = "Ecwid's orders do not name their currency: add it as currency, e.g. USD.";
    return [refused("malformed_payload", detail, externalId)];
  }
  const incoming = toIncoming(order, externalId, currency);
  // Ecwid's refunds have no ids: when and how much is what tells them apart.
  const refunds = listAt(order, "refunds").map((refund) => {
    const given = amount(textAt(refund, "amount"), currency, "a refund");
    return { id: `${textAt(refund, "date")}-${given.minor}`, amount: given };
  });
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, refunds)];
}

function toIncoming(order: unknown, externalId: string, currency: string): IncomingOrder {
  const money = (name: string) => amount(textAt(order, name), currency, name);
  const address = addressAt(at(order, "shippingPerson"));
  const billing = addressAt(at(order, "billingPerson"));
  const email = textAt(order, "email");
  const customerId = textAt(order, "customerId");
  const isIncluded = pricesIncludeTax(order);
  const isPickup = textAt(order, "shippingOption", "isPickup") === "true";
  const place = textAt(order, "shippingOption", "shippingMethodName");
  const note = textAt(order, "orderComments");
  const handling = amount(textAt(order, "handlingFee", "value"), currency, "handlingFee");
  const charges: readonly Charge[] =
    handling.minor === 0
      ? []
      : [
          {
            kind: "handling",
            name: firstText(textAt(order, "handlingFee", "name"), "Handling"),
            amount: handling,
            tax: zeroMoney(currency),
          },
        ];
  return {
    externalId,
    externalNumber: firstText(textAt(order, "vendorOrderNumber"), textAt(order, "id"), externalId),
    externalIds: textRecord({
      orderNumber: externalId,
      id: textAt(order, "id"),
      vendorOrderNumber: textAt(order, "vendorOrderNumber"),
      externalTransactionId: textAt(order, "externalTransactionId"),
    }),
    placedAt: momentAt(order, "create"),
    updatedAt: momentAt(order, "update"),
    currency,
    lines: listAt(order, "items").map((line) => lineOf(order, line, currency)),
    shippingPrice: amount(textAt(order, "shippingOption", "shippingRate"), currency, "shippingRate"),
    shippingTaxes: taxesOf(listAt(order, "taxesOnShipping"), "total", isIncluded, currency),
    discount: sum([money("discount"), money("couponDiscount")], currency),
    ...(charges.length === 0 ? {} : { charges }),
    total: money("total"),
    ...(isIncluded ? { taxesIncluded: true as const } : {}),
    ...(address === undefined || isPickup ? {} : { shippingAddress: address }),
    ...(billing === undefined ? {} : { billingAddress: billing }),
    customer: {
      name: firstText(address?.name ?? "", billing?.name ?? "", email),
      ...(email === "" ? {} : { email }),
      ...(customerId === "" ? {} : { externalId: customerId }),
    },
    shippingService: place,
    ...(isPickup ? { delivery: { method: "pickup" as const, ...(place === "" ? {} : { place }) } } : {}),
    paymentBy: "channel",
    holdReasons: holdsOf(order, currency),
    ...(note === "" ? {} : { note }),
    attributes: textRecord({
      payment_status: textAt(order, "paymentStatus"),
      fulfillment_status: textAt(order, "fulfillmentStatus"),
      payment_method: textAt(order, "paymentMethod"),
      coupon: textAt(order, "discountCoupon", "code"),
    }),
  };
}

function lineOf(order: unknown, line: unknown, currency: string): IncomingLine {
  const id = textAt(line, "id");
  const quantity = quantityAt(line, "quantity");
  const elsewhere = DONE.has(textAt(order, "fulfillmentStatus")) ? quantity - shippedByUs(order, id) : 0;
  return {
    externalLineId: id,
    channelSku: firstText(textAt(line, "sku"), `productId:${textAt(line, "productId")}`),
    title: textAt(line, "name"),
    quantity,
    unitPrice: amount(textAt(line, "price"), currency, `the price of line ${id}`),
    discount: zeroMoney(currency),
    // A tax's `total` has the line's part of the shipping's in it, which `taxesOnShipping` says for the
    // order.
    taxes: taxesOf(listAt(line, "taxes"), "taxOnDiscountedSubtotal", pricesIncludeTax(order), currency),
    attributes: textRecord({
      product_id: textAt(line, "productId"),
      options: listAt(line, "selectedOptions")
        .map((option) => `${textAt(option, "name")}: ${textAt(option, "value")}`)
        .join(", "),
    }),
    ...(textAt(line, "isShippingRequired") === "false" ? { kind: "digital" as const } : {}),
    ...(elsewhere > 0 ? { fulfilledElsewhere: elsewhere } : {}),
  };
}

/** Some taxes may be in the prices and others not; then only those on top are said. */
function pricesIncludeTax(order: unknown): boolean {
  const taxes = listAt(order, "items").flatMap((line) => listAt(line, "taxes"));
  return taxes.length > 0 && taxes.every((tax) => textAt(tax, "includeInPrice") === "true");
}

function taxesOf(
  taxes: readonly unknown[],
  field: string,
  isIncluded: boolean,
  currency: string,
): readonly IncomingTax[] {
  return taxes
    .filter((tax) => isIncluded || textAt(tax, "includeInPrice") !== "true")
    .map((tax) => ({
      name: firstText(textAt(tax, "name"), "tax"),
      amount: amount(textAt(tax, field), currency, `the tax ${textAt(tax, "name")}`),
    }))
    .filter((tax) => tax.amount.minor !== 0);
}

function holdsOf(order: unknown, currency: string): readonly HoldReason[] {
  const payment = textAt(order, "paymentStatus");
  const fulfillment = textAt(order, "fulfillmentStatus");
  if (payment === "CANCELLED" || payment === "REFUNDED" || fulfillment === "WILL_NOT_DELIVER") {
    const detail = `Ecwid: the order is ${payment} and ${fulfillment}.`;
    return [{ code: "cancelled_at_channel", detail }];
  }
  if (payment === "PARTIALLY_REFUNDED") {
    const given = amount(textAt(order, "refundedAmount"), currency, "refundedAmount");
    const detail = `Ecwid has refunded ${decimalText(given)} ${currency} of the order.`;
    return [{ code: "refunded_at_channel", detail }];
  }
  return payment === "PAID"
    ? []
    : [{ code: "payment_pending", detail: `Ecwid: the payment is ${firstText(payment, "in no state")}.` }];
}

/** `2014-06-06 18:57:19 +0000`, or seconds of the Unix epoch where the date is not there. */
function momentAt(order: unknown, name: "create" | "update"): string {
  const seconds = textAt(order, `${name}Timestamp`);
  const ms = /^\d{1,11}$/.test(seconds)
    ? Number(seconds) * 1_000
    : Date.parse(textAt(order, `${name}Date`).replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d)$/, "$1T$2$3:$4"));
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}

function addressAt(person: unknown): Address | undefined {
  // Both lines of the street come in one text, which reading would take for one.
  const street = at(person, "street");
  const [line1 = "", ...more] = (typeof street === "string" ? street : "").split("\n");
  return addressOf({
    name: textAt(person, "name"),
    company: textAt(person, "companyName"),
    line1: line1.trim(),
    line2: more.join(" ").trim(),
    city: textAt(person, "city"),
    region: textAt(person, "stateOrProvinceCode"),
    postalCode: textAt(person, "postalCode"),
    country: textAt(person, "countryCode"),
    phone: textAt(person, "phone"),
  });
}
