/**
 * An Amazon order of all that is known of it: who fulfils it, what it costs, where it goes, and what it waits
 * for.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingOrder } from "../../../orders/incoming-order.ts";
import { type Money, rescale, zeroMoney } from "../../../orders/money.ts";
import type { HoldReason } from "../../../orders/order.ts";
import { amount, at, countAt, firstText, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { addressOf, computedTotal, negated, sum } from "../reading.ts";
import { type Item, readItem } from "./items.ts";
import { MARKETPLACE_CURRENCY, TAXES_ON_TOP } from "./marketplaces.ts";
import type { Parts } from "./parts.ts";

/** ISO 4217 for "no currency": a part of an order that states no amount and no marketplace. */
const NO_CURRENCY = "XXX";

export function toIncoming(parts: Parts): IncomingOrder {
  const { order } = parts;
  const currency = currencyOf(parts);
  const items = (parts.items ?? [])
    .filter((item) => countAt(item, "QuantityOrdered") !== 0)
    .map((item) => readItem(item, parts, currency));
  const tip = amount(textAt(order, "DeliveryTip", "Amount"), currency, "DeliveryTip");
  const sums = {
    currency,
    ...(tip.minor === 0
      ? {}
      : { charges: [{ kind: "tip" as const, name: "Delivery tip", amount: tip, tax: zeroMoney(currency) }] }),
    lines: items.map(({ line }) => line),
    shippingPrice: sum(
      items.map((item) => item.shippingPrice),
      currency,
    ),
    shippingTaxes: items.flatMap((item) => item.shippingTaxes),
    discount: sum(
      items.map((item) => item.shippingDiscount),
      currency,
    ),
  };
  const isStated = textAt(order, "OrderTotal", "Amount") !== "";
  const stated = isStated ? amount(textAt(order, "OrderTotal", "Amount"), currency, "OrderTotal") : undefined;
  const taxesIncluded = containsTaxes(parts, sums, stated);
  const buyer = parts.buyerInfo ?? at(order, "BuyerInfo");
  const address = at(parts.address, "ShippingAddress") ?? at(order, "ShippingAddress");
  const shippingAddress = readAddress(address);
  const email = textAt(buyer, "BuyerEmail");
  const deliverOn = dayOf(
    firstText(...(parts.items ?? []).map((item) => textAt(item, "ScheduledDeliveryStartDate"))),
  );
  const releaseOn =
    textAt(order, "OrderType") === "Preorder" ? dayOf(textAt(order, "EarliestShipDate")) : undefined;
  return {
    ...sums,
    externalId: parts.AmazonOrderId,
    externalNumber: parts.AmazonOrderId,
    externalIds: textRecord({
      AmazonOrderId: parts.AmazonOrderId,
      SellerOrderId: textAt(order, "SellerOrderId"),
      MarketplaceId: textAt(order, "MarketplaceId"),
      ReplacedOrderId: textAt(order, "ReplacedOrderId"),
      PurchaseOrderNumber: textAt(buyer, "PurchaseOrderNumber"),
    }),
    placedAt: textAt(order, "PurchaseDate"),
    updatedAt: textAt(order, "LastUpdateDate"),
    total: stated ?? (taxesIncluded ? withoutTaxes(sums) : computedTotal(sums)),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    customer: {
      name: firstText(textAt(buyer, "BuyerName"), shippingAddress?.name ?? "", "Amazon customer"),
      ...(email === "" ? {} : { email }),
      ...(shippingAddress?.phone === undefined ? {} : { phone: shippingAddress.phone }),
    },
    shippingService: firstText(
      textAt(order, "ShipServiceLevel"),
      textAt(order, "ShipmentServiceLevelCategory"),
    ),
    ...deliveryOf(parts),
    ...(deliverOn === undefined ? {} : { deliverOn }),
    ...(releaseOn === undefined ? {} : { releaseOn }),
    paymentBy: isDueOnDelivery(order) ? "on_delivery" : "channel",
    ...(taxesIncluded ? { taxesIncluded: true as const } : {}),
    holdReasons: readHolds(parts, items, isStated),
    attributes: textRecord({
      OrderStatus: textAt(order, "OrderStatus"),
      FulfillmentChannel: textAt(order, "FulfillmentChannel"),
      SalesChannel: textAt(order, "SalesChannel"),
      OrderType: textAt(order, "OrderType"),
      PaymentMethod: textAt(order, "PaymentMethod"),
      Payments: paymentsText(order),
      EarliestShipDate: textAt(order, "EarliestShipDate"),
      LatestShipDate: textAt(order, "LatestShipDate"),
      EarliestDeliveryDate: textAt(order, "EarliestDeliveryDate"),
      LatestDeliveryDate: textAt(order, "LatestDeliveryDate"),
      IsPrime: textAt(order, "IsPrime"),
      IsBusinessOrder: textAt(order, "IsBusinessOrder"),
      // The buyer of these is Amazon, which invoices its own customer: ours must not be in the parcel.
      IsIBA: textAt(order, "IsIBA"),
      IsSoldByAB: textAt(order, "IsSoldByAB"),
      IsReplacementOrder: textAt(order, "IsReplacementOrder"),
      IsAccessPointOrder: textAt(order, "IsAccessPointOrder"),
      EasyShipShipmentStatus: textAt(order, "EasyShipShipmentStatus"),
      SupplySource: textAt(order, "FulfillmentInstruction", "FulfillmentSupplySourceId"),
      CompanyLegalName: textAt(buyer, "BuyerTaxInfo", "CompanyLegalName"),
      AddressType: textAt(address, "AddressType"),
      ...regulated(parts.regulatedInfo),
    }),
  };
}

