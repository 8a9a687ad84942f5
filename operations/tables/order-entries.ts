/**
 * Rows of an order become one order in our own format. What is said of the order as a whole stands in its first
 * row; exports of shops leave it empty in the others.
 *
 * Only orders of which nothing has left are booked: those that are over are skipped, and of one that is partly
 * shipped nobody but a person can say what is still owed, so it is refused.
 */
import type { CanonicalOrder } from "../../contract/canonical-order.ts";
import {
  addMoney,
  currencyExponent,
  decimalText,
  type Money,
  parseMoney,
  zeroMoney,
} from "../../orders/money.ts";
import { type Built, NOTHING, textOf, wantingOf } from "./entry.ts";
import type { Row, RowFault } from "./read-rows.ts";

/** Words of former systems, without signs and in lower case. */
const OVER = new Set([
  "fulfilled",
  "shipped",
  "delivered",
  "completed",
  "complete",
  "closed",
  "finalized",
  "cancelled",
  "canceled",
  "billed",
  "pendingbilling",
  "void",
  "voided",
  "deleted",
  "refunded",
  "restocked",
]);
const PARTLY = new Set([
  "partial",
  "partially",
  "partiallyfulfilled",
  "partiallyshipped",
  "pendingbillingpartiallyfulfilled",
]);
const PAID = new Set(["paid", "paidatchannel", "captured", "partiallyrefunded"]);

export function orderEntry(group: readonly Row[], columnOf: (field: string) => string | null): Built {
  const [first] = group as readonly [Row, ...Row[]];
  if (first.document !== undefined) return documentEntry(first.line, first.document);
  const currency = textOf(first, "currency").toUpperCase();
  const channel = textOf(first, "channel");
  const id = textOf(first, "id").replace(/^#/, "");
  const key = id === "" ? null : `${channel} ${id}`;
  const units = group.reduce((sum, row) => sum + Math.max(0, Number(row.values["lineQuantity"] ?? 0)), 0);
  const total = parseMoney(textOf(first, "total"), currency);
  const money = (amount: Money | undefined) => (amount === undefined ? null : coins(amount));
  const skipped: Built = { ...NOTHING, key, units, money: money(total) };
  if (isOver(first)) return skipped;
  const faults: RowFault[] = [
    ...wantingOf(first, columnOf)("channel", "id", "currency", "customerName"),
    ...group.flatMap((row) => wantingOf(row, columnOf)("lineSku", "lineQuantity", "linePrice")),
  ];
  const fault = (line: number, field: string | null, code: string, expected: string) =>
    faults.push({ line, column: field === null ? null : (columnOf(field) ?? field), code, expected });
  if (first.values["currency"] !== undefined && currencyExponent(currency) === undefined)
    fault(first.line, "currency", "currency_unknown", "a currency of ISO 4217, such as EUR");
  const left = group.filter((row) => !isLineOver(row));
  const begun =
    PARTLY.has(word(textOf(first, "status"))) ||
    left.length < group.length ||
    left.some((row) => Number(row.values["lineShipped"] ?? 0) > 0);
  if (begun && left.length > 0)
    fault(
      first.line,
      null,
      "order_partly_shipped",
      "an order of which nothing has left: finish it where it was begun, or enter what is left of it by hand",
    );
  if (left.length === 0) return skipped;
  if (faults.length > 0 || group.some((row) => row.faults.length > 0)) return { ...skipped, faults };
  const order = orderOf(group, id, currency);
  return {
    key,
    units,
    money: money(total ?? sumOf(order, currency)),
    item: { channel, order },
    faults: [],
  };
}

/** In minor units of the currency, also where the amount is finer. */
function coins(amount: Money): { readonly currency: string; readonly minor: number } {
  const exponent = currencyExponent(amount.currency) ?? amount.exponent;
  return { currency: amount.currency, minor: Math.round(amount.minor / 10 ** (amount.exponent - exponent)) };
}

function isOver(row: Row): boolean {
  const cancelled = textOf(row, "cancelled");
  return (
    (cancelled !== "" && !/^(false|no|0)$/i.test(cancelled)) ||
    OVER.has(word(textOf(row, "status"))) ||
    ["refunded", "voided"].includes(word(textOf(row, "paid")))
  );
}

function isLineOver(row: Row): boolean {
  const quantity = Number(row.values["lineQuantity"] ?? 0);
  return (
    OVER.has(word(textOf(row, "lineStatus"))) ||
    (quantity > 0 && Number(row.values["lineShipped"] ?? 0) >= quantity)
  );
}

function word(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z]/g, "");
}

