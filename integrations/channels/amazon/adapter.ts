/**
 * Amazon Selling Partner API, Orders v0: getOrders, getOrder, getOrderItems, getOrderAddress,
 * getOrderBuyerInfo, getOrderItemsBuyerInfo and getOrderRegulatedInfo, bare or within the `{request,
 * response}` pairs of Amazon's sandbox.
 *
 * An order is spread over these responses. Each of them alone makes an order that waits for the rest. `join`
 * puts all that is there into one document for each order: `{AmazonOrderId, order, items, itemsComplete,
 * address, buyerInfo, …}`. It also takes documents that it made itself, so that parts can arrive one by one
 * and in any order.
 */
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { type Money, multiplyMoney, rescale } from "../../../orders/money.ts";
import type { HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import {
  amount,
  at,
  countAt,
  firstText,
  isObject,
  listAt,
  parseJson,
  textAt,
  textRecord,
  writeJson,
} from "../../vendor-kit/vendor-json.ts";
import {
  addressOf,
  computedTotal,
  negated,
  openStandardWebhook,
  perUnit,
  readDocument,
  readEach,
  refused,
  sum,
} from "../reading.ts";

/** What is known of one order, named by the response that it came in. */
type Parts = {
  readonly AmazonOrderId: string;
  readonly order?: unknown;
  readonly items?: readonly unknown[];
  /** Whether the last page of the items has come. */
  readonly itemsComplete?: boolean;
  readonly address?: unknown;
  readonly buyerInfo?: unknown;
  readonly itemsBuyerInfo?: readonly unknown[];
  readonly regulatedInfo?: unknown;
};

/** Currency of a marketplace, for orders that state no amount yet. */
const MARKETPLACE_CURRENCY: ReadonlyMap<string, string> = new Map([
  ["ATVPDKIKX0DER", "USD"],
  ["A2EUQ1WTGCTBG2", "CAD"],
  ["A1AM78C64UM0Y8", "MXN"],
  ["A2Q3Y263D00KWC", "BRL"],
  ["A1RKKUPIHCS9HS", "EUR"],
  ["A1F83G8C2ARO7P", "GBP"],
  ["A13V1IB3VIYZZH", "EUR"],
  ["A1PA6795UKMFR9", "EUR"],
  ["APJ6JRA9NG5V4", "EUR"],
  ["A1805IZSGTT6HS", "EUR"],
  ["AMEN7PMS3EDWL", "EUR"],
  ["A28R8C7NBKEWEA", "EUR"],
  ["A2NODRKZP88ZB9", "SEK"],
  ["A1C3SOZRARQ6R3", "PLN"],
  ["A33AVAJ2PDY3EV", "TRY"],
  ["ARBP9OOSHTCHU", "EGP"],
  ["A2VIGQ35RCS4UG", "AED"],
  ["A17E79C6D8DWNP", "SAR"],
  ["A21TJRUUN4KGV", "INR"],
  ["A19VAU5U5O7RUS", "SGD"],
  ["A39IBJ37TRP1C6", "AUD"],
  ["A1VC38T7YXB528", "JPY"],
]);
/** ISO 4217 for "no currency": a part of an order that states no amount and no marketplace. */
const NO_CURRENCY = "XXX";

export const amazonAdapter: ChannelAdapter = {
  kind: "amazon",
  read: (payload) =>
    readDocument(payload, (document) => {
      const parts = partsIn(document);
      if (parts.length === 0) {
        const known = at(payloadOf(document), "OrderItemId") !== undefined;
        return [
          known
            ? refused("not_an_order", "These are details of an order item that do not say which order.")
            : refused("malformed_payload", "No AmazonOrderId: not a response of Amazon's Orders API."),
        ];
      }
      return readEach([...mergeByOrder(parts).values()], readParts);
    }),
  join: (documents) => {
    const parts: Parts[] = [];
    const others: string[] = [];
    for (const document of documents) {
      const found = partsOfText(document);
      if (found.length === 0) others.push(document);
      else parts.push(...found);
    }
    return [...[...mergeByOrder(parts).values()].map(writeJson), ...others];
  },
  openWebhook: openStandardWebhook,
};

function partsOfText(text: string): readonly Parts[] {
  try {
    return partsIn(parseJson(text));
  } catch (cause) {
    if (cause instanceof SyntaxError) return [];
    throw cause;
  }
}

function payloadOf(document: unknown): unknown {
  const response = at(document, "response") ?? document;
  return at(response, "payload") ?? response;
}

/** The parts of orders in a response, in a joined document, or in a list of these. */
function partsIn(document: unknown): readonly Parts[] {
  if (Array.isArray(document))
    return document.flatMap((element) => (Array.isArray(element) ? [] : partsIn(element)));
  const payload = payloadOf(document);
  const orders = at(payload, "Orders");
  if (Array.isArray(orders)) return orders.flatMap(partsIn);
  const id = textAt(payload, "AmazonOrderId");
  if (id === "") return [];
  if (
    ["order", "items", "address", "buyerInfo", "itemsBuyerInfo", "regulatedInfo"].some(
      (part) => at(payload, part) !== undefined,
    )
  ) {
    return [joinedParts(payload, id)];
  }
  const items = at(payload, "OrderItems");
  if (Array.isArray(items)) {
    const ofBuyer = items.length > 0 && items.every((item) => at(item, "QuantityOrdered") === undefined);
    if (ofBuyer) return [{ AmazonOrderId: id, itemsBuyerInfo: items }];
    return [{ AmazonOrderId: id, items, itemsComplete: textAt(payload, "NextToken") === "" }];
  }
  if (at(payload, "OrderStatus") !== undefined || at(payload, "PurchaseDate") !== undefined) {
    return [{ AmazonOrderId: id, order: payload }];
  }
  if (at(payload, "ShippingAddress") !== undefined) return [{ AmazonOrderId: id, address: payload }];
  if (at(payload, "RegulatedInformation") !== undefined)
    return [{ AmazonOrderId: id, regulatedInfo: payload }];
  return [{ AmazonOrderId: id, buyerInfo: payload }];
}

function joinedParts(document: unknown, id: string): Parts {
  const list = (name: string) =>
    Array.isArray(at(document, name)) ? { [name]: listAt(document, name) } : {};
  const part = (name: string) => (isObject(at(document, name)) ? { [name]: at(document, name) } : {});
  return {
    AmazonOrderId: id,
    ...part("order"),
    ...list("items"),
    ...(at(document, "itemsComplete") === true ? { itemsComplete: true } : {}),
    ...part("address"),
    ...part("buyerInfo"),
    ...list("itemsBuyerInfo"),
    ...part("regulatedInfo"),
  };
}

/**
 * One record for each order. Of two headers the one that was updated later counts, of two other parts the one
 * that comes later. Items are added up.
 */
function mergeByOrder(parts: readonly Parts[]): ReadonlyMap<string, Parts> {
  const merged = new Map<string, Parts>();
  for (const next of parts) {
    const known = merged.get(next.AmazonOrderId);
    if (known === undefined) {
      merged.set(next.AmazonOrderId, next);
      continue;
    }
    const items = mergeItems(known.items, next.items);
    const itemsBuyerInfo = mergeItems(known.itemsBuyerInfo, next.itemsBuyerInfo);
    merged.set(next.AmazonOrderId, {
      ...known,
      ...next,
      ...(known.order !== undefined && next.order !== undefined
        ? { order: later(known.order, next.order) }
        : {}),
      ...(items === undefined ? {} : { items }),
      ...(known.itemsComplete === true ? { itemsComplete: true } : {}),
      ...(itemsBuyerInfo === undefined ? {} : { itemsBuyerInfo }),
    });
  }
  return merged;
}

function mergeItems(
  known: readonly unknown[] | undefined,
  next: readonly unknown[] | undefined,
): readonly unknown[] | undefined {
  if (known === undefined || next === undefined) return next ?? known;
  const byId = new Map([...known, ...next].map((item) => [textAt(item, "OrderItemId"), item]));
  return [...byId.values()];
}

function later(a: unknown, b: unknown): unknown {
  return textAt(b, "LastUpdateDate") >= textAt(a, "LastUpdateDate") ? b : a;
}

function readParts(given: unknown): readonly ChannelReading[] {
  const parts = joinedParts(given, textAt(given, "AmazonOrderId"));
  return [{ kind: "order", order: toIncoming(parts) }];
}

function toIncoming(parts: Parts): IncomingOrder {
  const { order } = parts;
  const items = (parts.items ?? []).filter((item) => countAt(item, "QuantityOrdered") !== 0);
  const currency = currencyOf(parts);
  const money = (holder: unknown, field: string): Money =>
    amount(
      textAt(holder, field, "Amount"),
      firstText(textAt(holder, field, "CurrencyCode"), currency).toUpperCase(),
      field,
    );
  const lines = items.map((item) => readItem(item, parts, money, currency));
  const sums = {
    currency,
    lines,
    shippingPrice: sum(
      items.map((item) => money(item, "ShippingPrice")),
      currency,
    ),
    shippingTaxes: items
      .filter((item) => textAt(item, "ShippingTax", "Amount") !== "")
      .map((item) => ({ name: "ShippingTax", amount: money(item, "ShippingTax") })),
    discount: sum(
      items.map((item) => money(item, "ShippingDiscount")),
      currency,
    ),
  };
  const stated = textAt(order, "OrderTotal", "Amount") === "" ? undefined : money(order, "OrderTotal");
  const withoutTax = sum(
    [
      ...lines.flatMap((line) => [multiplyMoney(line.unitPrice, line.quantity), negated(line.discount)]),
      sums.shippingPrice,
      negated(sums.discount),
    ],
    currency,
  );
  // In marketplaces with value added tax, prices contain it; the total tells which it is.
  const taxesIncluded =
    stated !== undefined &&
    lines.some((line) => line.taxes.length > 0) &&
    !same(withoutTax, computedTotal(sums))
      ? same(stated, withoutTax)
      : false;
  const address = at(parts.address, "ShippingAddress") ?? at(order, "ShippingAddress");
  const buyer = parts.buyerInfo ?? at(order, "BuyerInfo");
  const shippingAddress = addressOf({
    name: textAt(address, "Name"),
    line1: firstText(
      textAt(address, "AddressLine1"),
      textAt(address, "AddressLine2"),
      textAt(address, "AddressLine3"),
    ),
    line2:
      textAt(address, "AddressLine1") === ""
        ? ""
        : [textAt(address, "AddressLine2"), textAt(address, "AddressLine3")]
            .filter((line) => line !== "")
            .join(", "),
    city: textAt(address, "City"),
    region: textAt(address, "StateOrRegion"),
    postalCode: textAt(address, "PostalCode"),
    country: textAt(address, "CountryCode"),
    phone: textAt(address, "Phone"),
  });
  const email = textAt(buyer, "BuyerEmail");
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
    total: stated ?? (taxesIncluded ? withoutTax : computedTotal(sums)),
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
    paymentBy: "channel",
    ...(taxesIncluded ? { taxesIncluded: true as const } : {}),
    holdReasons: readHolds(parts),
    attributes: textRecord({
      OrderStatus: textAt(order, "OrderStatus"),
      FulfillmentChannel: textAt(order, "FulfillmentChannel"),
      SalesChannel: textAt(order, "SalesChannel"),
      OrderType: textAt(order, "OrderType"),
      EarliestShipDate: textAt(order, "EarliestShipDate"),
      LatestShipDate: textAt(order, "LatestShipDate"),
      EarliestDeliveryDate: textAt(order, "EarliestDeliveryDate"),
      LatestDeliveryDate: textAt(order, "LatestDeliveryDate"),
      IsPrime: textAt(order, "IsPrime"),
      IsBusinessOrder: textAt(order, "IsBusinessOrder"),
      CompanyLegalName: textAt(buyer, "BuyerTaxInfo", "CompanyLegalName"),
      AddressType: textAt(address, "AddressType"),
      ...regulated(parts.regulatedInfo),
    }),
  };
}