type Sums = Parameters<typeof computedTotal>[0];

/**
 * Whether the prices contain the taxes. What the total adds up to with says it; where it adds up neither way,
 * or is not there, the marketplace does.
 */
function containsTaxes({ order }: Parts, sums: Sums, stated: Money | undefined): boolean {
  const onTop = computedTotal(sums);
  const contained = withoutTaxes(sums);
  if (same(onTop, contained)) return false;
  if (stated !== undefined && same(stated, onTop)) return false;
  if (stated !== undefined && same(stated, contained)) return true;
  const marketplace = textAt(order, "MarketplaceId");
  return MARKETPLACE_CURRENCY.has(marketplace) && !TAXES_ON_TOP.has(marketplace);
}

function withoutTaxes(sums: Sums): Money {
  const taxes = [
    ...sums.lines.flatMap((line) => [
      ...line.taxes.map((tax) => tax.amount),
      ...(line.charges ?? []).map((charge) => charge.tax),
    ]),
    ...sums.shippingTaxes.map((tax) => tax.amount),
  ];
  return sum([computedTotal(sums), ...taxes.map(negated)], sums.currency);
}

/** Of what Amazon's own carriers bring, Amazon takes the money. */
function isDueOnDelivery(order: unknown): boolean {
  return (
    textAt(order, "PaymentMethod") === "COD" &&
    textAt(order, "FulfillmentChannel") !== "AFN" &&
    textAt(order, "EasyShipShipmentStatus") === ""
  );
}

function deliveryOf({ order, items }: Parts): Pick<IncomingOrder, "delivery"> {
  if (textAt(order, "IsISPU") !== "true") return {};
  const place = firstText(...(items ?? []).map((item) => textAt(item, "StoreChainStoreId")));
  return { delivery: { method: "pickup", ...(place === "" ? {} : { place }) } };
}

function readHolds(parts: Parts, items: readonly Item[], isTotalStated: boolean): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const status = textAt(parts.order, "OrderStatus");
  const detail = `Amazon: the order is ${status}.`;
  const shipped = items.reduce((units, { line }) => units + (line.fulfilledElsewhere ?? 0), 0);
  if (parts.order === undefined) {
    reasons.push({
      code: "payment_pending",
      detail: "Amazon has sent parts of the order but not the order itself, so that its status is unknown.",
    });
  } else if (status === "Canceled" || status === "Unfulfillable") {
    reasons.push({ code: "cancelled_at_channel", detail });
  } else if (status === "PartiallyShipped" && shipped === 0) {
    reasons.push({
      code: "partly_fulfilled_at_channel",
      detail: "Amazon: the order is partly shipped, and no item says how many of its units.",
    });
  } else if (!["Unshipped", "Shipped", "PartiallyShipped"].includes(status)) {
    reasons.push({ code: "payment_pending", detail });
  }
  if (status !== "Canceled") reasons.push(...askedToCancel(parts));
  if (parts.items === undefined) {
    reasons.push({ code: "lines_missing", detail: "Amazon has not sent the order's items yet." });
  } else if (parts.itemsComplete !== true) {
    reasons.push({
      code: "lines_missing",
      detail: "Amazon has sent only the first pages of the order's items.",
    });
  }
  return [...reasons, ...moneyHolds(parts, items, isTotalStated)];
}