function orderOf(group: readonly Row[], id: string, currency: string): CanonicalOrder {
  const [first] = group as readonly [Row, ...Row[]];
  const text = (field: string, name = field) =>
    textOf(first, field) === "" ? {} : { [name]: textOf(first, field) };
  const tax = parseMoney(textOf(first, "tax"), currency);
  const lines = group.map((row, index) => lineOf(row, index));
  const plain = {
    lines,
    ...text("shippingPrice"),
    ...text("discount"),
  };
  const total = parseMoney(textOf(first, "total"), currency);
  const hasTax = tax !== undefined && tax.minor > 0;
  const without = sumOf({ ...plain, taxesIncluded: true } as unknown as CanonicalOrder, currency);
  // Where the total is what the prices come to, the taxes are in them.
  const included =
    first.values["taxesIncluded"] === true ||
    (hasTax && total !== undefined && decimalText(total) === decimalText(without));
  const paid = textOf(first, "paymentBy") || (PAID.has(word(textOf(first, "paid"))) ? "channel" : "");
  const placed = textOf(first, "placedAt");
  return {
    id,
    currency,
    ...text("number"),
    ...(placed === "" ? {} : { placedAt: placed }),
    ...plain,
    ...(hasTax ? { lines: withTax(lines, tax, currency) } : {}),
    ...text("shippingService"),
    ...text("total"),
    ...(included ? { taxesIncluded: true as const } : {}),
    ...address(first, "shipping"),
    ...address(first, "billing"),
    customer: {
      name: textOf(first, "customerName"),
      ...text("customerEmail", "email"),
      ...text("customerPhone", "phone"),
      ...text("customerId", "id"),
    },
    ...(paid === "" ? {} : { paymentBy: paid as NonNullable<CanonicalOrder["paymentBy"]> }),
    ...text("language"),
    ...text("note"),
    ...tagsOf(textOf(first, "tags")),
  } as CanonicalOrder;
}

type Line = CanonicalOrder["lines"][number];

function lineOf(row: Row, index: number): Line {
  const tax = textOf(row, "lineTax");
  return {
    id: textOf(row, "lineId") || String(index + 1),
    sku: textOf(row, "lineSku"),
    ...(textOf(row, "lineTitle") === "" ? {} : { title: textOf(row, "lineTitle") }),
    quantity: Number(row.values["lineQuantity"]),
    unitPrice: textOf(row, "linePrice"),
    ...(textOf(row, "lineDiscount") === "" ? {} : { discount: textOf(row, "lineDiscount") }),
    ...(tax === "" || Number(tax) === 0 ? {} : { taxes: [{ name: "Tax", amount: tax }] }),
  };
}

/** A tax of the whole order is borne by its lines, by what they cost, to the minor unit. */
function withTax(lines: readonly Line[], tax: Money, currency: string): readonly Line[] {
  const weights = lines.map((line) => Math.max(0, lineSum(line, currency).minor));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let left = tax.minor;
  let weightLeft = all;
  return lines.map((line, index) => {
    const weight = weights[index] ?? 0;
    const isLast = index === lines.length - 1;
    const share = isLast ? left : weightLeft === 0 ? 0 : Math.round((left * weight) / weightLeft);
    left -= share;
    weightLeft -= weight;
    if (share === 0) return line;
    const amount = decimalText({ ...tax, minor: share });
    return { ...line, taxes: [...(line.taxes ?? []), { name: "Tax", amount }] };
  });
}

function lineSum(line: Line, currency: string): Money {
  const price = parseMoney(line.unitPrice, currency) ?? zeroMoney(currency);
  const discount = parseMoney(line.discount ?? "0", currency) ?? zeroMoney(currency);
  return addMoney({ ...price, minor: price.minor * line.quantity }, { ...discount, minor: -discount.minor });
}

