/**
 * Square's orders (Orders API): the till of a store, and what is ordered there to be sent or collected.
 *
 * A completed order without fulfillments was handed over at the till: its units are gone, and of Holdfast's
 * business only as sold. A fulfillment that is not completed yet is for Holdfast to send.
 *
 * Quantities are text, and may have decimals. A line names a variation of the catalog and no SKU, and an order
 * does not show disputes of its payments; the connection adds them as `sku` and `disputes`.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { zeroMoney } from "../../../orders/money.ts";
import type { Charge, Delivery, HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { markIn } from "../../vendor-kit/own-mark.ts";
import {
  at,
  firstText,
  isObject,
  listAt,
  parseJson,
  textAt,
  textRecord,
} from "../../vendor-kit/vendor-json.ts";
import { isBase64HmacOf } from "../../vendor-kit/webhook-signature.ts";
import { addressOf, negated, perUnit, quantityAt, readDocument, readEach, refused, sum } from "../reading.ts";
import { DISPUTE, disputeInEvent, readDisputes } from "./disputes.ts";
import { moneyOf } from "./money.ts";
import { shippedByUs } from "./parcels.ts";
import { isGiven } from "./refunds.ts";

export const squareAdapter: ChannelAdapter = {
  kind: "square",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook(headers, rawBody, secret) {
    // The signature covers the address as Square has it, which a proxy before us may have changed: the
    // channel's secret is the key and that address, `KEY|https://…`.
    const [key = "", url = ""] = secret.split("|");
    if (url === "") return null;
    const signed = Buffer.concat([Buffer.from(url), rawBody]);
    if (!isBase64HmacOf(signed, key, headers["x-square-hmacsha256-signature"])) return null;
    const event = eventOf(rawBody);
    const signedId = textAt(event, "event_id").slice(0, 100) || null;
    return { topic: textAt(event, "type").slice(0, 100) || null, eventId: signedId, signedId };
  },
};

function eventOf(rawBody: Buffer): unknown {
  try {
    return parseJson(rawBody.toString("utf8"));
  } catch {
    return undefined;
  }
}

function readAny(document: unknown): readonly ChannelReading[] {
  const list = at(document, "orders") ?? at(document, "order") ?? document;
  return readEach(Array.isArray(list) ? list : [list], readOne, (order) => textAt(order, "id"));
}

function readOne(order: unknown): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const externalId = textAt(order, "id");
  if (at(order, "event_id") !== undefined) return readEvent(order);
  if (externalId === "" || at(order, "state") === undefined)
    return [refused("not_an_order", "This Square document has no id and state.", externalId)];
  if (textAt(order, "state") === "DRAFT")
    return [refused("not_an_order", "This is a draft that nobody has placed.", externalId)];
  const currency = currencyOf(order);
  const refunds = refundsIn(order, externalId, currency);
  if (listAt(order, "line_items").length === 0 && listAt(order, "returns").length > 0)
    return refunds.length > 0
      ? refunds
      : [refused("not_an_order", "This is a return, which gives nothing back yet.", externalId)];
  if (currency === "")
    return [refused("malformed_payload", "A Square order needs the currency of its total.", externalId)];
  return [{ kind: "order", order: toIncoming(order, externalId, currency) }, ...refunds];
}

/** A webhook names the orders that changed, or the dispute that moved, and holds no order. */
function readEvent(event: unknown): readonly ChannelReading[] {
  const disputeId = disputeInEvent(event);
  if (disputeId !== "") return [{ kind: "changed", externalId: `${DISPUTE}${disputeId}` }];
  const changed = at(event, "data", "object");
  const ids = isObject(changed) ? Object.values(changed).map((one) => textAt(one, "order_id")) : [];
  const named = ids.filter((id) => id !== "");
  return named.length === 0
    ? [refused("not_an_order", "This Square event names no order.")]
    : named.map((externalId) => ({ kind: "changed", externalId }));
}

export function currencyOf(order: unknown): string {
  return firstText(
    textAt(order, "total_money", "currency"),
    textAt(order, "return_amounts", "total_money", "currency"),
  ).toUpperCase();
}

