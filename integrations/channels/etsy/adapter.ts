/**
 * Etsy's receipts (Open API v3), which are its orders; a receipt's transactions are its lines.
 *
 * Amounts are `{amount, divisor, currency_code}`, times are seconds of the Unix epoch. Prices are a unit's,
 * before discounts; discount, shipping and tax are the receipt's. A webhook names a receipt (`webhook.ts`).
 */
import type { Address } from "../../../orders/address.ts";
import { apportion } from "../../../orders/apportion.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { chargeableMinor, decimalText, type Money, parseMoney, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import {
  at,
  firstText,
  isObject,
  listAt,
  textAt,
  textRecord,
  UnreadableAmount,
} from "../../vendor-kit/vendor-json.ts";
import {
  addressOf,
  computedTotal,
  quantityAt,
  readDocument,
  readEach,
  refundReadings,
  refused,
  sum,
} from "../reading.ts";
import { isEvent, openEtsyWebhook, readEvent } from "./webhook.ts";

export const etsyAdapter: ChannelAdapter = {
  kind: "etsy",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook: openEtsyWebhook,
};

function readAny(document: unknown): readonly ChannelReading[] {
  if (isEvent(document)) return readEvent(document);
  const list = at(document, "results") ?? at(document, "orders") ?? at(document, "order") ?? document;
  return readEach(Array.isArray(list) ? list : [list], readOne, (receipt) => textAt(receipt, "receipt_id"));
}

function readOne(receipt: unknown): readonly ChannelReading[] {
  if (!isObject(receipt)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const externalId = textAt(receipt, "receipt_id");
  if (externalId === "" || at(receipt, "grandtotal") === undefined)
    return [refused("not_an_order", "This Etsy document has no receipt_id and grandtotal.", externalId)];
  const currency = textAt(receipt, "grandtotal", "currency_code").toUpperCase();
  if (currency === "")
    return [
      refused("malformed_payload", "An Etsy receipt needs the currency of its grandtotal.", externalId),
    ];
  const incoming = toIncoming(receipt, externalId, currency);
  // Etsy's refunds have no ids: when and how much is what tells them apart.
  const refunds = listAt(receipt, "refunds").map((refund) => {
    const given = moneyOf(at(refund, "amount"), "a refund", currency);
    return { id: `${textAt(refund, "created_timestamp")}-${given.minor}`, amount: given };
  });
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, refunds)];
}

/** Exact: a divisor is a power of ten. Throws `UnreadableAmount`. */
export function moneyOf(value: unknown, what: string, currency: string): Money {
  if (value === undefined || value === null) return zeroMoney(currency);
  const digits = textAt(value, "amount");
  const divisor = textAt(value, "divisor");
  const places = /^10*$/.test(divisor) ? divisor.length - 1 : -1;
  const code = firstText(textAt(value, "currency_code"), currency);
  const sign = digits.startsWith("-") ? "-" : "";
  const padded = digits.replace("-", "").padStart(places + 1, "0");
  const cut = padded.length - Math.max(0, places);
  const text = places <= 0 ? padded : `${padded.slice(0, cut)}.${padded.slice(cut)}`;
  const money = places < 0 || !/^-?\d+$/.test(digits) ? undefined : parseMoney(sign + text, code);
  if (money === undefined)
    throw new UnreadableAmount(`${what} "${digits}/${divisor}" ${code} is not an amount`);
  return money;
}

function toIncoming(receipt: unknown, externalId: string, currency: string): IncomingOrder {
  const money = (name: string) => moneyOf(at(receipt, name), name, currency);
  const transactions = listAt(receipt, "transactions");
  const lines = transactions.map((transaction) => readLine(receipt, transaction, currency));
  const giftWrap = money("gift_wrap_price");
  const address = addressAt(receipt);
  const email = textAt(receipt, "buyer_email");
  const buyer = textAt(receipt, "buyer_user_id");
  const note = textAt(receipt, "message_from_buyer");
  const charges: readonly Charge[] =
    giftWrap.minor === 0
      ? []
      : [{ kind: "gift_wrap", name: "Gift wrapping", amount: giftWrap, tax: zeroMoney(currency) }];
  const order: IncomingOrder = {
    externalId,
    externalNumber: externalId,
    externalIds: textRecord({ receipt_id: externalId }),
    placedAt: secondsAt(receipt, "created_timestamp", "create_timestamp"),
    updatedAt: secondsAt(receipt, "updated_timestamp", "update_timestamp"),
    currency,
    lines: withTax(lines, money("total_tax_cost"), currency),
    shippingPrice: money("total_shipping_cost"),
    shippingTaxes: [],
    discount: money("discount_amt"),
    ...(charges.length === 0 ? {} : { charges }),
    total: money("grandtotal"),
    ...(address === undefined ? {} : { shippingAddress: address }),
    customer: {
      name: firstText(textAt(receipt, "name"), email),
      ...(email === "" ? {} : { email }),
      ...(buyer === "" ? {} : { externalId: buyer }),
    },
    shippingService: firstText(
      ...transactions.flatMap((one) => [textAt(one, "shipping_upgrade"), textAt(one, "shipping_method")]),
    ),
    paymentBy: "channel",
    holdReasons: readHolds(receipt, transactions, currency),
    ...(note === "" ? {} : { note }),
    attributes: textRecord({
      status: textAt(receipt, "status"),
      payment_method: textAt(receipt, "payment_method"),
      is_gift: textAt(receipt, "is_gift"),
      gift_message: textAt(receipt, "gift_message"),
    }),
  };
  return withVat(order, money("total_vat_cost"));
}

