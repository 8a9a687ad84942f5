/**
 * The lines of a Walmart order. Charges are those of the whole line and plain JSON numbers, read exactly.
 *
 * A line's units may be in several statuses at once. What is cancelled of a line takes its part of every
 * amount with it: price, discount, taxes and fees. Shipping stays as long as something is to be shipped.
 */
import { apportion } from "../../../orders/apportion.ts";
import type { IncomingLine, IncomingTax } from "../../../orders/incoming-order.ts";
import { addMoney, type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge, Fulfiller } from "../../../orders/order.ts";
import { amount, at, countAt, firstText, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { negated, perUnit, quantityAt, sum } from "../reading.ts";

export type WalmartLine = {
  readonly line: IncomingLine;
  readonly shipping: readonly Money[];
  readonly shippingTaxes: readonly IncomingTax[];
  /** All of its units are. */
  readonly isCancelled: boolean;
  /** What the customer got back for it, where none of its units is cancelled and some are to be shipped. */
  readonly refunded: Money;
  /** The customer asks to cancel it. */
  readonly isAskedToCancel: boolean;
  /** Whether Walmart has stated what the product costs. */
  readonly isPriced: boolean;
  /** Amounts in another currency than the order's, e.g. `FEE 1.99 CAD`. They are in no sum. */
  readonly foreign: readonly string[];
};

/** Walmart's names of node types. A seller's own node is ours. */
export function fulfillerOf(nodeType: string): Fulfiller {
  const type = nodeType.toUpperCase();
  if (type.startsWith("WFS")) return "channel";
  return type.startsWith("3PL") ? "provider" : "us";
}

export function chargesOf(line: unknown): readonly unknown[] {
  return orList(at(line, "charges", "charge"));
}

/** Where a list has one element, Walmart sometimes writes the element itself. */
export function orList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

export function readLine(raw: unknown, currency: string, fulfilledBy: Fulfiller): WalmartLine {
  const number = textAt(raw, "lineNumber");
  const ordered = quantityAt(raw, "orderLineQuantity", "amount");
  const cancelled = unitsIn(raw, ["cancelled", "canceled"]);
  const isCancelled = cancelled >= ordered;
  // A line that is cancelled as a whole is kept as it was, for an order of which nothing is left.
  const kept = isCancelled || cancelled === 0 ? ordered : ordered - cancelled;
  const shipped = isCancelled ? 0 : Math.min(unitsIn(raw, ["shipped", "delivered"]), kept);
  const charged = readCharges(raw, currency);
  const ofKept = (value: Money): Money =>
    kept === ordered || !Number.isSafeInteger(kept)
      ? value
      : { ...value, minor: apportion(value.minor, [kept, cancelled])[0] ?? 0 };
  const fees = charged.fees.map((fee) => ({ ...fee, amount: ofKept(fee.amount), tax: ofKept(fee.tax) }));
  return {
    line: {
      externalLineId: number,
      channelSku: firstText(textAt(raw, "item", "sku"), `line:${number}`),
      title: textAt(raw, "item", "productName"),
      quantity: kept,
      unitPrice: perUnit(charged.price, ordered),
      discount: ofKept(charged.discount),
      taxes: charged.taxes.map((tax) => ({ ...tax, amount: ofKept(tax.amount) })),
      attributes: textRecord({
        status: statusesOf(raw)
          .map((status) => textAt(status, "status"))
          .join(","),
        fulfillmentOption: textAt(raw, "fulfillment", "fulfillmentOption"),
        shipMethod: textAt(raw, "fulfillment", "shipMethod"),
        storeId: textAt(raw, "fulfillment", "storeId"),
      }),
      ...(fulfilledBy === "us" ? {} : { fulfilledBy }),
      ...(shipped > 0 ? { fulfilledElsewhere: shipped } : {}),
      ...(fees.length === 0 ? {} : { charges: fees }),
    },
    shipping: charged.shipping,
    shippingTaxes: charged.shippingTaxes,
    isCancelled,
    refunded: cancelled === 0 && shipped < kept ? refundedOf(raw, currency) : zeroMoney(currency),
    isAskedToCancel: !isCancelled && textAt(raw, "intentToCancel").toLowerCase() === "true",
    isPriced: charged.isPriced,
    foreign: charged.foreign,
  };
}

function statusesOf(raw: unknown): readonly unknown[] {
  return orList(at(raw, "orderLineStatuses", "orderLineStatus"));
}

function unitsIn(raw: unknown, names: readonly string[]): number {
  return statusesOf(raw)
    .filter((status) => names.includes(textAt(status, "status").toLowerCase()))
    .reduce<number>((units, status) => units + (countAt(status, "statusQuantity", "amount") || 0), 0);
}

/** What was given back of a line, beside what Holdfast told. */
export function theirRefunds(raw: unknown, currency: string) {
  const line = textAt(raw, "lineNumber");
  return refundsIn(raw)
    .filter((refund) => !textAt(refund, "refundComments").includes("Holdfast "))
    .map((refund) => ({
      id: `${textAt(refund, "refundId")}:${line}`,
      amount: givenBack([refund], currency),
    }));
}

function refundsIn(raw: unknown): readonly unknown[] {
  return [...orList(at(raw, "refund")), ...orList(at(raw, "refunds", "refund"))];
}

function refundedOf(raw: unknown, currency: string): Money {
  return givenBack(refundsIn(raw), currency);
}

/** Refunds repeat charges, mostly below zero. */
function givenBack(refunds: readonly unknown[], currency: string): Money {
  const charges = refunds
    .flatMap((refund) => orList(at(refund, "refundCharges", "refundCharge")))
    .map((refund) => at(refund, "charge"))
    .filter((charge) => currencyAt(charge, currency) === currency);
  const amounts = charges.flatMap((charge) => [
    amount(textAt(charge, "chargeAmount", "amount"), currency, "a refund"),
    ...readTax(charge, currency).map((tax) => tax.amount),
  ]);
  return sum(
    amounts.map((each) => (each.minor < 0 ? negated(each) : each)),
    currency,
  );
}

/** A line's charges, put in their places. What is below zero was taken off, with the tax of it. */
function readCharges(raw: unknown, currency: string) {
  const prices: Money[] = [];
  const discounts: Money[] = [];
  const taxes: IncomingTax[] = [];
  const shipping: Money[] = [];
  const shippingTaxes: IncomingTax[] = [];
  const fees: Charge[] = [];
  const foreign: string[] = [];
  let isPriced = false;
  for (const charge of chargesOf(raw)) {
    const type = textAt(charge, "chargeType").toUpperCase();
    const name = firstText(textAt(charge, "chargeName"), type, "Charge");
    const chargeCurrency = currencyAt(charge, currency);
    if (chargeCurrency !== currency) {
      foreign.push(`${name} ${textAt(charge, "chargeAmount", "amount")} ${chargeCurrency}`);
      continue;
    }
    const text = textAt(charge, "chargeAmount", "amount");
    isPriced ||= type === "PRODUCT" && text !== "";
    const value = amount(text, currency, name);
    const tax = readTax(charge, currency);
    if (type === "SHIPPING") {
      shipping.push(value);
      shippingTaxes.push(...tax);
    } else if (value.minor < 0) {
      discounts.push(negated(value), ...tax.map((each) => negated(each.amount)));
    } else if (type === "PRODUCT") {
      prices.push(value);
      taxes.push(...tax);
    } else {
      const whole = tax.map((each) => each.amount).reduce(addMoney, zeroMoney(currency));
      fees.push({ kind: "fee", name, amount: value, tax: whole });
    }
  }
  return {
    price: sum(prices, currency),
    discount: sum(discounts, currency),
    taxes,
    shipping,
    shippingTaxes,
    fees,
    isPriced,
    foreign,
  };
}

function currencyAt(charge: unknown, currency: string): string {
  return firstText(textAt(charge, "chargeAmount", "currency"), currency).toUpperCase();
}

function readTax(charge: unknown, currency: string): readonly IncomingTax[] {
  const text = textAt(charge, "tax", "taxAmount", "amount");
  if (text === "") return [];
  const name = firstText(textAt(charge, "tax", "taxName"), "tax");
  return [{ name, amount: amount(text, currency, `tax ${name}`) }];
}
