/**
 * An eBay order: what was bought, what it costs the buyer, and what it waits for.
 *
 * C1 `lineItemCost` is that of all units. Taxes that eBay collects and remits are in no sum: they are neither
 *    in the order's total nor in what the seller gets.
 * C2 eBay says of a line that it is partly fulfilled, not how far. How far is in its shipping fulfillments,
 *    which the connection sends along as `shippingFulfillments`.
 */
import type { IncomingLine, IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import { addMoney, decimalText, type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason } from "../../../orders/order.ts";
import { BUYER_ACCOUNT } from "../../../orders/personal-data/search-terms.ts";
import { amount, at, countAt, firstText, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { addressOf, computedTotal, negated, perUnit, quantityAt } from "../reading.ts";
import { readDisputes } from "./disputes.ts";

/** @param disputes payment disputes of the order; none: nothing was said of them */
export function toIncoming(
  order: unknown,
  fulfillments: readonly unknown[] | undefined,
  disputes: readonly unknown[] = [],
): IncomingOrder {
  const summary = at(order, "pricingSummary");
  const rawLines = listAt(order, "lineItems");
  const currency = firstText(
    textAt(summary, "total", "currency"),
    ...rawLines.map((line) => textAt(line, "lineItemCost", "currency")),
    "XXX",
  ).toUpperCase();
  const foreign: string[] = [];
  const money = (holder: unknown, ...path: readonly string[]): Money => {
    const text = textAt(holder, ...path, "value");
    const own = firstText(textAt(holder, ...path, "currency"), currency).toUpperCase();
    if (own === currency) return amount(text, currency, path.join("."));
    foreign.push(`${path.join(".")} ${text} ${own}`);
    return zeroMoney(currency);
  };
  const lines = rawLines.map((line) => lineOf(line, money, fulfillments));
  const adjustment = money(summary, "adjustment");
  const fee = money(summary, "fee");
  const ofLines = lines.map((line) => line.discount).reduce(addMoney, zeroMoney(currency));
  const discounts = [
    positive(money(summary, "priceDiscount")),
    positive(money(summary, "deliveryDiscount")),
  ].reduce(addMoney);
  const remaining = addMoney(discounts, negated(ofLines));
  const charges: Charge[] = [
    { kind: "fee" as const, name: "Adjustment", amount: adjustment, tax: zeroMoney(currency) },
    { kind: "fee" as const, name: "Fee", amount: fee, tax: zeroMoney(currency) },
  ].filter((charge) => charge.amount.minor > 0);
  const sums = {
    currency,
    lines,
    shippingPrice: money(summary, "deliveryCost"),
    shippingTaxes: [],
    discount: [
      remaining.minor > 0 ? remaining : zeroMoney(currency),
      adjustment.minor < 0 ? negated(adjustment) : zeroMoney(currency),
    ].reduce(addMoney),
    ...(charges.length === 0 ? {} : { charges }),
  };
  const stated = textAt(summary, "total", "value");
  const [instructions] = listAt(order, "fulfillmentStartInstructions");
  const shipTo = at(instructions, "shippingStep", "shipTo");
  const address = shippingAddressOf(shipTo);
  const email = textAt(shipTo, "email");
  const note = textAt(order, "buyerCheckoutNotes");
  return {
    ...sums,
    externalId: textAt(order, "orderId"),
    externalNumber: textAt(order, "orderId"),
    externalIds: textRecord({
      orderId: textAt(order, "orderId"),
      legacyOrderId: textAt(order, "legacyOrderId"),
      salesRecordReference: textAt(order, "salesRecordReference"),
    }),
    placedAt: textAt(order, "creationDate"),
    updatedAt: textAt(order, "lastModifiedDate"),
    total: stated === "" ? computedTotal(sums) : amount(stated, currency, "pricingSummary.total"),
    ...(address === undefined ? {} : { shippingAddress: address }),
    customer: {
      name: firstText(textAt(shipTo, "fullName"), textAt(order, "buyer", "username"), "eBay buyer"),
      ...(email === "" ? {} : { email }),
      ...(address?.phone === undefined ? {} : { phone: address.phone }),
    },
    shippingService: textAt(instructions, "shippingStep", "shippingServiceCode"),
    ...pickupOf(instructions),
    paymentBy: "channel",
    ...(note === "" ? {} : { note }),
    holdReasons: holdsOf(order, lines, { currency, foreign, disputes, isTotalStated: stated !== "" }),
    ...(disputes.length === 0 ? { silentOn: ["payment_disputed" as const] } : {}),
    attributes: textRecord({
      orderFulfillmentStatus: textAt(order, "orderFulfillmentStatus"),
      orderPaymentStatus: textAt(order, "orderPaymentStatus"),
      cancelState: textAt(order, "cancelStatus", "cancelState"),
      [BUYER_ACCOUNT]: textAt(order, "buyer", "username"),
      sellerId: textAt(order, "sellerId"),
      shipByDate: firstText(
        ...rawLines.map((line) => textAt(line, "lineItemFulfillmentInstructions", "shipByDate")),
      ),
      // The parcel goes to eBay's center, and on from there.
      ebaySupportedFulfillment: textAt(instructions, "ebaySupportedFulfillment"),
      shipToReferenceId: textAt(instructions, "shippingStep", "shipToReferenceId"),
      finalCountry: textAt(instructions, "finalDestinationAddress", "countryCode"),
      taxesRemittedByEbay: remittedText(rawLines),
    }),
  };
}

type MoneyAt = (holder: unknown, ...path: readonly string[]) => Money;

function lineOf(line: unknown, money: MoneyAt, fulfillments: readonly unknown[] | undefined): IncomingLine {
  const quantity = quantityAt(line, "quantity");
  const cost = money(line, "lineItemCost");
  const hasDiscount = textAt(line, "discountedLineItemCost", "value") !== "";
  const discount = hasDiscount
    ? addMoney(cost, negated(money(line, "discountedLineItemCost")))
    : zeroMoney(cost.currency);
  const shipped = shippedOf(line, quantity, fulfillments);
  const variation = textAt(line, "legacyVariationId");
  const item = `legacyItemId:${textAt(line, "legacyItemId")}${variation === "" ? "" : `:${variation}`}`;
  return {
    externalLineId: textAt(line, "lineItemId"),
    channelSku: firstText(textAt(line, "sku"), item),
    title: textAt(line, "title"),
    quantity,
    unitPrice: perUnit(cost, quantity),
    discount: discount.minor < 0 ? zeroMoney(cost.currency) : discount,
    taxes: listAt(line, "taxes").map(
      (tax): IncomingTax => ({
        name: firstText(textAt(tax, "taxType"), "tax"),
        amount: money(tax, "amount"),
      }),
    ),
    attributes: textRecord({
      legacyItemId: textAt(line, "legacyItemId"),
      legacyVariationId: variation,
      soldFormat: textAt(line, "soldFormat"),
      lineItemFulfillmentStatus: textAt(line, "lineItemFulfillmentStatus"),
      purchaseMarketplaceId: textAt(line, "purchaseMarketplaceId"),
      variation: listAt(line, "variationAspects")
        .map((aspect) => `${textAt(aspect, "name")}: ${textAt(aspect, "value")}`)
        .join(", "),
    }),
    ...(shipped > 0 ? { fulfilledElsewhere: shipped } : {}),
  };
}

/** Units of a line in shipping fulfillments. */
export function unitsShipped(lineItemId: string, fulfillments: readonly unknown[]): number {
  return fulfillments
    .flatMap((one) => listAt(one, "lineItems"))
    .filter((line) => textAt(line, "lineItemId") === lineItemId)
    .reduce<number>((sum, line) => sum + (countAt(line, "quantity") || 0), 0);
}

function shippedOf(line: unknown, quantity: number, fulfillments: readonly unknown[] | undefined): number {
  if (textAt(line, "lineItemFulfillmentStatus") === "FULFILLED") return quantity;
  return Math.min(quantity, unitsShipped(textAt(line, "lineItemId"), fulfillments ?? []));
}

function positive(money: Money): Money {
  return money.minor < 0 ? negated(money) : money;
}

function shippingAddressOf(shipTo: unknown) {
  const address = at(shipTo, "contactAddress");
  return addressOf({
    name: textAt(shipTo, "fullName"),
    company: textAt(shipTo, "companyName"),
    line1: textAt(address, "addressLine1"),
    line2: textAt(address, "addressLine2"),
    city: firstText(textAt(address, "city"), textAt(address, "county")),
    region: textAt(address, "stateOrProvince"),
    postalCode: textAt(address, "postalCode"),
    country: textAt(address, "countryCode"),
    phone: textAt(shipTo, "primaryPhone", "phoneNumber"),
  });
}

function pickupOf(instructions: unknown): Pick<IncomingOrder, "delivery"> {
  const type = textAt(instructions, "fulfillmentInstructionsType");
  if (type !== "PREPARE_FOR_PICKUP") return {};
  const place = textAt(instructions, "pickupStep", "merchantLocationKey");
  return { delivery: { method: "pickup", ...(place === "" ? {} : { place }) } };
}

function remittedText(lines: readonly unknown[]): string {
  return lines
    .flatMap((line) => listAt(line, "ebayCollectAndRemitTaxes"))
    .map((tax) => `${textAt(tax, "amount", "value")} ${textAt(tax, "amount", "currency")}`)
    .join(", ");
}

/** The money has gone back: before, a refund is pending, and may still fail. */
export function isGiven(refund: unknown): boolean {
  return textAt(refund, "refundStatus") === "REFUNDED";
}

/** @param isCounted absent: what was given, and what is on its way to be */
export function refundedOf(
  order: unknown,
  currency: string,
  isCounted = (refund: unknown): boolean => textAt(refund, "refundStatus") !== "FAILED",
): Money {
  return listAt(order, "paymentSummary", "refunds")
    .filter(isCounted)
    .map((refund) => positive(amount(textAt(refund, "amount", "value"), currency, "a refund")))
    .reduce(addMoney, zeroMoney(currency));
}

function holdsOf(
  order: unknown,
  lines: readonly IncomingLine[],
  said: {
    readonly currency: string;
    readonly foreign: readonly string[];
    readonly disputes: readonly unknown[];
    readonly isTotalStated: boolean;
  },
): readonly HoldReason[] {
  if (lines.length === 0) return [{ code: "lines_missing", detail: "eBay sent the order without lines." }];
  const reasons: HoldReason[] = [];
  const cancel = textAt(order, "cancelStatus", "cancelState");
  const payment = textAt(order, "orderPaymentStatus");
  if (cancel === "CANCELED")
    return [{ code: "cancelled_at_channel", detail: "eBay: the order is cancelled." }];
  if (cancel !== "" && cancel !== "NONE_REQUESTED")
    reasons.push({ code: "changed_at_channel", detail: `eBay: a cancellation is under way (${cancel}).` });
  if (payment === "PENDING" || payment === "FAILED")
    reasons.push({ code: "payment_pending", detail: `eBay: the payment is ${payment}.` });
  reasons.push(...readDisputes(said.disputes));
  const isDone = lines.every((line) => (line.fulfilledElsewhere ?? 0) >= line.quantity);
  const refunded = refundedOf(order, said.currency);
  if (refunded.minor > 0 && !isDone) {
    const detail = `eBay: ${decimalText(refunded)} ${said.currency} of what is not shipped were refunded.`;
    reasons.push({ code: "refunded_at_channel", detail });
  }
  const unclear = listAt(order, "lineItems").filter(
    (line, index) =>
      textAt(line, "lineItemFulfillmentStatus") === "IN_PROGRESS" &&
      (lines[index]?.fulfilledElsewhere ?? 0) === 0,
  );
  if (unclear.length > 0) {
    const detail = "eBay: a line is partly shipped, and nothing says how many of its units.";
    reasons.push({ code: "partly_fulfilled_at_channel", detail });
  }
  const unpriced = listAt(order, "lineItems").filter((line) => textAt(line, "lineItemCost", "value") === "");
  if (unpriced.length > 0 || !said.isTotalStated)
    reasons.push({ code: "price_missing", detail: "eBay has not stated the order's total and all prices." });
  if (said.foreign.length > 0) {
    const detail = `Amounts in another currency than the order's: ${said.foreign.join(", ")}.`;
    reasons.push({ code: "sum_mismatch", detail });
  }
  return reasons;
}
