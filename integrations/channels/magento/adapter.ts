/**
 * Orders of Magento and Adobe Commerce (REST V1), with their shipments and credit memos where the connection
 * has added them.
 *
 * An order has two ids: `entity_id` for the API, `increment_id` for people. A configurable product is two
 * items: the parent has price and quantity, and the SKU of what was chosen, the child repeats them; the
 * parent is read. Of a bundle the children are posted. Moments are UTC without a zone, amounts are JSON
 * numbers in the order's currency beside `base_` ones in the shop's.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { decimalText, type Money } from "../../../orders/money.ts";
import type { HoldReason, LineKind } from "../../../orders/order.ts";
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
  negated,
  partOf,
  perUnit,
  quantityAt,
  readDocument,
  readEach,
  refundReadings,
  refused,
  sum,
} from "../reading.ts";
import { isHeldByUs, isOnHold } from "./holds.ts";

export const magentoAdapter: ChannelAdapter = {
  kind: "magento",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  // The shop software sends none.
  openWebhook: () => null,
};

function readAny(document: unknown): readonly ChannelReading[] {
  const isOrder = at(document, "entity_id") !== undefined;
  const list = isOrder
    ? document
    : (at(document, "items") ?? at(document, "orders") ?? at(document, "order"));
  const orders = Array.isArray(document) ? document : Array.isArray(list) ? list : [document];
  return readEach(orders, readOne, (order) => textAt(order, "entity_id"));
}

function readOne(order: unknown): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const externalId = textAt(order, "entity_id");
  if (at(order, "grand_total") === undefined || at(order, "order_id") !== undefined)
    return [refused("not_an_order", "This Magento document is not an order.", externalId)];
  const currency = firstText(textAt(order, "order_currency_code"), textAt(order, "base_currency_code"));
  if (externalId === "" || currency === "" || !Array.isArray(at(order, "items"))) {
    const detail = "A Magento order needs an entity_id, items and a currency.";
    return [refused("malformed_payload", detail, externalId)];
  }
  const incoming = toIncoming(order, externalId, currency.toUpperCase());
  // What Holdfast has told is confirmed by the answer.
  const theirs = listAt(order, "creditmemos")
    .filter((memo) => markOf(memo) === null)
    .map((memo) => ({
      id: textAt(memo, "entity_id"),
      amount: amount(textAt(memo, "grand_total"), incoming.currency, "a credit memo"),
    }));
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, theirs)];
}

function toIncoming(order: unknown, externalId: string, currency: string): IncomingOrder {
  const money = (name: string) => amount(textAt(order, name), currency, name);
  const extra = (name: string) => amount(textAt(order, "extension_attributes", name), currency, name);
  const shipping = at(listAt(order, "extension_attributes", "shipping_assignments")[0], "shipping");
  const lines = readLines(order, currency);
  const shippingAddress = addressAt(at(shipping, "address"));
  const billingAddress = addressAt(at(order, "billing_address"));
  const email = textAt(order, "customer_email");
  const customerId = textAt(order, "customer_id");
  // As Magento has them: what is cancelled of a line has its share in the order's discount.
  const lineDiscounts = listAt(order, "items").map((item) =>
    amount(textAt(item, "discount_amount"), currency, "the discount of an item"),
  );
  const method = textAt(shipping, "method");
  const name = `${textAt(order, "customer_firstname")} ${textAt(order, "customer_lastname")}`.trim();
  return {
    externalId,
    externalNumber: firstText(textAt(order, "increment_id"), externalId),
    externalIds: textRecord({
      entity_id: externalId,
      increment_id: textAt(order, "increment_id"),
      quote_id: textAt(order, "quote_id"),
      transaction_id: textAt(order, "payment", "last_trans_id"),
    }),
    placedAt: momentAt(order, "created_at"),
    updatedAt: momentAt(order, "updated_at"),
    currency,
    lines,
    shippingPrice: money("shipping_amount"),
    shippingTaxes: taxesOf(
      sum([money("shipping_tax_amount"), money("shipping_discount_tax_compensation_amount")], currency),
    ),
    // Written below zero for the whole order; what its lines do not carry is the shipping's.
    discount: sum([negated(money("discount_amount")), ...lineDiscounts.map(negated)], currency),
    // What store credit and gift cards paid was taken off the total; what is cancelled of it was not.
    total: sum(
      [
        money("grand_total"),
        ...(textAt(order, "state") === "canceled" ? [] : [negated(money("total_canceled"))]),
        extra("gift_cards_amount"),
        extra("customer_balance_amount"),
      ],
      currency,
    ),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    ...(billingAddress === undefined ? {} : { billingAddress }),
    customer: {
      name: firstText(name, billingAddress?.name ?? "", email),
      ...(email === "" ? {} : { email }),
      ...(customerId === "" || customerId === "0" ? {} : { externalId: customerId }),
    },
    shippingService: firstText(textAt(order, "shipping_description"), method),
    ...(method.startsWith("instore") ? { delivery: { method: "pickup" } } : {}),
    paymentBy: isDueOnDelivery(order) ? "on_delivery" : "channel",
    holdReasons: readHolds(order, lines, currency),
    attributes: textRecord({
      state: textAt(order, "state"),
      status: textAt(order, "status"),
      payment_method: textAt(order, "payment", "method"),
      coupon_code: textAt(order, "coupon_code"),
      store_name: textAt(order, "store_name"),
    }),
  };
}

function readLines(order: unknown, currency: string): readonly IncomingLine[] {
  const items = listAt(order, "items");
  const typeOf = new Map(items.map((item) => [textAt(item, "item_id"), textAt(item, "product_type")]));
  const parentType = (item: unknown) => typeOf.get(textAt(item, "parent_item_id")) ?? "";
  const isCancelled = textAt(order, "state") === "canceled";
  return (
    items
      // The parent of a configurable product says it all.
      .filter((item) => parentType(item) !== "configurable")
      .map((item) => readLine(order, item, { currency, isCancelled }))
      .filter((line) => line.quantity !== 0)
  );
}

function readLine(
  order: unknown,
  item: unknown,
  of: { readonly currency: string; readonly isCancelled: boolean },
): IncomingLine {
  const { currency } = of;
  const id = textAt(item, "item_id");
  const ordered = quantityAt(item, "qty_ordered");
  const cancelled = of.isCancelled ? 0 : countAt(item, "qty_canceled") || 0;
  const quantity = ordered - cancelled;
  const money = (name: string) => amount(textAt(item, name), currency, `${name} of item ${id}`);
  const kind = kindOf(textAt(item, "product_type"));
  const shipped = (countAt(item, "qty_shipped") || 0) - shippedByUs(order, id);
  // A cancelled part leaves its share of what the line costs.
  const part = (whole: Money): Money =>
    cancelled === 0 || ordered === 0 ? whole : partOf(whole, quantity, ordered);
  return {
    externalLineId: id,
    channelSku: firstText(textAt(item, "sku"), `product_id:${textAt(item, "product_id")}`),
    title: textAt(item, "name"),
    quantity,
    unitPrice: perUnit(money("row_total"), ordered),
    discount: part(money("discount_amount")),
    taxes: taxesOf(part(sum([money("tax_amount"), money("discount_tax_compensation_amount")], currency))),
    attributes: textRecord({
      product_id: textAt(item, "product_id"),
      product_type: textAt(item, "product_type"),
      parent_item_id: textAt(item, "parent_item_id"),
    }),
    ...(kind === "goods" ? {} : { kind }),
    ...(shipped > 0 ? { fulfilledElsewhere: Math.min(quantity, shipped) } : {}),
  };
}

function kindOf(type: string): LineKind {
  if (type === "virtual" || type === "downloadable") return "digital";
  if (type === "giftcard") return "gift_card";
  return type === "bundle" ? "custom" : "goods";
}

/** Units of an item in parcels of ours. */
export function shippedByUs(order: unknown, itemId: string): number {
  return listAt(order, "shipments")
    .filter((shipment) => markOf(shipment) !== null)
    .flatMap((shipment) => listAt(shipment, "items"))
    .filter((item) => textAt(item, "order_item_id") === itemId)
    .reduce((units: number, item) => units + (countAt(item, "qty") || 0), 0);
}