function readItem(
  item: unknown,
  parts: Parts,
  money: (holder: unknown, field: string) => Money,
  currency: string,
): IncomingLine {
  const id = textAt(item, "OrderItemId");
  const quantity = countAt(item, "QuantityOrdered");
  const ofBuyer =
    (parts.itemsBuyerInfo ?? []).find((info) => textAt(info, "OrderItemId") === id) ?? at(item, "BuyerInfo");
  return {
    externalLineId: id,
    channelSku: firstText(textAt(item, "SellerSKU"), `ASIN:${textAt(item, "ASIN")}`),
    title: firstText(textAt(item, "Title"), textAt(item, "SellerSKU")),
    quantity,
    unitPrice: perUnit(money(item, "ItemPrice"), quantity),
    discount: sum([money(item, "PromotionDiscount")], currency),
    taxes:
      textAt(item, "ItemTax", "Amount") === "" ? [] : [{ name: "ItemTax", amount: money(item, "ItemTax") }],
    attributes: textRecord({
      ASIN: textAt(item, "ASIN"),
      ItemPrice: [textAt(item, "ItemPrice", "Amount"), textAt(item, "ItemPrice", "CurrencyCode")]
        .join(" ")
        .trim(),
      ConditionId: textAt(item, "ConditionId"),
      ConditionSubtypeId: textAt(item, "ConditionSubtypeId"),
      IossNumber: textAt(item, "IossNumber"),
      PromotionIds: listAt(item, "PromotionIds")
        .map((id) => textAt({ id }, "id"))
        .join(","),
      SerialNumbers: listAt(item, "SerialNumbers")
        .map((number) => textAt({ number }, "number"))
        .join(","),
      SerialNumberRequired: textAt(item, "SerialNumberRequired"),
      CODFee: [textAt(item, "CODFee", "Amount"), textAt(item, "CODFee", "CurrencyCode")].join(" ").trim(),
      GiftMessageText: textAt(ofBuyer, "GiftMessageText"),
      GiftWrapLevel: textAt(ofBuyer, "GiftWrapLevel"),
      GiftWrapPrice: [
        textAt(ofBuyer, "GiftWrapPrice", "Amount"),
        textAt(ofBuyer, "GiftWrapPrice", "CurrencyCode"),
      ]
        .join(" ")
        .trim(),
      CustomizedURL: textAt(ofBuyer, "BuyerCustomizedInfo", "CustomizedURL"),
    }),
  };
}