/** What replaces an item that the buyer has paid for costs nothing, and often has no price at all. */
function moneyHolds(parts: Parts, items: readonly Item[], isTotalStated: boolean): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const isReplacement = textAt(parts.order, "IsReplacementOrder") === "true";
  const unpriced = items.filter((item) => !item.isPriced).map(({ line }) => line.channelSku);
  const missing = [
    ...(unpriced.length === 0 ? [] : [`the price of ${unpriced.join(", ")}`]),
    ...(isTotalStated || parts.order === undefined ? [] : ["the order's total"]),
  ];
  if (missing.length > 0 && !isReplacement) {
    reasons.push({ code: "price_missing", detail: `Amazon has not stated ${missing.join(" and ")}.` });
  }
  const foreign = items.flatMap((item) => item.foreign);
  if (foreign.length > 0) {
    reasons.push({
      code: "sum_mismatch",
      detail: `Amounts in another currency than the order's: ${foreign.join(", ")}.`,
    });
  }
  return reasons;
}

/** A buyer asks for each item. All of them together are the order. */
function askedToCancel({ items = [] }: Parts): readonly HoldReason[] {
  const asked = items.filter(
    (item) => textAt(item, "BuyerRequestedCancel", "IsBuyerRequestedCancel") === "true",
  );
  const [first] = asked;
  if (first === undefined) return [];
  const why = firstText(textAt(first, "BuyerRequestedCancel", "BuyerCancelReason"), "no reason given");
  if (asked.length === items.length) {
    return [{ code: "changed_at_channel", detail: `Amazon: the buyer asks to cancel (${why}).` }];
  }
  const names = asked.map((item) => firstText(textAt(item, "SellerSKU"), textAt(item, "OrderItemId")));
  return [
    { code: "changed_at_channel", detail: `Amazon: the buyer asks to cancel ${names.join(", ")} (${why}).` },
  ];
}

function readAddress(address: unknown): Address | undefined {
  const [line1 = "", ...more] = ["AddressLine1", "AddressLine2", "AddressLine3"]
    .map((field) => textAt(address, field))
    .filter((line) => line !== "");
  return addressOf({
    name: textAt(address, "Name"),
    company: textAt(address, "CompanyName"),
    line1,
    line2: more.join(", "),
    city: textAt(address, "City"),
    region: textAt(address, "StateOrRegion"),
    postalCode: textAt(address, "PostalCode"),
    country: textAt(address, "CountryCode"),
    phone: textAt(address, "Phone"),
  });
}

/** How the buyer paid where there were several ways, e.g. `COD 10.00 JPY, GC 20.00 JPY`. */
function paymentsText(order: unknown): string {
  return listAt(order, "PaymentExecutionDetail")
    .map((part) =>
      [
        textAt(part, "PaymentMethod"),
        textAt(part, "Payment", "Amount"),
        textAt(part, "Payment", "CurrencyCode"),
      ].join(" "),
    )
    .join(", ");
}

function regulated(info: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries([
    ["RegulatedStatus", textAt(info, "RegulatedOrderVerificationStatus", "Status")],
    ...listAt(info, "RegulatedInformation", "Fields").map((field) => [
      `regulated:${textAt(field, "FieldId")}`,
      textAt(field, "FieldValue"),
    ]),
  ]);
}

function currencyOf(parts: Parts): string {
  return firstText(
    textAt(parts.order, "OrderTotal", "CurrencyCode"),
    ...(parts.items ?? []).map((item) => textAt(item, "ItemPrice", "CurrencyCode")),
    MARKETPLACE_CURRENCY.get(textAt(parts.order, "MarketplaceId")) ?? "",
    NO_CURRENCY,
  ).toUpperCase();
}

function same(a: Money, b: Money): boolean {
  const exponent = Math.max(a.exponent, b.exponent);
  return rescale(a, exponent) === rescale(b, exponent);
}

/** The calendar day of an ISO 8601 moment; `undefined` where there is none. */
function dayOf(text: string): string | undefined {
  return /^\d{4}-\d\d-\d\d/.exec(text)?.[0];
}
