/**
 * BigCommerce orders (API V2), with their products and shipping addresses.
 *
 * The API spreads an order over several resources and links them. What is read here is one document: the
 * order, with the lists of the linked resources in the links' places, as the connection writes it. An order
 * that still has its links is kept and waits for its lines.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { chargeableMinor, decimalText, type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason, LineKind } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { markIn } from "../../vendor-kit/own-mark.ts";
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
import {
  addressOf,
  computedTotal,
  negated,
  openStandardWebhook,
  perUnit,
  quantityAt,
  readDocument,
  readEach,
  refundReadings,
  refused,
  sum,
} from "../reading.ts";
import { STATUS } from "./statuses.ts";

/** Statuses that parcels and refunds bring about by themselves: they do not say that a dispute is over. */
const FOLLOWS: ReadonlySet<string> = new Set([
  STATUS.shipped,
  STATUS.partiallyShipped,
  STATUS.completed,
  STATUS.partiallyRefunded,
]);

export const bigcommerceAdapter: ChannelAdapter = {
  kind: "bigcommerce",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook: openStandardWebhook,
};

function readAny(document: unknown): readonly ChannelReading[] {
  const orders = Array.isArray(document) ? document : (at(document, "orders") ?? at(document, "order"));
  return readEach(Array.isArray(orders) ? orders : [document], readOne, (order) => textAt(order, "id"));
}

function readOne(order: unknown): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const externalId = textAt(order, "id");
  if (at(order, "scope") !== undefined && at(order, "data") !== undefined) return [readEvent(order)];
  if (at(order, "status_id") === undefined && at(order, "total_inc_tax") === undefined)
    return [refused("not_an_order", "This BigCommerce resource has no status and no total.", externalId)];
  const currency = currencyOf(order);
  if (externalId === "" || currency === "")
    return [refused("malformed_payload", "A BigCommerce order needs an id and a currency.", externalId)];
  if (textAt(order, "status_id") === STATUS.incomplete)
    return [refused("not_an_order", "This order is incomplete: nobody has placed it.", externalId)];
  const incoming = toIncoming(order, externalId, currency);
  // What Holdfast has told is confirmed by the answer.
  const theirs = listAt(order, "refunds")
    .filter((refund) => markIn(textAt(refund, "reason")) === null)
    .map((refund) => ({
      id: textAt(refund, "id"),
      amount: amount(textAt(refund, "total_amount"), currency, "a refund"),
    }));
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, theirs)];
}

/** A webhook names the order that changed, and holds nothing of it. */
function readEvent(event: unknown): ChannelReading {
  const externalId = textAt(event, "data", "id");
  return textAt(event, "data", "type") === "order" && externalId !== ""
    ? { kind: "changed", externalId }
    : refused("not_an_order", "This BigCommerce event is not about an order.");
}

export function currencyOf(order: unknown): string {
  return firstText(textAt(order, "currency_code"), textAt(order, "default_currency_code")).toUpperCase();
}

