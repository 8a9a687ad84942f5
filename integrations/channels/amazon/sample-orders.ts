/**
 * Amazon's Orders API v0: getOrder, getOrderItems, getOrderAddress and getOrderBuyerInfo, joined as its
 * connector does.
 */

import type { Random } from "../../../config/seeded-random.ts";
import {
  type ChannelWriter,
  decimal,
  type PlannedOrder,
  taxOf,
  totals,
} from "../../simulator-kit/planned-order.ts";
import { amazonAdapter } from "./adapter.ts";

export const amazonWriter: ChannelWriter = {
  write: (order, random) => {
    const AmazonOrderId = `${random.digits(3)}-${random.digits(7)}-${random.digits(7)}`;
    const responses = [
      header(order, AmazonOrderId),
      { AmazonOrderId, OrderItems: items(order, random) },
      { AmazonOrderId, ShippingAddress: address(order) },
      {
        AmazonOrderId,
        BuyerName: `${order.shopper.firstName} ${order.shopper.lastName}`,
        BuyerEmail: `${random.digits(12)}@marketplace.example`,
      },
    ].map((payload) => JSON.stringify({ payload }));
    const [payload] = amazonAdapter.join(responses);
    if (payload === undefined) throw new Error("the responses of one order were not joined");
    return { externalId: AmazonOrderId, payload, topic: null };
  },
  ship: ({ externalId, payload }) => ({
    externalId,
    payload: payload
      .replace('"OrderStatus":"Unshipped"', '"OrderStatus":"Shipped"')
      .replace(/"LastUpdateDate":"([^"]*)"/, (_, at: string) => `"LastUpdateDate":"${anHourAfter(at)}"`),
    topic: null,
  }),
};

function anHourAfter(at: string): string {
  return new Date(Date.parse(at) + 3_600_000).toISOString();
}

function header(order: PlannedOrder, AmazonOrderId: string): Record<string, unknown> {
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  const at = order.placedAt.toISOString();
  const inDays = (days: number): string =>
    new Date(order.placedAt.getTime() + days * 86_400_000).toISOString();
  return {
    AmazonOrderId,
    PurchaseDate: at,
    LastUpdateDate: at,
    OrderStatus: "Unshipped",
    FulfillmentChannel: order.fulfilledByChannel === true ? "AFN" : "MFN",
    SalesChannel: "Amazon.com",
    ShipServiceLevel: order.service === "expedited" ? "Exp US D2D Dom" : "Std US D2D Dom",
    OrderTotal: usd(totals(order).total),
    NumberOfItemsShipped: 0,
    NumberOfItemsUnshipped: units,
    PaymentMethod: "Other",
    PaymentMethodDetails: ["Standard"],
    IsReplacementOrder: false,
    MarketplaceId: "ATVPDKIKX0DER",
    ShipmentServiceLevelCategory: order.service === "expedited" ? "Expedited" : "Standard",
    OrderType: "StandardOrder",
    EarliestShipDate: inDays(0),
    LatestShipDate: inDays(1),
    EarliestDeliveryDate: inDays(3),
    LatestDeliveryDate: inDays(6),
    IsBusinessOrder: false,
    IsPrime: false,
    IsPremiumOrder: false,
    IsSoldByAB: false,
    IsISPU: false,
  };
}

function items(order: PlannedOrder, random: Random): readonly unknown[] {
  return order.lines.map((line, index) => ({
    ASIN: `B0${random.digits(8)}`,
    OrderItemId: random.digits(14),
    SellerSKU: line.channelSku,
    Title: line.title,
    QuantityOrdered: line.quantity,
    QuantityShipped: 0,
    ProductInfo: { NumberOfItems: "1" },
    // Amazon states prices and taxes for the whole line.
    ItemPrice: usd(line.priceMinor * line.quantity),
    ItemTax: usd(taxOf(order, line)),
    ...(index === 0 ? { ShippingPrice: usd(order.shippingMinor) } : {}),
    PromotionDiscount: usd(0),
    IsGift: "false",
    ConditionId: "New",
    ConditionSubtypeId: "New",
    IsTransparency: false,
    SerialNumberRequired: false,
  }));
}

function address({ shopper }: PlannedOrder): Record<string, unknown> {
  return {
    Name: `${shopper.firstName} ${shopper.lastName}`,
    AddressLine1: shopper.line1,
    ...(shopper.line2 === "" ? {} : { AddressLine2: shopper.line2 }),
    City: shopper.city,
    StateOrRegion: shopper.region,
    PostalCode: shopper.postalCode,
    CountryCode: "US",
    Phone: shopper.phone,
    AddressType: "Residential",
  };
}

function usd(minor: number): Record<string, string> {
  return { CurrencyCode: "USD", Amount: decimal(minor) };
}