/** What the store has given back, each once and once it is; those that Holdfast told it to are not news. */
function refundsIn(order: unknown, externalId: string, currency: string): readonly ChannelReading[] {
  const source = firstText(
    ...listAt(order, "returns").map((one) => textAt(one, "source_order_id")),
    externalId,
  );
  return listAt(order, "refunds")
    .filter(isGiven)
    .filter((refund) => markIn(textAt(refund, "reason")) === null && textAt(refund, "id") !== "")
    .map((refund) => ({
      kind: "refund" as const,
      externalId: source,
      refundId: textAt(refund, "id"),
      amount: moneyOf(at(refund, "amount_money"), "a refund", currency),
    }))
    .filter(({ amount }) => amount.minor > 0);
}

function toIncoming(order: unknown, externalId: string, currency: string): IncomingOrder {
  const fulfillment = listAt(order, "fulfillments")[0];
  const disputes = listAt(order, "disputes");
  const details = detailsOf(fulfillment);
  const recipient = at(details, "recipient");
  const address = addressAt(recipient);
  const delivery = deliveryOf(fulfillment, textAt(order, "location_id"));
  const email = textAt(recipient, "email_address");
  const phone = textAt(recipient, "phone_number");
  const customerId = textAt(order, "customer_id");
  const note = firstText(textAt(details, "shipping_note"), textAt(details, "note"));
  const services = listAt(order, "service_charges").map((charge) => ({
    name: firstText(textAt(charge, "name"), "Service charge"),
    tax: moneyOf(at(charge, "total_tax_money"), "a charge's tax", currency),
    total: moneyOf(at(charge, "total_money") ?? at(charge, "amount_money"), "a charge", currency),
  }));
  const shipping = services.filter(({ name }) => /shipping|delivery|postage/i.test(name));
  const tip = moneyOf(at(order, "total_tip_money"), "the tip", currency);
  const charges: readonly Charge[] = [
    ...services
      .filter((one) => !shipping.includes(one))
      .map(({ name, tax, total }) => ({
        kind: "fee" as const,
        name,
        amount: sum([total, negated(tax)], currency),
        tax,
      })),
    ...(tip.minor === 0
      ? []
      : [{ kind: "tip" as const, name: "Tip", amount: tip, tax: zeroMoney(currency) }]),
  ];
  const taxesIncluded = isTaxInPrices(order);
  return {
    externalId,
    externalNumber: firstText(textAt(order, "reference_id"), textAt(order, "ticket_name"), externalId),
    externalIds: textRecord({
      id: externalId,
      reference_id: textAt(order, "reference_id"),
      location_id: textAt(order, "location_id"),
      payment_id: firstText(...listAt(order, "tenders").map(paymentIdOf)),
    }),
    placedAt: textAt(order, "created_at"),
    updatedAt: textAt(order, "updated_at"),
    currency,
    lines: listAt(order, "line_items").map((line, index) => readLine(order, line, index, currency)),
    shippingPrice: sum(
      shipping.flatMap(({ total, tax }) => [total, negated(tax)]),
      currency,
    ),
    shippingTaxes: shipping
      .filter(({ tax }) => tax.minor !== 0)
      .map(({ tax }) => ({ name: "tax", amount: tax })),
    discount: zeroMoney(currency),
    ...(charges.length === 0 ? {} : { charges }),
    total: moneyOf(at(order, "total_money"), "total_money", currency),
    ...(taxesIncluded ? { taxesIncluded: true as const } : {}),
    ...(address === undefined ? {} : { shippingAddress: address }),
    customer: {
      name: firstText(textAt(recipient, "display_name"), email),
      ...(email === "" ? {} : { email }),
      ...(phone === "" ? {} : { phone }),
      ...(customerId === "" ? {} : { externalId: customerId }),
    },
    shippingService: firstText(textAt(details, "shipping_type"), textAt(details, "carrier")),
    ...(delivery === undefined ? {} : { delivery }),
    paymentBy: "channel",
    holdReasons: [...readHolds(order, currency), ...readDisputes(disputes)],
    ...(disputes.length === 0 ? { silentOn: ["payment_disputed" as const] } : {}),
    ...(note === "" ? {} : { note }),
    attributes: textRecord({
      state: textAt(order, "state"),
      location_id: textAt(order, "location_id"),
      source: textAt(order, "source", "name"),
      ticket_name: textAt(order, "ticket_name"),
      fulfillment_state: textAt(fulfillment, "state"),
    }),
  };
}

