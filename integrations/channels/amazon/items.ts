/**
 * The items of an Amazon order. Every amount is that of the whole item: of all its units, not of one.
 *
 * Tax on a discount is what the discount took off the item's tax, so it is taken off here.
 */
import type { IncomingLine, IncomingTax } from "../../../orders/incoming-order.ts";
import { type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge } from "../../../orders/order.ts";
import { amount, at, countAt, firstText, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { negated, perUnit, quantityAt, sum } from "../reading.ts";
import type { Parts } from "./parts.ts";

/** What an item is charged with, and where Amazon writes the gift wrap: with the item, or with its buyer. */
const ITEM_AMOUNTS = [
  "ItemPrice",
  "ItemTax",
  "PromotionDiscount",
  "PromotionDiscountTax",
  "ShippingPrice",
  "ShippingTax",
  "ShippingDiscount",
  "ShippingDiscountTax",
  "CODFee",
  "CODFeeDiscount",
  "OtherFee",
] as const;
const BUYER_AMOUNTS = ["GiftWrapPrice", "GiftWrapTax"] as const;

export type Item = {
  readonly line: IncomingLine;
  readonly shippingPrice: Money;
  readonly shippingDiscount: Money;
  readonly shippingTaxes: readonly IncomingTax[];
  /** Whether Amazon has stated what the item costs. */
  readonly isPriced: boolean;
  /** Amounts in another currency than the order's, e.g. `GiftWrapPrice 1.99 GBP`. They are in no sum. */
  readonly foreign: readonly string[];
};

export function readItem(item: unknown, parts: Parts, currency: string): Item {
  const ofBuyer = buyerInfoOf(item, parts);
  const isForeign = (holder: unknown, field: string) =>
    textAt(holder, field, "Amount") !== "" && currencyAt(holder, field, currency) !== currency;
  const money = (holder: unknown, field: string): Money =>
    isForeign(holder, field) ? zeroMoney(currency) : amount(textAt(holder, field, "Amount"), currency, field);
  const less = (holder: unknown, field: string, off: string) =>
    sum([money(holder, field), negated(money(holder, off))], currency);
  const tax = (field: string, off: string): readonly IncomingTax[] =>
    textAt(item, field, "Amount") === "" ? [] : [{ name: field, amount: less(item, field, off) }];
  const foreign = [
    ...ITEM_AMOUNTS.map((field) => [item, field] as const),
    ...BUYER_AMOUNTS.map((field) => [ofBuyer, field] as const),
  ].flatMap(([holder, field]) =>
    isForeign(holder, field)
      ? [`${field} ${textAt(holder, field, "Amount")} ${currencyAt(holder, field, currency)}`]
      : [],
  );
  const charges: Charge[] = [
    {
      kind: "gift_wrap",
      name: firstText(textAt(ofBuyer, "GiftWrapLevel"), "Gift wrap"),
      amount: money(ofBuyer, "GiftWrapPrice"),
      tax: money(ofBuyer, "GiftWrapTax"),
    },
    {
      kind: "fee",
      name: "Cash on delivery",
      amount: less(item, "CODFee", "CODFeeDiscount"),
      tax: zeroMoney(currency),
    },
    { kind: "fee", name: "Other", amount: money(item, "OtherFee"), tax: zeroMoney(currency) },
  ].filter((charge): charge is Charge => charge.amount.minor !== 0 || charge.tax.minor !== 0);
  const quantity = quantityAt(item, "QuantityOrdered");
  return {
    line: {
      externalLineId: textAt(item, "OrderItemId"),
      channelSku: firstText(textAt(item, "SellerSKU"), `ASIN:${textAt(item, "ASIN")}`),
      title: firstText(textAt(item, "Title"), textAt(item, "SellerSKU")),
      quantity,
      unitPrice: perUnit(money(item, "ItemPrice"), quantity),
      discount: money(item, "PromotionDiscount"),
      taxes: tax("ItemTax", "PromotionDiscountTax"),
      attributes: attributesOf(item, ofBuyer),
      ...(charges.length === 0 ? {} : { charges }),
      ...handedOver(item, parts),
      ...substitutesOf(item),
    },
    shippingPrice: money(item, "ShippingPrice"),
    shippingDiscount: money(item, "ShippingDiscount"),
    shippingTaxes: tax("ShippingTax", "ShippingDiscountTax"),
    isPriced: textAt(item, "ItemPrice", "Amount") !== "",
    foreign,
  };
}

/**
 * Who hands the item over, and what of it has been. Amazon counts the units of a merchant; of its own it
 * often says only that the order is shipped.
 */
function handedOver(
  item: unknown,
  { order }: Parts,
): Pick<IncomingLine, "fulfilledBy" | "fulfilledElsewhere"> {
  const ordered = countAt(item, "QuantityOrdered");
  const counted = textAt(order, "OrderStatus") === "Shipped" ? ordered : countAt(item, "QuantityShipped");
  const shipped = Math.min(counted || 0, ordered);
  return {
    ...(textAt(order, "FulfillmentChannel") === "AFN" ? { fulfilledBy: "channel" as const } : {}),
    ...(shipped > 0 ? { fulfilledElsewhere: shipped } : {}),
  };
}

/**
 * Only the refusal is taken: where the customer allows substitutes, Amazon names them by ASINs and quantities
 * of its own, which are not the catalog's.
 */
function substitutesOf(item: unknown): Pick<IncomingLine, "allowSubstitutes"> {
  const type = textAt(item, "SubstitutionPreferences", "SubstitutionType");
  return type === "DO_NOT_SUBSTITUTE" ? { allowSubstitutes: false } : {};
}

function buyerInfoOf(item: unknown, parts: Parts): unknown {
  const id = textAt(item, "OrderItemId");
  return (
    (parts.itemsBuyerInfo ?? []).find((info) => textAt(info, "OrderItemId") === id) ?? at(item, "BuyerInfo")
  );
}

function currencyAt(holder: unknown, field: string, currency: string): string {
  return firstText(textAt(holder, field, "CurrencyCode"), currency).toUpperCase();
}

function attributesOf(item: unknown, ofBuyer: unknown): Readonly<Record<string, string>> {
  const texts = (name: string) =>
    listAt(item, name)
      .map((text) => textAt({ text }, "text"))
      .join(",");
  return textRecord({
    ASIN: textAt(item, "ASIN"),
    ItemPrice: moneyText(item, "ItemPrice"),
    ConditionId: textAt(item, "ConditionId"),
    ConditionSubtypeId: textAt(item, "ConditionSubtypeId"),
    ConditionNote: textAt(item, "ConditionNote"),
    IossNumber: textAt(item, "IossNumber"),
    PriceDesignation: textAt(item, "PriceDesignation"),
    PromotionIds: texts("PromotionIds"),
    PointsGranted: moneyText(at(item, "PointsGranted"), "PointsMonetaryValue"),
    SerialNumbers: texts("SerialNumbers"),
    SerialNumberRequired: textAt(item, "SerialNumberRequired"),
    IsTransparency: textAt(item, "IsTransparency"),
    TaxCollectionModel: textAt(item, "TaxCollection", "Model"),
    SubstitutionType: textAt(item, "SubstitutionPreferences", "SubstitutionType"),
    SignatureConfirmation: textAt(item, "ShippingConstraints", "SignatureConfirmation"),
    RecipientAgeVerification: textAt(item, "ShippingConstraints", "RecipientAgeVerification"),
    CODFee: moneyText(item, "CODFee"),
    GiftMessageText: textAt(ofBuyer, "GiftMessageText"),
    GiftWrapLevel: textAt(ofBuyer, "GiftWrapLevel"),
    GiftWrapPrice: moneyText(ofBuyer, "GiftWrapPrice"),
    CustomizedURL: textAt(ofBuyer, "BuyerCustomizedInfo", "CustomizedURL"),
  });
}

function moneyText(holder: unknown, field: string): string {
  return [textAt(holder, field, "Amount"), textAt(holder, field, "CurrencyCode")].join(" ").trim();
}