/** What the order costs, as far as its rows say it. */
function sumOf(order: CanonicalOrder, currency: string): Money {
  const amount = (text: string | undefined, sign = 1): Money => {
    const read = parseMoney(text ?? "0", currency) ?? zeroMoney(currency);
    return { ...read, minor: read.minor * sign };
  };
  const taxes = order.taxesIncluded === true ? [] : order.lines.flatMap((line) => line.taxes ?? []);
  return [
    ...order.lines.map((line) => lineSum(line, currency)),
    ...taxes.map((tax) => amount(tax.amount)),
    amount(order.shippingPrice),
    amount(order.discount, -1),
  ].reduce(addMoney, zeroMoney(currency));
}

function address(row: Row, prefix: "shipping" | "billing"): object {
  const at = (field: string) => textOf(row, `${prefix}${field}`).replace(/^'/, "");
  if (at("Line1") === "" && at("City") === "" && at("Country") === "") return {};
  const optional = (name: string, field: string) => (at(field) === "" ? {} : { [name]: at(field) });
  return {
    [`${prefix}Address`]: {
      name: at("Name") || textOf(row, "customerName"),
      ...optional("company", "Company"),
      line1: at("Line1"),
      ...optional("line2", "Line2"),
      city: at("City"),
      ...optional("region", "Region"),
      ...(at("PostalCode") === "" ? {} : { postalCode: wholePostcode(at("PostalCode"), at("Country")) }),
      country: at("Country"),
      ...optional("phone", "Phone"),
    },
  };
}

/** Where a postcode has five digits, and a spreadsheet has taken the zeros before them away. */
const FIVE_DIGITS = new Set(["US", "PR", "DE", "FR", "IT", "ES", "FI", "EE", "HR", "MX", "TR"]);

function wholePostcode(text: string, country: string): string {
  const isShort = /^\d{3,4}$/.test(text) && FIVE_DIGITS.has(country.toUpperCase());
  return isShort ? text.padStart(5, "0") : text;
}

function tagsOf(text: string): { readonly tags?: string[] } {
  const tags = text
    .split(",")
    .map((tag) => tag.trim().slice(0, 100))
    .filter((tag) => tag !== "");
  return tags.length === 0 ? {} : { tags: [...new Set(tags)].slice(0, 100) };
}

/** A line of JSON in our own format, with the channel and status that an export adds. */
function documentEntry(line: number, document: Readonly<Record<string, unknown>>): Built {
  const { channel, status, ...order } = document;
  const id = String(order["id"] ?? "");
  const currency = String(order["currency"] ?? "").toUpperCase();
  const lines = Array.isArray(order["lines"]) ? (order["lines"] as readonly Record<string, unknown>[]) : [];
  const units = lines.reduce((sum, each) => sum + (Number(each?.["quantity"]) || 0), 0);
  const total = parseMoney(String(order["total"] ?? ""), currency);
  const key = id === "" ? null : `${String(channel ?? "")} ${id}`;
  const built: Built = { ...NOTHING, key, units, money: total === undefined ? null : coins(total) };
  if (OVER.has(word(String(status ?? "")))) return built;
  const fault = (code: string, expected: string): Built => ({
    ...built,
    faults: [{ line, column: code === "cell_missing" ? "channel" : null, code, expected }],
  });
  if (typeof channel !== "string" || channel === "") return fault("cell_missing", "the id of the channel");
  if (PARTLY.has(word(String(status ?? ""))))
    return fault("order_partly_shipped", "an order of which nothing has left");
  return { ...built, item: { channel, order: withNumbers(order) as unknown as CanonicalOrder } };
}

/** Counts were kept as the digits that they are; everything else of an order in our format is text. */
function withNumbers(order: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const lines = order["lines"];
  if (!Array.isArray(lines)) return order;
  return {
    ...order,
    lines: lines.map((line: unknown) =>
      typeof line === "object" &&
      line !== null &&
      "quantity" in line &&
      /^-?\d{1,15}$/.test(String(line.quantity))
        ? { ...line, quantity: Number(line.quantity) }
        : line,
    ),
  };
}
