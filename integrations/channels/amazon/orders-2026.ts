/**
 * Orders of Amazon's API of 2026-01-01 (searchOrders, getOrder), said in the words of v0.
 *
 * The API of 2026 has one document for an order where v0 has five. Said in v0's words, both are read by the
 * same code, and what is known of an order from one is joined with what is known from the other. What v0 has
 * no word for has one of ours: `OtherFee` of an item, `DeliveryTip` of an order.
 *
 * M1 Amounts are those of the whole item in both. An item's taxes are what its breakdown says less the parts
 *    for shipping and gift wrap, so that they add up whatever other parts there are.
 * M2 A discount counts as one whether it is written below zero or above.
 */
import {
  addMoney,
  decimalText,
  type Money,
  multiplyMoney,
  parseMoney,
  zeroMoney,
} from "../../../orders/money.ts";
import {
  amount,
  at,
  countAt,
  firstText,
  listAt,
  objectAt,
  optionalTextAt,
  textAt,
  UnreadableAmount,
} from "../../vendor-kit/vendor-json.ts";
import { negated } from "../reading.ts";
import type { Parts } from "./parts.ts";

/** v0's names; a status that is not here is told as it is, and waits. */
const STATUSES: Readonly<Record<string, string>> = {
  PENDING_AVAILABILITY: "PendingAvailability",
  PENDING: "Pending",
  UNSHIPPED: "Unshipped",
  PARTIALLY_SHIPPED: "PartiallyShipped",
  SHIPPED: "Shipped",
  CANCELLED: "Canceled",
  UNFULFILLABLE: "Unfulfillable",
};

type Fields = Readonly<Record<string, unknown>>;

/** Whether it is an order of 2026: neither v0 nor a joined document has these two. */
export function isOrderOf2026(document: unknown): boolean {
  return textAt(document, "orderId") !== "" && Array.isArray(at(document, "orderItems"));
}

export function partsOf2026(order: unknown): Parts {
  const AmazonOrderId = textAt(order, "orderId");
  const items = listAt(order, "orderItems");
  return {
    AmazonOrderId,
    order: headerOf(order, AmazonOrderId),
    items: items.map(itemOf),
    // Whatever else is left out of a document of 2026, its items never are.
    itemsComplete: true,
    ...(at(order, "recipient") === undefined
      ? {}
      : { address: { ShippingAddress: addressOf(at(order, "recipient", "deliveryAddress")) } }),
    ...(at(order, "buyer") === undefined ? {} : { buyerInfo: buyerOf(at(order, "buyer")) }),
  };
}

function headerOf(order: unknown, AmazonOrderId: string): Fields {
  const fulfillment = at(order, "fulfillment");
  const status = textAt(fulfillment, "fulfillmentStatus");
  const programs = textsOf(at(order, "programs"));
  const payments = listAt(order, "payment", "paymentExecutions");
  const replaced = listAt(order, "associatedOrders").find((one) =>
    ["REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"].includes(textAt(one, "associationType")),
  );
  const alias = listAt(order, "orderAliases").find((one) => textAt(one, "aliasType") === "SELLER_ORDER_ID");
  const tip = listAt(order, "proceeds", "breakdowns").find((one) => textAt(one, "type") === "DELIVERY_TIP");
  return present({
    AmazonOrderId,
    SellerOrderId: textAt(alias, "aliasId"),
    PurchaseDate: textAt(order, "createdTime"),
    LastUpdateDate: textAt(order, "lastUpdatedTime"),
    OrderStatus: STATUSES[status] ?? status,
    FulfillmentChannel: { AMAZON: "AFN", MERCHANT: "MFN" }[textAt(fulfillment, "fulfilledBy")],
    SalesChannel: textAt(order, "salesChannel", "marketplaceName"),
    MarketplaceId: textAt(order, "salesChannel", "marketplaceId"),
    ShipServiceLevel: textAt(fulfillment, "fulfillmentServiceLevel"),
    OrderTotal: moneyOf(at(order, "proceeds", "grandTotal")),
    EarliestShipDate: textAt(fulfillment, "shipByWindow", "earliestDateTime"),
    LatestShipDate: textAt(fulfillment, "shipByWindow", "latestDateTime"),
    EarliestDeliveryDate: textAt(fulfillment, "deliverByWindow", "earliestDateTime"),
    LatestDeliveryDate: textAt(fulfillment, "deliverByWindow", "latestDateTime"),
    OrderType: programs.includes("PREORDER") ? "Preorder" : "StandardOrder",
    IsISPU: programs.includes("IN_STORE_PICK_UP"),
    IsPrime: programs.includes("PRIME"),
    IsBusinessOrder: programs.includes("AMAZON_BUSINESS"),
    IsIBA: programs.includes("INVOICE_BY_AMAZON") ? true : undefined,
    IsReplacementOrder: replaced !== undefined,
    ReplacedOrderId: textAt(replaced, "orderId"),
    // Amazon's own couriers take the money of what they bring.
    EasyShipShipmentStatus: programs.some((name) => EASY_SHIP.has(name)) ? "Unknown" : "",
    PaymentMethod: payments.some((one) => textAt(one, "paymentMethod") === "CashOnDelivery")
      ? "COD"
      : "Other",
    PaymentExecutionDetail: payments.map((one) => ({
      PaymentMethod: textAt(one, "paymentMethod"),
      Payment: moneyOf(at(one, "paymentAmount")),
    })),
    DeliveryTip: moneyOf(at(tip, "subtotal")),
  });
}