function readLine(receipt: unknown, transaction: unknown, currency: string): IncomingLine {
  const quantity = quantityAt(transaction, "quantity");
  const id = textAt(transaction, "transaction_id");
  return {
    externalLineId: id,
    channelSku: firstText(textAt(transaction, "sku"), `listing_id:${textAt(transaction, "listing_id")}`),
    title: textAt(transaction, "title"),
    quantity,
    unitPrice: moneyOf(at(transaction, "price"), `the price of line ${id}`, currency),
    discount: zeroMoney(currency),
    taxes: [],
    attributes: textRecord({
      listing_id: textAt(transaction, "listing_id"),
      product_id: textAt(transaction, "product_id"),
      variations: listAt(transaction, "variations")
        .map((one) => `${textAt(one, "formatted_name")}: ${textAt(one, "formatted_value")}`)
        .join(", "),
      personalization: listAt(transaction, "variations")
        .filter((one) => textAt(one, "formatted_name") === "Personalization")
        .map((one) => textAt(one, "formatted_value"))
        .join(", "),
    }),
    ...(textAt(transaction, "is_digital") === "true" ? { kind: "digital" as const } : {}),
    ...(isDoneByHand(receipt) ? { fulfilledElsewhere: quantity } : {}),
  };
}

/**
 * Somebody has marked the receipt as shipped without a tracking number. Parcels with one are taken for ours:
 * Etsy keeps nothing by which they could be told from others.
 */
function isDoneByHand(receipt: unknown): boolean {
  if (textAt(receipt, "is_shipped") !== "true") return false;
  return listAt(receipt, "shipments").every((parcel) => textAt(parcel, "tracking_code") === "");
}

/** The receipt's tax on its lines, in proportion to what they cost. */
function withTax(lines: readonly IncomingLine[], tax: Money, currency: string): readonly IncomingLine[] {
  if (tax.minor === 0 || !lines.every((line) => Number.isSafeInteger(line.quantity))) return lines;
  const weights = lines.map((line) => Math.max(0, chargeableMinor(line.unitPrice) * line.quantity));
  const shares = apportion(tax.minor, weights);
  return lines.map((line, index) => {
    const amount = { ...tax, minor: shares[index] ?? 0, currency };
    return amount.minor === 0 ? line : { ...line, taxes: [{ name: "tax", amount }] };
  });
}

/** VAT is in the prices of some countries and comes on top in others: as the total says. */
function withVat(order: IncomingOrder, vat: Money): IncomingOrder {
  if (vat.minor === 0 || !order.lines.every((line) => Number.isSafeInteger(line.quantity))) return order;
  const missing = chargeableMinor(order.total) - chargeableMinor(computedTotal(order));
  return missing === chargeableMinor(vat)
    ? { ...order, shippingTaxes: [...order.shippingTaxes, { name: "VAT", amount: vat }] }
    : order;
}

function readHolds(receipt: unknown, lines: readonly unknown[], currency: string): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const status = textAt(receipt, "status").toLowerCase();
  const detail = `Etsy: the order is ${firstText(status, "in no known status")}.`;
  if (status === "canceled" || status === "fully refunded")
    reasons.push({ code: "cancelled_at_channel", detail });
  else if (textAt(receipt, "is_paid") !== "true" || status === "open" || status === "payment processing")
    reasons.push({ code: "payment_pending", detail });
  const refunded = refundedOf(receipt, currency);
  if (refunded.minor > 0 && status !== "fully refunded" && status !== "canceled") {
    const given = `Etsy has refunded ${decimalText(refunded)} ${currency} of the order.`;
    reasons.push({ code: "refunded_at_channel", detail: given });
  }
  if (lines.length === 0)
    reasons.push({ code: "lines_missing", detail: "Etsy sent the order without its transactions." });
  return reasons;
}

export function refundedOf(receipt: unknown, currency: string): Money {
  return sum(
    listAt(receipt, "refunds").map((refund) => moneyOf(at(refund, "amount"), "a refund", currency)),
    currency,
  );
}

function secondsAt(receipt: unknown, ...names: readonly string[]): string {
  const text = firstText(...names.map((name) => textAt(receipt, name)));
  return /^\d{1,11}$/.test(text) ? new Date(Number(text) * 1_000).toISOString() : "";
}

function addressAt(receipt: unknown): Address | undefined {
  return addressOf({
    name: textAt(receipt, "name"),
    line1: textAt(receipt, "first_line"),
    line2: textAt(receipt, "second_line"),
    city: textAt(receipt, "city"),
    region: textAt(receipt, "state"),
    postalCode: textAt(receipt, "zip"),
    country: textAt(receipt, "country_iso"),
  });
}
