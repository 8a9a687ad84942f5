/**
 * Holdfast's own order format, for own shops, phone orders and all sources without an adapter: `POST
 * /v1/orders`, `order.capture` and the channel kind `holdfast`. Amounts are decimal text, so that no number
 * loses digits on the way.
 *
 * One document is one order, a list of orders, or with topic `order.cancelled` a cancellation, with topic
 * `order.refunded` a refund.
 */
import { Compile } from "typebox/compile";
import { type CanonicalOrder, canonicalOrderSchema } from "../../../contract/canonical-order.ts";
import type { Address } from "../../../orders/address.ts";
import type { IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import { decimalText, rescale } from "../../../orders/money.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import {
  addressOf,
  computedTotal,
  openStandardWebhook,
  readDocument,
  readEach,
  refused,
} from "../reading.ts";

const checker = Compile(canonicalOrderSchema);

export const holdfastAdapter: ChannelAdapter = {
  kind: "holdfast",
  read: (payload, topic) =>
    readDocument(payload, (document) => {
      if (topic === "order.cancelled") return [readCancellation(document)];
      if (topic === "order.refunded") return readEach([document], readRefund);
      return Array.isArray(document) ? readEach(document, readOrder) : readEach([document], readOrder);
    }),
  join: (documents) => documents,
  openWebhook: openStandardWebhook,
};

function readCancellation(document: unknown): ChannelReading {
  const externalId = textAt(document, "id");
  if (externalId === "") return refused("malformed_payload", "A cancellation needs the order's id.");
  return {
    kind: "cancellation",
    externalId,
    reason: textAt(document, "reason") || "cancelled by the customer",
  };
}

/** `{id, refundId, amount, currency}`: what the sender, who has the money, has given back. */
function readRefund(document: unknown): readonly ChannelReading[] {
  const externalId = textAt(document, "id");
  const refundId = textAt(document, "refundId");
  if (externalId === "" || refundId === "")
    return [refused("malformed_payload", "A refund needs the order's id and its own refundId.", externalId)];
  const currency = textAt(document, "currency").toUpperCase();
  const given = amount(textAt(document, "amount"), currency, "amount");
  return [{ kind: "refund", externalId, refundId, amount: given }];
}

function readOrder(document: unknown): readonly ChannelReading[] {
  // The lossless parser keeps long numbers as text. This schema only has counts, so none of them is valid
  // anyway.
  const plain: unknown = JSON.parse(writeJson(document));
  if (!checker.Check(plain)) {
    const [first] = checker.Errors(plain);
    const where = first === undefined || first.instancePath === "" ? "the order" : first.instancePath;
    const detail = `Not a Holdfast order: ${where} ${first?.message ?? "does not match the schema"}.`;
    return [refused("malformed_payload", detail, textAt(document, "id"))];
  }
  const order = toIncoming(plain);
  if (plain.total !== undefined && !sameAmount(order)) {
    const detail = `The total ${plain.total} is not the sum of the order, ${decimalText(totalOf(order))}.`;
    return [refused("invalid_order", detail, plain.id)];
  }
  return [{ kind: "order", order }];
}

function toIncoming(order: CanonicalOrder): IncomingOrder {
  const currency = order.currency.toUpperCase();
  const taxes = (list: CanonicalOrder["shippingTaxes"]): readonly IncomingTax[] =>
    (list ?? []).map((tax) => ({ name: clean(tax.name), amount: amount(tax.amount, currency, "tax") }));
  const base = {
    externalId: clean(order.id),
    externalNumber: clean(order.number ?? order.id),
    externalIds: {},
    placedAt: order.placedAt ?? "",
    updatedAt: "",
    currency,
    lines: order.lines.map((line, index) => ({
      externalLineId: clean(line.id ?? String(index + 1)),
      channelSku: clean(line.sku),
      title: clean(line.title ?? line.sku),
      quantity: line.quantity,
      unitPrice: amount(line.unitPrice, currency, "unit price"),
      discount: amount(line.discount ?? "", currency, "discount"),
      taxes: taxes(line.taxes),
      attributes: Object.fromEntries(
        Object.entries(line.attributes ?? {}).map(([name, text]) => [clean(name), clean(text)]),
      ),
    })),
    shippingPrice: amount(order.shippingPrice ?? "", currency, "shipping price"),
    shippingTaxes: taxes(order.shippingTaxes),
    discount: amount(order.discount ?? "", currency, "discount"),
    shippingService: clean(order.shippingService ?? ""),
    paymentBy: order.paymentBy ?? "merchant",
    customer: {
      name: clean(order.customer.name),
      ...(order.customer.email === undefined ? {} : { email: clean(order.customer.email) }),
      ...(order.customer.phone === undefined ? {} : { phone: clean(order.customer.phone) }),
      ...(order.customer.id === undefined ? {} : { externalId: clean(order.customer.id) }),
    },
    ...(order.paymentMethod === undefined ? {} : { paymentMethod: clean(order.paymentMethod) }),
    ...(order.taxesIncluded === undefined ? {} : { taxesIncluded: order.taxesIncluded }),
    ...(order.storeCredit === undefined
      ? {}
      : {
          storeCredit: {
            code: clean(order.storeCredit.code),
            ...(order.storeCredit.amount === undefined
              ? {}
              : { amount: amount(order.storeCredit.amount, currency, "store credit") }),
          },
        }),
    ...(order.allocation === undefined ? {} : { allocation: order.allocation }),
    ...(order.note === undefined ? {} : { note: clean(order.note) }),
    ...optionalAddress("shippingAddress", order.shippingAddress),
    ...optionalAddress("billingAddress", order.billingAddress),
    holdReasons: [],
  } as const;
  const total =
    order.total === undefined ? computedTotal(withTaxesOnTop(base)) : amount(order.total, currency, "total");
  return { ...base, total };
}

function optionalAddress<K extends string>(
  key: K,
  given: NonNullable<CanonicalOrder["shippingAddress"]> | undefined,
): Partial<Record<K, Address>> {
  if (given === undefined) return {};
  const cleaned = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, clean(text)]));
  const address = addressOf({ name: "", line1: "", city: "", country: "", ...cleaned });
  return address === undefined ? {} : ({ [key]: address } as Record<K, Address>);
}

function totalOf(order: IncomingOrder) {
  return computedTotal(withTaxesOnTop(order));
}

function sameAmount(order: IncomingOrder): boolean {
  const sum = totalOf(order);
  const exponent = Math.max(sum.exponent, order.total.exponent);
  return rescale(sum, exponent) === rescale(order.total, exponent);
}

/** The order as the sum needs it: taxes that are part of the prices add nothing. */
function withTaxesOnTop<T extends Parameters<typeof computedTotal>[0] & { taxesIncluded?: true }>(order: T) {
  if (order.taxesIncluded !== true) return order;
  return { ...order, shippingTaxes: [], lines: order.lines.map((line) => ({ ...line, taxes: [] })) };
}

function clean(text: string): string {
  return textAt({ text }, "text");
}