function readLine(order: unknown, line: unknown, index: number, currency: string): IncomingLine {
  const id = firstText(textAt(line, "uid"), String(index));
  const quantity = quantityAt(line, "quantity");
  const money = (name: string) => moneyOf(at(line, name), `${name} of line ${id}`, currency);
  const gross = money("gross_sales_money");
  const discount = money("total_discount_money");
  // What the total is above the prices is tax on top of them; the rest of the line's tax is in the prices.
  const onTop = sum([money("total_money"), negated(gross), discount], currency);
  const tax = isTaxInPrices(order) ? money("total_tax_money") : onTop;
  const elsewhere = Math.min(quantity, doneElsewhere(order, index, quantity));
  return {
    externalLineId: id,
    channelSku: firstText(textAt(line, "sku"), `catalog_object_id:${textAt(line, "catalog_object_id")}`),
    title: `${textAt(line, "name")} ${textAt(line, "variation_name")}`.trim(),
    quantity,
    unitPrice: perUnit(gross, quantity),
    discount,
    taxes: tax.minor === 0 ? [] : [{ name: "tax", amount: tax }],
    attributes: textRecord({
      catalog_object_id: textAt(line, "catalog_object_id"),
      note: textAt(line, "note"),
      modifiers: listAt(line, "modifiers")
        .map((modifier) => textAt(modifier, "name"))
        .join(", "),
    }),
    ...(textAt(line, "item_type") === "GIFT_CARD" ? { kind: "gift_card" as const } : {}),
    ...(elsewhere > 0 ? { fulfilledElsewhere: elsewhere } : {}),
  };
}

/** Units that the store has handed over itself, be it at the till or by its own fulfillment. */
function doneElsewhere(order: unknown, index: number, quantity: number): number {
  const fulfillments = listAt(order, "fulfillments");
  const isDone =
    fulfillments.length === 0
      ? textAt(order, "state") === "COMPLETED"
      : fulfillments.every((one) => textAt(one, "state") === "COMPLETED");
  return isDone ? quantity - shippedByUs(order, index) : 0;
}

function isTaxInPrices(order: unknown): boolean {
  const taxes = listAt(order, "taxes");
  return taxes.length > 0 && taxes.every((tax) => textAt(tax, "type") === "INCLUSIVE");
}

function readHolds(order: unknown, currency: string): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const state = textAt(order, "state");
  const states = listAt(order, "fulfillments").map((one) => textAt(one, "state"));
  const isOff = states.length > 0 && states.every((one) => one === "CANCELED" || one === "FAILED");
  if (state === "CANCELED" || isOff)
    reasons.push({ code: "cancelled_at_channel", detail: "Square: the order is cancelled." });
  else if (moneyOf(at(order, "net_amount_due_money"), "what is due", currency).minor > 0)
    reasons.push({ code: "payment_pending", detail: "Square: the order is not paid in full." });
  if (listAt(order, "line_items").length === 0)
    reasons.push({ code: "lines_missing", detail: "Square sent the order without line items." });
  return reasons;
}

function detailsOf(fulfillment: unknown): unknown {
  return (
    at(fulfillment, "shipment_details") ??
    at(fulfillment, "pickup_details") ??
    at(fulfillment, "delivery_details")
  );
}

function deliveryOf(fulfillment: unknown, location: string): Delivery | undefined {
  const place = location === "" ? {} : { place: location };
  switch (textAt(fulfillment, "type")) {
    case "PICKUP": {
      const isCurbside = textAt(fulfillment, "pickup_details", "is_curbside_pickup") === "true";
      return { method: isCurbside ? "curbside" : "pickup", ...place };
    }
    case "DELIVERY":
      return { method: "local_delivery" };
    // Handed over at the till: there is no address to miss.
    case "":
      return { method: "pickup", ...place };
    default:
      return undefined;
  }
}

export function paymentIdOf(tender: unknown): string {
  return firstText(textAt(tender, "payment_id"), textAt(tender, "id"));
}

/** Ids of all that the order was paid with. */
export function paymentsOf(order: unknown): readonly string[] {
  return listAt(order, "tenders")
    .map(paymentIdOf)
    .filter((id) => id !== "");
}

function addressAt(recipient: unknown): Address | undefined {
  const address = at(recipient, "address");
  return addressOf({
    name: firstText(
      textAt(recipient, "display_name"),
      `${textAt(address, "first_name")} ${textAt(address, "last_name")}`.trim(),
    ),
    line1: textAt(address, "address_line_1"),
    line2: textAt(address, "address_line_2"),
    city: textAt(address, "locality"),
    region: textAt(address, "administrative_district_level_1"),
    postalCode: textAt(address, "postal_code"),
    country: textAt(address, "country"),
    phone: textAt(recipient, "phone_number"),
  });
}