const EASY_SHIP: ReadonlySet<string> = new Set(["AMAZON_EASY_SHIP", "DELIVERY_BY_AMAZON"]);

function itemOf(item: unknown): Fields {
  const product = at(item, "product");
  const gift = at(item, "fulfillment", "packing", "giftOption");
  const cancel = at(item, "cancellation", "cancellationRequest");
  const scheduled = at(item, "fulfillment", "shipping", "scheduledDeliveryWindow");
  const { charges, wrap } = amountsOf(item);
  return present({
    ASIN: textAt(product, "asin"),
    OrderItemId: textAt(item, "orderItemId"),
    SellerSKU: textAt(product, "sellerSku"),
    Title: textAt(product, "title"),
    QuantityOrdered: at(item, "quantityOrdered"),
    QuantityShipped: at(item, "fulfillment", "quantityFulfilled"),
    ...charges,
    PromotionIds: listAt(item, "promotion", "breakdowns").map((one) => textAt(one, "promotionId")),
    ConditionId: textAt(product, "condition", "conditionType"),
    ConditionSubtypeId: textAt(product, "condition", "conditionSubtype"),
    ConditionNote: textAt(product, "condition", "conditionNote"),
    PriceDesignation: textAt(product, "price", "priceDesignation"),
    SerialNumbers: textsOf(at(product, "serialNumbers")),
    SerialNumberRequired:
      textAt(item, "fulfillment", "packing", "serialNumberRequirement", "requirementType") === "REQUIRED"
        ? true
        : undefined,
    IsTransparency: textsOf(at(item, "programs")).includes("TRANSPARENCY") ? true : undefined,
    IossNumber: textAt(item, "fulfillment", "shipping", "internationalShipping", "iossNumber"),
    ScheduledDeliveryStartDate: textAt(scheduled, "earliestDateTime"),
    TaxCollection: { Model: textAt(listAt(item, "tax", "taxCollections")[0], "model") },
    SubstitutionPreferences: {
      SubstitutionType: textAt(item, "fulfillment", "picking", "substitutionPreference", "substitutionType"),
    },
    ShippingConstraints: {
      SignatureConfirmation: constraint(item, "signatureConfirmation"),
      RecipientAgeVerification: constraint(item, "recipientAgeVerification"),
    },
    PointsGranted: {
      PointsMonetaryValue: moneyOf(at(item, "expense", "pointsCost", "pointsGranted", "pointsMonetaryValue")),
    },
    BuyerRequestedCancel:
      objectAt(cancel) === undefined
        ? undefined
        : { IsBuyerRequestedCancel: "true", BuyerCancelReason: textAt(cancel, "cancelReason") },
    BuyerInfo: present({
      ...wrap,
      GiftWrapLevel: textAt(gift, "giftWrapLevel"),
      GiftMessageText: textAt(gift, "giftMessage"),
      BuyerCustomizedInfo: { CustomizedURL: textAt(product, "customization", "customizedUrl") },
    }),
  });
}

function constraint(item: unknown, name: string): string {
  return textAt(item, "fulfillment", "shipping", "shippingConstraints", name);
}

/**
 * What the item is charged with, from its breakdown; its price alone, where there is none. An amount that
 * cannot be read, or is in another currency, is handed on as it is: whoever reads v0 tells of it.
 */