function toIncoming(order: unknown, externalId: string, currency: string): IncomingOrder {
  const products = listAt(order, "products");
  const addresses = listAt(order, "shipping_addresses");
  const money = (name: string) => amount(textAt(order, name), currency, name);
  const shippingAddress = addressAt(addresses[0]);
  const billingAddress = addressAt(at(order, "billing_address"));
  const email = textAt(order, "billing_address", "email");
  const phone = textAt(order, "billing_address", "phone");
  const customerId = textAt(order, "customer_id");
  const note = textAt(order, "customer_message");
  const isCollected = products.some((product) => (countAt(product, "order_pickup_method_id") || 0) > 0);
  return withTaxOf(order, {
    externalId,
    externalNumber: externalId,
    externalIds: textRecord({
      id: externalId,
      external_order_id: textAt(order, "external_order_id"),
      external_id: textAt(order, "external_id"),
      cart_id: textAt(order, "cart_id"),
      payment_provider_id: textAt(order, "payment_provider_id"),
    }),
    placedAt: momentAt(order, "date_created"),
    updatedAt: momentAt(order, "date_modified"),
    currency,
    lines: products.map((product) => readLine(order, product, currency)),
    shippingPrice: money("shipping_cost_ex_tax"),
    shippingTaxes: taxesOf(money("shipping_cost_tax")),
    discount: sum([money("discount_amount"), money("coupon_discount")], currency),
    charges: [
      charge("handling", "Handling", money("handling_cost_ex_tax"), money("handling_cost_tax")),
      charge("gift_wrap", "Gift wrapping", money("wrapping_cost_ex_tax"), money("wrapping_cost_tax")),
      ...listAt(order, "fees").map((fee) =>
        charge(
          "fee",
          firstText(textAt(fee, "display_name_customer"), "Fee"),
          amount(textAt(fee, "cost_ex_tax"), currency, "a fee"),
          amount(textAt(fee, "cost_tax"), currency, "a fee's tax"),
        ),
      ),
    ].filter((one) => one.amount.minor !== 0 || one.tax.minor !== 0),
    total: money("total_inc_tax"),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    ...(billingAddress === undefined ? {} : { billingAddress }),
    customer: {
      name: firstText(billingAddress?.name ?? "", shippingAddress?.name ?? "", email),
      ...(email === "" ? {} : { email }),
      ...(phone === "" ? {} : { phone }),
      ...(customerId === "" || customerId === "0" ? {} : { externalId: customerId }),
    },
    shippingService: firstText(...addresses.map((address) => textAt(address, "shipping_method"))),
    ...(isCollected ? { delivery: { method: "pickup" } } : {}),
    paymentBy: "channel",
    holdReasons: readHolds(order, products, addresses, currency),
    ...(FOLLOWS.has(textAt(order, "status_id")) ? { silentOn: ["payment_disputed" as const] } : {}),
    ...(note === "" ? {} : { note }),
    attributes: textRecord({
      status: textAt(order, "status"),
      payment_method: textAt(order, "payment_method"),
      payment_status: textAt(order, "payment_status"),
      order_source: textAt(order, "order_source"),
      channel_id: textAt(order, "channel_id"),
      staff_notes: textAt(order, "staff_notes"),
    }),
  });
}

function readLine(order: unknown, product: unknown, currency: string): IncomingLine {
  const id = textAt(product, "id");
  const quantity = quantityAt(product, "quantity");
  const kind = kindOf(textAt(product, "type"));
  const total = amount(textAt(product, "total_ex_tax"), currency, `the total of line ${id}`);
  const elsewhere = Math.min(quantity, (countAt(product, "quantity_shipped") || 0) - shippedByUs(order, id));
  return {
    externalLineId: id,
    channelSku: firstText(textAt(product, "sku"), `product_id:${textAt(product, "product_id")}`),
    title: textAt(product, "name"),
    quantity,
    unitPrice: perUnit(total, quantity),
    discount: zeroMoney(currency),
    taxes: taxesOf(amount(textAt(product, "total_tax"), currency, `the tax of line ${id}`)),
    attributes: textRecord({
      product_id: textAt(product, "product_id"),
      variant_id: textAt(product, "variant_id"),
      order_address_id: textAt(product, "order_address_id"),
      options: listAt(product, "product_options")
        .map((option) => `${textAt(option, "display_name")}: ${textAt(option, "display_value")}`)
        .join(", "),
    }),
    ...(kind === "goods" ? {} : { kind }),
    ...(elsewhere > 0 ? { fulfilledElsewhere: elsewhere } : {}),
  };
}

/** Units that are in parcels of ours: those were not fulfilled elsewhere. */
function shippedByUs(order: unknown, lineId: string): number {
  return listAt(order, "shipments")
    .filter((shipment) => markIn(textAt(shipment, "comments")) !== null)
    .flatMap((shipment) => listAt(shipment, "items"))
    .filter((item) => textAt(item, "order_product_id") === lineId)
    .reduce((units: number, item) => units + (countAt(item, "quantity") || 0), 0);
}

function kindOf(type: string): LineKind {
  if (type === "digital") return "digital";
  return type === "giftcertificate" ? "gift_card" : "goods";
}

