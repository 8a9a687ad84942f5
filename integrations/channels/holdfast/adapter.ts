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
import { firstFault } from "../../../contract/faults/first-fault.ts";
import type { Address } from "../../../orders/address.ts";
import type { CustomValues } from "../../../orders/custom-fields/custom-fields.ts";
import type { IncomingLine, IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import { readInstant } from "../../../orders/instant.ts";
import { decimalText, rescale } from "../../../orders/money.ts";
import type { Charge } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, at, firstText, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import {
  addressOf,
  computedTotal,
  openStandardWebhook,
  readDocument,
  readEach,
  refused,
  unsignedWord,
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
  if (externalId === "")
    return refused(
      "malformed_payload",
      '/id is missing; expected the number of the order that is cancelled, for example "1001"',
    );
  if (at(document, "lines") !== undefined) return unsignedWord("order.cancelled", externalId);
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
    return [
      refused(
        "malformed_payload",
        `/${externalId === "" ? "id" : "refundId"} is missing; expected the order's id and the refund's own, for example {"id":"1001","refundId":"R-7","amount":"19.99","currency":"USD"}`,
        externalId,
      ),
    ];
  const currency = textAt(document, "currency").toUpperCase();
  const given = amount(textAt(document, "amount"), currency, "amount");
  return [{ kind: "refund", externalId, refundId, amount: given }];
}

function readOrder(document: unknown): readonly ChannelReading[] {
  // The lossless parser keeps long numbers as text. This schema only has counts, so none of them is valid
  // anyway.
  const plain: unknown = JSON.parse(writeJson(document));
  if (!checker.Check(plain)) {
    const detail = `Not a Holdfast order: ${firstFault(checker, plain).trimStart()}`;
    return [refused("malformed_payload", detail, textAt(document, "id"))];
  }
  const problem = problemOf(plain);
  if (problem !== null) return [refused("malformed_payload", `Not a Holdfast order: ${problem}.`, plain.id)];
  const unposted = plain.lines.findIndex(
    ({ kind = "goods", allowSubstitutes = false }) => kind !== "goods" && allowSubstitutes,
  );
  if (unposted >= 0) {
    const detail = `/lines/${unposted} is ${plain.lines[unposted]?.kind}: only goods have substitutes.`;
    return [refused("substitutes_not_goods", detail, plain.id)];
  }
  const order = toIncoming(plain);
  if (plain.total !== undefined && !sameAmount(order)) {
    const detail = `The total ${plain.total} is not the sum of the order, ${decimalText(totalOf(order))}.`;
    return [refused("invalid_order", detail, plain.id)];
  }
  return [{ kind: "order", order }];
}

/** What the schema cannot say. */
function problemOf(order: CanonicalOrder): string | null {
  const nameless = order.lines.findIndex(({ kind = "goods", sku }) => kind === "goods" && sku === undefined);
  if (nameless >= 0)
    return `/lines/${nameless}/sku is missing; expected the SKU of goods, for example "TEE-1"`;
  if (order.placedAt !== undefined && order.placedAt !== "" && readInstant(order.placedAt) === undefined)
    return '/placedAt is no moment; expected one of ISO 8601, for example "2026-11-30T08:00:00Z"';
  for (const [field, day] of [
    ["deliverOn", order.deliverOn],
    ["releaseOn", order.releaseOn],
  ] as const) {
    if (day !== undefined && !isCalendarDay(day))
      return `/${field} is no day of the calendar; expected YYYY-MM-DD, for example "2026-11-30"`;
  }
  return null;
}

function isCalendarDay(day: string): boolean {
  const moment = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day);
}

function readLine(line: CanonicalOrder["lines"][number], index: number, currency: string): IncomingLine {
  const externalLineId = clean(line.id ?? String(index + 1));
  const title = clean(line.title ?? line.sku ?? "");
  const charges = readCharges(line.charges, currency);
  return {
    externalLineId,
    channelSku: firstText(clean(line.sku ?? ""), title, `line:${externalLineId}`),
    title,
    quantity: line.quantity,
    unitPrice: amount(line.unitPrice, currency, "unit price"),
    discount: amount(line.discount ?? "", currency, "discount"),
    taxes: readTaxes(line.taxes, currency),
    attributes: readTexts(line.attributes),
    ...readFields(line.customFields),
    ...(line.kind === undefined ? {} : { kind: line.kind }),
    ...(line.fulfilledBy === undefined ? {} : { fulfilledBy: line.fulfilledBy }),
    ...(charges.length === 0 ? {} : { charges }),
    ...(line.allowSubstitutes === undefined ? {} : { allowSubstitutes: line.allowSubstitutes }),
  };
}