function readHolds(parts: Parts): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const status = textAt(parts.order, "OrderStatus");
  const detail = `Amazon: the order is ${status}.`;
  if (parts.order === undefined) {
    reasons.push({
      code: "payment_pending",
      detail: "Amazon has sent parts of the order but not the order itself, so that its status is unknown.",
    });
  } else if (status === "Canceled" || status === "Unfulfillable") {
    reasons.push({ code: "cancelled_at_channel", detail });
  } else if (status === "Shipped" || status === "PartiallyShipped") {
    reasons.push({ code: "fulfilled_at_channel", detail });
  } else if (status !== "Unshipped") {
    reasons.push({ code: "payment_pending", detail });
  }
  if (textAt(parts.order, "FulfillmentChannel") === "AFN" && status !== "Shipped") {
    reasons.push({ code: "fulfilled_at_channel", detail: "Amazon fulfills the order itself (AFN)." });
  }
  const asked = (parts.items ?? []).find(
    (item) => textAt(item, "BuyerRequestedCancel", "IsBuyerRequestedCancel") === "true",
  );
  if (asked !== undefined && status !== "Canceled") {
    const why = firstText(textAt(asked, "BuyerRequestedCancel", "BuyerCancelReason"), "no reason given");
    reasons.push({ code: "cancelled_at_channel", detail: `Amazon: the buyer asks to cancel (${why}).` });
  }
  if (parts.items === undefined) {
    reasons.push({ code: "lines_missing", detail: "Amazon has not sent the order's items yet." });
  } else if (parts.itemsComplete !== true) {
    reasons.push({
      code: "lines_missing",
      detail: "Amazon has sent only the first pages of the order's items.",
    });
  }
  return reasons;
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