/** Our number of a shipment or credit memo, in one of its comments; null: it is the shop's own. */
export function markOf(document: unknown): string | null {
  for (const comment of listAt(document, "comments")) {
    const mark = markIn(textAt(comment, "comment"));
    if (mark !== null) return mark;
  }
  return null;
}

function readHolds(order: unknown, lines: readonly IncomingLine[], currency: string): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const state = textAt(order, "state");
  const detail = `Magento: the order is ${firstText(textAt(order, "status"), state, "in no known state")}.`;
  const isDue = Number(textAt(order, "total_due")) > 0;
  if (state === "canceled" || state === "closed") reasons.push({ code: "cancelled_at_channel", detail });
  else if (["pending_payment", "payment_review"].includes(state) || (isOnHold(order) && !isHeldByUs(order)))
    reasons.push({ code: "payment_pending", detail });
  else if (state === "new" && isDue && !isDueOnDelivery(order) && !isAuthorized(order))
    reasons.push({ code: "payment_pending", detail });
  const refunded = theirRefunds(order, currency);
  if (refunded.minor > 0 && state !== "closed") {
    const given = `Magento has refunded ${decimalText(refunded)} ${currency} of the order.`;
    reasons.push({ code: "refunded_at_channel", detail: given });
  }
  if (lines.length === 0)
    reasons.push({ code: "lines_missing", detail: "Magento sent the order without items." });
  return reasons;
}

function theirRefunds(order: unknown, currency: string): Money {
  const all = amount(textAt(order, "total_refunded"), currency, "total_refunded");
  const ours = listAt(order, "creditmemos")
    .filter((memo) => markOf(memo) !== null)
    .map((memo) => amount(textAt(memo, "grand_total"), currency, "a credit memo"));
  return sum([all, ...ours.map(negated)], currency);
}

function isDueOnDelivery(order: unknown): boolean {
  return textAt(order, "payment", "method") === "cashondelivery" && Number(textAt(order, "total_due")) > 0;
}

function isAuthorized(order: unknown): boolean {
  return Number(textAt(order, "payment", "amount_authorized")) > 0;
}

function taxesOf(tax: Money): IncomingLine["taxes"] {
  return tax.minor === 0 ? [] : [{ name: "tax", amount: tax }];
}

/** `2026-03-05 21:40:11`, UTC. */
export function momentAt(order: unknown, name: string): string {
  const text = textAt(order, name);
  const ms = Date.parse(text === "" ? "" : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}

function addressAt(address: unknown): Address | undefined {
  const street = listAt(address, "street").map((line) => textAt({ line }, "line"));
  return addressOf({
    name: `${textAt(address, "firstname")} ${textAt(address, "lastname")}`.trim(),
    company: textAt(address, "company"),
    line1: street[0] ?? "",
    line2: street.slice(1).filter(Boolean).join(", "),
    city: textAt(address, "city"),
    region: firstText(textAt(address, "region_code"), textAt(address, "region")),
    postalCode: textAt(address, "postcode"),
    country: textAt(address, "country_id"),
    phone: textAt(address, "telephone"),
    email: textAt(address, "email"),
  });
}