function readTaxes(taxes: CanonicalOrder["shippingTaxes"], currency: string): readonly IncomingTax[] {
  return (taxes ?? []).map((tax) => ({ name: clean(tax.name), amount: amount(tax.amount, currency, "tax") }));
}

function readCharges(charges: CanonicalOrder["charges"], currency: string): readonly Charge[] {
  return (charges ?? []).map(({ kind, name, amount: price, tax }) => ({
    kind,
    name: firstText(clean(name ?? ""), kind),
    amount: amount(price, currency, kind),
    tax: amount(tax ?? "", currency, "tax"),
  }));
}

function readTexts(texts: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts ?? {}).map(([name, value]) => [clean(name), clean(value)]));
}

function readFields(fields: CanonicalOrder["customFields"]): { readonly customFields?: CustomValues } {
  if (fields === undefined) return {};
  return {
    customFields: Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, typeof value === "string" ? clean(value) : value]),
    ),
  };
}

function toIncoming(order: CanonicalOrder): IncomingOrder {
  const currency = order.currency.toUpperCase();
  const charges = readCharges(order.charges, currency);
  const tags = (order.tags ?? []).map(clean).filter((tag) => tag !== "");
  const base = {
    externalId: clean(order.id),
    externalNumber: clean(order.number ?? order.id),
    externalIds: {},
    placedAt: order.placedAt ?? "",
    updatedAt: "",
    currency,
    lines: order.lines.map((line, index) => readLine(line, index, currency)),
    shippingPrice: amount(order.shippingPrice ?? "", currency, "shipping price"),
    shippingTaxes: readTaxes(order.shippingTaxes, currency),
    discount: amount(order.discount ?? "", currency, "discount"),
    ...(charges.length === 0 ? {} : { charges }),
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
    ...(order.delivery === undefined ? {} : { delivery: order.delivery }),
    ...(order.deliverOn === undefined ? {} : { deliverOn: order.deliverOn }),
    ...(order.releaseOn === undefined ? {} : { releaseOn: order.releaseOn }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(order.metadata === undefined ? {} : { attributes: readTexts(order.metadata) }),
    ...readFields(order.customFields),
    ...(order.allocation === undefined ? {} : { allocation: order.allocation }),
    ...(order.language === undefined ? {} : { language: order.language }),
    ...(order.note === undefined ? {} : { note: clean(order.note) }),
    ...optionalAddress("shippingAddress", order.shippingAddress),
    ...optionalAddress("billingAddress", order.billingAddress),
    holdReasons: holdOf(order),
  } as const;
  const total =
    order.total === undefined ? computedTotal(withTaxesOnTop(base)) : amount(order.total, currency, "total");
  return { ...base, total };
}

/** A person's hold by its code: whoever may release what people put may release it. */
function holdOf({ hold }: CanonicalOrder): IncomingOrder["holdReasons"] {
  if (hold === undefined) return [];
  const detail = firstText(clean(hold.reason), "Held as it was sent.");
  return [{ code: "put_by_staff", detail, id: "as-sent" }];
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
function withTaxesOnTop(order: Parameters<typeof computedTotal>[0] & { readonly taxesIncluded?: true }) {
  if (order.taxesIncluded !== true) return order;
  const untaxed = (charges: readonly Charge[] = []) =>
    charges.map((charge) => ({ ...charge, tax: amount("", order.currency, "tax") }));
  return {
    ...order,
    shippingTaxes: [],
    charges: untaxed(order.charges),
    lines: order.lines.map((line) => ({ ...line, taxes: [], charges: untaxed(line.charges) })),
  };
}

function clean(text: string): string {
  return textAt({ text }, "text");
}