function amountsOf(item: unknown): { readonly charges: Fields; readonly wrap: Fields } {
  const breakdowns = listAt(item, "proceeds", "breakdowns");
  const unitPrice = at(item, "product", "price", "unitPrice");
  const currency = firstText(
    ...breakdowns.map((one) => textAt(one, "subtotal", "currencyCode")),
    textAt(unitPrice, "currencyCode"),
    "XXX",
  ).toUpperCase();
  const ofType = (type: string) => breakdowns.filter((one) => textAt(one, "type") === type);
  const part = (type: string, subtypes: readonly string[]): Money =>
    ofType(type)
      .flatMap((one) => listAt(one, "detailedBreakdowns"))
      .filter((one) => subtypes.includes(textAt(one, "subtype")))
      .map((one) => read(at(one, "value"), currency, `${type} of ${textAt(one, "subtype")}`))
      .reduce(addMoney, zeroMoney(currency));
  /** @param make takes the sum of what is broken down as this type */
  const field = (type: string, make: (total: Money) => Money): Fields | undefined => {
    const found = ofType(type).map((one) => at(one, "subtotal"));
    if (found.length === 0) return undefined;
    try {
      return written(make(found.map((one) => read(one, currency, type)).reduce(addMoney)));
    } catch (cause) {
      if (!(cause instanceof UnreadableAmount)) throw cause;
      return moneyOf(found.find((one) => !isReadable(one, currency)) ?? found[0]);
    }
  };
  const whole = (type: string) => field(type, (total) => total);
  const ofPart = (type: string, subtype: string) => field(type, () => positive(part(type, [subtype])));
  return {
    charges: present({
      ItemPrice: whole("ITEM") ?? priceOfUnits(item, unitPrice, currency),
      ItemTax: field("TAX", (total) => less(total, part("TAX", ["SHIPPING", "GIFT_WRAP"]))),
      ShippingPrice: whole("SHIPPING"),
      ShippingTax: field("TAX", () => part("TAX", ["SHIPPING"])),
      PromotionDiscount: field("DISCOUNT", (total) => positive(less(total, part("DISCOUNT", ["SHIPPING"])))),
      ShippingDiscount: ofPart("DISCOUNT", "SHIPPING"),
      CODFee: whole("COD_FEE"),
      OtherFee: whole("OTHER"),
    }),
    wrap: present({
      GiftWrapPrice: whole("GIFT_WRAP"),
      GiftWrapTax: field("TAX", () => part("TAX", ["GIFT_WRAP"])),
    }),
  };
}

function priceOfUnits(item: unknown, unitPrice: unknown, currency: string): Fields | undefined {
  const quantity = countAt(item, "quantityOrdered");
  const price = parseMoney(textAt(unitPrice, "amount"), currency);
  if (price === undefined || Number.isNaN(quantity)) return moneyOf(unitPrice);
  return written(multiplyMoney(price, quantity));
}

function isReadable(money: unknown, currency: string): boolean {
  const own = firstText(textAt(money, "currencyCode"), currency).toUpperCase();
  return own === currency && parseMoney(textAt(money, "amount"), currency) !== undefined;
}

function read(money: unknown, currency: string, what: string): Money {
  if (!isReadable(money, currency)) throw new UnreadableAmount(`${what} is not an amount in ${currency}`);
  return amount(textAt(money, "amount"), currency, what);
}

function less(from: Money, off: Money): Money {
  return addMoney(from, negated(off));
}

function positive(money: Money): Money {
  return money.minor < 0 ? negated(money) : money;
}

function written(money: Money): Fields {
  return { CurrencyCode: money.currency, Amount: decimalText(money) };
}

function moneyOf(money: unknown): Fields | undefined {
  const Amount = textAt(money, "amount");
  return Amount === "" ? undefined : { CurrencyCode: textAt(money, "currencyCode"), Amount };
}

function addressOf(address: unknown): Fields {
  const extended = ["streetName", "streetNumber", "complement", "neighborhood"]
    .map((name) => textAt(address, "extendedFields", name))
    .filter((text) => text !== "")
    .join(", ");
  return present({
    Name: textAt(address, "name"),
    CompanyName: textAt(address, "companyName"),
    AddressLine1: firstText(textAt(address, "addressLine1"), extended),
    AddressLine2: textAt(address, "addressLine2"),
    AddressLine3: textAt(address, "addressLine3"),
    City: firstText(textAt(address, "city"), textAt(address, "municipality")),
    StateOrRegion: firstText(textAt(address, "stateOrRegion"), textAt(address, "districtOrCounty")),
    PostalCode: textAt(address, "postalCode"),
    CountryCode: textAt(address, "countryCode"),
    Phone: textAt(address, "phone"),
    AddressType: textAt(address, "addressType"),
  });
}

function buyerOf(buyer: unknown): Fields {
  return present({
    BuyerName: textAt(buyer, "buyerName"),
    BuyerEmail: textAt(buyer, "buyerEmail"),
    PurchaseOrderNumber: textAt(buyer, "buyerPurchaseOrderNumber"),
    BuyerTaxInfo: { CompanyLegalName: textAt(buyer, "buyerCompanyName") },
  });
}

function textsOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map((text) => optionalTextAt({ text }, "text") ?? "") : [];
}

/** Without what is not said. */
function present(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== "" && value !== null),
  );
}