function readHolds(
  order: unknown,
  products: readonly unknown[],
  addresses: readonly unknown[],
  currency: string,
): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const detail = `BigCommerce: the order is ${firstText(textAt(order, "status"), "in an unknown status")}.`;
  switch (textAt(order, "status_id")) {
    case STATUS.pending:
    case STATUS.awaitingPayment:
    // A person at the store has yet to look at it.
    case STATUS.verification:
      reasons.push({ code: "payment_pending", detail });
      break;
    case STATUS.declined:
      reasons.push({ code: "payment_failed", detail });
      break;
    case STATUS.cancelled:
    case STATUS.refunded:
      reasons.push({ code: "cancelled_at_channel", detail });
      break;
    case STATUS.disputed:
      reasons.push({ code: "payment_disputed", detail });
      break;
    default:
  }
  if (products.length === 0)
    reasons.push({ code: "lines_missing", detail: "BigCommerce sent the order without its products." });
  if (addresses.length > 1) {
    const places = `BigCommerce: the order goes to ${addresses.length} addresses; the first one is read.`;
    reasons.push({ code: "address_unusable", detail: places });
  }
  const refunded = theirRefunds(order, currency);
  if (refunded.minor > 0 && textAt(order, "status_id") !== STATUS.refunded) {
    const given = `BigCommerce has refunded ${decimalText(refunded)} ${currency} of the order.`;
    reasons.push({ code: "refunded_at_channel", detail: given });
  }
  return reasons;
}

/** What the store gave back beside what Holdfast told it to. */
function theirRefunds(order: unknown, currency: string): Money {
  const all = amount(textAt(order, "refunded_amount"), currency, "refunded_amount");
  const ours = listAt(order, "refunds")
    .filter((refund) => markIn(textAt(refund, "reason")) !== null)
    .map((refund) => amount(textAt(refund, "total_amount"), currency, "a refund"));
  return sum([all, ...ours.map(negated)], currency);
}

/**
 * BigCommerce taxes lines before discounts, and the order after them. What the order's own tax is lower or
 * higher by is a discount or a fee; so is what its rounding leaves, up to a minor unit a line.
 */
function withTaxOf(order: unknown, incoming: IncomingOrder): IncomingOrder {
  const { currency } = incoming;
  if (incoming.lines.length === 0 || textAt(order, "total_tax") === "") return incoming;
  if (!incoming.lines.every((line) => Number.isSafeInteger(line.quantity))) return incoming;
  const taxes = [
    ...incoming.lines.flatMap((line) => line.taxes.map((tax) => tax.amount)),
    ...incoming.shippingTaxes.map((tax) => tax.amount),
    ...(incoming.charges ?? []).map((one) => one.tax),
  ];
  const stated = amount(textAt(order, "total_tax"), currency, "total_tax");
  const taxMissing = chargeableMinor(sum([stated, ...taxes.map(negated)], currency));
  const missing = chargeableMinor(incoming.total) - chargeableMinor(computedTotal(incoming));
  if (missing === 0 || Math.abs(missing - taxMissing) > incoming.lines.length) return incoming;
  const difference = { ...zeroMoney(currency), minor: Math.abs(missing) };
  if (missing < 0) return { ...incoming, discount: sum([incoming.discount, difference], currency) };
  return {
    ...incoming,
    charges: [...(incoming.charges ?? []), charge("fee", "Rounding", difference, zeroMoney(currency))],
  };
}

function charge(kind: Charge["kind"], name: string, price: Money, tax: Money): Charge {
  return { kind, name, amount: price, tax };
}

function taxesOf(tax: Money): IncomingLine["taxes"] {
  return tax.minor === 0 ? [] : [{ name: "tax", amount: tax }];
}

/** V2 writes RFC 2822, `Thu, 05 Mar 2026 21:40:11 +0000`. */
function momentAt(order: unknown, name: string): string {
  const ms = Date.parse(textAt(order, name));
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}

function addressAt(address: unknown): Address | undefined {
  return addressOf({
    name: `${textAt(address, "first_name")} ${textAt(address, "last_name")}`.trim(),
    company: textAt(address, "company"),
    line1: textAt(address, "street_1"),
    line2: textAt(address, "street_2"),
    city: textAt(address, "city"),
    region: textAt(address, "state"),
    postalCode: textAt(address, "zip"),
    country: firstText(textAt(address, "country_iso2"), textAt(address, "country")),
    phone: textAt(address, "phone"),
    email: textAt(address, "email"),
  });
}
